"""When a target rests and how it comes back: what each outcome says of it, alone and in a row."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.holds import DOWN_AFTER, DOWN_REST_S, GROW_AFTER, SUSPECT_AFTER, Health, Judgement, coming_back, judge
from bridge.model.record import Delivered, Hold, Outcome, Reject, Retry

DOWN, BROKEN = Retry("HTTP 503"), Reject("no such field", cause="field")


@dataclass
class Target:
    """A target as the engine keeps it: it rests as soon as a judgement says why."""

    concurrency: int = 4
    health: Health = field(default_factory=Health)
    held: bool = False

    def meets(self, outcome: Outcome, *, person: str = "p") -> Judgement:
        found = judge(self.health, outcome, person=person, held=self.held, concurrency=self.concurrency)
        self.health = found.health
        self.held = self.held or bool(found.why)
        return found

    def comes_back(self) -> None:
        self.health, self.held = coming_back(self.health), False


def down(target: Target, outcome: Retry = DOWN) -> Judgement:
    """The last of as many faults as it takes."""
    return [target.meets(outcome, person=f"p{n}") for n in range(DOWN_AFTER)][-1]


def suspect(target: Target, outcome: Reject = BROKEN) -> Judgement:
    return [target.meets(outcome, person=f"p{n}") for n in range(SUSPECT_AFTER)][-1]


@pytest.fixture
def target() -> Target:
    return Target()


# -- the engine's own holds


def test_three_retries_in_a_row_from_different_persons_mean_down(target: Target) -> None:
    first, second, third = (target.meets(DOWN, person=f"p{n}") for n in (1, 2, 3))

    assert ("", "") == (first.why, second.why)
    assert ("down: HTTP 503", 5.0, True) == (third.why, third.rest_s, third.counts)
    assert Health(kind="down", level=1) == target.health


def test_one_persons_retries_mean_nothing_for_the_target(target: Target) -> None:
    for _ in range(10):
        target.meets(DOWN, person="p1")
        target.meets(DOWN, person="p2")

    assert (False, ("p1", "p2")) == (target.held, target.health.retries)


@pytest.mark.parametrize("between", [Delivered(), BROKEN])
def test_anything_else_between_ends_a_run_of_retries(target: Target, between: Outcome) -> None:
    for person in ("p1", "p2"):
        target.meets(DOWN, person=person)
    target.meets(between)
    for person in ("p3", "p4"):
        target.meets(DOWN, person=person)

    assert not target.held


def test_five_rejects_in_a_row_for_one_cause_mean_a_suspect_mapping_or_target(target: Target) -> None:
    found = [target.meets(BROKEN) for n in range(1, 6)]

    assert [""] * 4 == [judgement.why for judgement in found[:4]]
    assert "suspect mapping or target: 5 rejected in a row, the last with no such field" == found[4].why
    assert (30.0, [True] * 5) == (found[4].rest_s, [judgement.counts for judgement in found])
    assert "suspect" == target.health.kind


@pytest.mark.parametrize("between", [[], [DOWN], [DOWN, DOWN]])
def test_so_do_five_for_several_causes_and_with_passing_faults_between(target: Target, between: list[Outcome]) -> None:
    for n in range(4):
        target.meets(Reject("bad", cause=f"field {n % 2}"))
        for outcome in between:
            target.meets(outcome)
    assert not target.held

    target.meets(BROKEN)

    assert (True, "suspect") == (target.held, target.health.kind)


def test_what_is_delivered_between_ends_a_run_of_rejects(target: Target) -> None:
    for _ in range(4):
        target.meets(BROKEN)
    target.meets(Delivered())
    for _ in range(4):
        target.meets(BROKEN)

    assert not target.held


# -- how long a target rests


@pytest.mark.parametrize(
    ("for_s", "expected"), [(None, 30.0), (90.0, 90.0), (86_400.0, 86_400.0), (0.0, 1.0), (-5.0, 1.0)]
)
def test_a_hold_that_is_asked_for_lasts_as_long_as_it_says(
    target: Target, for_s: float | None, expected: float
) -> None:
    found = target.meets(Hold("quota used up", for_s=for_s))

    assert Judgement(Health(kind="asked", level=int(for_s is None)), why="quota used up", rest_s=expected) == found


def test_a_target_that_is_still_sick_rests_longer_each_time(target: Target) -> None:
    rests = [down(target).rest_s]
    for _ in range(9):
        target.comes_back()
        rests.append(target.meets(DOWN).rest_s)

    assert [5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 900.0, 900.0] == rests


def test_after_it_has_passed_a_target_rests_briefly_again(target: Target) -> None:
    for _ in range(5):
        target.meets(Hold("login refused"))
        target.comes_back()
    for _ in range(3):
        target.meets(Delivered())

    assert 30.0 == target.meets(Hold("login refused")).rest_s


@given(level=st.integers(0, 8), after_s=st.floats(0, 86_400), canary=st.booleans())
def test_the_wish_of_a_target_that_is_down_can_only_make_its_rest_longer(
    level: int, after_s: float, canary: bool
) -> None:
    rests = []
    for outcome in (DOWN, Retry("HTTP 503", after_s=after_s)):
        target = Target(health=Health(level=level, kind="down", ramp=1 if canary else 0))
        rests.append(target.meets(outcome).rest_s if canary else down(target, outcome).rest_s)

    assert max(rests[0], after_s) == rests[1]


@pytest.mark.parametrize("for_s", [float("inf"), float("nan"), 1e300])
def test_no_wish_of_a_connector_makes_a_rest_that_cannot_be_written_down(target: Target, for_s: float) -> None:
    found = target.meets(Hold("quota used up", for_s=for_s))

    assert 1.0 <= found.rest_s < 2**53


# -- how it comes back


@pytest.mark.parametrize(
    ("concurrency", "expected"),
    [(1, [1, 0]), (2, [1, 0]), (3, [1, 2, 0]), (4, [1, 2, 0]), (10, [1, 2, 4, 8, 0]), (16, [1, 2, 4, 8, 0])],
)
def test_it_comes_back_with_one_call_then_with_twice_as_many_until_all(concurrency: int, expected: list[int]) -> None:
    target = Target(concurrency)
    target.meets(Hold("login refused"))
    target.comes_back()

    ramps = [target.health.ramp]
    while target.health.ramp:
        target.meets(Delivered())
        ramps.append(target.health.ramp)

    assert expected == ramps
    assert Health() == target.health


@pytest.mark.parametrize(
    ("fault", "rest_s"),
    [(DOWN, 15.0), (Retry("timeout", uncertain=True), 15.0), (Hold("login refused"), 60.0)],
)
def test_a_canary_that_meets_a_target_still_down_puts_it_to_rest_again(
    target: Target, fault: Outcome, rest_s: float
) -> None:
    down(target)
    target.comes_back()

    found = target.meets(fault)

    assert (True, rest_s, 0) == (target.held, found.rest_s, target.health.ramp)


def test_a_canary_does_not_pay_for_a_target_still_down(target: Target) -> None:
    down(target)
    target.comes_back()

    found = target.meets(DOWN)

    assert (False, "still down: HTTP 503", "down") == (found.counts, found.why, found.health.kind)


def test_once_it_has_passed_retries_count_again(target: Target) -> None:
    down(target)
    target.comes_back()
    target.meets(Delivered())

    assert (True, "") == ((found := target.meets(DOWN)).counts, found.why)


def test_a_canary_does_not_die_of_what_made_its_target_suspect(target: Target) -> None:
    suspect(target)
    target.comes_back()

    again = target.meets(BROKEN)

    assert (False, "suspect mapping or target: still no such field", 60.0) == (again.counts, again.why, again.rest_s)


def test_of_the_canaries_that_are_rejected_for_another_cause_one_pays_for_it_and_the_target_rests(
    target: Target,
) -> None:
    suspect(target)
    paid = []
    for n in range(6):
        target.comes_back()
        paid.append(target.meets(Reject("no email", cause=f"email {n % 3}")).counts)
        assert target.held

    assert [True] + [False] * 5 == paid


# -- what comes late

late = st.sampled_from([Delivered(), DOWN, BROKEN, Retry("timeout", after_s=9), Hold("quota"), Hold("quota", for_s=60)])


@given(outcomes=st.lists(st.tuples(late, st.sampled_from("abcdefgh")), max_size=30), cause=st.booleans())
def test_late_results_make_a_held_target_no_sicker_and_no_better(
    outcomes: list[tuple[Outcome, str]], cause: bool
) -> None:
    target = Target()
    before = (suspect(target) if cause else down(target)).health

    for outcome, person in outcomes:
        target.meets(outcome, person=person)

    assert replace(before, rejects=0, cause="") == replace(target.health, rejects=0, cause="", retries=before.retries)


def test_a_late_hold_prolongs_the_rest_by_what_it_asks_for(target: Target) -> None:
    down(target)

    assert [("quota", 0.0), ("quota", 60.0)] == [
        (found.why, found.rest_s) for found in (target.meets(Hold("quota", for_s=s)) for s in (None, 60.0))
    ]


@given(
    steps=st.lists(st.tuples(late | st.just("back"), st.sampled_from("abcd")), max_size=60),
    concurrency=st.integers(1, 20),
)
def test_whatever_comes_the_health_stays_sane(steps: list[tuple[Outcome | str, str]], concurrency: int) -> None:
    target = Target(concurrency)
    for outcome, person in steps:
        before, was_held = target.health, target.held
        if isinstance(outcome, str):
            if was_held:
                target.comes_back()
            continue
        found = target.meets(outcome, person=person)

        assert target.health.ramp in (0, 1, *(2**n for n in range(1, 5) if 2**n < concurrency))
        assert len(set(target.health.retries)) == len(target.health.retries) < DOWN_AFTER
        asked = isinstance(outcome, Hold) and outcome.for_s is not None
        rises = target.held and not was_held and not asked
        assert target.health.level == before.level + rises or Health() == target.health
        assert target.health.kind or not target.held
        assert was_held or found.rest_s >= bool(found.why)
        assert found.counts or found.why


def test_a_target_that_asks_for_rests_again_and_again_rests_no_longer_when_it_is_down() -> None:
    target = Target(concurrency=50)
    for _ in range(10):
        target.meets(Hold("quota", for_s=2))
        target.comes_back()
        target.meets(Delivered())

    target.meets(Hold("quota", for_s=2))
    target.comes_back()

    assert DOWN_REST_S[0] == target.meets(Retry("HTTP 502")).rest_s


# -- a crowded target

CROWDED = Hold("too many calls at once", for_s=10, crowded=True)


def pass_until(target: Target, *, calls: int) -> int:
    """How many deliveries it takes until so many calls are allowed at once; 0 stands for the target's own limit."""
    for number in range(1000):
        if target.health.ramp == calls:
            return number
        target.meets(Delivered())
    raise AssertionError(target.health)


