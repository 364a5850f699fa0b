"""The objects of an org and their fields: the standard ones from fields.csv, and what the settings change or add.

fields.csv condenses the describe of orgs as CumulusCI recorded them (github.com/SFDO-Tooling/CumulusCI, 2022-2024).
Marks: c createable, u updateable, r not nillable, d defaulted on create, p restricted picklist, i id lookup, n name,
x not filterable. A value of a picklist that ends with * is its default.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from importlib.resources import files
from typing import Any

from bridge.sandbox.salesforce.ids import STANDARD_PREFIXES, prefix_of_custom


@dataclass(frozen=True, slots=True)
class Field:
    """One field, in the words of a describe."""

    name: str
    label: str
    type: str = "string"
    length: int = 0
    createable: bool = True
    updateable: bool = True
    nillable: bool = True
    defaulted: bool = False  # defaultedOnCreate
    filterable: bool = True
    id_lookup: bool = False
    external_id: bool = False
    unique: bool = False
    case_sensitive: bool = False
    name_field: bool = False
    restricted: bool = False  # restrictedPicklist
    picklist: tuple[str, ...] = ()
    default: Any = None
    references: tuple[str, ...] = ()
    relationship: str | None = None

    @property
    def required(self) -> bool:
        """Must a create bring it?"""
        return self.createable and not self.nillable and not self.defaulted


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object, and its fields by name in lower case."""

    name: str
    prefix: str
    fields: Mapping[str, Field]
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    readable: bool = True  # else our user does not see that there is such an object
    relationships: Mapping[str, Field] = field(default_factory=dict)  # by their name in lower case

    def field(self, name: str) -> Field | None:
        """The field of this name, in whatever case."""
        return self.fields.get(name.lower())


Schema = Mapping[str, Kind]  # by name in lower case

_DEFAULT_LENGTH = {"string": 255, "textarea": 255, "picklist": 255, "email": 80, "phone": 40, "url": 255}
_OF_A_FIELD = {part.name for part in fields(Field)} - {"name"}
_OF_A_KIND = ("prefix", "createable", "updateable", "deletable", "readable", "fields")


def schema(changes: Mapping[str, Any]) -> Schema:
    """The standard objects with these changes and additions: the setting `objects`. ValueError names a bad one."""
    kinds = {name.lower(): Kind(name, prefix, _standard()[name]) for name, prefix in STANDARD_PREFIXES.items()}
    for name, change in changes.items():
        kind = kinds.get(name.lower()) or _added(name, change, prefix=prefix_of_custom(len(kinds)))
        kinds[name.lower()] = _changed(kind, change)
    for name in ("user", "organization", "group"):
        kinds[name] = replace(kinds[name], createable=False, deletable=False)
    return {key: _related(kind) for key, kind in kinds.items()}


@cache
def _standard() -> dict[str, dict[str, Field]]:
    objects: dict[str, dict[str, Field]] = {name: {} for name in STANDARD_PREFIXES}
    text = files("bridge.sandbox.salesforce").joinpath("fields.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        objects[row["object"]][row["name"].lower()] = _read(row)
    return objects


def _read(row: Mapping[str, str]) -> Field:
    marks, values = row["marks"], [value for value in row["picklist"].split(";") if value]
    default: Any = next((value[:-1] for value in values if value.endswith("*")), None)
    return Field(
        *(row["name"], row["label"], row["type"], int(row["length"] or 0)),
        createable="c" in marks,
        updateable="u" in marks,
        nillable="r" not in marks,
        defaulted="d" in marks,
        filterable="x" not in marks,
        id_lookup="i" in marks,
        name_field="n" in marks,
        restricted="p" in marks,
        picklist=tuple(value.removesuffix("*") for value in values),
        default=False if row["type"] == "boolean" else default,
        references=tuple(name for name in row["references"].split(";") if name),
        relationship=row["relationship"] or None,
    )


def _added(name: str, change: Any, *, prefix: str) -> Kind:
    given = change.get("prefix") if isinstance(change, Mapping) else None
    if given is None and not name.endswith("__c"):
        raise ValueError(f"objects: {name} is no object of the sandbox; give its prefix, or end your own with __c")
    if given is not None and not (isinstance(given, str) and given.isascii() and given.isalnum() and len(given) == 3):
        raise ValueError(f"objects.{name}.prefix: {given!r:.20} must be the three characters with which ids begin")
    system = ("id", "isdeleted", "ownerid", "createddate", "createdbyid", "lastmodifieddate", "lastmodifiedbyid")
    standard = _standard()["Lead"]
    fields = {key: standard[key] for key in (*system, "systemmodstamp")}
    named = Field("Name", "Name", length=80, nillable=False, defaulted=True, id_lookup=True, name_field=True)
    return Kind(name, given or prefix, {**fields, "name": named})


def _changed(kind: Kind, change: Any) -> Kind:
    if not isinstance(change, Mapping) or not set(change) <= set(_OF_A_KIND):
        raise ValueError(f"objects.{kind.name}: must be a table of {', '.join(_OF_A_KIND)}")
    new = dict(kind.fields)
    for name, parts in (change.get("fields") or {}).items():
        if parts is None:  # nobody sees it
            new.pop(name.lower(), None)
        else:
            new[name.lower()] = _field(kind.name, name, parts, old=new.get(name.lower()))
    rights: dict[str, Any] = {name: bool(change[name]) for name in _OF_A_KIND[1:-1] if name in change}
    return replace(kind, **(rights | {"fields": new}))


def _field(kind: str, name: str, parts: Mapping[str, Any], *, old: Field | None) -> Field:
    if unknown := set(parts) - _OF_A_FIELD:
        raise ValueError(f"objects.{kind}.fields.{name}: {', '.join(sorted(unknown))} not known; known are "
                         f"{', '.join(sorted(_OF_A_FIELD))}")  # fmt: skip
    if old is None and not name.endswith("__c") and kind in STANDARD_PREFIXES:
        raise ValueError(f"objects.{kind}.fields.{name}: a field of your own must end with __c")
    given: dict[str, Any] = {key: tuple(part) if isinstance(part, list) else part for key, part in parts.items()}
    field = replace(old or Field(name, name.removesuffix("__c").replace("_", " ")), **given)
    if not field.length:
        field = replace(field, length=_DEFAULT_LENGTH.get(field.type, 0))
    if field.references and not field.relationship:
        own = name.endswith("__c")
        relationship = f"{name.removesuffix('__c')}__r" if own else name.removesuffix("Id")
        field = replace(field, type="reference", length=18, relationship=relationship)
    if field.type == "boolean" and field.default is None:
        field = replace(field, default=False, nillable=False, defaulted=True)
    return field


def _related(kind: Kind) -> Kind:
    related = {field.relationship.lower(): field for field in kind.fields.values() if field.relationship}
    return replace(kind, relationships=related)


def names(fields: Iterable[Field]) -> list[str]:
    """The names of these fields."""
    return [field.name for field in fields]
