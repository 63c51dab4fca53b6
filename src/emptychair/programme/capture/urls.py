from django.urls import path

from emptychair.programme.capture import views

app_name = "capture"
urlpatterns = [
    path("s/<str:token>", views.survey, name="survey"),
    path("r/<str:token>", views.answered, name="answered"),
    path("health", views.health, name="health"),
]
