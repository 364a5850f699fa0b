"""Mapping: what a target's records are made of, checked and ready to use. The config floor makes them."""

from collections.abc import Mapping as Named
from dataclasses import dataclass, field
from typing import Any, Protocol

Names = Named[str, Any]  # what an expression may ask for, by name

KEYED_BY = ("event", "person")  # what a record is: one for each event, or one for each person
MODES = ("upsert", "create")  # create: a record that is there already is left as it is
WRITES = ("always", "if_empty", "append")  # what becomes of what stands in a field already
ON_ERROR = ("fail", "omit")
NULLS = ("omit", "send")


class Expression(Protocol):
    """A value that depends on the event."""

    @property
    def text(self) -> str:
        """As the operator wrote it."""

    @property
    def records(self) -> frozenset[str]:
        """The earlier records whose id or address it asks for: known only once they are written."""

    def value(self, names: Names) -> Any:
        """What it comes to; raises ValueError with a reason that quotes no value."""


class Condition(Protocol):
    """Something that is true of an event, or is not."""

    def holds(self, names: Names) -> bool:
        """Raises ValueError where that cannot be told."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One field of a record: a constant, an Expression, or a Ref to an earlier record."""

    name: str
    value: Any
    required: bool = False
    on_error: str = "fail"  # one of ON_ERROR
    nulls: str = "omit"  # one of NULLS
    max_length: int | None = None  # characters; what is longer is cut
    write: str = "always"  # one of WRITES
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class RecordRule:
    """One record that a target gets for each event."""

    name: str
    object: str
    keyed_by: str = "event"  # one of KEYED_BY
    fields: tuple[FieldRule, ...] = ()
    match: tuple[str, ...] = ()  # fields by which an existing record is found, in this order
    mode: str = "upsert"  # one of MODES
    when: Condition | None = None
    needs: frozenset[str] = frozenset()  # the earlier records without which it is not written


@dataclass(frozen=True, slots=True)
class Origin:
    """What filters may know of where an event comes from."""

    timezone: str = "UTC"  # IANA
    phone_region: str = "US"
    lookups: Named[str, Named[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MappingRule:
    """A target's records, in order; none: one record, the whole event."""

    records: tuple[RecordRule, ...] = ()
    when: Condition | None = None  # must hold for any of them
    vars: Named[str, Any] = field(default_factory=dict)  # constants and Expressions
    origins: Named[str, Origin] = field(default_factory=dict)  # by source
