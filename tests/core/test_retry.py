"""What an attempt's outcome makes of its delivery: its next state, when it is due again, and what is remembered."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.retry import JITTER, Settlement, give_back, settle
from bridge.model.delivery import Claim, State
from bridge.model.event import Event, Kind, StoredEvent
from bridge.model.record import LONGEST_WISH_S, Delivered, Hold, Outcome, Reject, Retry
from bridge.model.rules import DEFAULT_RETRY_S

NOW_MS = 1_700_000_000_000
STORED = StoredEvent(7, "key", 1, datetime(2023, 11, 23, tzinfo=UTC), Event("smarterbot", Kind.LEAD))
CLAIM = Claim(1, "1.1", "crm", "person", STORED, attempts=0, uncertain=False, if_empty=False, copy=0)
MINUTE_S, HOUR_S = 60, 3600

claims = st.builds(
    replace,
    st.just(CLAIM),
    attempts=st.integers(0, 15),
    uncertain=st.booleans(),
    holds=st.integers(0, 3),
    held_before=st.sampled_from([0, NOW_MS - 1000]),
)
seconds = st.none() | st.floats(0, 7 * 86_400)
outcomes = st.one_of(
    st.builds(Delivered, st.just("00Q1"), degraded=st.sampled_from(["", "LastName shortened"])),
    st.builds(Retry, st.just("HTTP 503"), st.booleans(), seconds),
    st.builds(Reject, st.just("no email"), st.just("email")),
    st.builds(Hold, st.just("login refused"), seconds, st.booleans()),
)
jitters = st.floats(0, 1, exclude_max=True)


def settled(claim: Claim, outcome: Outcome, **given: Any) -> Settlement:
    return settle(claim, outcome, **{"retry_s": DEFAULT_RETRY_S, "now_ms": NOW_MS, "jitter": 0.0} | given)


def waited_s(settlement: Settlement) -> float:
    return (settlement.due_at - NOW_MS) / 1000


def test_a_delivered_delivery_has_ended_and_nothing_about_it_is_uncertain() -> None:
    claim = replace(CLAIM, attempts=3, uncertain=True)

    expected = Settlement(claim, State.DELIVERED, NOW_MS, 4, uncertain=False, holds=0, held_at=0)
    assert expected == settled(claim, Delivered("00Q1", degraded="no phone"))


@pytest.mark.parametrize("uncertain", [False, True])
def test_a_rejected_delivery_is_dead_at_once(uncertain: bool) -> None:
    claim = replace(CLAIM, uncertain=uncertain)

    expected = Settlement(claim, State.DEAD, NOW_MS, 1, uncertain=uncertain, holds=0, held_at=0, reason="no email")
    assert expected == settled(claim, Reject("no email", cause="email"))


def test_a_passing_fault_uses_up_an_attempt_and_is_tried_again() -> None:
    expected = Settlement(CLAIM, State.QUEUED, NOW_MS + 5000, 1, uncertain=False, holds=0, held_at=0, reason="HTTP 503")
    assert expected == settled(CLAIM, Retry("HTTP 503"))


def test_a_hold_uses_up_no_attempt_and_the_delivery_is_due_when_the_target_is_back() -> None:
    claim = replace(CLAIM, attempts=3)

    expected = Settlement(
        claim, State.QUEUED, NOW_MS, 3, uncertain=False, holds=1, held_at=NOW_MS, reason="login refused"
    )
    assert expected == settled(claim, Hold("login refused"))
    assert replace(expected, holds=0, held_at=0) == settled(claim, Hold("login refused", for_s=900))


def test_the_default_schedule_lasts_three_days_and_then_gives_up() -> None:
    found, claim = [], CLAIM
    while (settlement := settled(claim, Retry("HTTP 503"))).state == State.QUEUED:
        found.append(waited_s(settlement))
        claim = replace(claim, attempts=settlement.attempts)

    assert [
        5, 30, 2 * MINUTE_S, 10 * MINUTE_S, 30 * MINUTE_S,
        HOUR_S, 3 * HOUR_S, 6 * HOUR_S, 12 * HOUR_S, 24 * HOUR_S, 24 * HOUR_S,
    ] == found  # fmt: skip
    assert (State.DEAD, 12, "gave up after 12 attempts: HTTP 503") == (
        settlement.state, settlement.attempts, settlement.reason,
    )  # fmt: skip


@pytest.mark.parametrize(("retry_s", "attempts"), [((), 1), ((1.0,), 2), ((1.0, 2.0), 3)])
def test_there_is_one_more_attempt_than_waits(retry_s: tuple[float, ...], attempts: int) -> None:
    last = settled(replace(CLAIM, attempts=attempts - 1), Retry("HTTP 503"), retry_s=retry_s)

    assert (State.DEAD, f"gave up after {attempts} attempts: HTTP 503") == (last.state, last.reason)


def test_a_schedule_made_shorter_ends_what_is_beyond_it() -> None:
    last = settled(replace(CLAIM, attempts=9), Retry("HTTP 503"), retry_s=(1.0,))

    assert (State.DEAD, "gave up after 10 attempts: HTTP 503") == (last.state, last.reason)


@given(attempts=st.integers(0, len(DEFAULT_RETRY_S) - 1), jitter=jitters)
def test_jitter_makes_a_wait_up_to_a_fifth_longer_and_never_shorter(attempts: int, jitter: float) -> None:
    wait_s = waited_s(settled(replace(CLAIM, attempts=attempts), Retry("HTTP 503"), jitter=jitter))

    assert 0.2 == JITTER
    assert DEFAULT_RETRY_S[attempts] <= wait_s <= DEFAULT_RETRY_S[attempts] * 1.2


@given(attempts=st.integers(0, len(DEFAULT_RETRY_S) - 1), jitter=jitters, after_s=st.floats(-10, LONGEST_WISH_S))
def test_the_targets_own_wish_can_only_push_it_later(attempts: int, jitter: float, after_s: float) -> None:
    claim = replace(CLAIM, attempts=attempts)
    usual = settled(claim, Retry("HTTP 503"), jitter=jitter).due_at

    asked = settled(claim, Retry("HTTP 503", after_s=after_s), jitter=jitter).due_at

    assert max(usual, NOW_MS + round(after_s * 1000)) == asked


def test_the_targets_own_wish_gives_no_further_attempt() -> None:
    assert State.DEAD == settled(replace(CLAIM, attempts=11), Retry("HTTP 503", after_s=60)).state


@pytest.mark.parametrize("after_s", [float("inf"), float("nan"), 1e300, float("-inf")])
def test_no_wish_of_a_connector_is_beyond_what_can_be_written_down(after_s: float) -> None:
    """A stranger's connector may pass on what its API said; whatever it does, the delivery gets an outcome."""
    settlement = settled(CLAIM, Retry("HTTP 503", after_s=after_s))

    assert (State.QUEUED, True) == (settlement.state, NOW_MS <= settlement.due_at < 2**63)


