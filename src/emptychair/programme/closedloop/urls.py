from django.urls import path

from emptychair.programme.closedloop import views, views_of_huddles, views_of_rules

app_name = "closedloop"
urlpatterns = [
    path("", views.show_cases, name="cases"),
    path("board/", views.show_board, name="board"),
    path("praise/", views_of_huddles.show_praise, name="praise"),
    path("promises/", views.show_promises, name="promises"),
    path("huddle/", views_of_huddles.show_huddle, name="huddle"),
    path("raised/<str:public_id>/answer", views_of_huddles.answer, name="answer_raised"),
    path("many", views.change_many, name="change_many"),
    path("promises/<str:public_id>/keep", views.keep, name="keep"),
    path("rules/", views_of_rules.show_rules, name="rules"),
    path("rules/new/", views_of_rules.edit_rule, name="new_rule"),
    path("rules/<str:public_id>/", views_of_rules.edit_rule, name="rule"),
    path("rules/<str:public_id>/apply", views_of_rules.apply_rule, name="apply_rule"),
    path("absences/<str:public_id>/remove", views_of_rules.remove_absence, name="remove_absence"),
    path("cases/<str:public_id>/", views.show_case, name="case"),
    path("cases/<str:public_id>/claim", views.claim, name="claim"),
    path("cases/<str:public_id>/contact", views.contact, name="contact"),
    path("cases/<str:public_id>/write", views.write, name="write"),
    path("cases/<str:public_id>/wait", views.wait, name="wait"),
    path("cases/<str:public_id>/close", views.close, name="close"),
    path("cases/<str:public_id>/reopen", views.reopen, name="reopen"),
    path("cases/<str:public_id>/remark", views.remark, name="remark"),
    path("cases/<str:public_id>/reassign", views.reassign, name="reassign"),
    path("cases/<str:public_id>/merge", views.merge, name="merge"),
]
