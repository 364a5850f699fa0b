"""Record: what one target gets for one event; and what may come of an attempt to bring it there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

LONGEST_WISH_S = 2 * 86_400.0  # that a target or a connector is heard with


@dataclass(frozen=True, slots=True)
class Ref:
    """The CRM id of an earlier record of the same delivery, by that record's name."""

    record: str


LEFT_OUT: Final = object()  # in place of a value that a record is to go without


@dataclass(frozen=True, slots=True)
class Later:
    """A value that depends on the ids or addresses of earlier records otherwise than by being one of them. No connector
    sees one: the bridge computes it once those are known.
    """

    records: frozenset[str]
    compute: Callable[[Mapping[str, Mapping[str, str]]], Any]  # from {name: {id, url}}; may give LEFT_OUT


@dataclass(frozen=True, slots=True)
class Record:
    """One thing to write at the target: the same `key` on every attempt, whatever happens in between.

    A field's value is a text, a whole or decimal number, true or false, an aware datetime or a date, a list or mapping
    of such, or None: that field is to be emptied.
    """

    name: str  # the record's name in the mapping, such as "person"
    object: str  # the target's word for its kind, such as "Lead"
    key: str  # stable: upsert by it, or remember it
    fields: Mapping[str, Any]
    idempotency_key: str = ""  # key + revision: the same for the same content
    known_id: str | None = None  # the linked CRM id, if an earlier delivery made one
    uncertain: bool = False  # an earlier attempt may have written it: look before creating
    if_empty: bool = False  # newer facts overtook this delivery: fill empty fields, replace nothing
    match: tuple[str, ...] = ()  # fields by which to find a record that is there already, the best first
    mode: str = "upsert"  # or "create": one that is there already is left as it is
    writes: Mapping[str, str] = field(default_factory=dict)  # of some fields: "if_empty" or "append", not replace
    # Of earlier records of the same delivery, by their names: the fields that the target did not take, and what was to
    # be in them. For a text of this one, so that it is not lost.
    not_taken: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivered:
    """The record is at the target. `id` is what the target calls it, empty where it does not say."""

    id: str = ""
    url: str = ""
    degraded: str = ""  # what had to be left out or shortened to get it in
    not_taken: tuple[str, ...] = ()  # fields that it had to go without: later records are told what was in them


@dataclass(frozen=True, slots=True)
class Retry:
    """A passing fault; uses up an attempt. `uncertain`: the request may have been processed all the same."""

    reason: str
    uncertain: bool = False
    after_s: float | None = None  # the target's own wish; can only push the next attempt later


@dataclass(frozen=True, slots=True)
class Reject:
    """This event's fault: dead at once. Five in a row, whatever their causes, make the target suspect."""

    reason: str
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """The target's fault (login refused, quota used up): the target rests, no attempt is used up."""

    reason: str
    for_s: float | None = None  # how long to rest before looking again; None: the engine decides
    uncertain: bool = False
    crowded: bool = False  # too many calls at once: half as many from now on, and slowly more again


Outcome = Delivered | Retry | Reject | Hold


@dataclass(frozen=True, slots=True)
class Skipped:
    """In place of an outcome: no record of the mapping applies to the event, so nothing was to be sent."""

    reason: str = "no record of this target applies to the event: each `when` says no"


@dataclass(frozen=True, slots=True)
class Usable:
    """The target answers a probe. `account` names the account behind the credentials (org id, portal id)."""

    account: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """The remembered CRM id of a record."""

    object: str
    record_key: str
    crm_id: str
    url: str = ""
    not_taken: tuple[str, ...] = ()  # fields that it had to go without


@dataclass(frozen=True, slots=True)
class Plan:
    """One delivery's missing records in order; earlier ones appear in fields as `Ref`s."""

    delivery_id: int
    records: list[Record] = field(default_factory=list)
