"""Attempt: one try at a delivery: map, then write each missing record. Together with `batch` one of the two places that
catch everything: whatever a connector does, the delivery gets an outcome.
"""

import traceback
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from bridge.connector import Connector, Field, came_to
from bridge.core.mapping import records_for
from bridge.engine.clock import Clock
from bridge.engine.storable import storable_outcome, storable_probe
from bridge.engine.written import Written
from bridge.errors import MappingError, NoAnswer, NotBegun
from bridge.log import logger
from bridge.model.delivery import Claim, Result
from bridge.model.record import Delivered, Hold, Outcome, Reject, Retry, Skipped, Usable
from bridge.model.rules import TargetRule
from bridge.outbound import Door, DoorCall
from bridge.plugins.wrong import MOST_IN_BATCH

log = logger("deliver")

T = TypeVar("T")


@dataclass(frozen=True)
class Caller:
    """One target's connector with its way out. Thread-safe."""

    rule: TargetRule
    connector: Connector
    door: Door
    clock: Clock

    @property
    def max_batch(self) -> int:
        """How many deliveries the connector takes in one call: from 1 to MOST_IN_BATCH, whatever an instance says."""
        most = getattr(self.connector, "max_batch", 1)
        takes_many = callable(getattr(self.connector, "deliver_batch", None)) and isinstance(most, int)
        return min(max(most, 1), MOST_IN_BATCH) if takes_many else 1

    def attempt(self, claim: Claim, *, may_send: Callable[[], bool] = lambda: True) -> Result:
        """What came of one try; never raises. `may_send` is asked before each request leaves."""
        started_at, started_s = self.clock.now_ms(), self.clock.boot_s()
        written = Written()
        outcome = self._guarded(claim, self.door.call(self.rule.policy.timeout_s, may_send=may_send), written)
        took_ms = round((self.clock.boot_s() - started_s) * 1000)
        return Result(claim, outcome, started_at, took_ms, tuple(written.links), degraded=tuple(written.degraded))

    def probe(self) -> Usable | Hold:
        """Whether the target is usable. Raises NotBegun, and nothing else, where it could not be asked in time: that
        says nothing of the target.
        """
        try:
            return storable_probe(self.connector.probe(self.door.call(self.rule.policy.timeout_s)))
        except NotBegun:
            raise
        except NoAnswer as failed:
            outcome = came_to(failed)
            return outcome if isinstance(outcome, Hold) else Hold(f"probe: {outcome.reason}")
        except (Exception, SystemExit) as error:  # noqa: BLE001  a stranger's code
            log.error("probe failed", target=self.rule.name, **trace_of(error))
            return Hold(f"probe: {type(error).__name__} in the connector")

    def stop(self) -> None:
        """No attempt waits any more for what the bridge itself holds back; each has NotBegun where it would."""
        self.door.shared.stop()

    def describe(self, object_: str) -> list[Field] | Hold:
        """The fields that an object has at the target; a Hold says why they cannot be told. Never raises."""
        return self._told("describe", list, object_, otherwise="cannot say which fields an object has")

    def prepare(self) -> list[str] | Hold:
        """What the connector made at the target, line by line; a Hold says why it could not. Never raises."""
        return self._told("prepare", _lines, otherwise="has nothing to prepare")

    def _told(self, name: str, read: Callable[[Any], list[T]], *asked: str, otherwise: str) -> list[T] | Hold:
        """What a method says that not every connector has."""
        ask = getattr(self.connector, name, None)
        if ask is None:
            return Hold(f"connector {self.rule.connector} {otherwise}")
        try:
            found = ask(*asked, self.door.call(self.rule.policy.timeout_s))
            return found if isinstance(found, Hold) else read(found)
        except (NoAnswer, NotBegun) as failed:
            return Hold(str(failed))
        except (Exception, SystemExit) as error:  # noqa: BLE001  a stranger's code
            event = f"{name} failed"
            log.error(event, target=self.rule.name, **trace_of(error))
            return Hold(f"{type(error).__name__} in the connector")

    def _guarded(self, claim: Claim, call: DoorCall, written: Written) -> Outcome | Skipped | None:
        try:
            return self._deliver(claim, call, written)
        except (Exception, SystemExit) as error:  # noqa: BLE001  a stranger's code: the delivery gets an outcome
            return outcome_of(error, claim, sent=call.sent)

    def _deliver(self, claim: Claim, call: DoorCall, written: Written) -> Outcome | Skipped:
        """Writes the records in order, from the first that this delivery has not written yet."""
        left = deque(written.begin(records_for(claim, self.rule.mapping), claim))
        while left:
            record = left.popleft()
            outcome = storable_outcome(self.connector.deliver(written.resolved(record), call))
            if isinstance(outcome, Reject) and (renewed := written.renewed(record)):
                left.extendleft(reversed([*renewed, record]))
                continue
            if not isinstance(outcome, Delivered):
                return outcome
            written.add(record, outcome)
            call.sent = False  # nothing of the next one
        return written.ended()


def _lines(found: Iterable[object]) -> list[str]:
    return [str(line) for line in found]


def outcome_of(error: BaseException, claim: Claim, *, sent: bool) -> Outcome | None:
    """What an attempt came to that ended with an exception; None: nothing of it was tried. `sent`: requests of it may
    have reached the target.
    """
    match error:
        case NotBegun():
            return None
        case NoAnswer():
            return _unanswered(error, sent=sent)
        case MappingError():
            return Reject(f"mapping: {error}", cause=f"mapping {error.field}")
        case _:
            log.error("connector failed", delivery=claim.delivery_id, target=claim.target, **trace_of(error))
            return Retry(f"{type(error).__name__} in the connector", uncertain=sent)


def _unanswered(failed: NoAnswer, *, sent: bool) -> Outcome:
    outcome = came_to(failed)
    try:
        found = storable_outcome(outcome)
    except (Exception, SystemExit):  # noqa: BLE001  a stranger's
        found = Retry("no answer, and no reason that can be read")
    return replace(found, uncertain=sent or outcome.uncertain is True) if isinstance(found, Retry | Hold) else found


def trace_of(error: BaseException) -> dict[str, Any]:
    """What to log of a stranger's exception: where it came from, and not its text, which may quote the visitor."""
    return {"error": type(error).__name__, "trace": traceback.format_tb(error.__traceback__)}
