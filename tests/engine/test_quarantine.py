"""Quarantine: what is an event by now goes in as a webhook does, once, however often it is read again."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, update

from bridge.core.normalise import normalise
from bridge.engine import commits
from bridge.engine import quarantine as engine
from bridge.engine.clock import Clock
from bridge.engine.quarantine import Quarantine, Reread
from bridge.model.event import Reading, Unreadable
from bridge.model.fields import Fields, KindOf
from bridge.model.rules import Rules, SourceRule, TargetRule
from bridge.store.arrival import prepare
from bridge.store.database import Database
from bridge.store.tables import audit, quarantine
from tests.store.rows import CODEC, SOURCE, Store, insist, lead, only

TARGET = TargetRule("crm", "http")


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


def reader(store: Store, source: SourceRule = SOURCE) -> Quarantine:
    clock = Clock(now_ms=lambda: store.now_ms, boot_s=lambda: 0.0, jitter=lambda: 0.0)
    return Quarantine(
        store.database, Rules({source.name: source}, {"crm": TARGET}), plugins={}, intake=store.intake, salt=store.salt,
        codec=CODEC, clock=clock, who="ann", shard=3,
    )  # fmt: skip


def rows(store: Store) -> list[tuple[str, str, str]]:
    with store.database.read() as connection:
        found = connection.execute(select(quarantine).order_by(quarantine.c.id))
        return [(row.state, row.path, row.reason) for row in found]


def audited(store: Store) -> list[tuple[str, str, str, str]]:
    with store.database.read() as connection:
        found = connection.execute(select(*audit.c["who", "action", "subject", "detail"]).order_by(audit.c.id))
        return [tuple(row) for row in found]


def test_what_is_an_event_by_now_goes_in_as_it_was_signed_and_received(store: Store) -> None:
    store.quarantine(lead(1, email="a@x.io"), signed_at=77)
    received_at = store.now_ms
    store.now_ms += 86_400_000

    assert Reread({"stored": 1}) == reader(store).replay(1)

    found = only(store.events())
    assert (77, received_at) == (found.signed_at, found.received_at)
    assert ["queued"] == store.states()
    assert ["replayed"] == [state for state, *_ in rows(store)]
    assert [("ann", "replay", "quarantine 1", "1 stored")] == audited(store)
    assert {} == store.miscounted()


def test_read_twice_it_is_there_once_and_the_second_time_says_so(store: Store) -> None:
    store.quarantine(lead(1))
    reader(store).replay(1)

    assert "was read again before" in reader(store).replay(1).why_not

    assert (1, ["queued"]) == (len(store.events()), store.states())
    assert 1 == len(audited(store))


def test_an_event_that_came_in_another_spelling_meanwhile_is_known(store: Store) -> None:
    store.quarantine(lead(1, email="A@x.io"))
    store.receive(lead(1, email="a@x.io"))

    assert Reread({"duplicate": 1}) == reader(store).replay(1)

    assert (1, "replayed") == (len(store.events()), only(rows(store))[0])


def test_one_that_says_less_than_what_was_signed_after_it_is_kept_and_not_delivered(store: Store) -> None:
    store.quarantine(lead(1, content="old"), signed_at=50)
    store.receive(lead(1, content="new"), signed_at=60)

    assert Reread({"stale": 1}) == reader(store).replay(1)

    assert ["queued"] == store.states()


def test_what_is_still_no_event_stays_with_the_new_reason(store: Store) -> None:
    store.quarantine(lead(1, kind="Conversation"))

    assert Reread(why_not="unknown Type") == reader(store).replay(1)

    assert [("kept", "[3].Type", "unknown Type")] == rows(store)
    assert [] == audited(store)


def test_what_the_source_passes_over_now_stays_and_says_so(store: Store) -> None:
    store.quarantine(lead(1, kind="Conversation"))
    source = SourceRule("smarterbot", ignore_types=frozenset({"conversation"}))

    assert "ignore_types" in reader(store, source).replay(1).why_not

    assert ("kept", []) == (only(rows(store))[0], store.events())


def test_a_body_that_becomes_readable_in_part_leaves_its_unreadable_parts(store: Store) -> None:
    store.quarantine([lead(1), {"Type": "Talk"}, lead(2)])

    assert Reread({"stored": 2, "quarantined": 1}) == reader(store).replay(1)

    assert [("replayed", "[3]", "older"), ("kept", "[1].Type", "unknown Type")] == rows(store)


def test_a_body_of_too_many_unreadable_parts_stays_and_its_events_go_in(store: Store) -> None:
    store.receive(*[{"Type": "Talk"}] * 1001, lead(1))

    answer = reader(store).replay(1)

    assert {"duplicate": 1} == answer.counts
    assert "1,001 elements cannot be read" in answer.why_not
    assert ["kept"] == [state for state, *_ in rows(store)]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"raw": None}, "let go"),
        ({"source": "other"}, "source other is not in the configuration"),
        ({"raw": b"\x07sealed"}, "newer version"),
        ({"id": 9}, "bridge quarantine list"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(store: Store, change: dict[str, object], says: str) -> None:
    store.quarantine(lead(1))
    with store.database.write() as connection:
        connection.execute(update(quarantine).values(change))

    assert says in reader(store).replay(1).why_not

    assert ([], []) == (store.events(), audited(store))


def test_all_that_is_kept_is_found_page_by_page_while_it_is_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "AT_ONCE", 2)
    store.quarantine(*[lead(number) for number in range(1, 6)], {"Type": "Talk"})
    hands = reader(store)

    answers = [hands.replay(id_) for id_ in hands.kept()]

    assert 5 == sum(answer.counts.get("stored", 0) for answer in answers)
    assert 1 == len(list(hands.kept()))


def test_two_operators_and_the_platform_at_once_store_each_event_once(store: Store) -> None:
    numbers = range(1, 11)
    for number in numbers:
        store.quarantine(lead(number, content="hello"))

    with ThreadPoolExecutor(3) as pool:
        hands = [pool.submit(lambda: [reader(store).replay(id_) for id_ in numbers]) for _ in range(2)]
        platform = pool.submit(lambda: [insist(lambda n=n: store.receive(lead(n, content="hello"))) for n in numbers])
        answers = [answer for one in hands for answer in one.result()]
        platform.result()

    assert 10 == len(store.events()) == len(store.states())
    assert 10 == sum(not answer.why_not for answer in answers) == len(audited(store))
    assert {} == store.miscounted()
    assert [] == store.broken_lanes()


@contextmanager
def killed_at(database: Database, commit: int) -> Iterator[None]:
    """The process ends just before its n-th commit, if it gets there."""
    left = commit

    def end(_: object) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise KeyboardInterrupt

    event.listen(database._writer, "commit", end)
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        event.remove(database._writer, "commit", end)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(st.integers(1, 6), min_size=1, max_size=8), kills=st.lists(st.integers(1, 3), max_size=3))
def test_whenever_it_is_killed_reading_it_again_loses_and_doubles_nothing(
    store: Store, numbers: list[int], kills: list[int]
) -> None:
    store.forget_everything()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commits, "GROUP", 3)  # several transactions
        store.quarantine([lead(number) for number in numbers])
        (id_,) = reader(store).kept()
        for commit in kills:
            with killed_at(store.database, commit):
                reader(store).replay(id_)
        reader(store).replay(id_)

    assert len(set(numbers)) == len(store.events()) == len(store.states())
    assert [] == list(reader(store).kept())
    assert {} == store.miscounted()
    assert [] == store.broken_lanes()
    assert 1 == len(audited(store))


def test_an_event_of_an_envelope_is_read_again_with_its_envelope(store: Store) -> None:
    kinds = KindOf(path=("type",), values={"lead": "lead"})
    fields = Fields(texts={"email": (("email",),)}, kind=kinds, events=("items",))
    source = SourceRule("smarterbot", fields=fields, is_platform=False)
    body = json.dumps({"items": [{"type": "lead", "email": "a@x.io"}, {"type": "demo", "email": "b@x.io"}]}).encode()
    reading = normalise(body, source=source)
    arrival = prepare(reading, source=source, signed_at=1, received_at=store.now_ms, salt=store.salt, codec=CODEC)
    store.write([arrival])
    assert 1 == len(store.events())

    mended = replace(source, fields=replace(fields, kind=replace(kinds, values={"lead": "lead", "demo": "lead"})))
    assert 1 == reader(store, mended).replay(1).counts["stored"]

    assert 2 == len(store.events())
    assert {} == store.miscounted()


def test_what_a_plugin_says_of_a_body_is_kept_without_what_no_database_keeps(store: Store) -> None:
    reading = Reading([], [Unreadable(b"{}", "a\x00b", "half \ud83d")])
    arrival = prepare(reading, source=SOURCE, signed_at=1, received_at=store.now_ms, salt=store.salt, codec=CODEC)

    store.write([arrival])

    assert [("kept", "ab", "half \ufffd")] == rows(store)
