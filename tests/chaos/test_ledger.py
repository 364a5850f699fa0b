"""The judge of a campaign finds each kind of broken promise, and none where all was kept."""

from dataclasses import replace

import pytest

from tests.chaos.ledger import Arrived, Ledger, Sent
from tests.chaos.story import Fact, story

LEAD = Fact(1, "lead", "Lead")
REVISED = Fact(1, "lead", "Lead", phone="+12125550147")
APPOINTMENT = Fact(1, "appointment", "Appointment")
SENT = [
    Sent(LEAD, 0.0, 1.0, answered=True),
    Sent(REVISED, 2.0, 3.0, answered=True),
    Sent(APPOINTMENT, 4.0, 5.0, answered=True),
]
ARRIVED = [
    Arrived(1, 100, 150, stored=True, idempotency_key="a-1", visitor=1, mark="lead", phone=""),
    Arrived(2, 200, 250, stored=True, idempotency_key="a-2", visitor=1, mark="lead", phone="+12125550147"),
    Arrived(3, 300, 350, stored=True, idempotency_key="b-1", visitor=1, mark="appointment", phone=""),
]


def kinds(ledger: Ledger) -> list[str]:
    return [line.partition(":")[0] for line in ledger.broken()]


def test_a_campaign_that_kept_every_promise_is_found_so() -> None:
    assert [] == Ledger(SENT, ARRIVED).broken()


def test_what_was_not_answered_may_be_there_or_not() -> None:
    unanswered = [replace(sent, answered=False) for sent in SENT]

    assert [] == Ledger(unanswered, ARRIVED).broken()
    assert [] == Ledger(unanswered, []).broken()


def test_a_revision_may_take_the_place_of_what_it_overtook() -> None:
    assert [] == Ledger(SENT, ARRIVED[1:]).broken()


@pytest.mark.parametrize("missing", [1, 2])
def test_what_was_answered_and_is_not_there_is_lost(missing: int) -> None:
    assert ["lost"] == kinds(Ledger(SENT, ARRIVED[:missing] + ARRIVED[missing + 1 :]))


def test_what_only_came_and_was_not_stored_is_lost() -> None:
    assert ["lost"] == kinds(Ledger(SENT, [*ARRIVED[:2], replace(ARRIVED[2], stored=False)]))


def test_the_same_under_one_key_or_under_two_is_doubled() -> None:
    again = replace(ARRIVED[2], seq=4, at_ms=400, answered_ms=450)

    assert ["doubled", "doubled"] == kinds(Ledger(SENT, [*ARRIVED, again]))
    assert ["doubled"] == kinds(Ledger(SENT, [*ARRIVED, replace(again, idempotency_key="c-1")]))
    assert [] == kinds(Ledger(SENT, [*ARRIVED, replace(again, stored=False)]))


def test_what_nobody_sent_and_what_was_forged_is_invented() -> None:
    forged = Sent(Fact(1, "x", "Lead", forged=True), 6.0, 7.0, answered=False)
    other = replace(ARRIVED[2], seq=4, at_ms=400, answered_ms=450, mark="x", idempotency_key="c-1")

    assert ["invented"] == kinds(Ledger(SENT, [*ARRIVED, other]))
    assert ["invented"] == kinds(Ledger([*SENT, forged], [*ARRIVED, other]))


def test_an_appointment_that_comes_before_its_lead_is_disordered_unless_an_operator_sent_it_again() -> None:
    early = [replace(ARRIVED[2], seq=1), replace(ARRIVED[0], seq=2), replace(ARRIVED[1], seq=3)]
    early = [replace(row, at_ms=row.seq * 100, answered_ms=row.seq * 100 + 50) for row in early]

    assert {"disordered"} == set(kinds(Ledger(SENT, early)))
    assert [] == kinds(Ledger(SENT, early, excused={1}))


def test_what_was_sent_before_the_other_was_answered_may_come_in_any_order() -> None:
    at_once = [replace(sent, began_s=0.0) for sent in SENT]

    assert [] == kinds(Ledger(at_once, [replace(ARRIVED[2], seq=1, at_ms=10, answered_ms=20), *ARRIVED[:2]]))


def test_a_request_that_comes_while_another_of_the_person_is_under_way_overlaps() -> None:
    assert ["overlapping"] == kinds(Ledger(SENT, [ARRIVED[0], replace(ARRIVED[1], at_ms=149), ARRIVED[2]]))
    assert [] == kinds(Ledger(SENT, [ARRIVED[0], replace(ARRIVED[1], at_ms=149, visitor=2), ARRIVED[2]]))


def test_the_same_seed_tells_the_same_story() -> None:
    told = [story(7, visitor) for visitor in range(200)]

    assert told == [story(7, visitor) for visitor in range(200)]
    assert told != [story(8, visitor) for visitor in range(200)]
    facts = {fact for posts in told for post in posts for fact in post.facts}
    assert {"Lead", "Appointment"} == {fact.kind for fact in facts}
    assert {True, False} == {bool(fact.phone) for fact in facts} == {fact.forged for fact in facts}
