from django.urls import path

from emptychair.programme.listening import editing, helping, views

app_name = "comments"
urlpatterns = [
    path("", views.show_themes, name="themes"),
    path("chart.<str:kind>", views.take_chart, name="chart"),
    path("search/", views.show_comments, name="search"),
    path("assistant/", helping.show_assistant, name="assistant"),
    path("assistant/try/", helping.try_assistant, name="try_assistant"),
    path("taxonomy/", editing.show_taxonomy, name="taxonomy"),
    path("taxonomy/undo/", editing.undo, name="undo"),
    path("taxonomy/new/", editing.new_theme, name="new_theme"),
    path("taxonomy/preview/", editing.preview, name="preview"),
    path("taxonomy/<slug:key>/", editing.edit_theme, name="theme"),
    path("taxonomy/<slug:key>/switch/", editing.switch, name="switch"),
    path("taxonomy/<slug:key>/merge/", editing.merge, name="merge"),
]
