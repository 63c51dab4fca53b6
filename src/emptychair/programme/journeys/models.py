"""The path a segment takes, its steps, where we meet the customer, and what we deliver there."""

from django.db import models


class Journey(models.Model):
    """A whole path, such as "becoming a customer"."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.name


class Stage(models.Model):
    """A part of a journey; stages stand in order."""

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="stages")
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["journey", "slug"], name="stage_slug_once")]

    def __str__(self) -> str:
        return self.name


class Touchpoint(models.Model):
    """One kind of encounter within a stage."""

    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, related_name="touchpoints")
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField(default=0)
    met_by = models.CharField(max_length=120, blank=True)  # who meets the customer there

    class Meta:
        ordering = ["stage__position", "position"]

    def __str__(self) -> str:
        return self.name


class Driver(models.Model):
    """A thing we deliver that moves NPS; customers rate it 1 to 5."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)  # in the organisation's language
    names = models.JSONField(default=dict)  # per language, as shown to customers

    def __str__(self) -> str:
        return self.name
