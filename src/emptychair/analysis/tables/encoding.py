"""Find out how the letters of a text file were written down, without trying until no error.

Every cp1252 file also decodes as Latin-1, and a cp850 or Mac Roman file decodes as Latin-1 without
an error, so an error proves nothing. Here each candidate is scored by how plausible the letters
it yields are between their neighbours in Nordic and English text, over the whole file.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from emptychair.analysis.errors import UnreadableFileError

CHUNK_BYTES = 1 << 20
_MOST_CONTEXTS = 200_000
_FOREIGN_RUN = 4  # as many letters outside ASCII in a row are no Nordic word
_SAMPLE_BYTES = 1 << 16
# With what they have beforehand: today's files are hardly ever from DOS.
_CANDIDATES = {"cp1252": 2.5, "latin-1": 2.0, "mac_roman": 0.5, "cp850": 0.0, "cp865": 0.0}
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NON_ASCII = re.compile(rb"([\x00-\x7f]?)([\x80-\xff]+)(?=([\x00-\x7f]?))")

_COMMON = frozenset("åäöæø")
_COMMON_CAPITALS = frozenset("ÅÄÖÆØ")
_RARE = frozenset("éüèàëïêôñáíóúçßðþ")
_RARE_CAPITALS = frozenset("ÉÜÈÀÇÁÓ")
_OPENING = frozenset("“‘„«»”")
_CLOSING = frozenset("”’“»«…")


@dataclass(frozen=True)
class Encoding:
    """How a text file is encoded; `sure` is false when two readings were about as plausible."""

    name: str
    sure: bool = True


def detect_encoding(path: Path) -> Encoding:
    """Return the encoding of the text file at `path`, judged by its whole content.

    Args:
        path: a text file.

    Returns:
        The name Python knows the encoding by.

    Raises:
        UnreadableFileError: the file mixes UTF-8 with another encoding, or ends in the middle
            of a letter.
    """
    with path.open("rb") as file:
        head = file.read(_SAMPLE_BYTES)
    for mark, name in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return Encoding(name)
    wide = _utf_16_without_mark(head)
    if wide:
        return Encoding(wide)
    fault = _first_fault_in_utf_8(path)
    if fault is None:
        return Encoding("utf-8")
    contexts, valid_pairs = _contexts(path)
    if valid_pairs > 0.5:
        raise UnreadableFileError(
            f"{path.name}: most letters are UTF-8, but line {fault} holds bytes that are not. "
            "The file was put together from parts, or cut. Save it anew as UTF-8, or name "
            "its encoding with --encoding."
        )
    return _best_single_byte(contexts)


def text_chunks(path: Path, encoding: str) -> Iterator[str]:
    """Yield the text of `path` in pieces of about a megabyte.

    Raises:
        UnreadableFileError: the file is not text in `encoding`, or nobody knows `encoding`.
    """
    try:
        decoder = codecs.getincrementaldecoder(encoding)("strict")
    except LookupError as error:
        raise UnreadableFileError(
            f"{path.name}: no encoding is known by {encoding!r}. Usual ones are utf-8, cp1252, "
            "latin-1, utf-16, mac_roman, cp850."
        ) from error
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield decoder.decode(chunk)
            yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"{path.name} is not text in {encoding}: {error.reason}. Leave out --encoding to "
            "have it found."
        ) from error


def _utf_16_without_mark(head: bytes) -> str | None:
    even, odd = head[0::2], head[1::2]
    if len(odd) < 2 or b"\0" not in head:
        return None
    empty_even = even.count(0) / len(even)
    empty_odd = odd.count(0) / len(odd)
    if empty_odd > 0.4 and empty_even < 0.1:
        return "utf-16-le"
    if empty_even > 0.4 and empty_odd < 0.1:
        return "utf-16-be"
    return None


def _first_fault_in_utf_8(path: Path) -> int | None:
    """Return the line of the first byte that is not UTF-8, or None when all are."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    lines = 1
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return lines + chunk[: error.start].count(b"\n")
            lines += chunk.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return lines
    return None


