"""What the statistics layer still owes."""

from django.db import models


class StaleDay(models.Model):
    """A local date whose sums must be made anew.

    Written before the facts change, so that a worker killed in between leaves the day marked.
    """

    day = models.DateField(primary_key=True)
