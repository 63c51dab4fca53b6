"""What services told us about messages, and how often they told us what we could not use."""

from django.db import models

from emptychair.programme.lib.clock import now


class Report(models.Model):
    """One thing a mail or SMS service said about a message: the same again changes nothing."""

    key = models.CharField(max_length=64, unique=True)  # hash of who said what about what
    # Erasing the person takes the invitation away, and with it what was said about it.
    invitation = models.ForeignKey("capture.Invitation", on_delete=models.CASCADE)
    kind = models.CharField(max_length=20)  # bounced_hard, bounced_soft, complained ...
    said = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=now)

    class Meta:
        indexes = [
            # For the policy refusals of a day.
            models.Index(fields=["kind", "at"], name="report_kind"),
        ]


class Ignored(models.Model):
    """How many incoming reports and messages were not believed or not needed, by reason."""

    reason = models.CharField(max_length=40, primary_key=True)  # forged, duplicate, unknown ...
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(default=now)
