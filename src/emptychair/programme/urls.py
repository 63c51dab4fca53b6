"""Every address of the product: one include per slice."""

from django.urls import include, path

urlpatterns = [
    path("", include("emptychair.programme.visibility.urls")),
    path("", include("emptychair.programme.capture.urls")),
    path("", include("emptychair.programme.mailroom.urls")),
    path("", include("emptychair.programme.advocacy.public_urls")),
    path("actions/promoters/", include("emptychair.programme.advocacy.urls")),
    path("", include("emptychair.programme.closedloop.mail_urls")),
    path("actions/", include("emptychair.programme.closedloop.urls")),
    path("organisation/", include("emptychair.programme.organisation.urls")),
    path("customers/", include("emptychair.programme.relations.urls")),
    path("root-cause/comments/", include("emptychair.programme.listening.urls")),
    path("root-cause/", include("emptychair.programme.rootcause.urls")),
    path("surveys/", include("emptychair.programme.surveys.urls")),
    path("data/", include("emptychair.programme.exchange.urls")),
    path("api/v1/", include("emptychair.programme.exchange.api_urls")),
    path("", include("emptychair.programme.accounts.urls")),
    path("login/", include("allauth.account.urls")),
]
