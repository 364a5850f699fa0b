"""What a round of attempts means, in the order they came in: for each delivery, and for each target as it goes on."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.holds import DOWN_AFTER, Health
from bridge.core.retry import Settlement
from bridge.core.verdicts import Standing, judge_round
from bridge.model.delivery import Claim, Result, State
from bridge.model.event import Event, Kind, StoredEvent
from bridge.model.record import Delivered, Hold, Outcome, Reject, Retry, Skipped
from bridge.model.rules import Policy

NOW_MS = 1_700_000_000_000
STORED = StoredEvent(7, "key", 1, datetime(2023, 11, 23, tzinfo=UTC), Event("smarterbot", Kind.LEAD))
DOWN, BROKEN, REFUSED = Retry("HTTP 503"), Reject("no such field", cause="field"), Hold("login refused")


def claim(number: int, *, target: str = "crm", held_before: int = 0, attempts: int = 0, holds: int = 2) -> Claim:
    """A claim of a delivery of its own person; `held_before`: it has begun so many holds since then."""
    return Claim(
        number, "1.1", target, f"p{number}", STORED, attempts=attempts, uncertain=False, if_empty=False, copy=0,
        holds=holds if held_before else 0, held_before=held_before,
    )  # fmt: skip


def standing(health: Health | None = None, *, held: bool = False, delivered_at: int = 0) -> Standing:
    return Standing(health or Health(), held=held, delivered_at=delivered_at, concurrency=4)


def judged(outcomes: list[tuple[Claim, Outcome | Skipped | None]], **standings: Standing) -> list[Settlement]:
    policies = {name: Policy(retry_s=(10.0,) if name == "sheet" else (5.0, 30.0)) for name in standings}
    results = [Result(one, outcome, NOW_MS - 50, 50) for one, outcome in outcomes]

    found = judge_round(results, standings, policies=policies, now_ms=NOW_MS, jitter=0.0)

    assert results == [result for result, _ in found]
    assert [one for one, _ in outcomes] == [settlement.claim for _, settlement in found]
    return [settlement for _, settlement in found]


def test_a_delivery_to_which_no_record_applies_is_discarded_and_says_nothing_of_its_target() -> None:
    crm = standing(Health(retries=("p7", "p8")))

    found = judged([(claim(1), Skipped()), (claim(2), DOWN)], crm=crm)

    assert [(State.DISCARDED, 0), (State.QUEUED, 1)] == states(found)
    assert crm.held  # the third failure in a row


def states(settlements: list[Settlement]) -> list[tuple[State, int]]:
    return [(settlement.state, settlement.attempts) for settlement in settlements]


def test_each_outcome_is_settled_by_its_targets_policy() -> None:
    crm, sheet = standing(), standing()
    claims = [claim(1), claim(2, target="sheet"), claim(3), claim(4, target="sheet", attempts=1), claim(5)]

    found = judged(list(zip(claims, [DOWN, DOWN, Delivered(), DOWN, BROKEN], strict=True)), crm=crm, sheet=sheet)

    assert (NOW_MS + 5000, True) == (found[0].due_at, NOW_MS + 10_000 <= found[1].due_at <= NOW_MS + 12_000)
    assert [(State.DELIVERED, 1), (State.DEAD, 2), (State.DEAD, 1)] == states(found[2:])
    assert (("p2", "p4"), 1) == (sheet.health.retries, crm.health.rejects)
    assert (NOW_MS, 0) == (crm.delivered_at, sheet.delivered_at)


def test_where_nothing_was_tried_the_delivery_is_as_it_was_and_nobody_learns_anything() -> None:
    crm = standing()

    (found,) = judged([(claim(1, attempts=1), None)], crm=crm)

    assert (State.QUEUED, NOW_MS, 1, "") == (found.state, found.due_at, found.attempts, found.reason)
    assert standing() == crm


def test_one_targets_hold_leaves_the_others_alone() -> None:
    crm, sheet = standing(), standing()

    judged([(claim(1), REFUSED), (claim(2, target="sheet"), Delivered())], crm=crm, sheet=sheet)

    assert (True, "login refused", 30.0, True) == (crm.held, crm.why, crm.rest_s, crm.changed)
    assert standing(delivered_at=NOW_MS) == sheet


def test_a_round_that_changes_no_health_says_so() -> None:
    crm = standing()

    judged([(claim(n), Delivered()) for n in range(3)], crm=crm)

    assert not crm.changed


def test_three_persons_in_one_round_are_enough_and_each_has_used_up_an_attempt() -> None:
    crm = standing()

    found = judged([(claim(n), DOWN) for n in range(1, 11)], crm=crm)

    assert [(State.QUEUED, 1)] * 10 == states(found)
    assert (True, "down: HTTP 503", 5.0, 1) == (crm.held, crm.why, crm.rest_s, crm.health.level)


def test_a_run_goes_on_from_round_to_round() -> None:
    crm = standing()

    held = []
    for n in range(DOWN_AFTER):
        judged([(claim(n), DOWN)], crm=crm)
        held.append(crm.held)

    assert [False, False, True] == held


def test_a_delivered_in_the_middle_of_a_round_ends_the_run() -> None:
    crm = standing()

    judged([(claim(1), DOWN), (claim(2), DOWN), (claim(3), Delivered()), (claim(4), DOWN)], crm=crm)

    assert (False, ("p4",)) == (crm.held, crm.health.retries)


def test_of_a_mornings_leads_only_five_die_of_a_wrong_mapping() -> None:
    crm = standing()

    found = judged([(claim(n), BROKEN) for n in range(20)], crm=crm)

    assert [(State.DEAD, 1)] * 5 + [(State.QUEUED, 0)] * 15 == states(found)
    assert (True, "suspect", 1) == (crm.held, crm.health.kind, crm.health.level)


def test_of_several_holds_in_a_round_the_first_says_why_and_the_longest_counts() -> None:
    crm = standing()

    found = judged(
        [(claim(1), REFUSED), (claim(2), Hold("quota", for_s=3600)), (claim(3), Hold("x", for_s=1))], crm=crm
    )

    assert [(State.QUEUED, 0)] * 3 == states(found)
    assert ("login refused", 3600.0, 1) == (crm.why, crm.rest_s, crm.health.level)


def test_what_comes_late_from_a_held_target_counts_for_its_delivery_only() -> None:
    sick = Health(kind="down", level=2)
    crm = standing(sick, held=True)

    found = judged([(claim(1), Delivered()), (claim(2), DOWN), (claim(3), DOWN), (claim(4), DOWN)], crm=crm)

    assert [(State.DELIVERED, 1)] + [(State.QUEUED, 1)] * 3 == states(found)
    assert (sick, "", True, False) == (crm.health, crm.why, crm.held, crm.changed)


@pytest.mark.parametrize("uncertain", [False, True])
def test_a_canary_is_given_back_where_its_target_is_still_down(uncertain: bool) -> None:
    crm = standing(Health(kind="down", level=1, ramp=1))

    (found,) = judged([(claim(1, attempts=1), Retry("timeout", uncertain=uncertain))], crm=crm)

    assert (State.QUEUED, 1, uncertain, NOW_MS) == (found.state, found.attempts, found.uncertain, found.due_at)
    assert (True, 15.0, "still down: timeout") == (crm.held, crm.rest_s, found.reason)


# -- a delivery that has begun holds before

EARLIER = NOW_MS - 60_000


def test_a_third_hold_while_others_passed_is_the_deliverys_own_fault() -> None:
    crm = standing(delivered_at=EARLIER + 1)

    (found,) = judged([(claim(1, held_before=EARLIER), REFUSED)], crm=crm)

    assert (State.DEAD, "held the target 3 times while others passed: login refused") == (found.state, found.reason)
    assert (False, "") == (crm.held, crm.why)


@pytest.mark.parametrize("health", [Health(), Health(kind="down", level=2, ramp=2)])
def test_its_rejection_leaves_the_target_no_sicker_and_lets_no_more_calls_through(health: Health) -> None:
    """The fault is the delivery's own: the target was not held, so it must not count as held once more."""
    crm = standing(health, delivered_at=EARLIER + 1)

    judged([(claim(1, held_before=EARLIER), REFUSED)], crm=crm)

    assert (False, health.level, health.ramp) == (crm.held, crm.health.level, crm.health.ramp)