def _contexts(path: Path) -> tuple[Counter[tuple[bytes, bytes, bytes]], float]:
    """Return runs of bytes above 127 with their neighbours, and the share that is valid UTF-8."""
    contexts: Counter[tuple[bytes, bytes, bytes]] = Counter()
    valid = seen = 0
    with path.open("rb") as file:
        while (chunk := file.read(CHUNK_BYTES)) and seen < _MOST_CONTEXTS:
            for match in _NON_ASCII.finditer(chunk):
                before, run, after = match.groups()
                contexts[before, run, after] += 1
                seen += 1
                valid += _is_utf_8(run)
    return contexts, valid / seen if seen else 0.0


def _is_utf_8(run: bytes) -> bool:
    try:
        run.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _best_single_byte(contexts: Counter[tuple[bytes, bytes, bytes]]) -> Encoding:
    scores = {name: _plausibility(name, contexts) + prior for name, prior in _CANDIDATES.items()}
    best = max(_CANDIDATES, key=lambda name: scores[name])
    if scores[best] <= _CANDIDATES[best]:
        return _by_charset_normalizer(contexts) or Encoding(best, sure=False)
    rivals = [
        name
        for name in _CANDIDATES
        if scores[name] > 0.8 * scores[best] and not _same_letters(name, best, contexts)
    ]
    return Encoding(best, sure=not rivals)


def _same_letters(one: str, other: str, contexts: Counter[tuple[bytes, bytes, bytes]]) -> bool:
    runs = b" ".join({run for _, run, _ in contexts})
    return runs.decode(one, "replace") == runs.decode(other, "replace")


def _plausibility(encoding: str, contexts: Counter[tuple[bytes, bytes, bytes]]) -> float:
    """Return the mean plausibility, -30 to 10, of the letters `encoding` makes of the file."""
    total = count = 0
    for (before, run, after), times in contexts.items():
        if len(run) >= _FOREIGN_RUN:
            total -= 6 * len(run) * times
            count += len(run) * times
            continue
        text = (before + run + after).decode(encoding, "replace")
        start = len(before)
        for position in range(start, start + len(run)):
            left = text[position - 1] if position else " "
            right = text[position + 1] if position + 1 < len(text) else " "
            total += times * _letter_score(text[position], left, right)
            count += times
    return total / count if count else 0.0


def _letter_score(letter: str, left: str, right: str) -> int:
    """Return how well `letter` fits between its neighbours in Nordic or English text."""
    starts_word = not left.isalpha()
    inside_capitals = left.isupper() or (starts_word and right.isupper())
    if letter in _COMMON:
        return -6 if left.isupper() and right.isupper() else 10
    if letter in _COMMON_CAPITALS:
        return 9 if starts_word or inside_capitals else -10
    if letter in _RARE:
        return -3 if starts_word or left.isupper() else 5
    if letter in _RARE_CAPITALS:
        return 4 if starts_word or inside_capitals else -10
    return _sign_score(letter, left, right)


def _sign_score(letter: str, left: str, right: str) -> int:
    apart = not (left.isalpha() and right.isalpha())
    if letter in "’´":
        return 4 if left.isalpha() else -4
    if letter in _OPENING and not left.isalnum() and right.isalnum():
        return 8
    if letter in _CLOSING and not left.isspace() and not right.isalnum():
        return 5
    if letter in "–—•·":
        return 2 if apart else -8
    if letter in "€£°½§±×":
        return 2 if apart else -8
    if letter == "\xa0":
        return 1 if apart else -8
    if letter == "\ufffd" or not letter.isprintable():
        return -30
    return -8


def _by_charset_normalizer(contexts: Counter[tuple[bytes, bytes, bytes]]) -> Encoding | None:
    from charset_normalizer import from_bytes

    sample = b" ".join(before + run + after for before, run, after in contexts)
    guess = from_bytes(sample[:_SAMPLE_BYTES]).best()
    return Encoding(guess.encoding, sure=False) if guess else None
