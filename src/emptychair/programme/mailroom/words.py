"""What people write when they want no more questions, in the languages we ask in."""

import re

STOP = frozenset(
    (
        *("stop", "stopp", "stoppa", "unsubscribe", "remove", "cancel", "end", "quit"),
        *("avregistrera", "avprenumerera", "avanmäl", "avanmälan", "avsluta", "sluta"),
        *("afmeld", "afmelding", "frameld", "framelding", "avmeld", "avmelding"),
        *("lopeta", "peruuta", "poista", "abmelden", "abmeldung", "abbestellen"),
    )
)
_SHORT = 5  # so many words say "stop, please" and no more
_QUOTE = re.compile(
    r"^(>|-{2,}\s*(original|ursprungligt|oprindelig)|_{5,}|(on|den|am|från|fra|from|von)\b.*"
    r"(wrote|skrev|schrieb|kirjoitti)?\s*:\s*$)",
    re.IGNORECASE,
)


def is_stop(text: str) -> bool:
    """Say whether a reply asks for no more messages."""
    words = re.findall(r"\w+", text.casefold())
    return 0 < len(words) <= _SHORT and not STOP.isdisjoint(words)


def new_text(text: str) -> str:
    """Return what a reply says itself, without what it quotes."""
    lines: list[str] = []
    for line in text.splitlines():
        if _QUOTE.match(line.strip()):
            break
        lines.append(line)
    return "\n".join(lines).strip()
