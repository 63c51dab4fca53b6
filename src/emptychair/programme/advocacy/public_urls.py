from django.urls import path

from emptychair.programme.advocacy import public

app_name = "favours"
urlpatterns = [
    path("p/<str:token>", public.show_ask, name="ask"),
    path("p/after/<str:token>", public.take_up, name="after"),
    path("b/<str:code>", public.land, name="land"),
]
