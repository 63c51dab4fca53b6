from django.urls import path, re_path

from emptychair.programme.visibility import views

app_name = "visibility"
urlpatterns = [
    path("", views.show_today, name="today"),
    path("delivery/", views.show_delivery, name="delivery"),
    path("delivery/responses/", views.show_responses, name="responses"),
    path("delivery/fine-print/", views.show_fine_print, name="fine_print"),
    path("delivery/fine-print.csv", views.take_fine_print, name="fine_print_csv"),
    path("delivery/reliability/", views.show_reliability, name="reliability"),
    path("delivery/compare/", views.show_compare, name="compare"),
    re_path(
        r"^delivery/charts/(?P<name>[a-z]+)\.(?P<kind>svg|png|csv)$",
        views.show_chart_file,
        name="delivery_chart",
    ),
]
