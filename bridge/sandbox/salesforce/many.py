"""sObject collections: up to 200 rows in one call, each with its own result."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from bridge.sandbox.salesforce.asked import Asked, Result
from bridge.sandbox.salesforce.errors import Error, Refused, not_found, refused, refused_request
from bridge.sandbox.salesforce.fields import Field, Kind
from bridge.sandbox.salesforce.ids import full_id
from bridge.sandbox.salesforce.query import Searcher
from bridge.sandbox.salesforce.rows import Rows, SeveralFound
from bridge.sandbox.salesforce.world import World

_MOST_ROWS, _MOST_TO_GET, _MOST_CHUNKS = 200, 2000, 10
_ROLLED_BACK = Error(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


class Collections:
    """The resources below composite/sobjects. Everything may raise `Refused`, for the whole call."""

    def __init__(self, world: World, rows: Rows) -> None:
        self._world, self._rows = world, rows

    def answer(self, asked: Asked, rest: list[str]) -> Result:
        """The result of each row, in their order."""
        match asked.method, rest:
            case "POST", []:
                return self._each(asked, self._creator(asked))
            case "PATCH", []:
                return self._each(asked, self._updater(asked))
            case "PATCH", [name, field]:
                kind = self._rows.kind(name)
                return self._each(asked, self._upserter(asked, kind, self._rows.key_field(kind, field)))
            case "DELETE", []:
                return self._deleted(asked)
            case "POST" | "GET", [name]:
                return self._retrieved(asked, self._rows.kind(name))
        raise not_found()

    def _each(self, asked: Asked, write: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Result:
        body = asked.table()
        rows = body.get("records")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise refused_request("JSON_PARSER_ERROR", "records: an array of objects is required")
        if len(rows) > _MOST_ROWS:
            message = f"record limit reached. cannot submit more than {_MOST_ROWS} records in this call"
            raise refused_request("EXCEEDED_ID_LIMIT", message)
        kinds = [_type(row) for row in rows]
        chunks = sum(before != after for before, after in zip([None, *kinds], kinds, strict=False))
        if chunks > _MOST_CHUNKS:
            message = f"Cannot have more than {_MOST_CHUNKS} chunks in a single operation"
            raise refused_request("INVALID_OPERATION", message)
        return self._all(rows, write, all_or_none=body.get("allOrNone") is True)

    def _all(self, rows: list[Any], write: Callable[[Any], dict[str, Any]], *, all_or_none: bool) -> Result:
        mark = self._world.mark()
        results = []
        for row in rows:
            try:
                done = write(row)
                results.append({"id": done["id"], "success": True, "errors": [], **done})
            except Refused as refusal:
                if refusal.errors[0].code == "JSON_PARSER_ERROR":  # the body cannot be read: no row is done
                    raise
                results.append({"success": False, "errors": [error.as_row() for error in refusal.errors]})
        failed = not all(result["success"] for result in results)
        if failed and all_or_none:
            self._world.undo(mark)
            gone = {"success": False, "errors": [_ROLLED_BACK.as_row()]}  # the id of what is gone still stands there
            results = [{**result, **gone} if result["success"] else result for result in results]
        return Result(body=results, failed=failed)

    def _creator(self, asked: Asked) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
        def create(row: Mapping[str, Any]) -> dict[str, Any]:
            values = {name: value for name, value in row.items() if name != "attributes"}
            if _key(values):
                raise refused("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", "Id")
            return {"id": self._rows.create(self._kind(row), values, asked.how)}

        return create

    def _updater(self, asked: Asked) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
        often = Counter(full_id(_key(dict(row))) for row in asked.table().get("records") or () if isinstance(row, dict))

        def update(row: Mapping[str, Any]) -> dict[str, Any]:
            values = dict(row)
            key = _key(values)
            if key is None:
                raise refused("MISSING_ARGUMENT", "Id not specified in an update call")
            if full_id(key) and often[full_id(key)] > 1:
                raise refused("DUPLICATE_VALUE", f"duplicate id specified: {key}", "Id")
            kind = self._kind(row)
            self._rows.update(kind, self._existing(kind, key), values, asked.how)
            return {"id": full_id(key)}

        return update

    def _upserter(self, asked: Asked, kind: Kind, field: Field) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
        often = Counter(_folded(_value(row, field)) for row in asked.table().get("records") or ())

        def upsert(row: Mapping[str, Any]) -> dict[str, Any]:
            if self._kind(row) is not kind:
                raise refused("INVALID_TYPE", f"all records must be of type {kind.name}")
            value = _value(row, field)
            if value is None and field.name != "Id":
                raise refused("MISSING_ARGUMENT", f"{field.name} not specified")
            if value is not None and often[_folded(value)] > 1:
                raise refused("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", field.name)
            values = {name: one for name, one in row.items() if name.lower() != field.name.lower()}
            if field.name == "Id" and value is not None:
                self._existing(kind, value)
            try:
                key, created = self._rows.upsert(kind, field, value, values, asked.how)
            except SeveralFound as several:
                message = f"{field.name}: more than one record found for external id field: {several.ids}"
                raise refused("DUPLICATE_EXTERNAL_ID", message, field.name) from several
            return {"id": key, "created": created}

        return upsert

    def _deleted(self, asked: Asked) -> Result:
        keys = [key for key in asked.query.get("ids", "").split(",") if key]
        if len(keys) > _MOST_ROWS:
            message = f"record limit reached. cannot submit more than {_MOST_ROWS} records in this call"
            raise refused_request("EXCEEDED_ID_LIMIT", message)

        def delete(key: str) -> dict[str, Any]:
            found = self._world.find(key)
            if found is None:
                raise refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
            self._rows.delete(found[0], key)
            return {"id": found[1]["Id"]}

        return self._all(keys, delete, all_or_none=asked.query.get("allOrNone") == "true")

    def _retrieved(self, asked: Asked, kind: Kind) -> Result:
        if asked.method == "GET":
            keys, names = (asked.query.get(name, "").split(",") for name in ("ids", "fields"))
        else:
            keys, names = asked.table().get("ids") or [], asked.table().get("fields") or []
        if not (isinstance(keys, list) and isinstance(names, list) and all(isinstance(name, str) for name in names)):
            raise refused_request("JSON_PARSER_ERROR", "ids and fields must be arrays of texts")
        if len(keys) > _MOST_TO_GET:
            raise refused_request("EXCEEDED_ID_LIMIT", f"cannot retrieve more than {_MOST_TO_GET} records in this call")
        fields = [kind.field(name) for name in names]
        if None in fields:
            name = names[fields.index(None)]
            raise refused_request("INVALID_FIELD", f"No such column '{name}' on sobject of type {kind.name}")
        searcher, found = Searcher(self._world, api=asked.api), [self._world.find(key) for key in keys]
        shown = [
            searcher.shown(kind, one[1], [(field,) for field in fields if field])
            if one and one[0].name == kind.name and not one[1]["IsDeleted"]
            else None
            for one in found
        ]
        return Result(body=shown)

    def _existing(self, kind: Kind, key: Any) -> str:
        full = full_id(key)
        if full is None or full[:3] != kind.prefix:
            raise refused("MALFORMED_ID", f"{kind.name} ID: id value of incorrect type: {key}", "Id")
        if self._world.records.get(kind.name, full) is None:
            raise refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        return full

    def _kind(self, row: Mapping[str, Any]) -> Kind:
        name = _type(row) or ""
        kind = self._world.schema.get(name.lower())
        if kind is None or not kind.readable:
            raise refused("INVALID_TYPE", f"sObject type '{name}' is not supported.")
        return kind


def _type(row: Mapping[str, Any]) -> str | None:
    given = row.get("attributes")
    name = given.get("type") if isinstance(given, Mapping) else None
    return name if isinstance(name, str) else None


def _key(values: dict[str, Any]) -> Any:
    """Takes the id out of the values, in whatever case its name is written."""
    name = next((name for name in values if name.lower() == "id"), None)
    return None if name is None else values.pop(name)


def _value(row: Any, field: Field) -> Any:
    values = row.items() if isinstance(row, Mapping) else ()
    found = next((value for name, value in values if name.lower() == field.name.lower()), None)
    return None if found == "" else found


def _folded(value: Any) -> str | None:
    return None if value is None else str(value).strip().casefold()
