"""A simulated company keeps the contract, is the same twice, and its truth can be found again."""

import json
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import compute, parquet

from emptychair.analysis.errors import ArgumentError
from emptychair.analysis.tables import connect, put, read_responses
from emptychair.analysis.tables.schema import (
    ATTRIBUTE_PREFIX,
    RATING_PREFIX,
    SEGMENT_PREFIX,
    TABLES,
)
from emptychair.analysis.tables.simulate import load_config, simulate_company, write_company
from emptychair.analysis.tables.simulate.attitude import nps_points

UNTIL = date(2026, 6, 30)
PREFIXES = (RATING_PREFIX, ATTRIBUTE_PREFIX, SEGMENT_PREFIX)


@pytest.fixture(scope="module")
def company():
    return simulate_company(load_config(customers=6000), seed=3, until=UNTIL)


def frame(company, name):
    return company.tables[name].to_pydict()


def answers(company):
    table = company.tables["responses"]
    return table.filter(compute.is_null(table["held_reason"]))


def share(condition):
    return float(np.mean(condition))


@pytest.mark.parametrize("name", TABLES)
def test_every_table_keeps_the_contract(company, name):
    table = company.tables[name]
    columns = {column.name: column for column in TABLES[name]}
    found = [one for one in table.column_names if not one.startswith(PREFIXES)]
    assert set(found) <= set(columns)
    assert {one.name for one in columns.values() if one.required} <= set(found)
    kinds = {"string": pa.string(), "int8": pa.int8(), "date": pa.date32(), "boolean": pa.bool_(),
             "timestamp": pa.timestamp("us"), "float64": pa.float64(),
             "array<string>": pa.list_(pa.string())}  # fmt: skip
    for one in found:
        assert table.schema.field(one).type == kinds[columns[one].type], one


def test_the_same_seed_gives_the_same_company_and_another_another():
    config = load_config(customers=200, days=90)
    one, same, other = (simulate_company(config, seed, until=UNTIL) for seed in (1, 1, 2))
    assert one.truth == same.truth
    assert all(one.tables[name].equals(same.tables[name]) for name in TABLES)
    assert not one.tables["responses"].equals(other.tables["responses"])


def test_the_story_ends_on_the_day_asked_for(company):
    responses = company.tables["responses"]
    assert compute.max(responses["answered_on"]).as_py() == UNTIL
    assert compute.min(responses["answered_on"]).as_py() >= date(2024, 7, 1)
    assert compute.max(company.tables["values"]["month"]).as_py() == date(2026, 6, 1)
    assert company.truth["until"] == "2026-06-30"


def test_the_story_ends_today_when_nothing_is_said():
    company = simulate_company(load_config(customers=50, days=40))
    assert company.truth["until"] == date.today().isoformat()


def test_a_company_of_the_package_is_made_without_a_word():
    truth = simulate_company(until=UNTIL).truth
    assert truth["company"] == "Nordhem"
    assert truth["parameters"]["customers"] == 20_000


def test_moments_are_in_utc_and_days_local(company):
    for at, on in zip(
        *(company.tables["responses"][name].to_pylist() for name in ("answered_at", "answered_on")),
        strict=True,
    ):
        hours = (datetime.combine(on, datetime.min.time()) - at).total_seconds() / 3600
        assert -24 < hours <= 2


def test_an_answer_belongs_to_an_answered_invitation(company):
    rows = frame(company, "invitations")
    answered = sum(outcome == "answered" for outcome in rows["outcome"])
    assert answered == len(answers(company))
    numbers = {one[1:] for one in answers(company)["response_id"].to_pylist()}
    assert numbers == {
        one[1:]
        for one, outcome in zip(rows["invitation_id"], rows["outcome"], strict=True)
        if outcome == "answered"
    }


def test_invitations_keep_the_order_of_time_and_say_why_they_were_not_sent(company):
    table = company.tables["invitations"]
    for before, after in [
        ("planned_at", "sent_at"),
        ("sent_at", "delivered_at"),
        ("delivered_at", "answered_at"),
        ("opened_at", "answered_at"),
    ]:
        in_order = compute.less_equal(table[before], table[after])
        assert compute.all(in_order).as_py()
    suppressed = table.filter(compute.equal(table["outcome"], "suppressed"))
    assert set(suppressed["suppressed_reason"].to_pylist()) == {"not_contactable", "quarantine"}
    assert suppressed["sent_at"].null_count == len(suppressed)
    sent = table.filter(compute.is_valid(table["sent_at"]))
    assert sent["suppressed_reason"].null_count == len(sent)


