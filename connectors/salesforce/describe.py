"""Describe: what the org says of an object's fields."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from bridge.connector import Field, Hold
from connectors.salesforce.errors import hold_of
from connectors.salesforce.org import Org
from connectors.salesforce.said import Said
from connectors.salesforce.work import ONLY_CHANGE

GOOD_FOR_S = 3600.0  # that an answer is used again
UNSEEN_FOR_S = 600.0  # that an object is taken to be out of sight: the right to it may be given at any time

_TEXTS = {"string", "textarea", "email", "phone", "url", "encryptedstring", "combobox", "picklist"}


@dataclass(frozen=True, slots=True)
class Described:
    """An object as the org describes it to our user. `at_s`: when, in seconds since 1970."""

    object: str
    fields: tuple[Field, ...]
    lacks: tuple[str, ...]  # rights on it, of Create and Edit, that our user has not
    at_s: float

    @property
    def lengths(self) -> dict[str, int]:
        """Of texts, in characters."""
        return {one.name: one.max_length for one in self.fields if one.max_length is not None}

    @property
    def names(self) -> frozenset[str]:
        """Of the fields that our user sees."""
        return frozenset(one.name for one in self.fields)


class Describes:
    """What was described of one org, for an hour. Threads may share it."""

    def __init__(self) -> None:
        self._known: dict[str, Described] = {}
        self._unseen: dict[str, float] = {}  # since when, in seconds since 1970

    def of(self, object_: str, org: Org) -> Described | Said:
        """The object; the answer that does not describe it instead."""
        if known := self.known(object_, org):
            return known
        said = org.ask("GET", f"sobjects/{object_}/describe")
        found = said.at("fields")
        if not said.is_fine or not isinstance(found, list):
            return said
        rows = [row for row in found if isinstance(row, dict) and isinstance(row.get("name"), str)]
        rights = {"Create": said.at("createable"), "Edit": said.at("updateable")}
        lacks = tuple(name for name, given in rights.items() if given is False)
        described = Described(object_, tuple(chain.from_iterable(map(_fields, rows))), lacks, org.call.now_s)
        self._known[object_] = described
        return described

    def known(self, object_: str, org: Org) -> Described | None:
        """The object, if it need not be asked for."""
        known = self._known.get(object_)
        return known if known is not None and org.call.now_s - known.at_s < GOOD_FOR_S else None

    def is_unseen(self, object_: str, org: Org) -> bool:
        """Whether our user is known not to see that there is such an object."""
        since_s = self._unseen.get(object_)
        return since_s is not None and org.call.now_s - since_s < UNSEEN_FOR_S

    def unseen(self, object_: str, org: Org) -> None:
        """The org has said so."""
        self._unseen[object_] = org.call.now_s

    def forget(self, object_: str) -> None:
        self._known.pop(object_, None)
        self._unseen.pop(object_, None)


def described_or_hold(describes: Describes, object_: str, org: Org) -> list[Field] | Hold:
    """For the operator, who asks: fresh, and with what to do where it cannot be told."""
    describes.forget(object_)
    found = describes.of(object_, org)
    if isinstance(found, Described):
        if found.lacks:
            right = " and ".join(found.lacks)
            return Hold(f"the user lacks {right} on {object_}: give its profile or permission set {right} on it")
        if wrong := _wrong_key(org.settings.external_ids.get(object_), found):
            return Hold(wrong)
        why = Field(ONLY_CHANGE, "string", label="why it is only changed, where it is there, and never made")
        return [*found.fields, why]
    if found.status == 404:
        return Hold(f"the org has no object {object_}, or its user may not see it")
    return hold_of(found)


def _wrong_key(key: str | None, described: Described) -> str:
    """Why the field of `external_ids` cannot hold our key; empty where it can, or there is none."""
    field_ = next((one for one in described.fields if one.name == key), None)
    if key is None or (field_ and field_.unique and field_.writable):
        return ""
    if field_ is None:
        return f"external_ids: {described.object} has no field {key}, or its user may not see it"
    what = "writable for its user" if field_.unique else "unique"
    return f"external_ids: {described.object}.{key} is not {what}: it has to be a text field, unique, an external id"


def _fields(row: Mapping[str, Any]) -> Iterator[Field]:
    """A field; of a lookup also its relationship, under which a mapping may name the other record by an external id."""
    field_, relationship = _field(row), row.get("relationshipName")
    yield field_
    if isinstance(relationship, str) and relationship:
        yield Field(relationship, field_.type, field_.label, writable=field_.writable)


def _field(row: Mapping[str, Any]) -> Field:
    can_create, can_update = row.get("createable") is True, row.get("updateable") is True
    length = row.get("length")
    options = row.get("picklistValues") if row.get("restrictedPicklist") is True else None
    choices = tuple(
        str(option["value"])
        for option in options or ()
        if isinstance(option, dict) and option.get("active") is True and "value" in option
    )
    return Field(
        name=row["name"],
        type=str(row.get("type", "")),
        label=str(row.get("label", "")),
        required=can_create and row.get("nillable") is False and row.get("defaultedOnCreate") is False,
        writable=can_create or can_update,
        max_length=length if row.get("type") in _TEXTS and _is_length(length) else None,
        choices=choices,
        unique=row.get("unique") is True,
    )


def _is_length(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
