"""The associations API, v4: between two records, and between many."""

from collections.abc import Mapping
from typing import Any

from bridge.sandbox.hubspot.asked import Asked, Result, tables
from bridge.sandbox.hubspot.associations import labels, spec, typed
from bridge.sandbox.hubspot.batch import times
from bridge.sandbox.hubspot.errors import Refused, bad_input, no_method, no_object, no_path
from bridge.sandbox.hubspot.objects import Objects
from bridge.sandbox.hubspot.schema import Kind, kind_of
from bridge.sandbox.hubspot.world import World

_MOST_READ, _MOST_WRITTEN, _MOST_PER_PAGE = 1000, 2000, 500


class Linking:
    """Of the records of one portal."""

    def __init__(self, world: World, objects: Objects) -> None:
        self._world, self._links = world, objects.associations

    def single(self, asked: Asked, kind: Kind, key: str, rest: tuple[str, ...]) -> Result:
        """crm/objects/{kind}/{id}/associations/…"""
        match rest:
            case (other,) if asked.method == "GET":
                return self._list(asked, kind, key, _kind(other))
            case ("default", other, other_key) if asked.method == "PUT":
                return self._default([(kind, key, _kind(other), other_key)])
            case (other, other_key) if asked.method == "PUT":
                numbers = self._links.numbers(kind, _kind(other), asked.body)
                self._links.link(kind, key, _kind(other), other_key, numbers)
                return Result(201, _pair(kind, key, _kind(other), other_key, numbers))
            case (other, other_key) if asked.method == "DELETE":
                self._links.unlink(kind, key, _kind(other), other_key)
                return Result(204)
            case _ if 1 <= len(rest) <= 3:
                raise no_method(asked.method)
        raise no_path()

    def many(self, asked: Asked) -> Result:
        """crm/associations/{from}/{to}/batch/…"""
        if len(asked.parts) == 5 and asked.parts[4] == "labels" and asked.method == "GET":
            kind, other = _kind(asked.parts[2]), _kind(asked.parts[3])
            return Result(body={"results": typed(self._links.between(kind, other), null_labels=True)})
        if len(asked.parts) < 6 or asked.parts[4] != "batch":
            raise no_path()
        if asked.method != "POST":
            raise no_method(asked.method)
        kind, other = _kind(asked.parts[2]), _kind(asked.parts[3])
        match asked.parts[5:]:
            case ("read",):
                return self._read(asked, kind, other)
            case ("create",):
                return self._create(asked, kind, other)
            case ("associate", "default"):
                rows = asked.inputs(most=_MOST_WRITTEN)
                return self._default([(kind, _end(row, "from"), other, _end(row, "to")) for row in rows])
            case ("labels", "archive"):
                for row in asked.inputs(most=_MOST_WRITTEN):
                    numbers = self._links.numbers(kind, other, row.get("types"))
                    self._links.unlabel(kind, _end(row, "from"), other, _end(row, "to"), numbers)
                return Result(204)
            case ("archive",):
                for row in asked.inputs(most=_MOST_WRITTEN):
                    for to in tables(row, "to"):
                        self._links.unlink(kind, _end(row, "from"), other, str(to.get("id")))
                return Result(204)
        raise no_path()

    def _list(self, asked: Asked, kind: Kind, key: str, other: Kind) -> Result:
        record = self._world.get(kind, key)
        if record is None:
            raise no_object(key)
        limit = asked.number("limit", _MOST_PER_PAGE, most=_MOST_PER_PAGE)
        after = asked.number("after", 0, most=10**9)
        found = self._links.of(kind, record["id"], other)
        more = {"paging": {"next": {"after": str(after + limit)}}} if after + limit < len(found) else {}
        return Result(body={"results": [_told(one) for one in found[after : after + limit]], **more})

    def _default(self, pairs: list[tuple[Kind, str, Kind, str]]) -> Result:
        results = []
        for kind, key, other, other_key in pairs:
            number, back = self._links.default(kind, other), self._links.default(other, kind)
            self._links.link(kind, key, other, other_key, [number])
            ends = {"id": key}, {"id": other_key}
            results.append({"from": ends[0], "to": ends[1], "associationSpec": spec(number)})
            results.append({"from": ends[1], "to": ends[0], "associationSpec": spec(back)})
        return Result(body={"status": "COMPLETE", "results": results, **times(self._world.now)})

    def _read(self, asked: Asked, kind: Kind, other: Kind) -> Result:
        results, errors = list[dict[str, Any]](), list[dict[str, Any]]()
        for row in asked.inputs(most=_MOST_READ):
            key = str(row.get("id"))
            record = self._world.get(kind, key)
            found = self._links.of(kind, record["id"], other) if record else []
            if found:
                results.append({"from": {"id": key}, "to": [_told(one) for one in found]})
            else:
                message = f"No {other.legacy} is associated with {kind.legacy} {key}."
                refusal = Refused(message, "OBJECT_NOT_FOUND", status=404)
                context = {"fromObjectId": [key]}
                errors.append(refusal.as_row(context, lean=bool(self._world.settings["lean_row_errors"])))
        body = {"status": "COMPLETE", "results": results, **times(self._world.now)}
        return Result(207, {**body, "numErrors": len(errors), "errors": errors}) if errors else Result(body=body)

    def _create(self, asked: Asked, kind: Kind, other: Kind) -> Result:
        results = []
        for row in asked.inputs(most=_MOST_WRITTEN):
            numbers = self._links.numbers(kind, other, row.get("types"))
            key, other_key = _end(row, "from"), _end(row, "to")
            self._links.link(kind, key, other, other_key, numbers)
            results.append(_pair(kind, key, other, other_key, numbers))
        return Result(201, {"status": "COMPLETE", "results": results, **times(self._world.now)})


def _kind(text: str) -> Kind:
    if (kind := kind_of(text)) is None:
        raise Refused(f"Unable to infer object type from: {text}")
    return kind


def _end(row: Mapping[str, Any], name: str) -> str:
    end = row.get(name)
    if not isinstance(end, Mapping) or not end.get("id"):
        raise bad_input(f"some of required attributes are not set [{name}.id]")
    return str(end["id"])


def _told(one: tuple[str, list[int]]) -> dict[str, Any]:
    return {"toObjectId": one[0], "associationTypes": typed(one[1])}


def _pair(kind: Kind, key: str, other: Kind, other_key: str, numbers: list[int]) -> dict[str, Any]:
    ends = {"fromObjectTypeId": kind.type_id, "fromObjectId": key}
    return {**ends, "toObjectTypeId": other.type_id, "toObjectId": other_key, "labels": labels(numbers)}
