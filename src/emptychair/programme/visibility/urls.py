from django.urls import path, re_path

from emptychair.programme.visibility import views, views_of_delivery

app_name = "visibility"
urlpatterns = [
    path("", views.show_today, name="today"),
    path("delivery/", views.show_delivery, name="delivery"),
    path("delivery/responses/", views.show_responses, name="responses"),
    path("delivery/fine-print/", views.show_fine_print, name="fine_print"),
    path("delivery/fine-print.csv", views.take_fine_print, name="fine_print_csv"),
    path("delivery/reliability/", views.show_reliability, name="reliability"),
    path("delivery/compare/", views.show_compare, name="compare"),
    path("delivery/alerts/", views_of_delivery.show_alerts, name="alerts"),
    path("delivery/alerts/<str:public_id>/", views_of_delivery.show_alert, name="alert"),
    path(
        "delivery/alerts/<str:public_id>/acknowledge",
        views_of_delivery.acknowledge,
        name="acknowledge_alert",
    ),
    path("delivery/benchmarks/", views_of_delivery.show_benchmarks, name="benchmarks"),
    path(
        "delivery/benchmarks/<str:public_id>/", views_of_delivery.edit_benchmark, name="benchmark"
    ),
    path(
        "delivery/benchmarks/<str:public_id>/remove",
        views_of_delivery.remove,
        name="remove_benchmark",
    ),
    path("delivery/reports/", views_of_delivery.show_reports, name="reports"),
    path("delivery/reports/<str:month>.csv", views_of_delivery.take_report, name="report_csv"),
    path("delivery/reports/<str:month>/", views_of_delivery.show_report, name="report"),
    path("actions/results/", views_of_delivery.show_results, name="results"),
    path("methods/", views_of_delivery.show_methods, name="methods"),
    path("methods/<slug:name>/", views_of_delivery.show_method, name="method"),
    re_path(
        r"^delivery/charts/(?P<name>[a-z]+)\.(?P<kind>svg|png|csv)$",
        views.show_chart_file,
        name="delivery_chart",
    ),
]
