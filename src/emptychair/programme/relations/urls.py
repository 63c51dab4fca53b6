from django.urls import path, re_path

from emptychair.programme.relations import segment_views, study_views, views

app_name = "customers"
urlpatterns = [
    path("", views.show_customers, name="customers"),
    re_path(r"^base\.(?P<kind>svg|png|csv)$", views.take_base_chart, name="base_chart"),
    path("buckets/", views.change_buckets, name="buckets"),
    path("<int:key>/", views.show_customer, name="customer"),
    path("<int:key>/own-data", views.open_my_data, name="my_data"),
    path("<int:key>/say-no", views.say_no, name="say_no"),
    path("<int:key>/correct", views.correct, name="correct"),
    path("<int:key>/erase", views.forget, name="erase"),
    path("accounts/", views.show_accounts, name="accounts"),
    path("accounts/<int:key>/", views.show_account, name="account"),
    path("segments/", segment_views.show_segments, name="segments"),
    path("segments/new/", segment_views.add_segment, name="new_segment"),
    path("segments/preview", segment_views.preview_segment, name="preview_segment"),
    path("segments/<str:slug>/", segment_views.change_segment, name="segment"),
    path("segments/<str:slug>/undo", segment_views.undo, name="undo_segment"),
    path("economics/", study_views.show_economics, name="economics"),
    path("behaviour/", study_views.show_behaviour, name="behaviour"),
    path("movement/", study_views.show_movement, name="movement"),
    path("silent/", study_views.show_silent, name="silent"),
    re_path(
        r"^charts/(?P<page>[a-z]+)/(?P<name>[a-z0-9-]+)\.(?P<kind>svg|png|csv)$",
        study_views.take_chart,
        name="study_chart",
    ),
]
