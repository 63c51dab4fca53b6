"""Themes, and what was read from each comment."""

from __future__ import annotations

from django.db import models

from emptychair.programme.lib.clock import now


class Theme(models.Model):
    """Something customers write about."""

    class Origin(models.TextChoices):
        SHIPPED = "shipped"
        ADOPTED = "adopted"  # discovered in comments
        OWN = "own"

    key = models.CharField(max_length=40, unique=True)  # of the warehouse's column; never changed
    names = models.JSONField(default=dict)  # language -> name
    keywords = models.JSONField(default=dict)  # language -> list of keywords
    is_active = models.BooleanField(default=True)
    origin = models.CharField(max_length=7, choices=Origin, default=Origin.OWN)
    merged_into = models.CharField(max_length=40, blank=True)  # key of another theme
    changed_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.key


class CommentReading(models.Model):
    """What was read from the comment of one response, by one version of the themes."""

    response = models.OneToOneField(
        "capture.Response", primary_key=True, on_delete=models.CASCADE, related_name="reading"
    )
    language = models.CharField(max_length=2, blank=True)  # blank: it has no words
    # "|price|waiting|"; "|" mentions none; blank where the comment tells nothing.
    themes = models.CharField(max_length=4200, blank=True)
    sentiment = models.CharField(max_length=8)
    triage = models.CharField(max_length=10)
    why_unusable = models.CharField(max_length=10, blank=True)
    folded = models.TextField()  # lower case, without accents: what the search looks in
    digest = models.CharField(max_length=32)  # of comment and survey's language
    version = models.PositiveIntegerField()
    asked_version = models.PositiveIntegerField(default=0, db_default=0)  # by the second reader
    by_assistant = models.BooleanField(default=False, db_default=False)  # its themes are its

    class Meta:
        indexes = [
            # For the list of what waits for an answer, and for suggestions.
            models.Index(fields=["triage", "response"], name="reading_triage"),
        ]


class Taxonomy(models.Model):
    """Which version of the themes is in force, and how far all comments are read by it."""

    version = models.PositiveIntegerField(default=1)
    next_response = models.BigIntegerField(null=True)  # null: everything is read
    last_response = models.BigIntegerField(default=0)
    copies_all = models.BooleanField(default=False)  # every comment gets other columns
    changed_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.CheckConstraint(name="one_taxonomy", condition=models.Q(pk=1)),
        ]


class TaxonomyStep(models.Model):
    """The themes as they stood before a change, so that it can be undone."""

    at = models.DateTimeField(default=now)
    by = models.CharField(max_length=22, blank=True)
    action = models.CharField(max_length=10)  # saved, switched, merged
    key = models.CharField(max_length=40)
    before = models.JSONField()  # themes as they were

    class Meta:
        ordering = ["-pk"]


class Assistant(models.Model):
    """A service that reads comments in which no keyword found a theme; off unless switched on."""

    endpoint = models.CharField(max_length=400, blank=True)
    model = models.CharField(max_length=100, blank=True)
    is_on = models.BooleanField(default=False)
    changed_at = models.DateTimeField(default=now)
    last_asked_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="one_assistant", condition=models.Q(pk=1)),
        ]


class CommentVector(models.Model):
    """What one comment means, as a model put it into numbers; gone when its words are."""

    reading = models.OneToOneField(
        CommentReading, primary_key=True, on_delete=models.CASCADE, related_name="vector"
    )
    model = models.CharField(max_length=120)
    numbers = models.BinaryField()  # half-precision floats of unit length, little-endian


class Embedding(models.Model):
    """How far comments have vectors of the model in force; there is none while it is off."""

    model = models.CharField(max_length=120)
    next_response = models.BigIntegerField(default=0)  # readings before it have their vector
    is_complete = models.BooleanField(default=False)  # every comment there was had its turn once
    changes = models.BigIntegerField(default=0)  # readings were made or changed so many times
    failed_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="one_embedding", condition=models.Q(pk=1)),
        ]