def test_nobody_is_asked_twice_within_the_quarantine(company):
    table = company.tables["invitations"]
    sent = table.filter(compute.is_valid(table["sent_at"])).sort_by(
        [("customer_id", "ascending"), ("sent_at", "ascending")]
    )
    who = np.array(sent["customer_id"].to_pylist())
    at = sent["sent_at"].to_numpy()
    days = (at[1:] - at[:-1])[who[1:] == who[:-1]] / np.timedelta64(1, "D")
    assert days.min() >= company.config.asking.quarantine_days - 0.1


def test_nobody_answers_or_pays_after_leaving(company):
    backend = connect()
    customers, responses, values = (
        put(backend, company.tables[name]) for name in ("customers", "responses", "values")
    )
    gone = customers.filter(customers.left_at.notnull())
    late = responses.join(gone, "customer_id").filter(
        lambda row: (row.answered_at > row.left_at) & row.held_reason.isnull()
    )
    assert late.count().to_pyarrow().as_py() == 0
    paid = values.join(gone, "customer_id").filter(lambda row: row.month > row.left_at.date())
    assert paid.count().to_pyarrow().as_py() == 0


def test_machines_are_held_and_counted_in_the_truth(company):
    held = compute.value_counts(company.tables["responses"]["held_reason"].drop_null()).to_pylist()
    assert {one["values"]: one["counts"] for one in held} == company.truth["held"]
    assert company.truth["held"]["suspected_machine"] > 100


def test_the_true_base_is_made_of_those_who_have_not_left(company):
    left = company.tables["customers"]["left_at"]
    assert company.truth["customers"] == left.null_count
    base = company.truth["base"]
    assert base["nps_points"] == pytest.approx(
        100 * (base["shares"]["promoter"] - base["shares"]["detractor"])
    )
    assert set(base["by_segment"]) == {one.name for one in company.config.segments}
    assert set(base["by_country"]) == {"SE", "DK", "NO"}


def test_the_truth_has_the_score_of_each_customer_who_has_not_left(company):
    customers = company.tables["customers"]
    stay = customers.filter(compute.is_null(customers["left_at"]))["customer_id"].to_pylist()
    scores = company.truth["scores"]
    assert list(scores) == stay
    said = np.array(list(scores.values()))
    points = 100 * (np.mean(said >= 9) - np.mean(said <= 6))
    assert points == pytest.approx(company.truth["base"]["nps_points"])


def test_promoters_answer_more_often_so_the_naive_score_is_too_high(company):
    score = answers(company)["score"].to_numpy()
    naive = 100 * (share(score >= 9) - share(score <= 6))
    over_time = [one["nps_points"] for one in company.truth["by_month"]]
    assert naive > np.mean(over_time) + 2


def test_detractors_leave_more_often(company):
    movement = company.truth["movement"]
    left = [row[3] for row in movement["shares"]]
    assert left[0] > 1.5 * left[1] > 2 * left[2]
    assert movement["states"] == ["detractor", "passive", "promoter", "left"]
    for row in movement["shares"]:
        assert sum(row) == pytest.approx(1)


def test_the_initiative_moves_the_score_where_it_works_and_nowhere_else(company):
    queue, search, slots = company.truth["initiatives"]
    assert 8 < queue["effect_points"] < 20
    assert 0 < queue["effect_points_overall"] < queue["effect_points"]
    assert search["effect_points"] == 0
    assert slots["effect_points"] == 0
    assert company.tables["initiatives"]["started_on"].to_pylist()[0] == date(2025, 10, 4)
    assert company.tables["initiatives"]["started_on"].to_pylist()[2] is None


def test_a_regression_finds_the_true_effects_again():
    config = load_config(customers=30_000, days=365)
    table = answers(simulate_company(config, seed=5, until=UNTIL))
    table = table.filter(compute.equal(table["attr_segment"], "families"))
    ratings = np.column_stack(
        [table[RATING_PREFIX + name].to_numpy(zero_copy_only=False) for name in config.drivers]
    ).astype(float)
    complete = ~np.isnan(ratings).any(axis=1)
    design = np.column_stack([np.ones(complete.sum()), ratings[complete]])
    score = table["score"].to_numpy()[complete].astype(float)
    found = np.linalg.lstsq(design, score, rcond=None)[0][1:]
    true = np.array([config.segments[0].effects[name] for name in config.drivers])
    # Rounding of ratings and the ends of the scale pull estimates towards zero.
    assert np.corrcoef(found, true)[0, 1] > 0.93
    assert np.all(found > 0.6 * true - 0.06)
    assert np.all(found < true + 0.06)


