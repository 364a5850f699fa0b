"""Attempt: one try at a delivery: map, then write each missing record. One of the two places that catch everything:
whatever a connector does, the delivery gets an outcome.
"""

from dataclasses import replace
from typing import assert_never

from bridge.connector import Connector
from bridge.core.mapping import records_for
from bridge.core.text import storable
from bridge.engine.clock import Clock
from bridge.errors import CallFailed, MappingError
from bridge.log import logger
from bridge.model.delivery import Claim, Result
from bridge.model.record import Delivered, Hold, Link, Outcome, Record, Reject, Retry, Usable
from bridge.outbound import Door, DoorCall

LONGEST_ID = 255  # that a link can keep; a record whose id is longer is delivered without one
LONGEST_ACCOUNT = 128

log = logger("deliver")


def attempt(claim: Claim, connector: Connector, door: Door, *, timeout_s: float, clock: Clock) -> Result:
    """What came of one try; never raises."""
    started_at, started_s = clock.now_ms(), clock.boot_s()
    call = door.call(timeout_s)
    links: list[Link] = []
    outcome = _guarded(claim, connector, call, links)
    took_s = clock.boot_s() - started_s
    return Result(claim, outcome, started_at, round(took_s * 1000), tuple(links))


def probe(target: str, connector: Connector, door: Door, *, timeout_s: float) -> Usable | Hold:
    """Whether the target is usable; never raises."""
    try:
        return _checked(connector.probe(door.call(timeout_s)))
    except CallFailed as failed:
        return Hold(f"probe: {failed.reason}")
    except (Exception, SystemExit) as error:
        log.exception("probe failed", target=target)
        return Hold(f"probe: {type(error).__name__} in the connector")


def _checked(answer: object) -> Usable | Hold:
    if isinstance(answer, Hold):
        return Hold(_text(answer.reason), _seconds(answer.for_s))
    if not isinstance(answer, Usable):
        return Hold(f"probe: the connector answered {type(answer).__name__}")
    account = _text(answer.account)
    if len(account) > LONGEST_ACCOUNT:
        return Hold(f"probe: the connector's name of the account is longer than {LONGEST_ACCOUNT} characters")
    return Usable(account, _text(answer.note))


def _guarded(claim: Claim, connector: Connector, call: DoorCall, links: list[Link]) -> Outcome:
    try:
        return _deliver(claim, connector, call, links)
    except CallFailed as failed:
        return Retry(failed.reason, uncertain=failed.uncertain or call.sent)
    except MappingError as bad:
        return Reject(f"mapping: {bad}", cause=f"mapping {bad.field}")
    except (Exception, SystemExit) as error:
        log.exception("connector failed", delivery=claim.delivery_id, target=claim.target)
        return Retry(f"{type(error).__name__} in the connector", uncertain=call.sent)


def _deliver(claim: Claim, connector: Connector, call: DoorCall, links: list[Link]) -> Outcome:
    """Writes the records in order, from the first that this delivery has not written yet."""
    outcome: Outcome = Delivered()
    degraded = []
    for record in records_for(claim):
        if (record.key, record.object) in claim.done:
            continue
        outcome = _storable(connector.deliver(_with_link(record, claim), call))
        match outcome:
            case Delivered():
                if outcome.id:
                    links.append(Link(record.object, record.key, outcome.id, outcome.url))
                if outcome.degraded:
                    degraded.append(outcome.degraded)
            case Retry() | Reject() | Hold():
                return outcome
            case _:
                assert_never(outcome)
    return replace(outcome, degraded="; ".join(degraded)) if degraded and isinstance(outcome, Delivered) else outcome


def _storable(outcome: Outcome) -> Outcome:
    """The outcome with values that the database takes: a stranger's connector may hand back anything in its fields."""
    match outcome:
        case Delivered():
            id_ = _text(outcome.id)
            return Delivered(id_ if len(id_) <= LONGEST_ID else "", _text(outcome.url), _text(outcome.degraded))
        case Retry():
            return Retry(_text(outcome.reason), bool(outcome.uncertain), _seconds(outcome.after_s))
        case Reject():
            return Reject(_text(outcome.reason), _text(outcome.cause))
        case Hold():
            return Hold(_text(outcome.reason), _seconds(outcome.for_s), bool(outcome.uncertain))
        case _:
            assert_never(outcome)


def _text(value: object) -> str:
    return storable(value if isinstance(value, str) else "" if value is None else str(value))


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _with_link(record: Record, claim: Claim) -> Record:
    link = claim.links.get((record.key, record.object))
    return replace(record, known_id=link.crm_id) if link else record
