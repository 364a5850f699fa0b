"""Holds: when a target rests, and how it comes back. Pure: a health and what came of an attempt give the next health.

The engine adds two holds of its own to those that connectors ask for: "down" after three Retries in a row from
different persons, "suspect" after five Rejects with no Delivered in between. A rested target is tried with one delivery
(the canary), then with 1, 2, 4 … at once.
"""

from dataclasses import dataclass, replace
from typing import assert_never

from bridge.core.retry import heard_s
from bridge.model.record import Delivered, Hold, Outcome, Reject, Retry

DOWN_AFTER = 3
SUSPECT_AFTER = 5
REST_S = (30.0, 60.0, 120.0, 300.0, 600.0, 900.0)  # a target that is still sick rests longer each time
# Most targets that are down are back in a moment. Others begin later: a login that is refused is locked by haste.
DOWN_REST_S = (5.0, 15.0, *REST_S)
ANY = "*"  # the cause of a run of Rejects for several
GROW_AFTER = 20  # a target that was crowded is allowed one call more at once after so many that passed


@dataclass(frozen=True, slots=True)
class Health:
    """What the rules remember of a target; the default is a healthy one."""

    retries: tuple[str, ...] = ()  # persons of the present run of Retries
    rejects: int = 0  # length of the present run of Rejects
    cause: str = ""  # of that run; ANY: of several
    kind: str = ""  # of the hold that is on, or that the target is coming back from
    level: int = 0  # how often it was held since it last passed, without the rests that it asked for
    ramp: int = 0  # calls allowed at once while coming back; 0: no limit but the target's own
    most: int = 0  # what `ramp` grows to where the target was crowded; 0: the target's own limit
    passed: int = 0  # deliveries since it has grown to that

    @property
    def is_coming_back(self) -> bool:
        """Whether few deliveries are to show that the target is well again."""
        return self.ramp > 0 and not self.passed

    @property
    def is_canary(self) -> bool:
        """Whether one delivery is to show it first."""
        return self.ramp == 1 and self.is_coming_back


@dataclass(frozen=True, slots=True)
class Judgement:
    """The next health; whether the attempt counts against its delivery; and the rest to begin, if any."""

    health: Health
    counts: bool = True
    why: str = ""
    rest_s: float = 0.0  # 0: no rest


def judge(health: Health, outcome: Outcome, *, person: str, held: bool, concurrency: int) -> Judgement:
    """What an attempt's outcome says of its target.

    An attempt does not count against its delivery where it only repeats what the target is held for: a canary that
    meets a target still down, a Reject for the very cause that made the target suspect.
    """
    match outcome:
        case Delivered():
            return Judgement(health if held else _passed(health, concurrency))
        case Hold():
            if outcome.crowded and not held:
                health = replace(health, most=max((health.most or concurrency) // 2, 1))
            return _rest(health, "asked", outcome.reason, held=held, for_s=outcome.for_s)
        case Reject():
            return _rejected(health, outcome, held=held)
        case Retry():
            return _failed(health, outcome, person=person, held=held)
        case _:
            assert_never(outcome)


def coming_back(health: Health) -> Health:
    """The health of a target whose rest is over: one call at once, and what it was held for is remembered."""
    return replace(health, ramp=1, retries=(), passed=0)


def _passed(health: Health, concurrency: int) -> Health:
    """What is coming back is allowed twice as many calls each time, up to its limit; that of one that was crowded grows
    slowly back to the target's own.
    """
    most = min(health.most or concurrency, concurrency)
    if 0 < health.ramp < most:
        ramp = min(health.ramp * 2, most)
        if ramp < most:
            return Health(kind=health.kind, level=health.level, ramp=ramp, most=health.most)
        return Health() if most == concurrency else Health(ramp=most, most=most, passed=1)
    if not health.ramp or most == concurrency:
        return Health()
    if health.passed < GROW_AFTER:
        return Health(ramp=most, most=most, passed=health.passed + 1)
    return Health() if most + 1 == concurrency else Health(ramp=most + 1, most=most + 1, passed=1)


def _rejected(health: Health, outcome: Reject, *, held: bool) -> Judgement:
    is_known = health.rejects > 0 and health.cause in (outcome.cause, ANY)
    if health.kind == "suspect" and is_known and (held or health.is_canary):
        why = f"suspect mapping or target: still {outcome.reason}"
        return _uncounted(_rest(health, "suspect", why, held=held))
    run = health.rejects + 1
    cause = health.cause if is_known else outcome.cause if run == 1 else ANY
    counted = replace(health, rejects=run, cause=cause, retries=())
    if run < SUSPECT_AFTER or held:
        return Judgement(counted)
    why = f"suspect mapping or target: {run} rejected in a row, the last with {outcome.reason}"
    return _rest(counted, "suspect", why, held=held)


def _failed(health: Health, outcome: Retry, *, person: str, held: bool) -> Judgement:
    if held:
        return Judgement(health)
    if health.is_canary:
        kind = "down" if health.kind in ("", "asked") else health.kind
        return _uncounted(_rest(health, kind, f"still down: {outcome.reason}", least_s=outcome.after_s))
    persons = (*[known for known in health.retries if known != person], person)
    counted = replace(health, retries=persons)
    if len(persons) < DOWN_AFTER:
        return Judgement(counted)
    return _rest(counted, "down", f"down: {outcome.reason}", least_s=outcome.after_s)


def _rest(
    health: Health,
    kind: str,
    why: str,
    *,
    held: bool = False,
    for_s: float | None = None,
    least_s: float | None = None,
) -> Judgement:
    """A hold begins; or goes on, where the target is `held` already: an answer that comes late changes the reason only.

    It rests for as long as it asked for (`for_s`), else as long as usual and not less than `least_s`.
    """
    if held:
        return Judgement(health, why=why, rest_s=heard_s(for_s))
    rests_s = DOWN_REST_S if kind == "down" else REST_S
    usual_s = max(rests_s[min(health.level, len(rests_s) - 1)], heard_s(least_s))
    level = health.level + 1 if for_s is None else health.level  # what a target asks for says nothing of how sick it is
    rested = replace(health, kind=kind, level=level, ramp=0, retries=())
    if kind != "suspect":
        rested = replace(rested, rejects=0, cause="")
    return Judgement(rested, why=why, rest_s=usual_s if for_s is None else max(heard_s(for_s), 1.0))


def _uncounted(judgement: Judgement) -> Judgement:
    return replace(judgement, counts=False)
