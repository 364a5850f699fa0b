"""One person's deliveries to one target go one at a time, in order, and nothing in a lane is ever stuck."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import select, update

from bridge.model.record import Delivered, Hold, Reject, Retry
from bridge.store import lanes
from bridge.store.counters import Tally
from bridge.store.database import Clash, Database
from bridge.store.lanes import GIVES_WAY_MS
from bridge.store.tables import deliveries
from tests.store.rows import Store, lead, only, wait_for_blocked

MINUTE_MS = 60_000


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


def appointment(**said: str) -> dict[str, object]:
    return lead(1, kind="Appointment", **said)


def retry_in(ms: int) -> Retry:
    return Retry("HTTP 503", after_s=ms / 1000)


def test_of_one_person_only_the_first_is_queued_whatever_transaction_the_others_come_in(store: Store) -> None:
    assert 1 == store.receive(lead(1), appointment())
    assert 0 == store.receive(lead(1, second=5))

    assert ["queued", "waiting", "waiting"] == store.states()


def test_other_persons_and_other_targets_are_other_lanes(database: Database) -> None:
    store = Store(database, "crm", "sheet")

    assert 4 == store.receive(lead(1), lead(2))

    assert (["queued"] * 2, ["queued"] * 2) == (store.states("crm"), store.states("sheet"))


@pytest.mark.parametrize("end", [Delivered(), Reject("no email")])
def test_when_one_ends_the_next_of_its_lane_is_promoted(store: Store, end: Delivered | Reject) -> None:
    store.receive(lead(1), lead(1, second=1), lead(1, second=2))

    store.settle(only(store.claim()), end)

    assert ["queued", "waiting"] == store.states()[1:]
    assert [2] == [claim.delivery_id for claim in store.claim()]


@pytest.mark.parametrize("pause", [retry_in(MINUTE_MS), Hold("login refused"), None])
def test_what_comes_back_keeps_its_place(store: Store, pause: Retry | Hold | None) -> None:
    store.receive(lead(1), appointment())

    store.settle(only(store.claim()), pause)

    assert ["queued", "waiting"] == store.states()


def test_a_head_that_is_due_much_later_lets_the_others_pass_and_comes_back_with_if_empty(store: Store) -> None:
    store.receive(lead(1), appointment())

    store.settle(only(store.claim()), retry_in(GIVES_WAY_MS + 1))

    assert [("waiting", True), ("queued", False)] == [(row.state, row.if_empty) for row in store.rows()]
    store.settle(only(store.claim()), Delivered())
    assert ["queued", "delivered"] == store.states()
    assert [] == store.claim()
    store.now_ms += GIVES_WAY_MS + 1
    assert only(store.claim()).if_empty


def test_a_head_that_is_due_soon_does_not_give_way(store: Store) -> None:
    store.receive(lead(1), appointment())

    store.settle(only(store.claim()), retry_in(GIVES_WAY_MS))

    assert [("queued", False), ("waiting", False)] == [(row.state, row.if_empty) for row in store.rows()]


def test_a_head_that_is_due_much_later_gives_way_to_one_that_comes_after_it(store: Store) -> None:
    store.receive(lead(1))
    store.settle(only(store.claim()), retry_in(GIVES_WAY_MS + 1))
    assert [("queued", False)] == [(row.state, row.if_empty) for row in store.rows()]

    assert 1 == store.receive(appointment())

    assert [("waiting", True), ("queued", False)] == [(row.state, row.if_empty) for row in store.rows()]
    assert {} == store.miscounted()


def test_fresh_ones_go_before_those_that_gave_way(store: Store) -> None:
    store.receive(lead(1))
    store.settle(only(store.claim()), retry_in(GIVES_WAY_MS + 1))
    store.receive(lead(1, second=1))
    store.receive(lead(1, second=2))

    store.settle(only(store.claim()), Delivered())

    assert ["waiting", "delivered", "queued"] == store.states()


def test_a_revision_keeps_the_place_in_the_lane_so_a_lead_goes_before_its_appointment(store: Store) -> None:
    store.receive(lead(1, second=9))
    store.receive(lead(1, email="a@x.io"))
    store.receive(appointment())
    store.receive(lead(1, phone="+12125550147"))

    order = []
    while found := store.claim():
        order.append((only(found).stored.event.kind.value, only(found).stored.revision))
        store.settle(only(found), Delivered())

    assert [("lead", 1), ("lead", 2), ("appointment", 1)] == order


def test_two_revisions_in_one_transaction_keep_the_place_in_the_lane_too(store: Store) -> None:
    store.receive(lead(1, second=9))
    store.receive(lead(1, email="a@x.io"))
    store.receive(appointment())
    store.receive(lead(1, phone="+12125550147"), lead(1, content="call me"))

    store.settle(only(store.claim()), Delivered())

    assert "lead" == only(store.claim()).stored.event.kind.value


def test_a_revision_of_the_head_becomes_the_head(store: Store) -> None:
    store.receive(lead(1))
    store.receive(appointment())

    assert 1 == store.receive(lead(1, phone="+12125550147"))

    assert ["discarded", "waiting", "queued"] == store.states()


def test_a_revision_of_what_is_in_flight_goes_before_the_appointment(store: Store) -> None:
    store.receive(lead(1))
    claim = only(store.claim())
    store.receive(appointment())
    store.receive(lead(1, phone="+12125550147"))

    store.settle(claim, Delivered())

    assert ["delivered", "waiting", "queued"] == store.states()


def test_what_was_overtaken_in_flight_is_not_sent_again(store: Store) -> None:
    store.receive(lead(1))
    claim = only(store.claim())
    store.receive(lead(1, phone="+12125550147"))

    store.settle(claim, Retry("HTTP 503"))

    assert ["discarded", "queued"] == store.states()
    assert {} == store.miscounted()


def test_a_sweep_finds_waiting_ones_without_a_head_and_only_those(store: Store) -> None:
    store.receive(lead(1), appointment(), lead(1, second=1))
    store.receive(lead(2), lead(2, second=1))
    with store.database.write() as connection:  # as if somebody had ended it by hand
        connection.execute(update(deliveries).where(deliveries.c.id == 1).values(state="dead"))
    assert 1 == len(store.broken_lanes())

    tally = Tally()
    with store.database.write() as connection:
        assert [2] == lanes.orphans(connection)
        assert 1 == lanes.heal(connection, tally=tally)
        assert 0 == lanes.heal(connection, tally=tally)

    assert ["dead", "queued", "waiting", "queued", "waiting"] == store.states()
    assert [] == store.broken_lanes()


def test_of_two_at_one_place_a_sweep_promotes_one(store: Store) -> None:
    """As where two gave way that are due in the same millisecond."""
    store.receive(lead(1), appointment(), lead(1, second=1))
    with store.database.write() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == 1).values(state="dead"))
        connection.execute(update(deliveries).where(deliveries.c.id > 1).values(position=9, if_empty=True))

    with store.database.write() as connection:
        assert 1 == lanes.heal(connection, tally=Tally())

    assert ["dead", "queued", "waiting"] == store.states()


def test_a_lane_never_has_two_heads_even_if_somebody_tries(store: Store) -> None:
    store.receive(lead(1), appointment())

    with pytest.raises(Clash), store.database.write() as connection:
        connection.execute(update(deliveries).values(state="queued"))


@pytest.fixture
def shared(shared_database: Database) -> Store:
    """A store on Postgres: there several processes write at once."""
    return Store(shared_database)


def insist_once(action: Callable[[], object]) -> str:
    """Asks once more after a Clash; gives that Clash's words."""
    try:
        action()
    except Clash as clash:
        action()
        return str(clash)
    return ""


