"""Weights, strata, clusters and finite populations; S01-S07 are of R's survey package."""

import pytest
from tests.analysis.reference import reference_json, reference_rows

from emptychair.analysis.delivery.differences import difference_of_buckets
from emptychair.analysis.delivery.effective import weighted_nps
from emptychair.analysis.errors import ArgumentError
from emptychair.analysis.sums.overlap import overlap_sums
from emptychair.analysis.sums.weighted import WeightedSums, weighted_sums

SCORE = {"-1": 0, "0": 7, "1": 10}


@pytest.fixture
def expected():
    return reference_json("survey_stratified.json")


@pytest.fixture
def stratified(make_table):
    rows = reference_rows("apistrat.csv")
    return make_table(
        {
            "score": [SCORE[row["nps"]] for row in rows],
            "stype": [row["stype"] for row in rows],
            "wide": [row["sch.wide"] for row in rows],
            "pw": [float(row["pw"]) for row in rows],
            "fpc": [float(row["fpc"]) for row in rows],
        }
    )


def populations():
    return {row["stype"]: float(row["fpc"]) for row in reference_rows("apistrat.csv")}


def test_s02_stratified_with_finite_population(stratified, expected):
    sums = weighted_sums(stratified, weight="pw", stratum="stype")[()]
    found = weighted_nps(sums, populations())
    assert found.nps == pytest.approx(expected["strat_nps"]["est"], abs=1e-8)
    assert found.standard_error == pytest.approx(expected["strat_nps"]["se"], abs=1e-8)
    assert found.design_effect == pytest.approx(expected["strat_nps"]["deff"], abs=1e-8)


def test_stratified_without_finite_population(stratified, expected):
    found = weighted_nps(weighted_sums(stratified, weight="pw", stratum="stype")[()])
    assert found.standard_error == pytest.approx(expected["strat_nps_nofpc"]["se"], abs=1e-8)


def test_s03_weights_alone(stratified, expected):
    found = weighted_nps(weighted_sums(stratified, weight="pw")[()])
    assert found.standard_error == pytest.approx(expected["weighted_only_nps"]["se"], abs=1e-8)
    assert found.design_effect == pytest.approx(expected["weighted_only_nps"]["deff"], abs=1e-8)


def test_s04_kish(stratified, expected):
    found = weighted_nps(weighted_sums(stratified, weight="pw")[()])
    assert found.weighting_effect == pytest.approx(expected["kish_deff"], abs=1e-10)
    assert found.n / found.weighting_effect == pytest.approx(expected["kish_neff"], abs=1e-8)


def test_s05_bucket_shares(stratified, expected):
    found = weighted_nps(weighted_sums(stratified, weight="pw", stratum="stype")[()], populations())
    shares = expected["strat_props"]["est"]
    assert found.detractor_share == pytest.approx(shares[0], abs=1e-8)
    assert found.promoter_share == pytest.approx(shares[2], abs=1e-8)
    effective = found.n_effective
    assert found.buckets == pytest.approx([effective * share for share in shares], rel=1e-8)


def test_s06_difference_of_domains_is_the_linearised_one(stratified, expected):
    """The domains share no schools; weights alone, so the covariance is that of the ratio."""
    sums = weighted_sums(stratified, ["wide"], weight="pw")
    no, yes = (weighted_nps(sums[value,]) for value in ("No", "Yes"))
    assert (no.nps, yes.nps) == pytest.approx(expected["domain_schwide"]["est"], abs=1e-8)
    found = difference_of_buckets(no.buckets, yes.buckets)
    assert found.difference == pytest.approx(expected["domain_schwide"]["diff"], abs=1e-8)
    # MOVER's width over four normal errors: near the linearised error of survey::svyby.
    half = (found.high - found.low) / 2 / 1.959964
    assert half == pytest.approx(expected["domain_schwide"]["diff_se"], rel=0.12)


def test_s07_one_stage_clusters(make_table, expected):
    rows = reference_rows("apiclus1.csv")
    table = make_table(
        {
            "score": [SCORE[row["nps"]] for row in rows],
            "district": [row["dnum"] for row in rows],
            "pw": [float(row["pw"]) for row in rows],
        }
    )
    sums = weighted_sums(table, weight="pw", unit="district")[()]
    found = weighted_nps(sums, {0: float(rows[0]["fpc"])})
    assert found.nps == pytest.approx(expected["clus_nps"]["est"], abs=1e-8)
    assert found.standard_error == pytest.approx(expected["clus_nps"]["se"], abs=1e-8)
    assert found.n_effective < 25


def one(w, s):
    return WeightedSums(
        1, 1, s == 1, s == -1, w, w * w, w * s, w * abs(s), w * w, w * w * s, w * w * abs(s)
    )


def test_strata_with_a_single_answer_are_merged():
    pairs = {"a": one(1, 1) + one(1, -1) + one(1, 0), "b": one(1, 1), "c": one(1, 0)}
    alone = weighted_nps({"a": pairs["a"], "bc": pairs["b"] + pairs["c"]})
    assert weighted_nps(pairs).standard_error == pytest.approx(alone.standard_error)
    with_sizes = weighted_nps(pairs, {"a": 30, "b": 10, "c": 10})
    joined = weighted_nps({"a": pairs["a"], "bc": pairs["b"] + pairs["c"]}, {"a": 30, "bc": 20})
    assert with_sizes.n_effective == pytest.approx(joined.n_effective)


def test_strata_that_were_asked_in_full_leave_no_error():
    strata = {"a": one(1, 1) + one(1, -1), "b": one(1, 1) + one(1, 0)}
    found = weighted_nps(strata, {"a": 2, "b": 2})
    assert found.standard_error == 0
    assert found.n_effective == float("inf")


def test_strata_all_alike_keep_their_number():
    strata = {"a": one(1, 1) + one(1, 1), "b": one(2, 1) + one(2, 1)}
    found = weighted_nps(strata, {"a": 100, "b": 100})
    assert found.standard_error == 0
    assert found.n_effective == pytest.approx(min(4, 36 / 10))
    assert found.design_effect == 1.0


def test_populations_must_fit_the_sample():
    strata = {"a": one(1, 1) + one(1, -1)}
    with pytest.raises(ArgumentError, match="'a' is not given"):
        weighted_nps(strata, {"b": 10})
    with pytest.raises(ArgumentError, match="population of only 1"):
        weighted_nps(strata, {"a": 1})


def test_overlap_of_domains_of_the_same_cluster(make_table, expected):
    rows = reference_rows("apiclus1.csv")
    table = make_table(
        {
            "score": [SCORE[row["nps"]] for row in rows],
            "district": [row["dnum"] for row in rows],
            "wide": [row["sch.wide"] for row in rows],
        }
    )
    sums = overlap_sums(table, "wide", customer="district")
    assert sums["No", "Yes"].customers <= len({row["dnum"] for row in rows})
