"""What everything in an org works on: records, settings, objects, clock, and which records are locked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bridge.sandbox.crm.records import Record, Records
from bridge.sandbox.salesforce.errors import refused
from bridge.sandbox.salesforce.fields import Kind, Schema
from bridge.sandbox.salesforce.ids import full_id, new_id

Mark = tuple[int, frozenset[str]]


@dataclass(slots=True)
class World:
    """One org. `touched`: the records that the call of this moment has written, or whose children it has."""

    records: Records
    settings: Mapping[str, Any]
    schema: Schema
    locked: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)

    @property
    def now(self) -> datetime:
        """The moment in UTC, to the second, as an org knows it."""
        return datetime.now(UTC).replace(microsecond=0)

    @property
    def user_id(self) -> str:
        """The user of all sessions."""
        return new_id("005", 1)

    @property
    def org_id(self) -> str:
        """The org's own id."""
        return str(self.settings["org_id"])

    def kind_of(self, key: str) -> Kind | None:
        """Which kind of object an id is of."""
        return next((kind for kind in self.schema.values() if kind.prefix == key[:3]), None)

    def find(self, text: object) -> tuple[Kind, Record] | None:
        """The record with this id, of whatever kind, deleted or not."""
        key = full_id(text)
        kind = self.kind_of(key) if key else None
        record = self.records.get(kind.name, key) if kind and key else None
        return (kind, record) if kind and record else None

    def next_id(self, kind: Kind) -> str:
        """An id that no record has had."""
        number = self.records.count(kind.name) + 1
        while self.records.get(kind.name, key := new_id(kind.prefix, number)) is not None:
            number += 1
        return key

    def mark(self) -> Mark:
        """The point to which `undo` may go back within this call."""
        return self.records.mark(), frozenset(self.touched)

    def undo(self, mark: Mark) -> None:
        """Takes back all that was written since the mark."""
        changes, touched = mark
        self.records.undo(changes)
        self.touched.intersection_update(touched)

    def touch(self, key: str, *, child: bool = False) -> None:
        """This record is written now, or a child of it. `Refused` while another call holds it, or without the right."""
        if key in self.settings["readonly_records"] and child:
            message = f"insufficient access rights on cross-reference id: {key[:15]}"
            raise refused("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", message)
        if key in self.settings["readonly_records"]:
            raise refused("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
        if key in self.locked:
            message = f"unable to obtain exclusive access to this record or 1 records: {key}"
            raise refused("UNABLE_TO_LOCK_ROW", message)
        self.touched.add(key)
