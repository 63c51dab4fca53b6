from django.urls import path

from emptychair.programme.accounts import key_pages, notice_pages, people, views

app_name = "accounts"
urlpatterns = [
    path("account/preference", views.set_preference, name="set_preference"),
    path("account/notices/", notice_pages.show_notices, name="notices"),
    path("account/notices/try", notice_pages.try_chat, name="try_chat"),
    path("people/", people.show_people, name="people"),
    path("people/new/", people.add_person, name="add_person"),
    path("people/units/", people.show_units, name="units"),
    path("people/units/<int:key>/", people.change_unit, name="unit"),
    path("people/keys/", key_pages.show_keys, name="keys"),
    path("people/keys/<str:public_id>/revoke", key_pages.revoke, name="revoke_key"),
    path("people/<str:public_id>/", people.change_person, name="person"),
    path("people/<str:public_id>/access", people.set_access, name="access"),
    path("people/<str:public_id>/password", people.renew_password, name="password"),
]
