from django.urls import path, re_path

from emptychair.programme.rootcause import journey_views, raised_views, views, whatif_views

app_name = "rootcause"
urlpatterns = [
    path("", views.show_drivers, name="drivers"),
    path("drivers/<str:slug>/answers/", views.show_behind, name="behind"),
    path("journeys/", journey_views.show_journeys, name="journeys"),
    path("journeys/new/", journey_views.add, name="new_journey"),
    path("journeys/<str:slug>/", journey_views.change_journey, name="journey"),
    path("journeys/<str:slug>/own", journey_views.draw_own, name="draw_own"),
    path("journeys/<str:slug>/drop", journey_views.drop_own, name="drop_own"),
    path("what-if/", whatif_views.show_whatif, name="whatif"),
    path("what-if/save", whatif_views.save, name="save_scenario"),
    path("initiatives/", whatif_views.show_initiatives, name="initiatives"),
    path("scenarios/<str:public_id>/propose", whatif_views.propose_scenario, name="propose"),
    path("scenarios/<str:public_id>/remove", whatif_views.remove, name="remove_scenario"),
    path("initiatives/raised/<str:public_id>/", raised_views.propose_raised, name="propose_raised"),
    path("initiatives/<str:public_id>/<str:step>", whatif_views.move_on, name="move_on"),
    re_path(
        r"^charts/(?P<name>drivers|effects|journey)\.(?P<kind>svg|png|csv)$",
        views.take_chart,
        name="chart",
    ),
]
