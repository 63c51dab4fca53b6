from django.urls import path

from emptychair.programme.exchange import views

app_name = "exchange"
urlpatterns = [
    path("", views.show_data, name="data"),
    path("imports/", views.upload, name="upload"),
    path("imports/<str:public_id>/", views.show_import, name="import"),
    path("imports/<str:public_id>/read", views.read_again, name="read_again"),
    path("imports/<str:public_id>/confirm", views.confirm, name="confirm"),
    path("imports/<str:public_id>/discard", views.discard, name="discard"),
    path("imports/<str:public_id>/undo", views.undo, name="undo"),
    path("imports/<str:public_id>/again", views.run_again, name="run_again"),
    path("imports/<str:public_id>/refused.csv", views.refused_rows, name="refused_rows"),
    path("export/<slug:name>.<slug:kind>", views.export, name="export"),
]
