from django.urls import path

from emptychair.programme.closedloop import views_by_mail

app_name = "by_mail"
urlpatterns = [path("c/<str:token>", views_by_mail.handle, name="case")]