@pytest.mark.parametrize("delivered_at", [0, EARLIER - 1, EARLIER])
def test_a_third_hold_while_nobody_passed_is_the_targets_fault(delivered_at: int) -> None:
    crm = standing(delivered_at=delivered_at)

    (found,) = judged([(claim(1, held_before=EARLIER), REFUSED)], crm=crm)

    assert (State.QUEUED, 0, 3, EARLIER) == (found.state, found.attempts, found.holds, found.held_at)
    assert crm.held


def test_others_that_passed_in_the_same_round_count() -> None:
    found = judged([(claim(2), Delivered()), (claim(1, held_before=EARLIER), REFUSED)], crm=standing())

    assert [State.DELIVERED, State.DEAD] == [settlement.state for settlement in found]


@pytest.mark.parametrize("holds", [0, 1])
def test_a_delivery_that_happens_to_begin_a_hold_again_is_not_rejected_yet(holds: int) -> None:
    crm = standing(delivered_at=EARLIER + 1)

    (found,) = judged([(claim(1, held_before=EARLIER, holds=holds), REFUSED)], crm=crm)

    assert (State.QUEUED, holds + 1, True) == (found.state, found.holds, crm.held)


@pytest.mark.parametrize(
    ("health", "held", "outcome"),
    [
        (Health(), False, Hold("HTTP 429", for_s=5)),  # told until when: any other would have been told the same
        (Health(kind="asked", level=1), True, REFUSED),  # in flight when the hold began
        (Health(kind="asked", level=1, ramp=1), False, REFUSED),  # the canary of a hold that others began
    ],
)
def test_a_hold_that_says_nothing_of_the_delivery_is_not_counted_against_it(
    health: Health, held: bool, outcome: Hold
) -> None:
    crm = standing(health, held=held, delivered_at=EARLIER + 1)

    (found,) = judged([(claim(1, held_before=EARLIER), outcome)], crm=crm)

    assert (State.QUEUED, 0, 2, True) == (found.state, found.attempts, found.holds, crm.held)


