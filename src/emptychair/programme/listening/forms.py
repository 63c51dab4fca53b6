"""The form of a theme: its names, and its keywords per language."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from emptychair.analysis.comments.keywords import parts_of
from emptychair.analysis.comments.lexicon import LANGUAGES, split
from emptychair.analysis.errors import ArgumentError
from emptychair.programme.comments.models import Theme
from emptychair.programme.listening import naming

STAFF_LANGUAGES = (("sv", "Svenska"), ("da", "Dansk"), ("en", "English"))
LONGEST_LIST = 8_000  # characters


class ThemeForm(forms.Form):
    """Names in the languages of colleagues, keywords in those of customers."""

    adopted = forms.BooleanField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, label in STAFF_LANGUAGES:
            self.fields[f"name_{code}"] = forms.CharField(
                label=_("Name (%(language)s)") % {"language": label},
                max_length=60,
                required=False,
                widget=forms.TextInput({"class": "form-control", "lang": code}),
            )
        for code in LANGUAGES:
            self.fields[f"words_{code}"] = forms.CharField(
                label=naming.language_name(code),
                max_length=LONGEST_LIST,
                required=False,
                widget=forms.Textarea({"class": "form-control", "rows": 3, "lang": code}),
            )

    def names_shown(self) -> list[forms.BoundField]:
        """Return the fields of names."""
        return [self[f"name_{code}"] for code, _label in STAFF_LANGUAGES]

    def words_shown(self) -> list[forms.BoundField]:
        """Return the fields of keywords."""
        return [self[f"words_{code}"] for code in LANGUAGES]

    def clean(self) -> dict[str, Any]:
        """Check every keyword, and say which one cannot be used and why."""
        said = super().clean() or {}
        for code in LANGUAGES:
            for keyword in split(said.get(f"words_{code}", "")):
                try:
                    parts_of(keyword)
                except ArgumentError:
                    self.add_error(f"words_{code}", _unusable(keyword))
        if not any(said.get(f"name_{code}", "").strip() for code, _label in STAFF_LANGUAGES):
            self.add_error("name_sv", _("Give the theme a name in one language at least."))
        return said

    def names(self) -> dict[str, str]:
        """Return the names that were given."""
        return {code: self.cleaned_data[f"name_{code}"] for code, _label in STAFF_LANGUAGES}

    def keywords(self) -> dict[str, list[str]]:
        """Return the keywords by language, each once."""
        return {
            code: list(dict.fromkeys(split(self.cleaned_data.get(f"words_{code}", ""))))
            for code in LANGUAGES
        }


def _unusable(keyword: str) -> str:
    return _(
        "“%(keyword)s” cannot be used. Write a word, a beginning* or *ending with two letters at"
        " least, or a phrase of at most six words; at most 60 characters."
    ) % {"keyword": keyword[:60]}


def theme_values(theme: Theme) -> dict[str, str]:
    """Return a theme as the form starts with it."""
    names = {f"name_{code}": theme.names.get(code, "") for code, _label in STAFF_LANGUAGES}
    words = {f"words_{code}": ", ".join(theme.keywords.get(code, ())) for code in LANGUAGES}
    return names | words
