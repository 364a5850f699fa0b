"""Storable: what a connector hands back, as values that the database takes: a stranger's connector may put anything
into the fields of an outcome. Raises TypeError for what is none.
"""

from bridge.core.text import storable
from bridge.model.record import Delivered, Hold, Outcome, Reject, Retry, Usable

LONGEST_ID = 255  # that a link can keep; a record whose id is longer is delivered without one
LONGEST_ACCOUNT = 128


def storable_outcome(outcome: Outcome) -> Outcome:
    match outcome:
        case Delivered():
            id_ = _text(outcome.id)
            names = tuple(_text(name) for name in outcome.not_taken)
            return Delivered(id_ if len(id_) <= LONGEST_ID else "", _text(outcome.url), _text(outcome.degraded), names)
        case Retry():
            return Retry(_text(outcome.reason), bool(outcome.uncertain), _seconds(outcome.after_s))
        case Reject():
            return Reject(_text(outcome.reason), _text(outcome.cause))
        case Hold():
            asked_s = _seconds(outcome.for_s)
            return Hold(_text(outcome.reason), asked_s, bool(outcome.uncertain), crowded=bool(outcome.crowded))
        case _:
            raise TypeError(f"{type(outcome).__name__} is no outcome")


def storable_probe(answer: Usable | Hold) -> Usable | Hold:
    match answer:
        case Hold():
            return Hold(_text(answer.reason), _seconds(answer.for_s))
        case Usable():
            account = _text(answer.account)
            if len(account) > LONGEST_ACCOUNT:
                most = f"longer than {LONGEST_ACCOUNT} characters"
                return Hold(f"probe: the connector's name of the account is {most}")
            return Usable(account, _text(answer.note))
        case _:
            return Hold(f"probe: the connector answered {type(answer).__name__}")


def _text(value: object) -> str:
    return storable(value if isinstance(value, str) else "" if value is None else str(value))


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
