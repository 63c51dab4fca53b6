import pyarrow as pa

from emptychair.analysis.sums.groups import GROUPS, hash_group, hash_group_of

CUSTOMERS = ["a", "b", "", "Åsa", "customer-000123", "日本", "x" * 200]


def test_hash_group_is_the_same_in_the_engine_and_in_python(make_table):
    table = make_table({"customer_id": CUSTOMERS})
    rows = table.select("customer_id", found=hash_group(table["customer_id"])).to_pyarrow()
    assert {row["customer_id"]: row["found"] for row in rows.to_pylist()} == {
        customer: hash_group_of(customer) for customer in CUSTOMERS
    }


def test_hash_group_reads_numbers_as_text(make_table):
    table = make_table({"customer_id": pa.array([7, None], pa.int64())})
    rows = table.select(found=hash_group(table["customer_id"], 9)).to_pyarrow().to_pylist()
    assert sorted((row["found"] for row in rows), key=str) == sorted(
        [hash_group_of("7", 9), None], key=str
    )


def test_hash_group_of_spreads_customers_evenly():
    sizes = [0] * GROUPS
    for number in range(20_000):
        sizes[hash_group_of(f"customer-{number}")] += 1
    expected = 20_000 / GROUPS
    # Chi-square with 49 degrees of freedom: 99.9 % lies below 85.4.
    assert sum((size - expected) ** 2 / expected for size in sizes) < 85.4
