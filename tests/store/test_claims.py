"""A delivery is in one worker's hands at a time, and what becomes of it is written only by whoever holds it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import update

from bridge.model.record import Delivered, Hold, Link, Outcome, Reject, Retry
from bridge.store import claims, links
from bridge.store.counters import Tally
from bridge.store.database import Database
from bridge.store.retention import purge_metadata
from bridge.store.tables import attempts, events
from tests.store.rows import CODEC, Store, lead, only


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


def test_the_oldest_due_are_claimed_first_and_no_more_than_asked_for(store: Store) -> None:
    store.receive(lead(1))
    store.now_ms += 1000
    store.receive(lead(2), lead(3))
    first = only(store.claim(1))
    store.now_ms += 1000
    store.settle(first, None)  # due again, but later than the others

    assert [[2, 3], [1], []] == [[claim.delivery_id for claim in store.claim(2)] for _ in range(3)]


def test_what_is_not_due_yet_is_not_claimed(store: Store) -> None:
    store.receive(lead(1))
    store.settle(only(store.claim()), Retry("HTTP 503", after_s=60))

    store.now_ms += 59_999
    assert [] == store.claim()
    store.now_ms += 1
    assert [1] == [claim.attempts for claim in store.claim()]


def test_a_claim_carries_the_event_as_it_was_received(store: Store) -> None:
    store.receive(lead(7, email="a@x.io", first="Zoë", content="😀"))

    claim = only(store.claim())

    event = claim.stored.event
    assert ("7", "a@x.io", "Zoë", "😀") == (event.session_id, event.email, event.first_name, event.content)
    assert ("a@x.io", 7) == (event.raw["Email"], event.raw["SessionID"])
    assert (1, 0, False, False, 0) == (
        claim.stored.revision, claim.attempts, claim.uncertain, claim.if_empty, claim.copy,
    )  # fmt: skip
    assert store.now_ms == claim.stored.received_at.timestamp() * 1000


def test_only_the_target_that_is_asked_for_is_claimed(database: Database) -> None:
    store = Store(database, "crm", "sheet")
    store.receive(lead(1))

    assert ["sheet"] == [claim.target for claim in store.claim(target="sheet")]
    assert (["queued"], ["claimed"]) == (store.states("crm"), store.states("sheet"))


def test_a_canary_is_the_newest_that_was_never_tried_then_the_one_that_was_tried_the_longest_time_ago(
    store: Store,
) -> None:
    store.receive(lead(1), lead(2), lead(3))
    store.settle(only(store.claim(1)), Hold("login refused"))
    order = []
    for _ in range(5):
        store.now_ms += 1000
        canary = only(store.claim(1, canary=True))
        order.append(canary.delivery_id)
        store.settle(canary, Hold("still refused"))

    assert [3, 2, 1, 3, 2] == order


def test_an_event_that_cannot_be_decoded_is_dead_and_stops_nobody(store: Store) -> None:
    store.receive(lead(1), lead(1, second=1), lead(2))
    with store.database.write() as connection:
        connection.execute(update(events).where(events.c.id == 1).values(fields=b"\x07sealed"))

    assert [3] == [claim.delivery_id for claim in store.claim()]
    assert ["dead", "queued", "claimed"] == store.states()
    assert "cannot be read" in CODEC.text(store.rows()[0].reason)
    assert {} == store.miscounted()


def test_an_event_whose_payload_was_let_go_is_dead_and_not_sent_without_it(store: Store) -> None:
    store.receive(lead(1), lead(1, second=1), lead(2))
    with store.database.write() as connection:
        connection.execute(update(events).where(events.c.id == 1).values(fields=None, raw=None))

    assert [3] == [claim.delivery_id for claim in store.claim()]

    assert ["dead", "queued", "claimed"] == store.states()
    assert "nothing left to send" in CODEC.text(store.rows()[0].reason)
    assert {} == store.miscounted()


@pytest.mark.parametrize("column", [{"fields": b"\x07sealed"}, {"raw": b"\x07sealed"}, {"kind": "order"}], ids=str)
def test_a_dead_workers_claim_is_taken_over_even_if_its_event_cannot_be_decoded(
    store: Store, column: dict[str, object]
) -> None:
    store.receive(lead(1), lead(2))
    store.claim(worker=1)
    with store.database.write() as connection:
        connection.execute(update(events).where(events.c.id == 1).values(column))

    assert 2 == store.take_over(1)

    assert [("queued", 1, True), ("queued", 1, True)] == [
        (row.state, row.attempts, row.uncertain) for row in store.rows()
    ]
    store.now_ms += 3_600_000
    assert [2] == [claim.delivery_id for claim in store.claim()]
    assert ["dead", "claimed"] == store.states()


def test_workers_that_claim_at_once_never_get_the_same_delivery(store: Store) -> None:
    store.receive(*[lead(number) for number in range(200)])
    start = threading.Barrier(4)

    def work(worker: int) -> list[int]:
        start.wait()
        mine: list[int] = []
        while found := [claim.delivery_id for claim in store.claim(7, worker=worker)]:
            mine += found
        return mine

    with ThreadPoolExecutor(4) as pool:
        claimed = [id_ for mine in pool.map(work, range(4)) for id_ in mine]

    assert sorted(
        {row.id for row in store.rows()} - {row.id for row in store.rows() if row.state == "queued"}
    ) == sorted(claimed)
    assert len(set(claimed)) == len(claimed)
    assert {} == store.miscounted()


OUTCOMES: list[Outcome | None] = [Delivered(), Retry("x"), Reject("x"), Hold("x"), None]


@pytest.mark.parametrize("outcome", OUTCOMES[1:], ids=str)
def test_a_result_with_a_stale_token_changes_nothing(store: Store, outcome: Outcome | None) -> None:
    store.receive(lead(1))
    claim = only(store.claim())
    before = store.rows()

    assert not store.settle(replace(claim, token="1.999"), outcome)

    assert before == store.rows()


@pytest.mark.parametrize("outcome", OUTCOMES, ids=str)
def test_a_lost_claim_that_another_worker_has_changes_nothing(store: Store, outcome: Outcome | None) -> None:
    store.receive(lead(1))
    lost = only(store.claim(worker=1))
    store.take_over(1)
    store.now_ms += 60_000
    store.claim(worker=2)
    before = store.rows()

    assert not store.settle(lost, outcome, worker=1)

    assert before == store.rows()


def test_a_late_delivered_of_a_lost_claim_is_believed_where_nobody_claimed_again(store: Store) -> None:
    store.receive(lead(1), lead(1, second=1))
    lost = only(store.claim())
    store.take_over(1)

    assert store.settle(lost, Delivered("7"))

    assert ["delivered", "queued"] == store.states()
    assert {} == store.miscounted()


def test_a_late_delivered_is_believed_even_if_the_delivery_was_given_up(store: Store) -> None:
    store.receive(lead(1), lead(1, second=1))
    lost = only(store.claim())
    store.take_over(1)
    store.now_ms += 60_000
    store.settle(only(store.claim(worker=2)), Reject("no"), worker=2)

    assert store.settle(lost, Delivered("7"))

    assert ["delivered", "queued"] == store.states()
    assert {} == store.miscounted()


@pytest.mark.parametrize("outcome", OUTCOMES, ids=str)
def test_a_result_that_is_reported_twice_counts_once(store: Store, outcome: Outcome | None) -> None:
    store.receive(lead(1))
    claim = only(store.claim())

    assert [True, False] == [store.settle(claim, outcome), store.settle(claim, outcome) and outcome != Delivered()]

    assert {} == store.miscounted()


def test_what_a_dead_worker_held_comes_back_uncertain_with_an_attempt_used_up(store: Store) -> None:
    store.receive(lead(1), lead(2), lead(3))
    store.claim(2, worker=1)
    store.claim(1, worker=2)

    assert 2 == store.take_over(1)

    assert [("queued", 1, True, None), ("queued", 1, True, None), ("claimed", 0, False, 2)] == [
        (row.state, row.attempts, row.uncertain, row.worker) for row in store.rows()
    ]
    assert {} == store.miscounted()


def test_each_outcome_leaves_its_attempt_and_a_claim_that_was_only_given_back_leaves_none(store: Store) -> None:
    store.receive(*[lead(number) for number in range(5)])

    for claim, outcome in zip(store.claim(), OUTCOMES, strict=True):
        store.settle(claim, outcome)

    with store.database.read() as connection:
        rows = connection.execute(attempts.select().order_by(attempts.c.id)).all()
    assert ["delivered", "retry", "reject", "hold"] == [row.outcome for row in rows]
    assert ["delivered", "queued", "dead", "queued", "queued"] == store.states()


def test_a_delivery_that_may_have_been_written_stays_uncertain_until_it_is_delivered(store: Store) -> None:
    store.receive(lead(1))
    seen = []
    for outcome in (Retry("timeout", uncertain=True), Retry("HTTP 503"), Hold("login"), None, Delivered()):
        store.now_ms += 86_400_000
        claim = only(store.claim())
        store.settle(claim, outcome)
        seen.append((claim.uncertain, only(store.rows()).uncertain))

    assert [(False, True), (True, True), (True, True), (True, True), (True, False)] == seen


def test_what_a_clock_that_was_ahead_has_written_down_is_due_now_and_a_long_wait_is_kept(store: Store) -> None:
    store.receive(lead(1), lead(2))
    store.settle(only(store.claim(1)), Retry("HTTP 503", after_s=86_400))
    store.now_ms -= 3600_000  # the clock was wrong, and was set back

    with store.database.write() as connection:
        assert claims.are_far(connection, now_ms=store.now_ms)
        assert 2 == claims.pull_in(connection, now_ms=store.now_ms)
        assert not claims.are_far(connection, now_ms=store.now_ms)

    first, _ = store.claim()
    store.settle(first, Retry("HTTP 503", after_s=2 * 86_400))
    with store.database.read() as connection:
        assert not claims.are_far(connection, now_ms=store.now_ms)


@pytest.mark.parametrize("way", ["tried again", "sent again by hand"])
def test_what_a_clock_wrote_down_that_was_ahead_only_after_the_claim_is_due_now_too(store: Store, way: str) -> None:
    store.receive(lead(1))
    claim = only(store.claim())
    if way == "sent again by hand":
        store.settle(claim, Reject("bad mapping"))
    store.now_ms += 365 * 86_400_000
    if way == "tried again":
        store.settle(claim, Retry("HTTP 503"))
    else:
        store.replay(1)
    store.now_ms -= 365 * 86_400_000

    with store.database.write() as connection:
        assert claims.are_far(connection, now_ms=store.now_ms)
        assert 1 == claims.pull_in(connection, now_ms=store.now_ms)

    assert [1] == [claim.delivery_id for claim in store.claim()]


def test_a_new_delivery_never_takes_an_old_ones_checkpoints_for_its_own(store: Store) -> None:
    """A returning visitor, after all that was there has been let go: nothing of the new lead may be passed over."""
    store.receive(lead(1, email="a@x.io"))
    claim = only(store.claim())
    store.settle(claim, Delivered("7"))
    link = {"target": "crm", "account": "", "record_key": claim.person, "object": "Lead", "crm_id": "7", "url": ""}
    link["not_taken"] = '["Phone"]'
    with store.database.write() as connection:
        links.remember(connection, [link | {"delivery_id": claim.delivery_id, "written_at": store.now_ms}])
        purge_metadata(connection, before_ms=store.now_ms + 1, tally=Tally())
    store.receive(lead(2, email="a@x.io"))

    with store.database.write() as connection:
        found = claims.claim(
            connection, "crm", limit=1, worker=1, token="1.1", now_ms=store.now_ms, codec=CODEC, tally=Tally()
        )
        attached = only(links.attach(connection, found, account="", keys=lambda claim: {claim.person}))

    assert {(claim.person, "Lead"): Link("Lead", claim.person, "7", not_taken=("Phone",))} == attached.links
    assert frozenset() == attached.done


def test_what_was_tried_before_takes_no_more_places_than_it_is_given_and_comes_first_in_them(store: Store) -> None:
    store.receive(lead(1), lead(2), lead(3))
    for claim in store.claim():
        store.settle(claim, Retry("HTTP 503", after_s=0))
    store.receive(lead(4), lead(5), lead(6))
    store.now_ms += 10_000

    claimed = store.claim(4, again=2)

    assert [1, 2, 4, 5] == [claim.delivery_id for claim in claimed]
    assert [6] == [claim.delivery_id for claim in store.claim(4, again=0)]


def test_without_a_limit_what_was_tried_before_and_what_was_not_come_in_the_order_in_which_they_are_due(
    store: Store,
) -> None:
    store.receive(lead(1), lead(2))
    for claim in store.claim():
        store.settle(claim, Retry("HTTP 503", after_s=5))
    store.now_ms += 5000
    store.receive(lead(3))
    store.now_ms += 100_000

    assert [[3, 1], [2]] == [[claim.delivery_id for claim in store.claim(2)] for _ in range(2)]


def test_when_something_is_due_can_be_asked_of_first_attempts_alone(store: Store) -> None:
    store.receive(lead(1))
    store.settle(only(store.claim()), Retry("HTTP 503", after_s=60))
    with store.database.read() as connection:
        assert {"crm": store.now_ms + 60_000} == claims.next_due(connection, {"crm": False})
        assert {} == claims.next_due(connection, {"crm": True})
    store.receive(lead(2))
    with store.database.read() as connection:
        assert {"crm": store.now_ms} == claims.next_due(connection, {"crm": True})
        assert {"crm": store.now_ms} == claims.next_due(connection, {"crm": False})