@given(claim=claims, outcomes=st.lists(outcomes, max_size=8))
def test_an_uncertain_delivery_stays_so_until_it_is_delivered(claim: Claim, outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        settlement = settled(claim, outcome)
        doubt = not isinstance(outcome, Delivered) and (claim.uncertain or getattr(outcome, "uncertain", False))

        assert doubt == settlement.uncertain
        claim = replace(claim, uncertain=settlement.uncertain)


@given(claim=claims, outcome=outcomes, jitter=jitters, passed=st.booleans())
def test_any_outcome_leaves_a_delivery_ended_or_due_again(
    claim: Claim, outcome: Outcome, jitter: float, passed: bool
) -> None:
    settlement = settled(claim, outcome, jitter=jitter, passed=passed)

    assert settlement.ends == (settlement.state != State.QUEUED)
    assert settlement.state in (State.DELIVERED, State.DEAD, State.QUEUED)
    assert settlement.due_at >= NOW_MS
    assert settlement.attempts - claim.attempts == (0 if isinstance(outcome, Hold) and not settlement.ends else 1)
    assert bool(settlement.reason) == (settlement.state != State.DELIVERED)


@pytest.mark.parametrize(
    ("holds", "passed", "expected"),
    [
        (0, False, (State.QUEUED, 0, 1, "login refused")),
        (0, True, (State.QUEUED, 0, 1, "login refused")),
        (2, False, (State.QUEUED, 0, 3, "login refused")),
        (1, True, (State.QUEUED, 0, 2, "login refused")),
        (2, True, (State.DEAD, 1, 2, "held the target 3 times while others passed: login refused")),
    ],
)
def test_a_third_hold_while_others_pass_is_the_deliverys_own_fault(
    holds: int, passed: bool, expected: tuple[State, int, int, str]
) -> None:
    claim = replace(CLAIM, holds=holds, held_before=NOW_MS - 1000 if holds else 0)

    found = settled(claim, Hold("login refused", uncertain=True), passed=passed)

    assert (*expected, True) == (found.state, found.attempts, found.holds, found.reason, found.uncertain)


def test_the_time_of_the_first_hold_is_kept() -> None:
    found = settled(replace(CLAIM, holds=1, held_before=NOW_MS - 1000), Hold("login refused"))

    assert (2, NOW_MS - 1000) == (found.holds, found.held_at)


@given(claim=claims, uncertain=st.booleans())
def test_what_is_given_back_is_as_it_was_and_due_now(claim: Claim, uncertain: bool) -> None:
    expected = Settlement(
        claim,
        State.QUEUED,
        NOW_MS,
        claim.attempts,
        uncertain=claim.uncertain or uncertain,
        holds=claim.holds,
        held_at=claim.held_before,
        reason="target held",
    )
    assert expected == give_back(claim, now_ms=NOW_MS, uncertain=uncertain, reason="target held")
