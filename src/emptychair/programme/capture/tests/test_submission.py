"""What a respondent may send: read strictly, or refused with a code."""

import json

import pytest

from emptychair.programme.capture.submission import Problem, Submission, read_submission

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
ID = "abcdefghij123456"


def read_form(body: str) -> Submission | Problem:
    return read_submission(FORM, body.encode())


def read_json(body: str | bytes) -> Submission | Problem:
    return read_submission(JSON, body if isinstance(body, bytes) else body.encode())


def with_score(value: str) -> str:
    return f'{{"submission_id": "{ID}", "score": {value}}}'


@pytest.mark.parametrize("score", range(11))
def test_it_takes_every_score_from_form_and_json(score: int) -> None:
    assert read_form(f"submission_id={ID}&score={score}") == Submission(ID, score)
    assert read_json(with_score(str(score))) == Submission(ID, score)


@pytest.mark.parametrize(
    "value",
    ["11", "-1", "9.5", '"9"', "true", "1e999", "9223372036854775808", '"٩"', '"９"', "[9]", "{}"],
)
def test_it_takes_no_other_json_value_as_a_score(value: str) -> None:
    outcome = read_json(with_score(value))
    assert isinstance(outcome, Problem)
    assert outcome.status == 400


@pytest.mark.parametrize(
    "value", ["11", "-1", "9.5", "9 ", "+9", "0x9", "٩", "９", "09", "nine", "1e1"]
)
def test_it_takes_no_other_form_value_as_a_score(value: str) -> None:
    outcome = read_form(f"submission_id={ID}&score={value}".replace("+", "%2B"))
    assert isinstance(outcome, Problem)
    assert outcome.code == "score"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "json_unreadable"),
        ("[]", "json_shape"),
        ("null", "json_shape"),
        ('{"score": 1, "score": 9}', "json_unreadable"),
        ('{"score": NaN}', "json_unreadable"),
        ('{"score": 1,}', "json_unreadable"),
        ("[" * 100_00 + "]" * 100_00, "json_unreadable"),
        (b"\xef\xbb\xbf{}", "json_unreadable"),
        ("{}".encode("utf-16"), "json_unreadable"),
        (f'{{"submission_id": "{ID}", "__proto__": 1}}', "field_unknown"),
        ('{"submission_id": "short", "score": 1}', "submission_id"),
        ('{"submission_id": 1234567890123456, "score": 1}', "submission_id"),
        (f'{{"submission_id": "{ID}", "comment": "a\\u0000b"}}', "comment"),
        (f'{{"submission_id": "{ID}", "comment": "\\ud800"}}', "comment"),
        (f'{{"submission_id": "{ID}", "comment": 5}}', "comment"),
        (f'{{"submission_id": "{ID}", "rating_price": 6}}', "rating"),
        (f'{{"submission_id": "{ID}", "rating_price": true}}', "rating"),
        (f'{{"submission_id": "{ID}", "contact_wanted": "yes"}}', "contact_wanted"),
        (f'{{"submission_id": "{ID}", "language": "swe"}}', "language"),
        (f'{{"submission_id": "{ID}", "language": ["sv"]}}', "language"),
    ],
)
def test_it_refuses_bad_json_with_a_code(body: str | bytes, code: str) -> None:
    outcome = read_json(body)
    assert isinstance(outcome, Problem)
    assert outcome.code == code


def test_it_refuses_forms_it_cannot_read() -> None:
    assert read_form(f"submission_id={ID}&score=9&score=1") == Problem(
        400, "field_twice", "The field 'score' came twice."
    )
    outcome = read_submission(FORM, b"comment=%ff")
    assert isinstance(outcome, Problem)
    assert outcome.code == "form_unreadable"


def test_it_refuses_other_content_and_too_much_of_it() -> None:
    for content_type in ("text/plain", "multipart/form-data", ""):
        outcome = read_submission(content_type, b"score=9")
        assert isinstance(outcome, Problem)
        assert outcome.status == 415
    outcome = read_submission(FORM, b"x" * 70_000)
    assert isinstance(outcome, Problem)
    assert outcome.status == 413
    outcome = read_json(json.dumps({"submission_id": ID, "comment": "å" * 10_001}))
    assert isinstance(outcome, Problem)
    assert outcome.code == "comment_long"


@pytest.mark.parametrize(
    "comment",
    [
        "",
        " ",
        "Å Ä Ö",
        "👩‍👩‍👧 ok",
        "a\u202eb",
        "e" + "\u0301" * 1_000,
        "=1+1",
        "<script>",
        "x" * 10_000,
    ],
)
def test_it_keeps_text_as_it_came(comment: str) -> None:
    outcome = read_json(json.dumps({"submission_id": ID, "comment": comment}))
    assert isinstance(outcome, Submission)
    assert outcome.comment == comment


def test_it_leaves_out_what_a_form_left_blank() -> None:
    outcome = read_form(f"submission_id={ID}&score=&rating_price=&comment=a%0D%0Ab")
    assert outcome == Submission(ID, comment="a\nb")


def test_its_digest_tells_bodies_apart_and_not_ids() -> None:
    assert Submission(ID, 9).digest == Submission("another-id-here1", 9).digest
    assert Submission(ID, 9).digest != Submission(ID, 8).digest
