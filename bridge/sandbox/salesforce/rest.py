"""The REST API below /services/data/vNN.N/: which resource a call is for, and the resources of single records."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bridge.sandbox.salesforce import describe, limits
from bridge.sandbox.salesforce.asked import Asked, Result, errors_of
from bridge.sandbox.salesforce.composite import Composite
from bridge.sandbox.salesforce.errors import Refused, not_found, refused, refused_request
from bridge.sandbox.salesforce.fields import Field, Kind
from bridge.sandbox.salesforce.kinds import kind_of
from bridge.sandbox.salesforce.many import Collections
from bridge.sandbox.salesforce.pages import Pages
from bridge.sandbox.salesforce.query import Searcher
from bridge.sandbox.salesforce.rows import Rows, SeveralFound
from bridge.sandbox.salesforce.world import World

_RESOURCES = ("composite", "limits", "query", "queryAll", "sobjects")
_NO_BODY_ABOVE = 45.0  # up to here, an upsert that has updated answers 204


class Rest:
    """The API of one org. `call` never raises `Refused`."""

    def __init__(self, world: World, pages: Pages, *, used: Callable[[], int]) -> None:
        self._world, self._pages, self._used = world, pages, used
        self._rows = Rows(world)
        self._collections = Collections(world, self._rows)
        self._composite = Composite(world, self.call)

    def call(self, asked: Asked) -> Result:
        """What comes of a call; a refusal leaves nothing changed."""
        mark = self._world.mark()
        try:
            result = self._routed(asked)
        except Refused as refusal:
            self._world.undo(mark)
            result = errors_of(refusal)
        return replace(result, kind=kind_of(asked))

    def _routed(self, asked: Asked) -> Result:
        match asked.parts:
            case ():
                return Result(body={name: f"/services/data/v{asked.api}/{name}" for name in _RESOURCES})
            case ("limits",):
                return Result(body=limits.as_body(self._world, self._used()))
            case ("limits", "recordCount"):
                return Result(body=limits.record_count(self._world, asked.query.get("sObjects", "")))
            case ("query" | "queryAll" as which, *rest):
                _allow(asked, "GET")
                return self._pages.answer(asked, rest, deleted=which == "queryAll")
            case ("composite", *rest):
                return self._composite_resource(asked, rest)
            case ("sobjects", *rest):
                return self._sobjects(asked, rest)
        raise not_found()

    def _composite_resource(self, asked: Asked, rest: list[str]) -> Result:
        if not rest:
            _allow(asked, "POST")
            return self._composite.run(asked)
        if rest == ["batch"]:
            _allow(asked, "POST")
            return self._composite.batch(asked)
        if rest[0] == "sobjects":
            return self._collections.answer(asked, rest[1:])
        raise not_found()

    def _sobjects(self, asked: Asked, rest: list[str]) -> Result:
        if not rest:
            return Result(body=describe.all_objects(self._world.schema, api=asked.api))
        kind = self._rows.kind(rest[0])
        match rest[1:]:
            case []:
                return self._object(asked, kind)
            case ["describe"]:
                _allow(asked, "GET")
                return Result(body=describe.one_object(kind, api=asked.api))
            case [key]:
                return self._record(asked, kind, key)
            case [name, value]:
                return self._by_value(asked, kind, self._rows.key_field(kind, name), value)
        raise not_found()

    def _object(self, asked: Asked, kind: Kind) -> Result:
        _allow(asked, "GET", "POST")
        if asked.method == "GET":
            body = {"objectDescribe": describe.about(kind, api=asked.api), "recentItems": []}
            return Result(body=body)
        if "Id" in asked.table():
            raise refused("INVALID_FIELD", "The Id field should not be specified in the sobject data.", "Id")
        return self._created(asked, kind, self._rows.create(kind, asked.table(), asked.how))

    def _created(self, asked: Asked, kind: Kind, key: str, **more: Any) -> Result:
        where = {"Location": f"/services/data/v{asked.api}/sobjects/{kind.name}/{key}"}
        return Result(201, {"id": key, "success": True, "errors": [], **more}, where)

    def _record(self, asked: Asked, kind: Kind, key: str) -> Result:
        _allow(asked, "GET", "PATCH", "DELETE")
        if asked.method == "GET":
            return self._shown(asked, kind, key)
        if asked.method == "DELETE":
            self._rows.delete(kind, key)
            return Result(204)
        if "Id" in asked.table():
            raise refused("INVALID_FIELD", "The Id field should not be specified in the sobject data.", "Id")
        self._rows.update(kind, key, asked.table(), asked.how)
        return Result(204)

    def _shown(self, asked: Asked, kind: Kind, key: str) -> Result:
        record = self._rows.existing(kind, key)
        names = [name for name in asked.query.get("fields", "").split(",") if name.strip()]
        fields = [self._field(kind, name.strip()) for name in names] or list(kind.fields.values())
        searcher = Searcher(self._world, api=asked.api)
        return Result(body=searcher.shown(kind, record, [(field,) for field in fields]))

    def _field(self, kind: Kind, name: str) -> Field:
        field = kind.field(name)
        if field is None:
            raise refused_request("INVALID_FIELD", f"No such column '{name}' on sobject of type {kind.name}")
        return field

    def _by_value(self, asked: Asked, kind: Kind, field: Field, value: str) -> Result:
        _allow(asked, "GET", "PATCH", "DELETE")
        if asked.method == "PATCH":
            return self._upserted(asked, kind, field, value)
        found = self._rows.matching(kind, field, value)
        if len(found) > 1:
            return _several(asked, kind, [record["Id"] for record in found])
        if not found:
            raise not_found()
        if asked.method == "DELETE":
            self._rows.delete(kind, found[0]["Id"])
            return Result(204)
        return self._shown(asked, kind, found[0]["Id"])

    def _upserted(self, asked: Asked, kind: Kind, field: Field, value: str) -> Result:
        values = asked.table()
        if any(name.lower() == field.name.lower() for name in values):
            message = f"The {field.name} field should not be specified in the sobject data."
            raise refused("INVALID_FIELD", message, field.name)
        only = asked.query.get("updateOnly", "").lower() == "true"
        try:
            key, created = self._rows.upsert(kind, field, value, values, asked.how, update_only=only)
        except SeveralFound as several:
            return _several(asked, kind, several.ids)
        told = {"created": created} if float(asked.api) > _NO_BODY_ABOVE else {}
        if created:
            return self._created(asked, kind, key, **told)
        if not told:
            return Result(204)
        return Result(200, {"id": key, "success": True, "errors": [], **told})


def _several(asked: Asked, kind: Kind, ids: list[str]) -> Result:
    urls = [f"/services/data/v{asked.api}/sobjects/{kind.name}/{key}" for key in ids]
    return Result(300, urls)


def _allow(asked: Asked, *methods: str) -> None:
    if asked.method not in methods:
        message = f"HTTP Method '{asked.method}' not allowed. Allowed are {','.join(methods)}"
        raise refused_request("METHOD_NOT_ALLOWED", message)
