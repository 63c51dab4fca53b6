import pytest

from emptychair.analysis.errors import AmbiguousColumnError, ArgumentError, ColumnNotFoundError
from emptychair.analysis.tables.layouts import LAYOUTS, PLAIN, detect_layout, labels_of
from emptychair.analysis.tables.mapping import map_columns, map_option
from emptychair.analysis.tables.synonyms import FIELDS, asks_to_recommend, words


@pytest.mark.parametrize(
    "heading",
    ["score", "Score", "NPS", "nps_score", "NPS Score:", "Betyg", "Karakter", "LTR",
     "How likely are you to recommend Nordhem to a friend?",
     "How likely is it that you would recommend us to a friend or colleague? (0-10)",
     "Hur sannolikt är det att du skulle rekommendera oss till en vän eller kollega?",
     "Hur troligt är det att du skulle rekommendera oss?",
     "Hvor sandsynligt er det, at du anbefaler Nordhem til en ven eller kollega?",
     "Hvor sannsynlig er det at du vil anbefale oss til en venn?",
     "Kuinka todennäköisesti suosittelisit meitä ystävälle?",
     "Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?",
     "Hoe waarschijnlijk is het dat u ons zou aanbevelen?"],
)  # fmt: skip
def test_map_columns_knows_the_score_in_many_words(heading):
    assert map_columns([heading, "x"]).fields == {"score": heading}


@pytest.mark.parametrize(
    "heading", ["satisfaction", "rating", "age", "ces", "csat score", "nps_group", "How likely are "
                "you to recommend us? NPS group", "quality 0-10", "recommended"],
)  # fmt: skip
def test_map_columns_takes_no_other_column_for_the_score(heading):
    with pytest.raises(ColumnNotFoundError, match="Write --map score=COLUMN"):
        map_columns([heading, "unit"])


def test_map_columns_of_nordic_headings():
    mapping = map_columns(["Svars-ID", "Kundnr", "Datum", "Betyg", "Kommentar", "Enhet", "Färg"])
    assert mapping.fields == {
        "response_id": "Svars-ID",
        "customer_id": "Kundnr",
        "answered_on": "Datum",
        "score": "Betyg",
        "comment": "Kommentar",
        "unit": "Enhet",
    }


def test_map_columns_takes_every_field_by_its_own_name():
    names = [*FIELDS, "rating_price", "attr_plan"]
    assert map_columns(names).fields == {name: name for name in names}


def test_no_heading_stands_for_two_fields():
    everything = [heading for headings in FIELDS.values() for heading in headings]
    assert len(everything) == len(set(everything))
    assert all(words(heading) == heading for heading in everything)


def test_map_columns_never_guesses_between_two_columns():
    with pytest.raises(AmbiguousColumnError) as caught:
        map_columns(["betyg", "NPS score", "unit"])
    assert str(caught.value) == (
        "Both 'betyg' and 'NPS score' could be the score. "
        "Write --map score=betyg or --map 'score=NPS score'."
    )


def test_map_columns_asks_which_of_two_columns_of_the_same_name_is_meant():
    with pytest.raises(
        AmbiguousColumnError, match=r"--map score=score or --map 'score=score \(2\)"
    ):
        map_columns(["score", "score (2)"])


def test_map_columns_is_told_what_is_what():
    mapping = map_columns(["betyg", "nps", "Butik"], told={"score": "nps", "rating_shop": "betyg"})
    assert mapping.fields == {"score": "nps", "rating_shop": "betyg", "unit": "Butik"}


def test_map_columns_says_that_a_heading_is_not_there():
    with pytest.raises(ColumnNotFoundError, match="Did you mean 'overall_rating'"):
        map_columns(["overall_rating", "unit"], told={"score": "overal_rating"})
    with pytest.raises(ColumnNotFoundError, match="There are: a, b"):
        map_columns(["a", "b"], told={"score": "zzz"})


def test_map_columns_refuses_a_field_that_does_not_exist():
    with pytest.raises(ArgumentError, match=r"'skore' is no field\. Fields are: score,"):
        map_columns(["a"], told={"skore": "a"})


def test_map_columns_refuses_one_column_for_two_fields():
    with pytest.raises(ArgumentError, match="'a' is given to two fields"):
        map_columns(["a"], told={"score": "a", "comment": "a"})


def test_map_columns_takes_another_question_only_for_want_of_better_and_says_so():
    assert map_columns(["overall_rating", "unit"]).weak
    assert not map_columns(["overall_rating", "score"]).weak
    with pytest.raises(AmbiguousColumnError, match="overall_rating"):
        map_columns(["overall_rating", "Helhetsbetyg"])


def test_map_columns_knows_ratings_by_name_and_asks_for_their_values():
    mapping = map_columns(["score", "rating_price", "seat_width_rating", "Delbetyg kö", "attr_x"])
    assert mapping.fields == {"score": "score", "rating_price": "rating_price", "attr_x": "attr_x"}
    assert mapping.maybe_ratings == {
        "rating_seat_width": "seat_width_rating",
        "rating_kö": "Delbetyg kö",
    }


def test_map_columns_says_that_a_file_has_no_headings():
    with pytest.raises(ColumnNotFoundError, match="looks like data, not like headings: 9, 10"):
        map_columns(["9", "10"])


def test_map_columns_lists_no_more_than_twenty_headings():
    with pytest.raises(ColumnNotFoundError, match="x19 and 30 more"):
        map_columns([f"x{i}" for i in range(50)])


