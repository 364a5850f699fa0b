"""The kinds of objects of a portal and their properties: the stock ones from properties.csv, and what settings change.

Marks in properties.csv: r read-only value, u unique, x options from elsewhere (owners, pipelines). Options are written
as value=label; the label may be left out. Properties that are made through the API are records, see `definitions`.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Property:
    """One property, in the words of the API."""

    name: str
    label: str
    type: str = "string"
    fieldType: str = "text"  # noqa: N815 - the API's word
    groupName: str = ""  # noqa: N815
    description: str = ""
    options: tuple[tuple[str, str], ...] = ()  # value, label
    hasUniqueValue: bool = False  # noqa: N815
    externalOptions: bool = False  # noqa: N815
    read_only: bool = False
    stock: bool = False
    displayOrder: int = -1  # noqa: N815
    hidden: bool = False
    formField: bool = False  # noqa: N815


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object. `shown`: the properties of an answer for which none were asked."""

    name: str  # as in paths
    type_id: str
    legacy: str  # as in messages
    word: str  # as in the types of associations
    modified: str  # the property with the moment of the last change
    created: str
    shown: tuple[str, ...]
    required: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


def _activity(name: str, type_id: str, legacy: str, word: str) -> Kind:
    times = ("hs_createdate", "hs_lastmodifieddate", "hs_object_id")
    groups = ("engagement", name.removesuffix("s"))
    return Kind(name, type_id, legacy, word, times[1], times[0], times, ("hs_timestamp",), groups)


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            *("contacts", "0-1", "CONTACT", "contact", "lastmodifieddate", "createdate"),
            ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
            groups=("contactinformation", "contact_activity"),
        ),
        Kind(
            *("deals", "0-3", "DEAL", "deal", "hs_lastmodifieddate", "createdate"),
            ("amount", "closedate", "createdate", "dealname", "dealstage", "hs_lastmodifieddate", "hs_object_id",
             "pipeline"),
            groups=("dealinformation",),
        ),
        Kind(
            *("leads", "0-136", "LEAD", "lead", "hs_lastmodifieddate", "hs_createdate"),
            ("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
            required=("hs_lead_name",),
            groups=("lead_information",),
        ),
        _activity("notes", "0-46", "NOTE", "note"),
        _activity("meetings", "0-47", "MEETING_EVENT", "meeting_event"),
        _activity("tasks", "0-27", "TASK", "task"),
    )
}  # fmt: skip

Schema = Mapping[str, dict[str, Property]]  # by kind, by name

_OF_A_PROPERTY = {part.name for part in fields(Property)} - {"name", "stock"}


def kind_of(text: str) -> Kind | None:
    """The kind that a path names: contacts, contact, CONTACT or 0-1."""
    word = text.lower()
    return next(
        (one for one in KINDS.values() if word in (one.name, one.name[:-1], one.type_id, one.legacy.lower())), None
    )


def schema(changes: Mapping[str, Any]) -> Schema:
    """The stock properties with these changes and additions: the setting `properties`. ValueError names a bad one."""
    result = {name: dict(properties) for name, properties in _stock().items()}
    for name, changed in changes.items():
        if name not in result:
            raise ValueError(f"properties: no kind {name}; there are {', '.join(result)}")
        for key, parts in changed.items():
            if parts is None:
                result[name].pop(key, None)
            else:
                result[name][key] = changed_property(name, key, parts, old=result[name].get(key))
    return result


def changed_property(kind: str, name: str, parts: Mapping[str, Any], *, old: Property | None = None) -> Property:
    """The property after these changes. ValueError names what is not known."""
    if unknown := set(parts) - _OF_A_PROPERTY:
        raise ValueError(f"properties.{kind}.{name}: {', '.join(sorted(unknown))} not known; known are "
                         f"{', '.join(sorted(_OF_A_PROPERTY))}")  # fmt: skip
    given = {key: value for key, value in parts.items() if value is not None}
    if "options" in given:
        given["options"] = tuple(_option(option) for option in given["options"])
        given = {"type": "enumeration", "fieldType": "select", **given}
    base = old or Property(name, name, groupName=KINDS[kind].groups[0])
    return replace(base, **given)


def _option(option: Any) -> tuple[str, str]:
    if isinstance(option, Mapping):
        return str(option["value"]), str(option.get("label", option["value"]))
    return (option, option) if isinstance(option, str) else (str(option[0]), str(option[1]))


@cache
def _stock() -> dict[str, dict[str, Property]]:
    result: dict[str, dict[str, Property]] = {name: {} for name in KINDS}
    text = files("bridge.sandbox.hubspot").joinpath("properties.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        for kind in row["objects"].split() if row["objects"] != "*" else KINDS:
            result[kind][row["name"]] = _read(row, KINDS[kind])
    return result


def _read(row: Mapping[str, str], kind: Kind) -> Property:
    options = [option.partition("=") for option in row["options"].split(";") if option]
    return Property(
        *(row["name"], row["label"], row["type"], row["field"], kind.groups[0]),
        options=tuple((value, label or value) for value, _, label in options),
        hasUniqueValue="u" in row["marks"],
        externalOptions="x" in row["marks"],
        read_only="r" in row["marks"],
        stock=True,
    )
