"""Row: one record on its way into a batch, and what is known of it so far."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.connector import Delivered, Hold, Outcome, Record, Reject, Retry, id_from, is_blank, is_masked
from connectors.hubspot.objects import ASSOCIATIONS, BODY, CONTACTS, CREATE_ONLY, NAMED, ONLY_CHANGE, TO, UNNAMED
from connectors.hubspot.settings import HubSpotSettings
from connectors.hubspot.text import BODIES, LEFT_OUT, MAX_BODY, as_html, is_cut, text_of, written
from connectors.hubspot.unsure import unsure_in

_ID = re.compile(r"[A-Za-z0-9_:() -]+")


@dataclass(slots=True, eq=False)
class Row:
    """`id`: the object to change; None: it is to be made, or found by `email` or a unique property."""

    record: Record
    properties: dict[str, str]
    to: dict[str, str] = field(default_factory=dict)  # by field, such as to_contact: the id it leads to
    id: str | None = None
    there: Mapping[str, Any] | None = None  # the properties that stand there, where they have a say
    left: dict[str, str] | None = None  # what is written beside those; None: the properties as they are
    looked: bool = False  # whether it is there is known as far as it has to be
    corrected: set[str] = field(default_factory=set)  # each way of correcting is gone once
    healings: int = 0  # how often refused properties were given up
    dropped: dict[str, str] = field(default_factory=dict)  # what was to be in properties, and is in none
    notes: list[str] = field(default_factory=list)  # what was left out, and why
    unnamed: str = ""  # its last name, where it is made and has no name
    is_unnamed: bool = False  # its last name is none that the visitor said
    only_change: str = ""  # why it is only changed, where it is there, and never made
    is_new: bool = False  # this call made it
    is_linked: bool = False  # it has its associations since it was made
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
    def unsure(self) -> Mapping[str, str]:
        """Properties that replace nothing, with what there is to say of them where something else stands there."""
        found = unsure_in(self.properties, is_known=self.id is not None) if self.object == CONTACTS else {}
        return {name: why for name, why in found.items() if name not in self.record.writes}

    @property
    def writes(self) -> Mapping[str, str]:
        """How the properties are written that do not simply replace what stands there."""
        kept = {name: "if_empty" for name in CREATE_ONLY if name in self.properties} | dict.fromkeys(
            self.unsure, "if_empty"
        )
        found = kept | dict(self.record.writes)
        if self.email and self.id is None:  # found by it, and so it is left as it is
            found.pop("email", None)
        return found

    @property
    def needs_look(self) -> bool:
        """Whether what stands there has a say in what is written."""
        has_say = self.record.if_empty or self.writes or self.is_unnamed or self.only_change
        return bool(has_say or self.record.mode == "create")

    @property
    def sent(self) -> dict[str, str]:
        """The properties as they are sent."""
        return dict(self.properties if self.left is None else self.left)

    def aim(self, id_: str | None) -> None:
        """It turns out to be this object, or one that is to be found; what stood at another has no say any more."""
        self.id, self.there, self.left = id_, None, None
        self.looked = id_ is not None and not self.needs_look

    def seek(self) -> None:
        """It may be there already: it is looked for again."""
        self.record, self.looked = replace(self.record, uncertain=True), False

    def name_it(self) -> None:
        """Gives a contact a last name that would be made without a name and an address."""
        if self.object != CONTACTS or self.is_unnamed or any(map(self.properties.get, NAMED)):
            return
        if text := self.unnamed or self.dropped.get("email") or self.properties.get("phone"):
            self.properties["lastname"] = text
            self.is_unnamed = True

    def follow(self, first: "Row") -> None:
        """What came of another one that is the same object: that is there by now, or this one is not sent either."""
        match first.outcome:
            case Delivered() if first.outcome.id:
                was_known = self.id is not None
                self.aim(first.outcome.id)
                if self.looked and not was_known:  # found by its address, which so is left as it is
                    self.left = {name: text for name, text in self.properties.items() if name != "email"}
            case Retry():
                self.outcome = Retry(first.outcome.reason, after_s=first.outcome.after_s)
            case Hold():
                self.outcome = first.outcome

    def correct(self, way: str) -> bool:
        """Whether this way of correcting is still open; it is closed by asking."""
        was_open = way not in self.corrected
        self.corrected.add(way)
        return was_open

    def deliver(self, id_: str, url: str = "") -> None:
        self.outcome = Delivered(id_, url, degraded="; ".join(self.notes), not_taken=tuple(self.dropped))

    def pass_over(self) -> None:
        """It is not there to be changed, and is not made."""
        self.outcome, self.is_linked = Delivered(), True

    def keep(self, dropped: Mapping[str, Any]) -> None:
        """Keeps in its text what an earlier record of the same delivery had to go without."""
        body = BODY.get(self.object)
        if body is None or body not in self.properties or not dropped:
            return
        said = "".join(f"\n{name}: {text_of(value)}" for name, value in dropped.items())
        more = as_html(f"\n\n{LEFT_OUT}{said}")
        if len(self.properties[body]) + len(more) <= MAX_BODY:
            self.properties[body] += more


def row_of(record: Record, settings: HubSpotSettings) -> Row:
    """The row of a record without Refs; its outcome is there already where it cannot be written."""
    row = Row(record, {}, id=record.known_id)
    for name, value in record.fields.items():
        try:
            if name.startswith(TO) and is_association(record.object, name, settings):
                row.to[name] = _id(value)
            elif name == UNNAMED and record.object == CONTACTS:
                row.unnamed = text_of(value)
            elif name == ONLY_CHANGE:
                row.only_change = text_of(value)
                row.notes += [] if record.if_empty else [row.only_change]
            elif name in BODIES or not is_blank(value):
                row.properties[name] = written(name, value)
                if is_cut(name, value):
                    row.notes.append(f"{name} is too long for HubSpot, and was shortened")
        except (TypeError, ValueError, RecursionError) as error:
            reason = f"{name}: {error}" if isinstance(error, _NoId) else f"{name}: HubSpot has no way to write this"
            row.outcome = Reject(reason, cause=f"value {name}")
    if is_masked(row.email):
        row.dropped["email"] = row.properties.pop("email")
        row.notes.append("email is masked, and no address")
    if row.email:
        row.properties["email"] = row.email.strip().lower()  # as HubSpot keeps them
    row.name_it()
    return row


def without(row: Row, names: set[str]) -> None:
    """Drops properties, and remembers their values."""
    for name in names & row.properties.keys():
        row.dropped.setdefault(name, row.properties.pop(name))
        row.notes.append(f"HubSpot did not take {name}")
        (row.left or {}).pop(name, None)


def is_association(object_: str, name: str, settings: HubSpotSettings) -> bool:
    at = f"{object_}.{name}"
    return at in ASSOCIATIONS or at in settings.associations


def associations(row: Row, settings: HubSpotSettings) -> list[dict[str, Any]]:
    """As HubSpot takes them in the same request that makes the object."""
    return [{"to": {"id": id_}, "types": [kind_of(row, name, settings)]} for name, id_ in row.to.items()]


def kind_of(row: Row, name: str, settings: HubSpotSettings) -> dict[str, Any]:
    """The kind of association that a field such as to_contact means."""
    own = settings.associations.get(f"{row.object}.{name}")
    kind = own.type if own else ASSOCIATIONS[f"{row.object}.{name}"]
    return {"associationCategory": own.category if own else "HUBSPOT_DEFINED", "associationTypeId": kind}


class _NoId(ValueError):
    pass


def _id(value: Any) -> str:
    id_ = id_from(value)
    if not _ID.fullmatch(id_):  # HubSpot's are numbers, and `bridge map` has "(id of person)" in their place
        raise _NoId("this is no id of a HubSpot object")
    return id_
