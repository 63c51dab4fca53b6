from django.urls import path, re_path

from emptychair.programme.relations import views

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
]
