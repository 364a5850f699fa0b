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
        if name not in result or not isinstance(changed, Mapping):
            raise ValueError(f"properties: no kind {name}, or no table; there are {', '.join(result)}")
        for key, parts in changed.items():
            if parts is None:
                result[name].pop(key, None)
            else:
                result[name][key] = changed_property(name, key, parts, old=result[name].get(key))
    return result


def changed_property(kind: str, name: str, parts: Any, *, old: Property | None = None) -> Property:
    """The property after these changes. ValueError names what is not known, or of another kind than it must be."""
    place = f"properties.{kind}.{name}"
    if not isinstance(parts, Mapping):
        raise ValueError(f"{place}: must be a table of {', '.join(sorted(_OF_A_PROPERTY))}")
    base = old or Property(name, name, groupName=KINDS[kind].groups[0])
    given = {key: value for key, value in parts.items() if value is not None}
    for key, value in given.items():
        if key not in _OF_A_PROPERTY:
            raise ValueError(f"{place}: {key} not known; known are {', '.join(sorted(_OF_A_PROPERTY))}")
        if key != "options" and type(value) is not type(getattr(base, key)):
            raise ValueError(f"{place}.{key}: {value!r:.30} is of another kind than {getattr(base, key)!r:.30}")
    if "options" in given:
        given["options"] = _options(place, given["options"])
        given = {"type": "enumeration", "fieldType": "select", **given}
    return replace(base, **given)


def _options(place: str, given: Any) -> tuple[tuple[str, str], ...]:
    """Each a text, or a table of value and label."""
    told = [{"value": one} if isinstance(one, str) else one for one in given] if isinstance(given, list) else [None]
    if not all(isinstance(one, Mapping) and isinstance(one.get("value"), str) for one in told):
        raise ValueError(f"{place}.options: must be a list of texts, or of tables of value and label")
    return tuple((one["value"], str(one.get("label") or one["value"])) for one in told if one is not None)


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
