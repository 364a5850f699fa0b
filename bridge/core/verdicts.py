"""Verdicts: what a round of attempts means for their deliveries and their targets, in the order they came in. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bridge.core.holds import Health, judge
from bridge.core.retry import Settlement, give_back, settle
from bridge.model.delivery import Result
from bridge.model.record import Delivered, Hold, Retry, Skipped
from bridge.model.rules import Policy

SPREAD = (
    0.6180339887498949  # golden: multiples of it fall evenly into [0, 1), so those of one round do not return at once
)


@dataclass(slots=True)
class Standing:
    """A target during one round: how it stood, and how it stands after each result."""

    health: Health
    held: bool
    delivered_at: int  # ms
    concurrency: int = 1
    why: str = ""  # of the hold that this round begins or prolongs
    rest_s: float = 0.0
    changed: bool = False
    batch: int = 0  # the last call of many whose failure was judged


def judge_round(
    results: Iterable[Result],
    standings: Mapping[str, Standing],
    *,
    policies: Mapping[str, Policy],
    now_ms: int,
    jitter: float,
) -> list[tuple[Result, Settlement]]:
    """The settlement of each result; the standings of their targets are brought up to date."""
    return [
        (result, _judge_one(result, standings[result.claim.target], policies, now_ms, (jitter + number * SPREAD) % 1))
        for number, result in enumerate(results)
    ]


def _judge_one(
    result: Result, standing: Standing, policies: Mapping[str, Policy], now_ms: int, jitter: float
) -> Settlement:
    claim, outcome = result.claim, result.outcome
    if outcome is None:
        return give_back(claim, now_ms=now_ms)
    settlement = settle(
        claim,
        outcome,
        retry_s=policies[claim.target].retry_s,
        now_ms=now_ms,
        jitter=jitter,
        # What is still in flight when the target is held, and its canary, only repeat what is known.
        began=not standing.held and standing.health.ramp != 1,
        passed=standing.delivered_at > claim.held_before > 0,
    )
    if isinstance(outcome, Skipped) or (isinstance(outcome, Hold) and settlement.ends):
        return settlement  # nothing was sent, or it is the delivery's own fault: it says nothing of the target
    if isinstance(outcome, Retry) and result.batch:
        if result.batch == standing.batch:
            return settlement  # one call failed, for however many: it is one sign of a target that is down
        standing.batch = result.batch
    judgement = judge(
        standing.health, outcome, person=claim.person, held=standing.held, concurrency=standing.concurrency
    )
    standing.changed |= judgement.health != standing.health
    standing.health = judgement.health
    if isinstance(outcome, Delivered):
        standing.delivered_at = now_ms
    elif judgement.why:
        standing.held = True
        standing.changed = True
        standing.why = standing.why or judgement.why
        standing.rest_s = max(standing.rest_s, judgement.rest_s)
    if not judgement.counts:
        uncertain = bool(getattr(outcome, "uncertain", False))
        return give_back(claim, now_ms=now_ms, uncertain=uncertain, reason=judgement.why)
    return settlement
