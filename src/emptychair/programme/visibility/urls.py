from django.urls import path, re_path

from emptychair.programme.visibility import views

app_name = "visibility"
urlpatterns = [
    path("", views.show_today, name="today"),
    path("delivery/", views.show_delivery, name="delivery"),
    path("delivery/responses/", views.show_responses, name="responses"),
    re_path(
        r"^delivery/charts/(?P<name>[a-z]+)\.(?P<kind>svg|png|csv)$",
        views.show_chart_file,
        name="delivery_chart",
    ),
]
