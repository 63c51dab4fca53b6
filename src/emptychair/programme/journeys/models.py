"""The path a segment takes, its steps, where we meet the customer, and what we deliver there."""

from __future__ import annotations

from django.db import models


class Journey(models.Model):
    """A whole path, such as "becoming a customer"; the company's, or as one segment takes it."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    copy_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="own_maps"
    )
    segment = models.CharField(max_length=60, blank=True)  # whose own map it is

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["copy_of", "segment"], name="own_map_once"),
            models.CheckConstraint(
                name="own_map_of_a_segment",
                condition=models.Q(copy_of=None, segment="")
                | (models.Q(copy_of__isnull=False) & ~models.Q(segment="")),
            ),
        ]

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
    # On a segment's own map: the company's touchpoint that it stands for, whose answers it shows.
    same_as = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )

    class Meta:
        ordering = ["stage__position", "position"]

    def __str__(self) -> str:
        return self.name

    @property
    def measured(self) -> Touchpoint:
        """The touchpoint that surveys ask about and answers carry."""
        return self.same_as or self


class Driver(models.Model):
    """A thing we deliver that moves NPS; customers rate it 1 to 5."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)  # in the organisation's language
    names = models.JSONField(default=dict)  # per language, as shown to customers

    def __str__(self) -> str:
        return self.name
