from django.apps import AppConfig


class CommentsConfig(AppConfig):
    """What comments are about, and what was read from each."""

    name = "emptychair.programme.comments"
    label = "comments"
