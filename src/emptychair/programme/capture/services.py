"""Writes about surveys and their wording."""

from emptychair.programme.capture.models import Survey, Wording
from emptychair.programme.capture.wordings import STANDARD


def add_standard_wordings(survey: Survey) -> None:
    """Give a new survey the standard wording in every language customers are asked in."""
    Wording.objects.bulk_create(
        [
            Wording(
                survey=survey,
                language=language,
                version=1,
                question=words.question,
                low_label=words.low_label,
                high_label=words.high_label,
                follow_up=words.follow_up,
                thanks=words.thanks,
            )
            for language, words in STANDARD.items()
        ]
    )
