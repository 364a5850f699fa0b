"""What is old is let go, and is still known when it comes again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, insert, literal, select, text, update

from bridge.model.record import Delivered, Reject
from bridge.store import retention
from bridge.store.counters import Tally
from bridge.store.database import Database
from bridge.store.tables import attempts, deliveries, events, quarantine
from tests.store.rows import CODEC, Store, lead, only

SEALED = b"\x07sealed by a newer version"
DAY_MS = 86_400_000
UNREADABLE = {
    "of an unknown form": SEALED,
    "that is no JSON": b"\x00{",
    "that is no object": b"\x00[]",
    "with a field of tomorrow": b'\x00{"shoe_size":"9"}',
    "with a field of another type": b'\x00{"email":{"home":"a@x.io"}}',
    "of no bytes": b"",
}


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


def purge_payloads(store: Store, *, before_ms: int = 0) -> int:
    """`before_ms`: else all that may go."""
    before_ms, regions = before_ms or store.now_ms + 1, {"smarterbot": "US"}
    with store.database.write() as connection:
        return retention.purge_payloads(connection, before_ms=before_ms, regions=regions, salt=store.salt, codec=CODEC)


def purge_metadata(store: Store, *, before_ms: int = 0) -> int:
    tally = Tally()
    with store.database.write() as connection:
        count = retention.purge_metadata(connection, before_ms=before_ms or store.now_ms + 1, tally=tally)
        tally.write(connection, shard=2)
    return count


def seal(store: Store, event_id: int, fields: bytes = SEALED) -> None:
    with store.database.write() as connection:
        connection.execute(update(events).where(events.c.id == event_id).values(fields=fields))


def deliver_all(store: Store) -> None:
    while found := store.claim():
        for claim in found:
            store.settle(claim, Delivered())


def fill(store: Store, *, state: str, count: int, finished_at: int | None) -> None:
    """So many more deliveries of the first event in this state, each with an attempt."""
    numbers = select(literal(1).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < count))
    with store.database.write() as connection:
        first = connection.execute(select(func.max(deliveries.c.id))).scalar_one()
        id_ = numbers.c.n + first
        row = {"id": id_, "event_id": 1, "target": "crm", "copy": id_, "state": state, "person": "somebody",
               "position": id_, "due_at": 0, "finished_at": finished_at}  # fmt: skip
        values = [value if value is id_ else literal(value, deliveries.c[name].type) for name, value in row.items()]
        connection.execute(insert(deliveries).from_select(list(row), select(*values)))
        tried = {"worker": 1, "started_at": 1, "took_ms": 1, "outcome": "delivered", "uncertain": False}
        made = select(deliveries.c.id, *(literal(value, attempts.c[name].type) for name, value in tried.items()))
        made = made.where(deliveries.c.id > first)
        connection.execute(insert(attempts).from_select(["delivery_id", *tried], made))


@contextmanager
def watched(connection: Connection) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are executed in the block, with their parameters."""
    seen: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        seen.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    yield seen
    event.remove(connection, "before_cursor_execute", note)


def explained(connection: Connection, statement: str, parameters: Any) -> list[str]:
    """The lines of the database's plan."""
    cursor = connection.connection.cursor()
    words = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    cursor.execute(f"{words} {statement}", parameters)
    return [str(row[-1]).strip() for row in cursor.fetchall()]


def test_a_purged_payload_is_gone_and_its_event_still_known(store: Store) -> None:
    store.receive(lead(1, email="a@x.io", content="private"))
    store.settle(only(store.claim()), Reject("no such mailbox: a@x.io"))

    assert 1 == purge_payloads(store)

    assert [(None, None)] == [(row.fields, row.raw) for row in store.events()]
    assert [None] == [row.reason for row in store.rows()]
    with store.database.read() as connection:
        assert [None] == list(connection.execute(select(attempts.c.reason)).scalars())
    store.receive(lead(1, email="a@x.io"))
    assert {"stored": 1, "duplicate": 1} == store.received()
    store.receive(lead(1, phone="+12125550147"))
    assert {"stored": 1, "duplicate": 1, "revision": 1} == store.received()


def test_what_is_not_delivered_yet_is_kept_however_old(store: Store) -> None:
    store.receive(lead(1), lead(1, second=1), lead(2))
    store.claim(1)
    assert ["claimed", "waiting", "queued"] == store.states()

    assert 0 == purge_payloads(store)

    assert [] == [row.id for row in store.events() if row.fields is None]


def test_what_dies_late_can_be_sent_again_for_as_long_as_anything(store: Store) -> None:
    """As after a long pause: its target rejects what the retention would let go within a minute."""
    store.receive(lead(1, email="a@x.io"), lead(2, email="b@x.io"))
    store.now_ms += 60 * DAY_MS
    bad, good = store.claim()
    store.settle(bad, Reject("wrong mapping"))
    store.settle(good, Delivered())

    assert 1 == purge_payloads(store, before_ms=store.now_ms - 30 * DAY_MS)
    assert {1: ""} == store.replay(1)
    store.settle(only(store.claim()), Reject("wrong mapping"))

    assert 1 == purge_payloads(store, before_ms=store.now_ms + 1)