def test_employees_differ_as_the_truth_says():
    config = load_config(customers=30_000, days=365)
    company = simulate_company(config, seed=6, until=UNTIL)
    table = answers(company)
    table = table.filter(compute.is_valid(table["employee"]))
    mean = table.group_by("employee").aggregate([("score", "mean")]).to_pydict()
    found = dict(zip(mean["employee"], mean["score_mean"], strict=True))
    true = {one["employee"]: one["quality_score"] for one in company.truth["employees"]}
    assert len(true) == 48
    names = sorted(found)
    correlation = np.corrcoef([found[one] for one in names], [true[one] for one in names])
    assert correlation[0, 1] > 0.6


def test_comments_are_in_the_language_of_the_customer_and_the_tone_of_the_score(company):
    table = answers(company)
    table = table.filter(compute.is_valid(table["comment"]))
    rows = zip(*(table[name].to_pylist() for name in ("language", "score", "comment")), strict=True)
    by_language = {}
    for language, score, comment in rows:
        assert "{" not in comment
        by_language.setdefault(language, set()).add((score <= 6, comment))
    assert set(by_language) == {"sv", "da", "nb", "en"}
    assert any("Göteborg" in comment for _, comment in by_language["sv"])
    assert (True, "Kändes som att jag störde.") in by_language["sv"]
    assert (False, "Kändes som att jag störde.") not in by_language["sv"]
    assert len(by_language["sv"]) > 150


def test_cases_follow_counted_detractors(company):
    rows = company.tables["cases"]
    low = answers(company).filter(compute.less_equal(answers(company)["score"], 6))
    assert sorted(rows["response_id"].to_pylist()) == sorted(low["response_id"].to_pylist())
    called = rows.filter(compute.is_valid(rows["first_contact_at"]))
    assert not compute.any(called["holdout"]).as_py()
    closed = rows.filter(compute.is_valid(rows["closed_at"]))
    assert closed["root_cause"].null_count == 0
    assert set(closed["outcome"].to_pylist()) == {"recovered", "unchanged", "lost", "unreachable"}


def test_referrals_name_promoters_of_earned_customers_only(company):
    rows = frame(company, "referrals")
    for referrer, referred, origin in zip(
        rows["referrer_id"], rows["referred_id"], rows["origin"], strict=True
    ):
        assert (referrer is not None) == (origin == "earned")
        assert referrer != referred
    shares = [share(np.array(rows["origin"]) == one) for one in ("earned", "bought", "unknown")]
    assert shares == pytest.approx([0.35, 0.4, 0.25], abs=0.05)


def test_companies_have_accounts_and_private_customers_have_none(company):
    table = company.tables["customers"]
    business = compute.equal(table["attr_segment"], "business")
    assert compute.equal(
        business, compute.is_valid(table["account_id"])
    ).combine_chunks().true_count == len(table)
    people = len(table.filter(business))
    assert 2 < people / len(compute.unique(table["account_id"].drop_null())) < 5


def test_a_company_without_accounts_initiatives_or_touchpoints_can_be_made():
    config = load_config(customers=100, days=60, initiatives=[], touchpoints=[])
    config_of_one = load_config(
        customers=100,
        days=30,
        segments=[{**vars(config.segments[0]), "share": 1.0}],
        initiatives=[],
    )
    assert simulate_company(config, until=UNTIL).tables["initiatives"].num_rows == 0
    tables = simulate_company(config_of_one, until=UNTIL).tables
    assert tables["responses"]["account_id"].null_count == tables["responses"].num_rows


def test_a_story_in_which_nobody_answers_is_told_to_its_end():
    config = load_config(customers=60, days=28)
    quiet = load_config(
        customers=60, days=28, asking={**vars(config.asking), "contactable_share": 0.0}
    )
    company = simulate_company(quiet, until=UNTIL)
    assert company.truth["answering"]["response_rate_share"] is None
    assert company.tables["cases"].num_rows == 0


def test_there_is_no_score_of_nobody():
    assert nps_points(np.array([], dtype=np.int64)) is None
    assert nps_points(np.array([10, 9, 8, 0])) == 25


def test_write_company_writes_what_read_responses_reads(company, tmp_path):
    files = write_company(company, tmp_path / "new" / "folder")
    assert [file.name for file in files] == [*(f"{name}.parquet" for name in TABLES), "truth.json"]
    assert json.loads(files[-1].read_text(encoding="utf-8")) == company.truth
    assert parquet.read_table(files[1]).equals(company.tables["customers"])
    file = read_responses(tmp_path / "new" / "folder")
    assert file.rows == company.tables["responses"].num_rows
    assert file.excluded == {"held": sum(company.truth["held"].values())}
    assert set(file.mapping.values()) == set(company.tables["responses"].column_names)


def test_write_company_says_that_a_folder_cannot_be_made(company, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ArgumentError, match="cannot be made: "):
        write_company(company, tmp_path / "file" / "folder")