def test_an_orphan_that_two_sweeps_find_is_healed_and_counted_once(shared: Store) -> None:
    shared.receive(lead(1), appointment())
    with shared.database.write() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == 1).values(state="dead"))

    def heal() -> int:
        with shared.database.write() as connection:
            return lanes.heal(connection, tally=Tally())

    with ThreadPoolExecutor(2) as pool:
        with shared.database.write() as connection:
            connection.execute(select(deliveries.c.id).where(deliveries.c.id == 2).with_for_update())
            sweeps = [pool.submit(heal) for _ in range(2)]
            wait_for_blocked(shared.database, 2)
        assert 1 == sum(sweep.result() for sweep in sweeps)


def test_a_revision_that_comes_while_the_head_before_it_ends_is_stored_and_sent(shared: Store) -> None:
    """The worker has the head and wants the next; the receiver wants both, and does not keep the next from it."""
    shared.receive(lead(1), appointment())
    claim = only(shared.claim())

    with ThreadPoolExecutor(2) as pool:
        with shared.database.write() as connection:
            connection.execute(select(deliveries.c.id).where(deliveries.c.id == 1).with_for_update())
            ending = pool.submit(insist_once, lambda: shared.settle(claim, Delivered()))
            wait_for_blocked(shared.database, 1)
            coming = pool.submit(insist_once, lambda: shared.receive(appointment(phone="+12125550147")))
            wait_for_blocked(shared.database, 2)
        clashes = [ending.result(), coming.result()]

    assert not any("deadlock" in clash for clash in clashes)
    assert ["delivered", "discarded", "queued"] == shared.states()
    assert {} == shared.miscounted()


def test_two_that_come_at_once_behind_a_head_that_gives_way_do_not_wait_for_each_other(shared: Store) -> None:
    shared.receive(lead(1))
    shared.settle(only(shared.claim()), retry_in(GIVES_WAY_MS + 1))

    with ThreadPoolExecutor(2) as pool:
        with shared.database.write() as connection:
            connection.execute(select(deliveries.c.id).where(deliveries.c.id == 1).with_for_update())
            coming = [pool.submit(insist_once, partial(shared.receive, lead(1, second=n))) for n in (1, 2)]
            wait_for_blocked(shared.database, 2)
        clashes = [one.result() for one in coming]

    assert not any("deadlock" in clash for clash in clashes)
    assert ["queued", "waiting", "waiting"] == sorted(shared.states())
    assert ([], {}) == (shared.broken_lanes(), shared.miscounted())
