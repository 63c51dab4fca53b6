# ruff: noqa: E501  a payload is one line
"""Bad input for the addresses that take answers, by category; a list, not a test."""

import json
from collections.abc import Iterator
from itertools import count

_number = count(1)


def fresh() -> str:
    """Return a submission id that was not used before."""
    return f"bad-input-{next(_number):010d}"


def json_structure() -> Iterator[bytes]:
    """Yield bodies that are no JSON object with unique keys, or not of the fields there are."""
    start = f'{{"submission_id": "{fresh()}", "score": 9'
    texts = [
        *("", " ", "null", "true", "0", '"text"', "[]", "[{}]", "{", "}", "{]", "[}", "{{}}"),
        *('{"score": 9', "{'score': 9}", '{score: 9}', '{"score" 9}', '{"score": 9,}', "{,}"),
        *('{"score": 1, "score": 9}', '{"score": NaN}', '{"score": Infinity}', '{"score": -Infinity}'),
        *('{"a": undefined}', '{"a": 0x9}', '{"a": 09}', '{"a": .5}', '{"a": 5.}', '{"a": +5}'),
        *('{"a": "\n"}', '{"a": "\t"}', '{"a": "\\x41"}', '{"a": "\\u12"}', '{"a": "unfinished}'),
        *('{"a": 1} {"b": 2}', '{"a": 1} x', "// c\n{}", "/* c */ {}", '{"a": 1, /* c */ "b": 2}'),
        *(start + tail + "}" for tail in (', "__proto__": {}', ', "constructor": 1', ', "": 1')),
        *(start + tail + "}" for tail in (', "Score": 9', ', "score ": 9', ', "scor\\u0065": 1')),
        *(start + tail + "}" for tail in (', "comment": {}', ', "comment": []', ', "comment": 5')),
        *(start + tail + "}" for tail in (', "language": []', ', "contact_wanted": 1')),
        *(start + tail + "}" for tail in (', "held_reason": ""', ', "rating_": 5', ', "rating_X": 5')),
        *("[" * depth + "]" * depth for depth in (2, 1_000, 9_000)),
        *('{"a":' * depth + "1" + "}" * depth for depth in (1_000, 9_000)),
        '{"submission_id": ["a"], "score": 9}',
        '{"submission_id": "short", "score": 9}',
        '{"submission_id": null, "score": 9}',
    ]  # fmt: skip
    yield from (text.encode() for text in texts)
    whole = start + "}"
    yield b"\xef\xbb\xbf" + whole.encode()
    for encoding in ("utf-16", "utf-16-le", "utf-32", "utf-7"):
        yield whole.replace("9", "9").encode(encoding) + (b"\xff" if encoding == "utf-7" else b"")
    yield whole.encode().replace(b"9}", b'9, "comment": "\xc3\x28"}')
    yield whole.encode().replace(b"9}", b'9, "comment": "\xed\xa0\x80"}')


SCORES = [
    *("11", "-1", "-0.5", "9.5", "9.0", "1e1", "1e999", "-1e999", "9e-1", "10.0000001", "1E+1"),
    *("2147483648", "9223372036854775808", "18446744073709551616", "9" * 400, "1" + "0" * 300),
    *('"9"', '""', '" 9"', '"nine"', '"\u0669"', '"\uff19"', '"\u2468"', '"9\\u0000"', '"0x9"'),
    *("true", "false", "[]", "[9]", "{}", '{"value": 9}', '[["9"]]', '"NaN"', '"Infinity"', '"null"'),
    *('"+9"', '"9,0"', '"9.0"', '"\u2212' + '1"', '"1 0"', '"1_0"', '"10%"', '"9/10"', '"IX"', '"9;DROP"'),
]  # fmt: skip

COMMENTS = [
    *("", " ", "\n\n", "\t", "\u00a0", "\u3000", "a\u0000b", "\u0000", "Å", "A\u030a", "ÅÄÖåäöÆØÅæøå"),
    *("\u202eevil", "\u202d", "\u2066x\u2069", "\u200b", "a\u200db", "\ufeff", "\u2028", "\u2029", "\u0085"),
    *("👩\u200d👩\u200d👧", "🏳️\u200d🌈", "\U0001f1f8\U0001f1ea", "👍🏽", "\U0010ffff", "\ufffe", "\uffff", "\ufffd"),
    *("e" + "\u0301" * n for n in (1, 100, 1_000)),
    *("Z\u0351\u036b\u0343" * 300, "\u0e49" * 500, "العربية", "עברית", "हिन्दी", "日本語", "한국어", "ไทย"),
    *("x" * n for n in (9_999, 10_000, 10_001, 20_000)),
    *("å" * n for n in (9_999, 10_000, 10_001)),
    *("👍" * n for n in (9_999, 10_000, 10_001)),
    *("=1+1", "+46701234567", "-5", "@SUM(A1)", "\t=1", "\r\nBcc: x@example.com", "%s%n%x", "${7*7}"),
    *("{{7*7}}", "{% load x %}", "' OR 1=1 --", '"; DROP TABLE x; --', "../../etc/passwd", "\\u0041"),
    *("\ud800", "\udfff", "a\ud83d", "\udc00\ud800", "ﬀ", "ß", "ſ", "İ", "ı", "\u1e9e"),
]  # fmt: skip

