"""The headings people and tools give the columns of the contract.

In English, Swedish, Danish and Norwegian, written as `words()` makes them: small letters, digits
and single spaces.
"""

from __future__ import annotations

import re
from types import MappingProxyType

FIELDS = MappingProxyType(
    {
        "score": (
            "score", "nps", "nps score", "npsscore", "nps betyg", "nps karakter", "nps value",
            "nps rating", "nps answer", "nps svar", "betyg", "karakter", "poäng", "score 0 10",
            "betyg 0 10", "karakter 0 10", "likelihood to recommend", "likelihood to refer", "ltr",
            "recommend score", "recommendation score", "recommendation likelihood",
            "would you recommend", "rekommendationsbetyg", "anbefalingsscore", "anbefaling",
        ),
        "response_id": (
            "response id", "responseid", "answer id", "submission id", "survey response id",
            "feedback id", "respondent id", "svars id", "svarsid", "svar id", "besvarelse id",
            "besvarelsesid", "response uuid",
        ),
        "customer_id": (
            "customer id", "customerid", "customer number", "customer no", "client id", "user id",
            "person id", "contact id", "end user id", "external id", "kundnummer", "kundnr",
            "kund id", "kundid", "kundenummer", "kundenr", "kunde id", "kundeid", "medlemsnummer",
        ),
        "account_id": (
            "account id", "accountid", "account number", "company id", "organisation id",
            "organization id", "företagskund id", "firmakunde id", "orgnr", "cvr",
        ),
        "asked_at": (
            "asked at", "sent at", "sent", "sent date", "date sent", "survey sent at",
            "invited at", "skickad", "skickat", "utskickad", "sendt", "udsendt", "sendt dato",
        ),
        "answered_at": (
            "answered at", "answered", "responded at", "responded", "response date",
            "response time", "responded date", "date responded", "submitted at", "submit date",
            "submission date", "submitted", "completed at", "completion time", "recorded date",
            "recordeddate", "end date", "timestamp", "created at", "createdat", "created",
            "created date", "createddate", "datetime", "tidpunkt", "tidsstämpel", "svarstid",
            "svarstidpunkt", "svarat", "besvarad", "besvaret", "tidsstempel", "svar tid",
        ),
        "answered_on": (
            "answered on", "date", "datum", "dato", "svarsdatum", "svarsdato", "survey date",
            "review date", "feedback date", "response day", "enkätdatum", "day",
        ),
        "comment": (
            "comment", "comments", "customer comment", "feedback", "feedback comment",
            "feedbackcomment", "verbatim", "open ended response", "content", "review text",
            "free text", "freetext", "kommentar", "kommentarer", "fritext", "fritekst",
            "omdöme", "motivering", "begrundelse", "reason for score", "nps comment",
            "nps kommentar", "score reason", "why", "varför", "hvorfor",
        ),
        "language": ("language", "survey language", "user language", "locale", "språk", "sprog"),
        "channel": ("channel", "survey channel", "distribution channel", "kanal"),
        "survey": ("survey", "survey name", "survey title", "campaign", "campaign name",
                   "enkät", "undersökning", "undersøgelse", "mätning", "måling"),
        "survey_kind": ("survey kind", "survey type", "enkättyp", "undersøgelsestype"),
        "journey": ("journey", "customer journey", "kundresa", "kunderejse"),
        "stage": ("stage", "journey stage", "steg", "trin"),
        "touchpoint": ("touchpoint", "touch point", "kontaktpunkt", "kontaktyta", "berøringspunkt"),
        "unit": ("unit", "store", "store name", "branch", "branch name", "location", "office",
                 "enhet", "enhed", "butik", "kontor", "avdelning", "afdeling", "filial"),
        "employee": ("employee", "employee id", "agent", "agent id", "agent name", "advisor",
                     "medarbetare", "medarbejder", "ansatt", "handläggare", "rådgivare",
                     "rådgiver", "sagsbehandler", "säljare", "sælger"),
        "wording": ("wording", "question wording", "question version"),
        "held_reason": ("held reason", "held", "parkerat", "parkeret"),
    }
)  # fmt: skip

# Columns that may hold the score of another question: taken when nothing better is there, and said.
WEAK_SCORES = ("overall rating", "overall score", "totalbetyg", "helhetsbetyg", "samlet karakter",
               "samlet vurdering")  # fmt: skip

_QUESTIONS = tuple(
    re.compile(pattern)
    for pattern in (
        r"how likely.*(recommend|refer)",
        r"likely.*to recommend",
        r"(sannolikt|troligt).*rekommendera",
        r"sandsynligt?.*anbefal",
        r"sannsynlig.*anbefal",
        r"todennäköis.*suosittel",
        r"wahrscheinlich.*empfehl",
        r"waarschijnlijk.*aanbevel",
    )
)
_NOT_THE_SCORE = re.compile(r"(group|grupp|gruppe|category|kategori|bucket|segment|type|label)$")
_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-zåäöæø0-9])(?=[A-ZÅÄÖÆØ][a-zåäöæø])")


def words(heading: str) -> str:
    """Return a heading as small letters and digits with single spaces between words.

    Examples:
        >>> words("NPS_Score:")
        'nps score'
        >>> words("feedbackComment")
        'feedback comment'
    """
    return " ".join(_WORD.findall(_CAMEL.sub(" ", heading).lower()))


def asks_to_recommend(heading: str) -> bool:
    """Return whether a heading is the question that NPS rests on, in any of eight languages."""
    text = words(heading)
    return not _NOT_THE_SCORE.search(text) and any(question.search(text) for question in _QUESTIONS)
