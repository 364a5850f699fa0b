"""What bulk hands to the driver is what stands in the table afterwards, on both databases."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.store import bulk
from bridge.store.database import Database
from bridge.store.tables import quarantine

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")) | st.sampled_from(
    ["", "NULL", "null", '"', "\\", "{a,b}", "a,b", ' "x\\" ', "\\x00", "'", "line\nline"]
)
bytes_ = st.binary() | st.none() | st.sampled_from([b"", b"\x00", b"\\x00", b'",NULL,"'])
some = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def row(hash_: int, path: str, raw: bytes | None, signed_at: int) -> dict[str, Any]:
    return {
        "source": "s", "hash": f"{hash_}", "received_at": 1, "signed_at": signed_at, "path": path, "reason": path,
        "raw": raw,
    }  # fmt: skip


@some
@given(st.lists(st.tuples(texts, bytes_, st.integers(-(2**63), 2**63 - 1)), max_size=5))
def test_what_is_inserted_and_changed_is_read_back(database: Database, said: list[Any]) -> None:
    rows = [row(number, *values) for number, values in enumerate(said)]
    turned = [(path[::-1], raw[::-1] if raw else raw, ~at) for path, raw, at in said]

    with database.write() as connection:
        bulk.execute(connection, "DELETE FROM quarantine")
        bulk.insert(connection, quarantine, rows)
        stored = bulk.rows(connection, "SELECT path, raw, signed_at, id FROM quarantine ORDER BY hash")
        changes = [
            {"id": id_, "path": path, "raw": raw, "signed_at": at}
            for (path, raw, at), (*_, id_) in zip(turned, stored, strict=True)
        ]
        bulk.change(connection, quarantine, changes)
        changed = bulk.rows(connection, "SELECT path, raw, signed_at FROM quarantine ORDER BY hash")

    assert said == [tuple(values) for *values, _ in stored]
    assert turned == changed


@some
@given(st.lists(texts, max_size=6, unique=True), st.lists(texts, max_size=6))
def test_a_row_is_among_values_where_it_is_one_of_them(database: Database, there: list[str], asked: list[str]) -> None:
    rows = [row(number, path, None, 0) for number, path in enumerate(there)]

    with database.write() as connection:
        bulk.execute(connection, "DELETE FROM quarantine")
        bulk.insert(connection, quarantine, rows)
        found = bulk.among(connection, "SELECT path FROM quarantine WHERE path {among}", asked)

    assert {(path,) for path in there if path in asked} == set(found)