def test_a_crowded_target_gets_half_as_many_calls_and_slowly_more_again() -> None:
    target = Target(concurrency=8)

    said = target.meets(CROWDED)
    assert ("too many calls at once", 10.0) == (said.why, said.rest_s)
    target.comes_back()
    assert pass_until(target, calls=4) <= 3
    assert GROW_AFTER == pass_until(target, calls=5)
    assert not target.health.is_coming_back, "it is well: what it may hold ahead is not counted one by one"

    pass_until(target, calls=0)
    assert Health() == target.health


def test_one_that_is_crowded_again_gets_half_of_the_half_and_never_none() -> None:
    target = Target(concurrency=8)
    reached = []
    for _ in range(5):
        target.meets(CROWDED)
        target.comes_back()
        for _ in range(5):
            target.meets(Delivered())
        reached.append(target.health.ramp)

    assert [4, 2, 1, 1, 1] == reached


def test_late_refusals_of_one_crowd_halve_it_once() -> None:
    target = Target(concurrency=8)
    for _ in range(4):
        target.meets(CROWDED)

    assert 4 == target.health.most


def test_a_crowded_target_that_has_one_call_left_is_not_tried_again_at_each_fault() -> None:
    target = Target(concurrency=2)
    target.meets(CROWDED)
    target.comes_back()
    target.meets(Delivered())
    target.meets(Delivered())

    assert "" == target.meets(DOWN).why
