from django.urls import path

from emptychair.programme.capture import kiosk, own_data, views, widget

app_name = "capture"
urlpatterns = [
    path("s/<str:token>", views.survey, name="survey"),
    path("r/<str:token>", views.answered, name="answered"),
    path("k/worker.js", kiosk.worker, name="kiosk_worker"),
    path("k/<str:public_id>", kiosk.kiosk, name="kiosk"),
    path("u/<str:token>", own_data.unsubscribe, name="unsubscribe"),
    path("me/<str:token>", own_data.my_data, name="my_data"),
    path("w/<str:version>.js", widget.script, name="widget_script"),
    path("w/<str:key>/<str:kind>", widget.endpoint, name="widget"),
    path("health", views.health, name="health"),
]
