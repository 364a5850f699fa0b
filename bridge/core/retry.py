"""Retry: what an attempt's outcome makes of a delivery. Pure; the schedule is the target's."""

from dataclasses import dataclass
from typing import assert_never

from bridge.model.delivery import ENDED, Claim, State
from bridge.model.record import LONGEST_WISH_S, Delivered, Hold, Outcome, Reject, Retry, Skipped

JITTER = 0.2  # each wait is up to this much longer, so that what failed together does not return together
OWN_FAULT_AFTER = 3  # holds that one delivery began while others passed in between


@dataclass(frozen=True, slots=True)
class Settlement:
    """The next state of a claimed delivery."""

    claim: Claim
    state: State
    due_at: int  # ms
    attempts: int
    uncertain: bool
    holds: int
    held_at: int  # ms
    reason: str = ""

    @property
    def ends(self) -> bool:
        return self.state in ENDED


def settle(
    claim: Claim,
    outcome: Outcome | Skipped,
    *,
    retry_s: tuple[float, ...],
    now_ms: int,
    jitter: float,
    began: bool = True,
    passed: bool = False,
) -> Settlement:
    """What becomes of the delivery. `jitter` is in [0, 1); `began`: it is this delivery that a hold begins with;
    `passed`: others got through since it first began one.

    A delivery that begins one hold after the other while others pass is rejected: the fault is its own.
    """
    match outcome:
        case Delivered():
            return _settlement(claim, State.DELIVERED, now_ms, used=1, uncertain=False)
        case Skipped():
            return _settlement(claim, State.DISCARDED, now_ms, used=0, reason=outcome.reason)
        case Reject():
            return _settlement(claim, State.DEAD, now_ms, used=1, reason=outcome.reason)
        case Retry():
            uncertain = claim.uncertain or outcome.uncertain
            if claim.attempts >= len(retry_s):
                reason = f"gave up after {claim.attempts + 1} attempts: {outcome.reason}"
                return _settlement(claim, State.DEAD, now_ms, used=1, uncertain=uncertain, reason=reason)
            wait_s = max(retry_s[claim.attempts] * (1 + JITTER * jitter), heard_s(outcome.after_s))
            due_at = now_ms + round(wait_s * 1000)
            return _settlement(claim, State.QUEUED, due_at, used=1, uncertain=uncertain, reason=outcome.reason)
        case Hold():
            uncertain = claim.uncertain or outcome.uncertain
            if is_own_fault(claim, outcome, began=began, passed=passed):
                reason = f"held the target {claim.holds + 1} times while others passed: {outcome.reason}"
                return _settlement(claim, State.DEAD, now_ms, used=1, uncertain=uncertain, reason=reason)
            held_at = now_ms if began and outcome.for_s is None else 0
            return _settlement(
                claim, State.QUEUED, now_ms, used=0, uncertain=uncertain, reason=outcome.reason, held_at=held_at
            )
        case _:
            assert_never(outcome)


def is_own_fault(claim: Claim, outcome: Hold, *, began: bool, passed: bool) -> bool:
    """Whether a Hold is the delivery's fault and not its target's. Never where the target says until when: whoever asks
    for too much at once is told so by no fault of the one it happened to be told with.
    """
    return began and passed and outcome.for_s is None and claim.holds >= OWN_FAULT_AFTER - 1


def heard_s(wish_s: float | None) -> float:
    """What a connector or its target asked us to wait, within reason: a plugin may hand back any number."""
    return min(max(wish_s, 0.0), LONGEST_WISH_S) if wish_s is not None and wish_s == wish_s else 0.0


def give_back(claim: Claim, *, now_ms: int, uncertain: bool = False, reason: str = "") -> Settlement:
    """The delivery as it was before it was claimed: nothing was tried."""
    return _settlement(claim, State.QUEUED, now_ms, used=0, uncertain=claim.uncertain or uncertain, reason=reason)


def _settlement(
    claim: Claim,
    state: State,
    due_at: int,
    *,
    used: int,
    uncertain: bool | None = None,
    reason: str = "",
    held_at: int = 0,
) -> Settlement:
    return Settlement(
        claim=claim,
        state=state,
        due_at=due_at,
        attempts=claim.attempts + used,
        uncertain=claim.uncertain if uncertain is None else uncertain,
        holds=claim.holds + (1 if held_at else 0),
        held_at=claim.held_before or held_at,
        reason=reason,
    )