def test_what_failed_together_does_not_return_together() -> None:
    found = judged([(claim(n), DOWN) for n in range(20)], crm=standing())

    assert 20 == len({settlement.due_at for settlement in found})
    assert all(NOW_MS + 5000 <= settlement.due_at <= NOW_MS + 6000 for settlement in found)


def test_a_first_hold_rests_the_target_however_many_passed() -> None:
    crm = standing(delivered_at=NOW_MS - 1)

    judged([(claim(1), REFUSED)], crm=crm)

    assert crm.held


def test_a_canary_that_once_caused_a_hold_does_not_keep_a_target_still_down_awake() -> None:
    """Its first hold is long over and others have passed since; now it is only the messenger."""
    crm = standing(Health(kind="down", level=1, ramp=1), delivered_at=EARLIER + 1)

    (found,) = judged([(claim(1, held_before=EARLIER), DOWN)], crm=crm)

    assert (State.QUEUED, 0) == (found.state, found.attempts)
    assert (True, "still down: HTTP 503", 15.0) == (crm.held, crm.why, crm.rest_s)


@pytest.mark.parametrize(("fault", "needed"), [(DOWN, 3), (BROKEN, 5)])
def test_the_last_of_a_run_may_have_caused_a_hold_before_and_the_target_rests_all_the_same(
    fault: Outcome, needed: int
) -> None:
    crm = standing(delivered_at=EARLIER + 1)

    judged([(claim(n, held_before=EARLIER), fault) for n in range(needed)], crm=crm)

    assert crm.held


# -- anything at all

outcomes = st.none() | st.sampled_from(
    [
        Delivered(),
        DOWN,
        BROKEN,
        REFUSED,
        Reject("no email", cause="email"),
        Retry("timeout", uncertain=True, after_s=60),
    ]
)
claims = st.builds(claim, st.integers(1, 6), held_before=st.sampled_from([0, EARLIER]), attempts=st.integers(0, 3))


@given(
    results=st.lists(st.tuples(claims, outcomes), max_size=25),
    held=st.booleans(),
    health=st.builds(
        Health, kind=st.sampled_from(["", "down", "suspect"]), level=st.integers(0, 3), ramp=st.integers(0, 2)
    ),
    delivered_at=st.sampled_from([0, NOW_MS - 5]),
)
def test_whatever_a_round_brings_nothing_is_lost_and_what_is_delivered_stays_so(
    results: list[tuple[Claim, Outcome | None]], held: bool, health: Health, delivered_at: int
) -> None:
    crm = standing(health, held=held, delivered_at=delivered_at)

    found = judged(results, crm=crm)

    for (before, outcome), settlement in zip(results, found, strict=True):
        assert isinstance(outcome, Delivered) == (settlement.state == State.DELIVERED)
        assert settlement.attempts - before.attempts in ((0,) if outcome is None else (0, 1))
        assert settlement.state != State.DEAD or settlement.attempts == before.attempts + 1
        assert settlement.due_at >= NOW_MS
    assert crm.held == (held or bool(crm.why))
    assert not crm.why or crm.changed
    assert crm.changed or crm.health == health
