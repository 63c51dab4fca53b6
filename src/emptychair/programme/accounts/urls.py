from django.urls import path

from emptychair.programme.accounts import views

app_name = "accounts"
urlpatterns = [path("preference", views.set_preference, name="set_preference")]
