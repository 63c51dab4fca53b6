from django.urls import path

from emptychair.programme.advocacy import views

app_name = "advocacy"
urlpatterns = [
    path("", views.show_promoters, name="promoters"),
    path("ask", views.ask_many, name="ask_many"),
    path("asks/", views.show_asks, name="asks"),
    path("asks/<str:public_id>/answer", views.note_answer, name="note_answer"),
    path("referrals/", views.show_referrals, name="referrals"),
    path("referrals/<str:public_id>/contacted", views.note_contact, name="note_contact"),
    path("testimonials/", views.show_testimonials, name="testimonials"),
    path("testimonials/<str:public_id>/approve", views.approve, name="approve"),
    path("plan/", views.show_plan, name="plan"),
    path("plan/platforms/new/", views.edit_platform, name="new_platform"),
    path("plan/platforms/<str:public_id>/", views.edit_platform, name="platform"),
]
