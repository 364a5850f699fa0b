"""The properties API: which properties a kind of object has, and new ones."""

import re
from collections.abc import Mapping
from typing import Any

from bridge.sandbox.hubspot.asked import Asked, Result, text
from bridge.sandbox.hubspot.batch import times
from bridge.sandbox.hubspot.errors import Refused, bad_input, no_method, no_path
from bridge.sandbox.hubspot.schema import Kind, Property, changed_property, kind_of
from bridge.sandbox.hubspot.values import moment_text
from bridge.sandbox.hubspot.world import World

_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_TYPES = ("string", "number", "date", "datetime", "enumeration", "bool")
_FIELD_TYPES = ("textarea", "text", "date", "file", "number", "select", "radio", "checkbox", "booleancheckbox",
                "calculation_equation", "html", "phonenumber")  # fmt: skip
_SETTABLE = ("label", "type", "fieldType", "groupName", "description", "options", "hasUniqueValue", "displayOrder",
             "hidden", "formField")  # fmt: skip
_STOCK_AT = "2024-01-01T00:00:00Z"


class Definitions:
    """Of the kinds of one portal."""

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, asked: Asked) -> Result:
        """crm/properties/{kind}/…"""
        kind = kind_of(asked.parts[2]) if len(asked.parts) > 2 else None
        if kind is None:
            raise no_path()
        match asked.parts[3:]:
            case ():
                return self._all(asked, kind)
            case ("groups", *rest):
                return self._groups(asked, kind, rest)
            case ("batch", which):
                return self._batch(asked, kind, which)
            case (name,):
                return self._one(asked, kind, name)
        raise no_path()

    def _all(self, asked: Asked, kind: Kind) -> Result:
        if asked.method == "GET":
            known = {} if asked.flag("archived") else self._world.properties(kind)
            return Result(body={"results": [self._told(kind, one) for one in known.values()]})
        if asked.method != "POST":
            raise no_method(asked.method)
        return Result(201, self._told(kind, self._create(kind, asked.table())))

    def _one(self, asked: Asked, kind: Kind, name: str) -> Result:
        one = self._world.properties(kind).get(name)
        if asked.method == "DELETE":
            if one is not None:
                self._remove(kind, one)
            return Result(204)
        if one is None:
            raise Refused(f"Property {name} does not exist", "OBJECT_NOT_FOUND", status=404)
        if asked.method == "GET":
            return Result(body=self._told(kind, one))
        if asked.method != "PATCH":
            raise no_method(asked.method)
        record = self._record(kind, one)
        given = {key: value for key, value in asked.table().items() if key in _SETTABLE and key != "hasUniqueValue"}
        self._put(kind, one.name, {**record["parts"], **given})
        return Result(body=self._told(kind, self._world.properties(kind)[name]))

    def _batch(self, asked: Asked, kind: Kind, which: str) -> Result:
        if asked.method != "POST":
            raise no_method(asked.method)
        rows = asked.inputs(most=100)
        if which == "create":
            made = [self._told(kind, self._create(kind, row)) for row in rows]
            return Result(201, {"status": "COMPLETE", "results": made, **times(self._world.now)})
        known = self._world.properties(kind)
        named = [str(row.get("name")) for row in rows]
        if which == "archive":
            for name in named:
                if name in known:
                    self._remove(kind, known[name])
            return Result(204)
        if which != "read":
            raise no_path()
        results = [self._told(kind, known[name]) for name in named if name in known]
        body = {"status": "COMPLETE", "results": results, **times(self._world.now)}
        missing = [name for name in named if name not in known]
        if not missing:
            return Result(body=body)
        refusals = [Refused(f"Property {name} does not exist", "OBJECT_NOT_FOUND") for name in missing]
        errors = [one.as_row({"name": [name]}, lean=False) for one, name in zip(refusals, missing, strict=True)]
        return Result(207, {**body, "numErrors": len(errors), "errors": errors})

    def _create(self, kind: Kind, given: Mapping[str, Any]) -> Property:
        name = text(given, "name")
        missing = [key for key in ("name", "label", "groupName", "type", "fieldType") if not text(given, key)]
        if missing:
            raise bad_input(f"some of required attributes are not set [{', '.join(missing)}]")
        if not _NAME.fullmatch(name) or name.startswith("hs_"):
            raise Refused(f"Property name {name} is invalid: lower case letters, digits and _, not hs_ at its start")
        if given["type"] not in _TYPES or given["fieldType"] not in _FIELD_TYPES:
            raise bad_input(f"type {given['type']} with fieldType {given['fieldType']} is not known")
        if name in self._world.properties(kind):
            raise Refused(f"A property named '{name}' already exists.", "CONFLICT", status=409)
        if given["groupName"] not in self._group_names(kind):
            raise Refused(f"Property group {given['groupName']} does not exist")
        if given["type"] == "enumeration" and not given.get("options") and not given.get("externalOptions"):
            raise Refused(f"Enumeration property {name} must have options")
        self._put(kind, name, {key: value for key, value in given.items() if key in _SETTABLE})
        return self._world.properties(kind)[name]

    def _put(self, kind: Kind, name: str, parts: Mapping[str, Any]) -> None:
        try:
            changed_property(kind.name, name, parts)
        except ValueError as error:
            raise bad_input(str(error)) from error
        record = {"kind": kind.name, "name": name, "parts": dict(parts), "at": moment_text(self._world.now)}
        self._world.records.put("_property", f"{kind.name}/{name}", record)
        self._world.define()

    def _record(self, kind: Kind, one: Property) -> Mapping[str, Any]:
        record = self._world.records.get("_property", f"{kind.name}/{one.name}")
        if record is None:
            raise Refused(f"Property {one.name} is defined by HubSpot and cannot be changed", status=403)
        return record

    def _remove(self, kind: Kind, one: Property) -> None:
        self._record(kind, one)
        self._world.records.put("_property", f"{kind.name}/{one.name}", None)
        self._world.define()

    def _told(self, kind: Kind, one: Property) -> dict[str, Any]:
        made = self._world.records.get("_property", f"{kind.name}/{one.name}")
        at = made["at"] if made else _STOCK_AT
        options = [
            {"label": label, "value": value, "description": "", "displayOrder": number, "hidden": False}
            for number, (value, label) in enumerate(one.options)
        ]
        return {
            "updatedAt": at,
            "createdAt": at,
            "name": one.name,
            "label": one.label,
            "type": one.type,
            "fieldType": one.fieldType,
            "description": one.description,
            "groupName": one.groupName,
            "options": options,
            "displayOrder": one.displayOrder,
            "calculated": one.fieldType == "calculation_equation",
            "externalOptions": one.externalOptions,
            "archived": False,
            "hasUniqueValue": one.hasUniqueValue,
            "hidden": one.hidden,
            "hubspotDefined": one.stock,
            "modificationMetadata": {
                "archivable": not one.stock,
                "readOnlyDefinition": one.stock,
                "readOnlyOptions": one.stock,
                "readOnlyValue": one.read_only,
            },
            "formField": one.formField,
        }

    def _group_names(self, kind: Kind) -> dict[str, str]:
        made = self._world.records.kept("groups") or {}
        return {**{name: name for name in kind.groups}, **made.get(kind.name, {})}

    def _groups(self, asked: Asked, kind: Kind, rest: list[str]) -> Result:
        groups = self._group_names(kind)
        if asked.method == "POST" and not rest:
            body = asked.table()
            name, label = body.get("name"), body.get("label")
            if not isinstance(name, str) or not isinstance(label, str):
                raise bad_input("some of required attributes are not set [name, label]")
            if name in groups:
                raise Refused(f"A property group named '{name}' already exists.", "CONFLICT", status=409)
            made = self._world.records.kept("groups") or {}
            self._world.records.keep("groups", {**made, kind.name: {**made.get(kind.name, {}), name: label}})
            return Result(201, _group(name, label))
        if asked.method in ("PATCH", "DELETE") and rest:
            return self._changed_group(asked, kind, rest[0])
        if asked.method != "GET":
            raise no_method(asked.method)
        if not rest:
            return Result(body={"results": [_group(name, label) for name, label in groups.items()]})
        if rest[0] not in groups:
            raise Refused(f"Property group {rest[0]} does not exist", "OBJECT_NOT_FOUND", status=404)
        return Result(body=_group(rest[0], groups[rest[0]]))

    def _changed_group(self, asked: Asked, kind: Kind, name: str) -> Result:
        made = self._world.records.kept("groups") or {}
        own = dict(made.get(kind.name, {}))
        if name not in own:
            raise Refused(f"Property group {name} does not exist", "OBJECT_NOT_FOUND", status=404)
        if asked.method == "DELETE":
            own.pop(name)
        else:
            own[name] = str(asked.table().get("label") or own[name])
        self._world.records.keep("groups", {**made, kind.name: own})
        return Result(204) if asked.method == "DELETE" else Result(body=_group(name, own[name]))


def _group(name: str, label: str) -> dict[str, Any]:
    return {"name": name, "label": label, "displayOrder": -1, "archived": False}
