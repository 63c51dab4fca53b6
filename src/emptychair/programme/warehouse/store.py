"""The open tables: Delta Lake, one writer (the worker), any number of readers.

They lie in a folder, or in a bucket of an S3-compatible store. The library that reads and writes
them takes the store's address and credentials from the environment, as the AWS tools do.
"""

import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, write_deltalake
from django.conf import settings

KEEP_HOURS = 24  # readers of an older version have this long to finish
# Copying every second adds a small file each time, and whoever reads opens all of them. So many
# of a partition are joined at once; what is joined stays small enough to be written in a moment.
SMALL_BYTES = 200_000
MOST_SMALL = 16
JOINED_BYTES = MOST_SMALL * SMALL_BYTES
_REFUSALS = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "403 Forbidden")

_opened: dict[str, DeltaTable] = {}
_opening = threading.Lock()


def address(name: str) -> str:
    """Return where the table `name` lies."""
    return f"{settings.WAREHOUSE}/{name}"


def is_remote() -> bool:
    """Say whether the tables lie in a bucket."""
    return "://" in str(settings.WAREHOUSE)


def refuse_unreachable() -> None:
    """Stop unless the bucket can be listed, so that nothing fails in the middle.

    Raises:
        SystemExit: it cannot; the sentence says what to look at.
    """
    if not is_remote():
        return
    few = {"max_retries": "1", "retry_timeout": "5s"}
    try:
        DeltaTable.is_deltatable(address("responses"), storage_options=few)
    except OSError as error:
        raise SystemExit(
            f"The warehouse at {settings.WAREHOUSE} cannot be read: {_reason(str(error))}. See"
            " docs/operate/warehouse.md."
        ) from error


def _reason(said: str) -> str:
    """Return what a store's answer means for whoever runs the installation."""
    if "NoSuchBucket" in said:
        return "there is no such bucket; make it, or correct EMPTYCHAIR_WAREHOUSE"
    if "169.254.169.254" in said:
        return "no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if any(word in said for word in _REFUSALS):
        return (
            "the store refuses these credentials; check AWS_ACCESS_KEY_ID and"
            " AWS_SECRET_ACCESS_KEY, and that they may list, read, write and delete there"
        )
    return "the store does not answer; check AWS_ENDPOINT_URL, AWS_REGION and the network"


def dataset(name: str) -> Any:
    """Return the newest version of a table in a bucket, to be read column by column."""
    table = opened(name)
    assert table is not None
    with _opening:
        return table.to_pyarrow_dataset()


def opened(name: str) -> DeltaTable | None:
    """Return the newest version of a table, or None before its first row."""
    uri = address(name)
    with _opening:
        table = _opened.get(uri)
        if table is None:
            if not DeltaTable.is_deltatable(uri):
                return None
            table = _opened[uri] = DeltaTable(uri)
        table.update_incremental()
        return table


def version(name: str) -> int:
    """Return the number of the newest version of a table, -1 before its first row."""
    table = opened(name)
    return -1 if table is None else table.version()


def files(name: str) -> list[str]:
    """Return the Parquet files that make up the newest version of a table."""
    table = opened(name)
    if table is None:
        return []
    with _opening:
        return list(table.file_uris())


def append(name: str, rows: pa.Table, partition_by: Sequence[str] = ()) -> None:
    """Add rows; new columns widen the table."""
    write_deltalake(
        address(name), rows, mode="append", partition_by=list(partition_by), schema_mode="merge"
    )


def merge(name: str, rows: pa.Table, key: str, where: str) -> None:
    """Replace the rows that share `key` with `rows`, add the others.

    Args:
        name: an existing table.
        rows: the rows as they stand now; new columns widen the table.
        key: the column that names a row.
        where: condition on `t` that holds for every row that may be replaced, so that other
            partitions are not read.
    """
    table = DeltaTable(address(name))
    merger = table.merge(
        rows,
        predicate=f"{where} AND t.{key} = s.{key}",
        source_alias="s",
        target_alias="t",
        merge_schema=True,
    )
    merger.when_matched_update_all().when_not_matched_insert_all().execute()


def delete(name: str, key: str, values: Sequence[str]) -> None:
    """Delete the rows whose `key` is one of `values`."""
    table = DeltaTable(address(name))
    for start in range(0, len(values), 1_000):
        quoted = ", ".join(quote(value) for value in values[start : start + 1_000])
        table.delete(f"{key} IN ({quoted})")


def replace(name: str, rows: pa.Table, where: str, partition_by: Sequence[str]) -> None:
    """Put `rows` in the place of all rows for which `where` holds, in one commit."""
    if DeltaTable.is_deltatable(address(name)):
        write_deltalake(
            address(name), rows, mode="overwrite", partition_by=list(partition_by), predicate=where
        )
    else:
        append(name, rows, partition_by)


def join_small(name: str) -> None:
    """Join the small files of a table where a partition has many; the caller is its writer."""
    table = opened(name)
    if table is None:
        return
    with _opening:
        files = pa.table(table.get_add_actions(flatten=True))
    partitions = [column for column in files.column_names if column.startswith("partition.")]
    small = files.filter(pc.less(files["size_bytes"], SMALL_BYTES)).select(partitions)
    if max(Counter(map(str, small.to_pylist())).values(), default=0) >= MOST_SMALL:
        DeltaTable(address(name)).optimize.compact(target_size=JOINED_BYTES)


def tidy(name: str) -> None:
    """Join small files and remove those no version of the last day needs."""
    if not DeltaTable.is_deltatable(address(name)):
        return
    table = DeltaTable(address(name))
    table.optimize.compact()
    table.vacuum(KEEP_HOURS, dry_run=False, enforce_retention_duration=False)
    table.cleanup_metadata()


def quote(value: str) -> str:
    """Return `value` as an SQL text literal."""
    return "'" + value.replace("'", "''") + "'"
