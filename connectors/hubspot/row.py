"""Row: one record on its way into a batch, and what is known of it so far."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.connector import Delivered, Outcome, Record, Reject, id_from
from connectors.hubspot.objects import ASSOCIATIONS, BODY, CONTACTS, CREATE_ONLY, TO
from connectors.hubspot.settings import HubSpotSettings
from connectors.hubspot.text import MAX_BODY, NOT_TAKEN, as_html, written

_ID = re.compile(r"[A-Za-z0-9_:() -]+")


@dataclass(slots=True)
class Row:
    """`id`: the object to change; None: it is to be made, or found by `email` or a unique property."""

    record: Record
    properties: dict[str, str]
    to: dict[str, str] = field(default_factory=dict)  # by field, such as to_contact: the id it leads to
    id: str | None = None
    there: Mapping[str, Any] | None = None  # the properties that stand there, where they have a say
    looked: bool = False  # whether it is there is known as far as it has to be
    corrected: set[str] = field(default_factory=set)  # each way of correcting is gone once
    dropped: dict[str, str] = field(default_factory=dict)  # properties that HubSpot did not take
    notes: list[str] = field(default_factory=list)  # what else was left out
    is_new: bool = False  # this call made it
    outcome: Outcome | None = None

    @property
    def object(self) -> str:
        return self.record.object

    @property
    def trace(self) -> str:
        """What HubSpot names this row by in its answer; unique among the rows of one object."""
        return self.record.key

    @property
    def email(self) -> str:
        return self.properties.get("email", "") if self.object == CONTACTS else ""

    @property
    def writes(self) -> Mapping[str, str]:
        """How the properties are written that do not simply replace what stands there."""
        kept = {name: "if_empty" for name in CREATE_ONLY if name in self.properties}
        found = kept | dict(self.record.writes)
        if self.email and self.id is None:  # found by it, and so it is left as it is
            found.pop("email", None)
        return found

    @property
    def needs_look(self) -> bool:
        """Whether what stands there has a say in what is written."""
        return bool(self.record.if_empty or self.writes or self.record.mode == "create")

    def correct(self, way: str) -> bool:
        """Whether this way of correcting is still open; it is closed by asking."""
        was_open = way not in self.corrected
        self.corrected.add(way)
        return was_open

    def deliver(self, id_: str, url: str = "") -> None:
        left = [f"HubSpot did not take {name}" for name in self.dropped] + self.notes
        self.outcome = Delivered(id_, url, degraded="; ".join(left))

    def keep(self, dropped: Mapping[str, str]) -> None:
        """Keeps in its text what HubSpot did not take of an earlier record of the same delivery."""
        body = BODY.get(self.object)
        if body is None or body not in self.properties or not dropped:
            return
        said = "".join(f"\n{name}: {value}" for name, value in dropped.items())
        more = as_html(f"\n\n{NOT_TAKEN}{said}")
        if len(self.properties[body]) + len(more) <= MAX_BODY:
            self.properties[body] += more


def row_of(record: Record, settings: HubSpotSettings) -> Row:
    """The row of a record without Refs; its outcome is there already where it cannot be written."""
    row = Row(record, {}, id=record.known_id)
    for name, value in record.fields.items():
        try:
            if name.startswith(TO) and is_association(record.object, name, settings):
                row.to[name] = _id(value)
            else:
                row.properties[name] = written(name, value)
        except (TypeError, ValueError, RecursionError) as error:
            reason = f"{name}: {error}" if isinstance(error, _NoId) else f"{name}: HubSpot has no way to write this"
            row.outcome = Reject(reason, cause=f"value {name}")
    if row.email:
        row.properties["email"] = row.email.strip().lower()  # as HubSpot keeps them
    return row


def without(row: Row, names: set[str]) -> None:
    """Drops properties, and remembers their values."""
    for name in names & row.properties.keys():
        row.dropped[name] = row.properties.pop(name)


def is_association(object_: str, name: str, settings: HubSpotSettings) -> bool:
    at = f"{object_}.{name}"
    return at in ASSOCIATIONS or at in settings.associations


def associations(row: Row, settings: HubSpotSettings) -> list[dict[str, Any]]:
    """As HubSpot takes them in the same request that makes the object."""
    found = []
    for name, id_ in row.to.items():
        own = settings.associations.get(f"{row.object}.{name}")
        kind = own.type if own else ASSOCIATIONS[f"{row.object}.{name}"]
        category = own.category if own else "HUBSPOT_DEFINED"
        found.append({"to": {"id": id_}, "types": [{"associationCategory": category, "associationTypeId": kind}]})
    return found


class _NoId(ValueError):
    pass


def _id(value: Any) -> str:
    id_ = id_from(value)
    if not _ID.fullmatch(id_):  # HubSpot's are numbers, and `bridge map` has "(id of person)" in their place
        raise _NoId("this is no id of a HubSpot object")
    return id_