def test_map_option_is_quoted_where_a_shell_needs_it():
    assert map_option("score", "nps") == "--map score=nps"
    assert map_option("score", "NPS score") == "--map 'score=NPS score'"


def test_asks_to_recommend_leaves_groups_out():
    assert asks_to_recommend("How likely are you to recommend us")
    assert not asks_to_recommend("How likely are you to recommend us - group")


QUALTRICS = (
    ["StartDate", "EndDate", "Status", "Finished", "RecordedDate", "ResponseId",
     "ExternalReference", "DistributionChannel", "UserLanguage", "Q1", "Q1_NPS_GROUP", "Q2"],
    [
        ["Start Date", "End Date", "Response Type", "Finished", "Recorded Date", "Response ID",
         "External Data Reference", "Distribution Channel", "User Language",
         "How likely are you to recommend us?", "How likely are you to recommend us? - Group",
         "Why?"],
        ['{"ImportId":"startDate","timeZone":"Z"}', *['{"ImportId":"x"}'] * 11],
    ],
)  # fmt: skip


def test_qualtrics_is_known_by_its_three_header_rows():
    headings, following = QUALTRICS
    layout = detect_layout(headings, following)
    labels = labels_of(layout, headings, following)
    assert (layout.name, layout.header_rows) == ("qualtrics", 3)
    assert map_columns(headings, labels, layout=layout).fields == {
        "response_id": "ResponseId",
        "answered_at": "RecordedDate",
        "customer_id": "ExternalReference",
        "channel": "DistributionChannel",
        "language": "UserLanguage",
        "score": "Q1",
        "comment": "Q2",
    }


def test_qualtrics_without_its_header_rows_is_a_plain_file():
    headings, _ = QUALTRICS
    assert detect_layout(headings, [["2026-01-01"] * 12] * 2) is PLAIN


def test_surveymonkey_is_known_by_its_two_header_rows():
    headings = ["Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address",
                "Email Address", "First Name", "Last Name", "Custom Data 1",
                "How likely is it that you would recommend us?", "Which shop?", "column 12",
                "Comments?"]  # fmt: skip
    second = ["", "", "", "", "", "", "", "", "", "", "Malmö", "Lund", "Open-Ended Response"]
    layout = detect_layout(headings, [second])
    labels = labels_of(layout, headings, [second])
    assert (layout.name, layout.header_rows) == ("surveymonkey", 2)
    assert labels[10:] == ("Which shop?: Malmö", "Which shop?: Lund", "Comments?")
    fields = map_columns(headings, labels, layout=layout).fields
    assert fields["score"] == "How likely is it that you would recommend us?"
    assert fields["comment"] == "Comments?"
    assert fields["answered_at"] == "End Date"
    assert fields["customer_id"] == "Custom Data 1"


@pytest.mark.parametrize(
    ("name", "headings", "expected"),
    [
        ("asknicely",
         ["response_id", "person_id", "contact_id", "name", "email", "answer", "answerlabel",
          "data", "comment", "note", "status", "dontcontact", "sent", "opened", "responded",
          "lastemailed", "created", "segment", "question_type"],
         {"score": "answer", "response_id": "response_id", "customer_id": "person_id",
          "asked_at": "sent", "answered_at": "responded", "comment": "comment"}),
        ("delighted",
         ["id", "person", "survey_type", "score", "comment", "permalink", "created_at",
          "updated_at", "person_properties", "notes", "tags"],
         {"score": "score", "response_id": "id", "customer_id": "person", "comment": "comment",
          "answered_at": "created_at", "survey_kind": "survey_type"}),
        ("delighted",
         ["Response ID", "Score", "Comment", "Created at", "Person ID", "Delighted Source"],
         {"score": "Score", "response_id": "Response ID", "comment": "Comment",
          "answered_at": "Created at", "customer_id": "Person ID"}),
        ("wootric",
         ["id", "created_at", "updated_at", "score", "text", "ip_address", "end_user_id"],
         {"score": "score", "response_id": "id", "comment": "text", "answered_at": "created_at",
          "customer_id": "end_user_id"}),
        ("retently",
         ["id", "customerId", "email", "campaignId", "campaignName", "createdDate", "score",
          "ratingCategory", "feedbackComment"],
         {"score": "score", "response_id": "id", "customer_id": "customerId",
          "answered_at": "createdDate", "comment": "feedbackComment", "survey": "campaignName"}),
        ("satismeter", ["id", "created", "rating", "category", "feedback", "user"],
         {"score": "rating", "response_id": "id", "answered_at": "created",
          "comment": "feedback", "customer_id": "user"}),
    ],
)  # fmt: skip
def test_exports_of_other_tools_are_known_by_their_headings(name, headings, expected):
    layout = detect_layout(headings, [["x"] * len(headings)])
    assert layout.name == name
    assert map_columns(headings, layout=layout).fields == expected


def test_every_layout_has_a_signature_that_its_own_columns_can_bear():
    for layout in LAYOUTS:
        assert layout.signature
        assert layout.header_rows >= 1


def test_what_is_told_wins_over_the_layout():
    headings = ["rating", "feedback", "category", "user", "nps2"]
    layout = detect_layout(headings, [])
    fields = map_columns(headings, told={"score": "nps2"}, layout=layout).fields
    assert fields["score"] == "nps2"