MARKUP = [
    text.replace("X", "alert(1)")
    for text in (
        "<script>X</script>", "<ScRiPt>X</sCrIpT>", "<script/src=//evil.example>", "</script><script>X",
        "<img src=x onerror=X>", "<img/src/onerror=X>", "<svg onload=X>", "<svg/onload=X>",
        "<svg><script>X</script></svg>", "<math><mi//xlink:href=\"data:x,<script>X\">", "<body onload=X>",
        "<iframe src=javascript:X>", "<iframe srcdoc='<script>X</script>'>", "<a href=javascript:X>a</a>",
        "<a href='java\tscript:X'>a</a>", "<form action=javascript:X><button>", "<input autofocus onfocus=X>",
        "<details open ontoggle=X>", "<video><source onerror=X>", "<object data=javascript:X>",
        "<embed src=javascript:X>", "<link rel=stylesheet href=javascript:X>", "<style>@import'javascript:X'",
        "<meta http-equiv=refresh content='0;javascript:X'>", "<base href=//evil.example/>", "<table background=X>",
        "<div style='background:url(javascript:X)'>", "<p style=width:expression(X)>", "\"><script>X</script>",
        "'><script>X</script>", "\" onmouseover=\"X", "' onmouseover='X", "</textarea><script>X</script>",
        "</title><script>X</script>", "</style><script>X</script>", "--><script>X</script>", "]]><script>X",
        "<!--<img src=--><img src=x onerror=X>", "<noscript><p title='</noscript><img src=x onerror=X>'>",
        "<template><script>X</script></template>", "<xmp><script>X</script></xmp>", "<plaintext>", "<marquee onstart=X>",
        "&lt;script&gt;X&lt;/script&gt;", "&#60;script&#62;X", "&#x3c;script>X", "%3Cscript%3EX", "\\x3cscript>X",
        "\\u003cscript>X", "<\u0000script>X", "<script\u2028>X", "\u202e<script>X", "<scr\u200bipt>X", "＜script＞X",
        "javascript:X", "data:text/html,<script>X</script>", "vbscript:X", "{{constructor.constructor('X')()}}",
        "{{7*7}}", "${X}", "#{X}", "<%= X %>", "[[${X}]]", "{%raw%}<script>X", "`${X}`", "<x onclick=X>y</x>",
        "<a href=\"//evil.example\">", "![x](javascript:X)", "[x](javascript:X)", "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>",
        "<?php X ?>", "<?xml version='1.0'?>", "<script>" * 50, "<b" + " a=b" * 200 + ">", "<" * 500, "&amp;" * 100,
        "<isindex type=image src=1 onerror=X>", "<keygen autofocus onfocus=X>", "<portal src=javascript:X>", "<dialog open>",
    )
]  # fmt: skip

TOKENS = [
    *("", "x", "0", "null", "undefined", "..", "../", "../../etc/passwd", "%2e%2e%2f", "%252e%252e", "%00"),
    *("a%00b", "%0d%0aSet-Cookie:x=1", "%ff", "%c0%af", "%u0041", "å", "%C3%A5", "\u202e", "👍", "' OR 1=1"),
    *('"', "<script>", "{{7*7}}", "${7*7}", "*", "?", ";", "a;b", "a,b", "a b", "a+b", "~", "$where", "\\"),
    *("x" * n for n in (23, 24, 25, 64, 255, 256, 1_000, 4_000)),
    *("-" * 24, "_" * 24, "=" * 24, "A" * 22 + "==", "1" * 24, "9" * 40, "AAAAAAAAAAAAAAAAAAAAAAAA%20"),
    *("eyJhbGciOiJub25lIn0.e30.", "1", "-1", "1e9", "true", "__proto__", "constructor", "admin", "health"),
]  # fmt: skip


def comment_body(comment: str) -> bytes:
    """Return a JSON body with the comment, also where it has half characters."""
    return json.dumps({"submission_id": fresh(), "score": 9, "comment": comment}).encode()