def test_what_could_not_be_read_when_it_came_is_let_go_too(store: Store) -> None:
    store.receive("no object")

    purge_payloads(store)

    with store.database.read() as connection:
        assert [None] == list(connection.execute(select(quarantine.c.raw)).scalars())


def test_what_could_not_be_read_and_was_let_go_is_kept_anew_when_it_comes_again(store: Store) -> None:
    store.quarantine("no object")
    purge_payloads(store)
    store.now_ms += 1

    store.quarantine("no object", "no object", "nor this")

    with store.database.read() as connection:
        kept = connection.execute(select(quarantine.c["raw", "received_at"]).order_by(quarantine.c.id)).all()
    assert [(b'"no object"', store.now_ms), (b'"nor this"', store.now_ms)] == [
        (CODEC.decode(row.raw), row.received_at) for row in kept
    ]
    assert {"quarantined": 3, "duplicate": 1} == store.received()


@pytest.mark.parametrize("fields", UNREADABLE.values(), ids=UNREADABLE)
def test_an_event_that_cannot_be_decoded_is_let_go_and_stops_no_other(store: Store, fields: bytes) -> None:
    store.receive(lead(1, email="a@x.io"), lead(2, email="b@x.io"))
    deliver_all(store)
    seal(store, 1, fields)

    assert 2 == purge_payloads(store)

    assert [(None, None, False), (None, None, True)] == [
        (row.fields, row.raw, row.digests is not None) for row in store.events()
    ]


@pytest.mark.parametrize("fields", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("purged", [False, True], ids=["kept", "let go"])
def test_an_event_that_cannot_be_decoded_does_not_keep_the_next_of_its_key_out(
    store: Store, purged: bool, fields: bytes
) -> None:
    store.receive(lead(1, email="a@x.io"))
    deliver_all(store)
    seal(store, 1, fields)
    if purged:
        purge_payloads(store)

    store.receive(lead(1, email="a@x.io"), lead(2, email="b@x.io"))

    assert {"stored": 2, "revision": 1} == store.received()
    assert {"a@x.io", "b@x.io"} == {claim.stored.event.email for claim in store.claim()}


def test_two_purges_at_once_let_each_payload_go_once(database: Database) -> None:
    store = Store(database)
    store.receive(*[lead(number) for number in range(200)])
    deliver_all(store)

    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(lambda _: purge_payloads(store), range(2)))

    assert 200 == sum(counts)


def test_old_deliveries_go_with_their_attempts_and_young_ones_stay(store: Store) -> None:
    store.receive(lead(1), lead(2))
    first, second = store.claim()
    store.settle(first, Delivered())
    store.now_ms += 5000
    store.settle(second, Delivered())
    store.receive(lead(3))

    assert 1 == purge_metadata(store, before_ms=store.now_ms)

    assert [2, 3] == [row.id for row in store.rows()]
    with store.database.read() as connection:
        assert [2] == list(connection.execute(select(attempts.c.delivery_id)).scalars())
        assert 3 == connection.execute(select(func.count()).select_from(events)).scalar()
    assert {} == store.miscounted()


def test_the_newest_delivery_stays_whatever_its_age(store: Store) -> None:
    store.receive(lead(1), lead(2))
    deliver_all(store)

    assert [1, 0] == [purge_metadata(store), purge_metadata(store)]

    assert [2] == [row.id for row in store.rows()]


def test_what_was_sent_again_is_not_old(store: Store) -> None:
    store.receive(lead(1), lead(2))
    deliver_all(store)
    store.replay(1)

    assert 0 == purge_metadata(store)

    assert ["queued", "delivered"] == store.states()


def test_deliveries_that_never_end_do_not_keep_the_others(store: Store) -> None:
    """A target left the configuration: what waits for it waits for ever, and there is more of it than a chunk."""
    gone = Store(store.database, "gone")
    gone.receive(*[lead(number) for number in range(retention.CHUNK + 1)])
    store.receive(*[lead(1000 + number) for number in range(3)])
    deliver_all(store)

    assert 2 == purge_metadata(store)

    assert {"queued"} == set(gone.states("gone"))


def test_more_than_a_chunk_goes_in_several(store: Store) -> None:
    store.receive(*[lead(number) for number in range(retention.CHUNK + 3)])
    deliver_all(store)

    assert [retention.CHUNK, 2, 0] == [purge_metadata(store) for _ in range(3)]

    assert {} == store.miscounted()


def test_no_chunk_looks_at_what_stays(store: Store) -> None:
    """Neither the young nor the unfinished are looked at, however many there are."""
    store.receive(lead(1), lead(2))
    deliver_all(store)
    fill(store, state="delivered", count=20_000, finished_at=store.now_ms + 1000)
    fill(store, state="waiting", count=5_000, finished_at=None)

    with store.database.write() as connection:
        if not store.database.is_sqlite:
            connection.execute(text("ANALYZE deliveries, attempts, events"))
        with watched(connection) as statements:
            assert 2 == retention.purge_metadata(connection, before_ms=store.now_ms + 1, tally=Tally())
        plans = [line for statement in statements for line in explained(connection, *statement)]

    assert [] == [line for line in plans if "Seq Scan on" in line or line.startswith("SCAN deliveries")]
    assert any("ix_deliveries_finished" in line for line in plans)
