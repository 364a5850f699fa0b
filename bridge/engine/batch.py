"""Batch: one call of a connector that writes many deliveries' records at once: one plan a delivery. A plan that harms
the call must not cost its neighbours: where the call fails before anything was sent, each is to be tried by itself.
"""

from collections.abc import Callable, Sequence
from typing import Any

from bridge.connector import Plan
from bridge.core.mapping import records_for
from bridge.engine.attempt import Caller, outcome_of, trace_of
from bridge.engine.storable import storable_outcome
from bridge.engine.written import Written
from bridge.errors import MappingError, NoAnswer, NotBegun
from bridge.log import logger
from bridge.model.delivery import Claim, Result
from bridge.model.record import Delivered, Outcome, Record, Reject, Retry, Skipped
from bridge.outbound import DoorCall

log = logger("deliver")


class BatchFault(Exception):
    """The connector did not say what came of each plan."""


def attempt_batch(
    caller: Caller, claims: Sequence[Claim], *, number: int, may_send: Callable[[], bool] = lambda: True
) -> tuple[list[Result], bool]:
    """What came of one call with all these claims, and whether they belong together in another; never raises. A claim
    of which there is no result was not tried: it is to be tried by itself. `number` tells the call from others;
    `may_send` is asked before each of its requests leaves.
    """
    started_at, started_s = caller.clock.now_ms(), caller.clock.boot_s()
    call = caller.door.call(caller.rule.policy.timeout_s, may_send=may_send)
    planned: list[_Planned] = []
    results: list[Result] = []

    def add(claim: Claim, outcome: Outcome | Skipped | None, written: Written) -> None:
        took_ms = round((caller.clock.boot_s() - started_s) * 1000)
        links, degraded = tuple(written.links), tuple(written.degraded)
        results.append(Result(claim, outcome, started_at, took_ms, links, batch=number, degraded=degraded))

    for claim in claims:
        try:
            one = _Planned(claim, caller)
            if one.stage():
                planned.append(one)
            else:
                add(claim, one.written.ended(), one.written)
        except (Exception, SystemExit) as error:  # noqa: BLE001  it may be any mapping's
            add(claim, outcome_of(error, claim, sent=False), Written())
    while planned:
        try:
            answers = _asked(caller, planned, call)
        except (Exception, SystemExit) as error:  # noqa: BLE001  a stranger's code
            its_fault = not isinstance(error, NoAnswer | NotBegun)
            if its_fault and not call.sent:
                log.error("a batch failed, each is tried by itself", target=caller.rule.name, **trace_of(error))
                return results, False
            for one in planned:
                add(one.claim, outcome_of(error, one.claim, sent=call.sent), one.written)
            return results, not its_fault
        staged, planned = planned, []
        for one, outcomes in zip(staged, answers, strict=True):
            outcome = one.judged(outcomes, sent=call.sent)
            if outcome is None:
                planned.append(one)
            else:
                add(one.claim, outcome, one.written)
        call.sent = False  # nothing of the next stage
    return results, True


class _Planned:
    """One claim, and the records of it that are missing at the target."""

    def __init__(self, claim: Claim, caller: Caller) -> None:
        self.claim = claim
        self.written = Written()
        self._left = self.written.begin(records_for(claim, caller.rule.mapping), claim)
        self.missing: list[Record] = []  # that the next call is to write
        self._asked: list[Record] = []  # the same, with nothing of others filled in

    @property
    def plan(self) -> Plan:
        return Plan(self.claim.delivery_id, list(self.missing))

    def stage(self) -> bool:
        """Takes what one call can write: up to a record in which something must be computed from what it brings. Gives
        whether there is anything. Raises MappingError.
        """
        self.missing, self._asked = [], []
        while self._left:
            earlier = {record.name for record in self.missing}
            found = self.written.resolved_so_far(self._left[0], beside=earlier)
            if found is None:
                break
            self.missing.append(found)
            self._asked.append(self._left.pop(0))
        return bool(self.missing)

    def judged(self, outcomes: Sequence[Any], *, sent: bool) -> Outcome | Skipped | None:
        """The delivery's outcome; None: there is another stage. What was written is noted."""
        for number, (record, found) in enumerate(zip(self.missing, outcomes, strict=False)):
            try:
                outcome = storable_outcome(found)
            except (Exception, SystemExit) as error:  # noqa: BLE001  a stranger's code
                log.error("no outcome", delivery=self.claim.delivery_id, target=self.claim.target, **trace_of(error))
                return Retry(f"the connector answered {type(found).__name__}", uncertain=sent)
            if isinstance(outcome, Reject) and (renewed := self.written.renewed(self._asked[number])):
                self._left = [*renewed, *self._asked[number:], *self._left]
                return self._next()
            if not isinstance(outcome, Delivered):
                return outcome
            self.written.add(record, outcome)
        if len(outcomes) < len(self.missing):
            name = self.missing[len(outcomes)].name
            return Retry(f"the connector did not say what came of record {name!r}", uncertain=sent)
        return self._next()

    def _next(self) -> Outcome | Skipped | None:
        try:
            return None if self.stage() else self.written.ended()
        except MappingError as error:
            return outcome_of(error, self.claim, sent=False)


def _asked(caller: Caller, planned: Sequence[_Planned], call: DoorCall) -> list[Sequence[Any]]:
    """The connector's answer: outcomes for each plan. Raises whatever it raises, and BatchFault."""
    connector: Any = caller.connector
    answers = connector.deliver_batch([one.plan for one in planned], call)
    found = [_sequence(answer) for answer in _sequence(answers)]
    if len(found) != len(planned):
        raise BatchFault(f"{len(found)} answers for {len(planned)} plans")
    return found


def _sequence(value: Any) -> Sequence[Any]:
    if isinstance(value, list | tuple):
        return value
    raise BatchFault(f"expected a list, found {type(value).__name__}")
