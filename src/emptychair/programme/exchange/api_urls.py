from django.urls import path

from emptychair.programme.exchange import api

app_name = "api"
urlpatterns = [
    path("events", api.events, name="events"),
    path("hooks/<str:key>", api.hook, name="hook"),
    path("responses", api.responses, name="responses"),
]
