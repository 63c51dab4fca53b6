"""The peer of B5: the same answer through an ordinary Django view that saves two rows."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emptychair.programme.settings")
application = get_wsgi_application()

from django.db import transaction  # noqa: E402  Django must be set up first
from django.http import JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

from emptychair.programme import urls  # noqa: E402
from emptychair.programme.activity.services import mark_changed, record  # noqa: E402
from emptychair.programme.capture.models import LedgerEntry, Link, Response  # noqa: E402
from emptychair.programme.capture.submission import read_submission  # noqa: E402
from emptychair.programme.lib.clock import now, today  # noqa: E402


@csrf_exempt
def plain(request, token):
    said = read_submission(request.headers["Content-Type"], request.body)
    link = Link.objects.select_related("survey").get(public_id=token)
    with transaction.atomic():
        response = Response.objects.create(
            survey=link.survey,
            score=said.score,
            channel=link.channel,
            answered_at=now(),
            answered_on=today(),
        )
        LedgerEntry.objects.create(
            submission_id=said.submission_id,
            response=response,
            kind="answer",
            body=said.body,
            digest=said.digest,
        )
        record("response.recorded", response.public_id, score=said.score)
        mark_changed("responses", [response.public_id])
    return JsonResponse({"response": response.public_id}, status=201)


plain.need = "public"
urls.urlpatterns.insert(0, path("s/<str:token>", plain))
