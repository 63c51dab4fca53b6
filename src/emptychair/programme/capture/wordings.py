"""The wording a new survey starts with, in the six languages customers are asked in.

Question and anchors follow the wordings in common use; `{x}` is the organisation's name.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    question: str
    low_label: str
    high_label: str
    follow_up: dict[str, str]
    thanks: dict[str, str]


STANDARD: dict[str, Words] = {
    "sv": Words(
        "Hur sannolikt är det att du skulle rekommendera {x} till en vän eller kollega?",
        "Inte alls sannolikt",
        "Mycket sannolikt",
        {
            "detractor": "Vad var det som inte fungerade för dig?",
            "passive": "Vad skulle vi behöva göra för att få ett högre betyg?",
            "promoter": "Vad är du mest nöjd med?",
        },
        {
            "detractor": "Tack för att du berättar. Vi tar det på allvar.",
            "passive": "Tack, det hjälper oss att bli bättre.",
            "promoter": "Tack! Det gläder oss som jobbar här.",
        },
    ),
    "da": Words(
        "Hvor sandsynligt er det, at du vil anbefale {x} til en ven eller kollega?",
        "Slet ikke sandsynligt",
        "Meget sandsynligt",
        {
            "detractor": "Hvad var det, der ikke fungerede for dig?",
            "passive": "Hvad skal der til, for at du giver os en højere karakter?",
            "promoter": "Hvad er du mest tilfreds med?",
        },
        {
            "detractor": "Tak, fordi du siger det. Vi tager det alvorligt.",
            "passive": "Tak, det hjælper os med at blive bedre.",
            "promoter": "Tak! Det glæder os, der arbejder her.",
        },
    ),
    "nb": Words(
        "Hvor sannsynlig er det at du vil anbefale {x} til en venn eller kollega?",
        "Lite sannsynlig",
        "Svært sannsynlig",
        {
            "detractor": "Hva var det som ikke fungerte for deg?",
            "passive": "Hva skal til for at du gir oss en høyere karakter?",
            "promoter": "Hva er du mest fornøyd med?",
        },
        {
            "detractor": "Takk for at du sier fra. Vi tar det på alvor.",
            "passive": "Takk, det hjelper oss å bli bedre.",
            "promoter": "Takk! Det gleder oss som jobber her.",
        },
    ),
    "fi": Words(
        "Kuinka todennäköisesti suosittelisit yritystä {x} ystävälle tai kollegalle?",
        "En lainkaan todennäköisesti",
        "Erittäin todennäköisesti",
        {
            "detractor": "Mikä ei toiminut toivomallasi tavalla?",
            "passive": "Mitä meidän pitäisi tehdä, jotta antaisit korkeamman arvosanan?",
            "promoter": "Mihin olet tyytyväisin?",
        },
        {
            "detractor": "Kiitos, että kerroit. Otamme sen vakavasti.",
            "passive": "Kiitos, tämä auttaa meitä kehittymään.",
            "promoter": "Kiitos! Se ilahduttaa meitä kaikkia.",
        },
    ),
    "de": Words(
        "Wie wahrscheinlich ist es, dass Sie {x} einem Freund oder Kollegen weiterempfehlen?",
        "Überhaupt nicht wahrscheinlich",
        "Äußerst wahrscheinlich",
        {
            "detractor": "Was hat für Sie nicht funktioniert?",
            "passive": "Was müssten wir tun, damit Sie uns besser bewerten?",
            "promoter": "Womit sind Sie am meisten zufrieden?",
        },
        {
            "detractor": "Danke für Ihre Offenheit. Wir nehmen das ernst.",
            "passive": "Danke, das hilft uns, besser zu werden.",
            "promoter": "Danke! Das freut uns alle, die hier arbeiten.",
        },
    ),
    "en": Words(
        "How likely is it that you would recommend {x} to a friend or colleague?",
        "Not at all likely",
        "Extremely likely",
        {
            "detractor": "What was it that did not work for you?",
            "passive": "What would it take for you to give us a higher score?",
            "promoter": "What are you most pleased with?",
        },
        {
            "detractor": "Thank you for telling us. We take it seriously.",
            "passive": "Thank you, that helps us get better.",
            "promoter": "Thank you! That makes the day for those of us who work here.",
        },
    ),
}


def bucket_of(score: int) -> str:
    """Return detractor (0-6), passive (7-8) or promoter (9-10)."""
    if score <= 6:
        return "detractor"
    return "passive" if score <= 8 else "promoter"
