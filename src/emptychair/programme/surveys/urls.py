from django.urls import path

from emptychair.programme.surveys import asking, asks, held, links, views, widgets, words

app_name = "surveys"
urlpatterns = [
    path("", views.show_surveys, name="surveys"),
    path("new/", views.add_survey, name="add_survey"),
    path("asks/", asks.show_asks, name="asks"),
    path("held/", held.show_held, name="held"),
    path("held/change", held.change_held, name="change_held"),
    path("survey/<slug:slug>/", views.change_survey, name="survey"),
    path("survey/<slug:slug>/state", views.set_state, name="state"),
    path("survey/<slug:slug>/drivers", views.add_driver, name="add_driver"),
    path("survey/<slug:slug>/words/<str:language>/", words.change_words, name="words"),
    path("survey/<slug:slug>/words/<str:language>/preview", words.show_preview, name="preview"),
    path("survey/<slug:slug>/words/<str:language>/mail", words.show_mail, name="mail"),
    path("survey/<slug:slug>/asking/", asking.change_asking, name="asking"),
    path("survey/<slug:slug>/asking/summary", asking.show_summary, name="summary"),
    path("survey/<slug:slug>/links/", links.show_links, name="links"),
    path("survey/<slug:slug>/widgets/", widgets.show_widgets, name="widgets"),
    path("survey/<slug:slug>/widgets/<str:public_id>/", widgets.change_widget, name="widget"),
    path("survey/<slug:slug>/widgets/<str:public_id>/secret", widgets.renew_secret, name="secret"),
    path("survey/<slug:slug>/links/<str:public_id>/state", links.set_link_state, name="link_state"),
    path("survey/<slug:slug>/links/<str:public_id>/code.<slug:kind>", links.show_code, name="code"),
    path("survey/<slug:slug>/links/<str:public_id>/poster", links.show_poster, name="poster"),
]
