import ibis
import pytest

from emptychair.analysis import checks
from emptychair.analysis.errors import AnalysisError, ArgumentError, ColumnNotFoundError


def test_check_columns_names_what_is_missing_and_what_there_is():
    table = ibis.table({"score": "int8", "unit": "string"}, name="answers")
    checks.check_columns(table, ["score", "unit"])
    with pytest.raises(ColumnNotFoundError) as caught:
        checks.check_columns(table, ["score", "shop", "city"])
    assert str(caught.value) == "There is no column 'shop', 'city'. There are: score, unit."


@pytest.mark.parametrize("value", [0, 1, -0.1, 1.1, 95, float("nan")])
def test_check_share_refuses_what_is_no_share(value):
    checks.check_share(0.95, "confidence")
    with pytest.raises(ArgumentError, match="confidence is a share strictly between 0 and 1"):
        checks.check_share(value, "confidence")


def test_check_choice_lists_the_choices():
    checks.check_choice("month", "every", ["week", "month"])
    with pytest.raises(ArgumentError, match=r"every is one of week, month, not 'decade'\."):
        checks.check_choice("decade", "every", ["week", "month"])


@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan")])
def test_check_positive_refuses_what_is_not(value):
    checks.check_positive(0.1, "budget")
    with pytest.raises(ArgumentError, match="budget is a number above zero"):
        checks.check_positive(value, "budget")


def test_listed_cuts_long_lists():
    assert checks.listed(["a", "b"]) == "a, b"
    assert checks.listed(map(str, range(22))).endswith("18, 19 and 2 more")


def test_every_error_is_an_analysis_error_and_a_value_error():
    from emptychair.analysis import errors

    kinds = [one for one in vars(errors).values() if isinstance(one, type)]
    assert len(kinds) > 8
    assert all(issubclass(one, AnalysisError) and issubclass(one, ValueError) for one in kinds)
