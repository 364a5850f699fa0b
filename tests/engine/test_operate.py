"""An operator's hands: a change is tried again where somebody else was first, and refused in words."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update

from bridge.engine import operate as engine
from bridge.engine.clock import Clock
from bridge.engine.operate import Operator, Paused
from bridge.errors import BridgeError
from bridge.model.record import Reject
from bridge.model.rules import Route, TargetRule
from bridge.store import operate
from bridge.store.counters import Tally
from bridge.store.database import Clash, Database
from bridge.store.tables import audit, events
from tests.store.rows import CODEC, Store, lead, only, wait_for_blocked

LEADS = TargetRule("leads", "http", route=Route(kinds=frozenset({"lead"})))


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


def operator(store: Store, *rules: TargetRule) -> Operator:
    clock = Clock(now_ms=lambda: store.now_ms, boot_s=lambda: 0.0, jitter=lambda: 0.0)
    rules = rules or (TargetRule("crm", "http"),)
    return Operator(store.database, rules, codec=CODEC, clock=clock, who="ann", shard=3)


def audited(store: Store) -> list[tuple[str, str, str]]:
    with store.database.read() as connection:
        rows = connection.execute(select(*audit.c["who", "action", "subject"]).order_by(audit.c.id))
        return [(row.who, row.action, row.subject) for row in rows]


def test_a_delivery_that_is_named_twice_is_sent_once_however_many_come_between(store: Store) -> None:
    store.receive(lead(1))
    store.settle(only(store.claim()), Reject("bad mapping"))
    others = list(range(1000, 1000 + engine.AT_ONCE))

    answers = operator(store).replay([1, *others, 1], as_new=False)

    assert ("", 1 + len(others)) == (answers[1], len(answers))
    assert [("ann", "replay", "deliveries 1")] == audited(store)
    assert {} == store.miscounted()


def test_an_event_is_opened_for_the_targets_that_want_it_now(store: Store) -> None:
    store.receive(lead(1, kind="Appointment"))

    assert ["sheet"] == operator(store, LEADS, TargetRule("sheet", "http")).replay_event(1)

    assert ([], ["queued"]) == (store.states("leads"), store.states("sheet"))
    assert [("ann", "replay", "event 1")] == audited(store)


def test_an_event_that_cannot_be_decoded_is_opened_like_any_other(store: Store) -> None:
    store.receive(lead(1))
    with store.database.write() as connection:
        connection.execute(update(events).values(fields=b"\x07sealed"))

    assert ["leads"] == operator(store, LEADS).replay_event(1)


@pytest.mark.parametrize(
    ("event", "why"), [(1, "was overtaken: event 2"), (3, "signed before event 2"), (7, "no event 7")]
)
def test_an_event_that_is_not_to_be_sent_is_refused_in_words_and_nothing_is_noted(
    store: Store, event: int, why: str
) -> None:
    store.receive(lead(1, email="a@x.io"), signed_at=100)
    store.receive(lead(1, content="new"), signed_at=101)
    store.receive(lead(1, content="old"), signed_at=99)

    with pytest.raises(BridgeError, match=why):
        operator(store).replay_event(event)

    assert [] == audited(store)


@pytest.fixture
def shared(shared_database: Database) -> Store:
    """A store on Postgres with two dead deliveries of one person: there two operators are at it at once."""
    store = Store(shared_database)
    store.receive(lead(1), lead(1, second=1))
    for _ in range(2):
        store.settle(only(store.claim()), Reject("bad mapping"))
    return store


def test_a_replay_that_clashes_with_another_of_the_same_person_is_tried_again(shared: Store) -> None:
    tally = Tally()

    with ThreadPoolExecutor(1) as pool:
        with shared.database.write() as connection:
            operate.send_again(connection, [1], now_ms=shared.now_ms, tally=tally)
            tally.write(connection, shard=1)
            second = pool.submit(lambda: operator(shared).replay([2], as_new=False))
            wait_for_blocked(shared.database, 1)

        assert {2: ""} == second.result()

    assert ["queued", "waiting"] == shared.states()
    assert {} == shared.miscounted()


def test_a_clash_that_does_not_end_is_told_after_three_tries(store: Store) -> None:
    tries = []

    def now_ms() -> int:
        tries.append(1)
        raise Clash("somebody else was first")

    clock = Clock(now_ms=now_ms, boot_s=lambda: 0.0, jitter=lambda: 0.0)
    hands = Operator(store.database, [TargetRule("crm", "http")], codec=CODEC, clock=clock, who="ann", shard=3)

    with pytest.raises(Clash):
        hands.pause("crm", why="")

    assert 3 == len(tries)


def test_a_pause_of_what_is_paused_keeps_its_reason_unless_there_is_a_new_one(store: Store) -> None:
    hands, began_ms = operator(store), store.now_ms
    first = hands.pause("crm", why="maintenance")
    store.now_ms += 60_000

    second, third = hands.pause("crm", why=""), hands.pause("crm", why="longer")

    assert [None, Paused("maintenance", began_ms, "ann"), Paused("maintenance", began_ms, "ann")] == [
        first, second, third
    ]  # fmt: skip
    assert "longer" == only(hands.targets())["why"]
    assert [("ann", "pause", "target crm")] * 2 == audited(store)


def test_a_pause_is_known_by_its_own_beginning_not_by_that_of_an_earlier_one(store: Store) -> None:
    hands = operator(store)
    hands.pause("crm", why="")
    hands.resume("crm")
    store.now_ms += 60_000
    hands.pause("crm", why="")

    assert Paused("paused by hand", store.now_ms, "ann") == hands.pause("crm", why="")
