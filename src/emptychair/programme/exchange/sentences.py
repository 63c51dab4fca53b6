"""The codes that the check of a file leaves, as sentences: what is wrong and what to do."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

Sentences = Mapping[str, str | Promise]

REASONS: Sentences = {
    "score_missing": gettext_lazy("No score. A response without one cannot be counted."),
    "score_not_a_number": gettext_lazy("The score is not a number. Write 0 to 10."),
    "score_not_whole": gettext_lazy("The score is not a whole number. Write 0 to 10."),
    "score_out_of_range": gettext_lazy("The score is not between 0 and 10."),
    "date_missing": gettext_lazy("No date. Fill it in, or say below when it was answered."),
    "date_unreadable": gettext_lazy("The date cannot be read. Write it as 2026-01-31."),
    "preview_or_test": gettext_lazy("The other tool marked the row as a preview or a test."),
    "missing": gettext_lazy("The cell is empty but must be filled in."),
    "too_long": gettext_lazy("The text is longer than can be kept. Shorten it."),
    "not_a_number": gettext_lazy("This is not a number. Write digits, as in 1234.50."),
    "not_yes_or_no": gettext_lazy("This is neither yes nor no. Write yes or no."),
    "row_ragged": gettext_lazy("The row has more cells than there are headings."),
    "response_id_repeated": gettext_lazy("A row further up has the same response id."),
    "customer_id_repeated": gettext_lazy("A row further up is about the same customer."),
    "code_repeated": gettext_lazy("A row further up has the same unit code."),
    "unit_unknown": gettext_lazy("The unit is unknown. Correct its code, or create the unit."),
}
WARNINGS: Sentences = {
    "row_padded": gettext_lazy("rows are short of cells; the missing ones count as empty."),
    "row_empty": gettext_lazy("rows are empty and left out."),
    "nul_removed": gettext_lazy("invisible NUL characters are taken away."),
    "rating_unusable": gettext_lazy("ratings are not whole numbers 1 to 5 and are left empty."),
    "language_unknown": gettext_lazy("languages are not known and are left empty."),
    "country_unknown": gettext_lazy("countries are not known and are left empty."),
    "channel_unknown": gettext_lazy("channels are not known; they become “import”."),
    "held_reason_unknown": gettext_lazy("reasons to hold a response cannot be kept."),
    "encoding_uncertain": gettext_lazy(
        "The letters could be read in more than one way. Check å, ä, ö, æ and ø in the rows below."
    ),
}
QUESTIONS: Sentences = {
    "dates": gettext_lazy("Day or month first? No row of this column tells:"),
    "decimal": gettext_lazy("Does 1.234 mean a thousand? No row of this column tells:"),
}
KEPT: Sentences = {
    "changed_since": gettext_lazy("rows stay, because somebody has changed them since."),
    "in_use": gettext_lazy("rows stay, because something else refers to them by now."),
}
PROBLEMS: Sentences = {
    "interrupted": gettext_lazy(
        "The work stopped several times and was given up. What was written stays whole: "
        "go on with it, or undo it."
    ),
}


def sentence(of: Sentences, code: str) -> str:
    """Return the sentence for `code`; the code itself where there is none."""
    return str(of.get(code, code))


def missing_sentence(field: str, label: str) -> str:
    """Return what to do about a field that no column was chosen for."""
    if field == "answered_on":
        return _("When were these answered? Choose a column with dates, or give one date for all.")
    return _("Choose the column that holds: %(field)s.") % {"field": label}
