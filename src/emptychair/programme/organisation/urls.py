from django.urls import path

from emptychair.programme.organisation import views

app_name = "organisation"
urlpatterns = [
    path("", views.show_organisation, name="home"),
    path("aim", views.change_aim, name="change_aim"),
]
