"""What an operator sends again is sent once, with all that it says, or is refused in words."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from bridge.errors import BridgeError
from bridge.model.record import Delivered, Reject, Retry
from bridge.model.rules import TargetRule
from bridge.store import operate, retention
from bridge.store.counters import Tally
from bridge.store.database import Database
from bridge.store.tables import events
from tests.store.rows import CODEC, Store, insist, lead, only, wait_for_blocked

TOO_LARGE = 2**63
LET_GO = "its payload was let go after `retention.payloads`: there is nothing left to send"


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


def purge(store: Store) -> int:
    """Lets go of every payload that may go; gives how many."""
    with store.database.write() as connection:
        return retention.purge_payloads(
            connection, before_ms=store.now_ms + 1, regions={}, salt=store.salt, codec=CODEC
        )


def route_again(store: Store, event: int, *targets: str) -> list[str]:
    tally = Tally()
    rules = [TargetRule(target, "http") for target in targets or ("crm",)]
    with store.database.write() as connection:
        opened = operate.route_again(connection, store.database, event, rules, now_ms=store.now_ms, tally=tally)
        tally.write(connection, shard=3)
    return opened


def test_a_dead_delivery_is_sent_again_with_all_attempts_new(store: Store) -> None:
    store.receive(lead(1))
    store.settle(only(store.claim()), Reject("bad mapping"))

    assert {1: ""} == store.replay(1)

    assert [0] == [claim.attempts for claim in store.claim()]
    assert {} == store.miscounted()


@pytest.mark.parametrize("as_new", [False, True], ids=["again", "as new"])
def test_what_was_let_go_is_not_sent_again(store: Store, as_new: bool) -> None:
    store.receive(lead(1, email="a@x.io"))
    store.settle(only(store.claim()), Reject("bad mapping"))
    purge(store)

    answers = store.replay(1, as_new=as_new)

    assert {1: LET_GO} == answers
    assert ["dead"] == store.states()
    assert {} == store.miscounted()


def test_what_was_let_go_is_not_sent_to_a_target_that_lacks_it(store: Store) -> None:
    store.receive(lead(1))
    store.settle(only(store.claim()), Delivered())
    purge(store)

    with pytest.raises(BridgeError, match="nothing left to send"):
        route_again(store, 1, "crm", "sheet")

    assert [] == store.states("sheet")


@pytest.mark.parametrize(("as_new", "states"), [(False, ["queued"]), (True, ["dead", "queued"])])
def test_a_delivery_that_is_named_twice_is_sent_once(store: Store, as_new: bool, states: list[str]) -> None:
    store.receive(lead(1))
    store.settle(only(store.claim()), Reject("bad mapping"))

    assert {1: ""} == store.replay(1, 1, as_new=as_new)

    assert states == store.states()
    assert {} == store.miscounted()


def test_of_one_person_the_oldest_is_sent_again_first_in_whatever_order_they_are_named(store: Store) -> None:
    store.receive(lead(1), lead(1, second=1))
    for _ in range(2):
        store.settle(only(store.claim()), Reject("bad mapping"))

    store.replay(2, 1)

    assert ["queued", "waiting"] == store.states()


def test_one_that_once_gave_way_has_its_old_place_when_it_is_sent_again(store: Store) -> None:
    store.receive(lead(1), lead(1, second=1))
    store.settle(only(store.claim()), Retry("HTTP 503", after_s=3600))
    store.settle(only(store.claim()), Delivered())
    store.now_ms += 3_600_000
    store.settle(only(store.claim()), Reject("bad mapping"))
    store.receive(lead(1, second=2), lead(1, second=3))

    store.replay(1)

    store.settle(only(store.claim()), Delivered())
    assert [(1, False)] == [(claim.delivery_id, claim.if_empty) for claim in store.claim()]


@pytest.mark.parametrize("as_new", [False, True], ids=["again", "as new"])
@pytest.mark.parametrize("unknown", [7, 0, -1, TOO_LARGE, -TOO_LARGE - 1])
def test_a_delivery_that_does_not_exist_is_said_so_and_stops_no_other(store: Store, unknown: int, as_new: bool) -> None:
    store.receive(lead(1))
    store.settle(only(store.claim()), Reject("bad mapping"))

    assert {1: "", unknown: "no such delivery"} == store.replay(unknown, 1, as_new=as_new)


def test_a_copy_survives_a_later_revision_and_its_original_does_not(store: Store) -> None:
    store.receive(lead(1, email="a@x.io"))
    store.settle(only(store.claim()), Retry("HTTP 503", after_s=60))
    store.replay(1, as_new=True)

    store.receive(lead(1, phone="+12125550147"))

    assert [(0, "discarded"), (1, "waiting"), (0, "queued")] == [(row.copy, row.state) for row in store.rows()]
    assert ([], {}) == (store.broken_lanes(), store.miscounted())


def test_an_event_gets_the_deliveries_that_it_lacks(store: Store) -> None:
    store.receive(lead(1))

    assert ["sheet"] == route_again(store, 1, "crm", "sheet")
    assert [] == route_again(store, 1, "crm", "sheet")

    assert (["queued"], ["queued"]) == (store.states("crm"), store.states("sheet"))
    assert [2] == [row.routed for row in store.events()]


def test_an_event_that_was_overtaken_is_refused_and_the_later_one_is_named(store: Store) -> None:
    """The two come in one transaction, so only the later one has a delivery: the earlier one lacks its own for good."""
    store.receive(lead(1, email="a@x.io"), lead(1, phone="+12125550147"))

    with pytest.raises(BridgeError, match="event 1 was overtaken: event 2 says more"):
        route_again(store, 1)

    assert [2] == [row.event_id for row in store.rows()]


def test_a_stale_event_is_refused_and_the_valid_one_is_named(store: Store) -> None:
    store.receive(lead(1, content="new"), signed_at=100)
    store.receive(lead(1, content="old"), signed_at=99)

    with pytest.raises(BridgeError, match="event 2 was signed before event 1"):
        route_again(store, 2)

    assert [1] == [row.event_id for row in store.rows()]


@pytest.mark.parametrize("unknown", [7, 0, -1, TOO_LARGE])
def test_an_event_that_does_not_exist_is_said_so(store: Store, unknown: int) -> None:
    with pytest.raises(BridgeError, match=f"no event {unknown}"):
        route_again(store, unknown)


@pytest.fixture
def shared(shared_database: Database) -> Store:
    """A store on Postgres with a dead delivery: there an operator and a purge are at it at once."""
    store = Store(shared_database)
    store.receive(lead(1, email="a@x.io"))
    store.settle(only(store.claim()), Reject("bad mapping"))
    return store


@pytest.mark.parametrize("as_new", [False, True], ids=["again", "as new"])
def test_a_purge_spares_what_is_sent_again_while_it_looks(shared: Store, as_new: bool) -> None:
    with ThreadPoolExecutor(1) as pool:
        with shared.database.write() as connection:
            if as_new:
                operate.send_as_new(connection, shared.database, [1], now_ms=shared.now_ms, tally=Tally())
            else:
                operate.send_again(connection, [1], now_ms=shared.now_ms, tally=Tally())
            purging = pool.submit(purge, shared)
            wait_for_blocked(shared.database, 1)

        assert 0 == purging.result()

    assert ["a@x.io"] == [claim.stored.event.email for claim in shared.claim()]


@pytest.mark.parametrize("as_new", [False, True], ids=["again", "as new"])
def test_what_is_purged_while_an_operator_sends_it_again_is_refused(shared: Store, as_new: bool) -> None:
    with ThreadPoolExecutor(1) as pool:
        with shared.database.write() as connection:
            retention.purge_payloads(connection, before_ms=shared.now_ms + 1, regions={}, salt=shared.salt, codec=CODEC)
            replaying = pool.submit(insist, lambda: shared.replay(1, as_new=as_new))
            wait_for_blocked(shared.database, 1)

        assert {1: LET_GO} == replaying.result()

    assert [] == shared.claim()


def test_a_revision_that_comes_while_its_event_is_sent_to_a_target_that_lacks_it_is_sent_last(shared: Store) -> None:
    both = Store(shared.database, "crm", "sheet")
    both.receive(lead(1, second=1, email="a@x.io"))
    only(both.claim(target="sheet"))  # whose lane has a head, so that nobody clashes on it

    with ThreadPoolExecutor(1) as pool:
        with shared.database.write() as connection:
            held = connection.execute(select(events.c.id).where(events.c.id == 1).with_for_update(key_share=True))
            assert [1] == list(held.scalars())
            coming = pool.submit(insist, lambda: both.receive(lead(1, phone="+12125550147"), signed_at=101))
            wait_for_blocked(shared.database, 1)
            rules = [TargetRule("sheet", "http")]
            now_ms, tally = shared.now_ms, Tally()
            assert ["sheet"] == operate.route_again(connection, shared.database, 1, rules, now_ms=now_ms, tally=tally)
            tally.write(connection, shard=3)
        coming.result()

    assert [(1, "claimed"), (1, "discarded"), (2, "waiting")] == [
        (row.revision, row.state) for row in sorted(both.rows("sheet"), key=lambda row: (row.revision, row.state))
    ]
    assert {} == both.miscounted()
