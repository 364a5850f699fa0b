"""Many records in one call: create, read, update, upsert, archive; all or none, or row by row with a 207.

Row by row only where each input has its objectWriteTraceId; see
https://developers.hubspot.com/docs/api-reference/error-handling#multi-status-errors (2026-03-30).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bridge.sandbox.crm.records import Record
from bridge.sandbox.hubspot.asked import Asked, Result, text, texts
from bridge.sandbox.hubspot.errors import Refused, bad_input, no_method, no_path
from bridge.sandbox.hubspot.objects import Objects
from bridge.sandbox.hubspot.schema import Kind
from bridge.sandbox.hubspot.values import moment_text
from bridge.sandbox.hubspot.world import World

Row = Mapping[str, Any]


@dataclass(slots=True)
class _Outcome:
    results: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)


class Batch:
    """The batch endpoints of one portal."""

    def __init__(self, world: World, objects: Objects) -> None:
        self._world, self._objects = world, objects

    def answer(self, asked: Asked, kind: Kind, which: str) -> Result:
        """POST crm/objects/{kind}/batch/{which}."""
        if asked.method != "POST":
            raise no_method(asked.method)
        verbs: Mapping[str, Callable[[Asked, Kind, list[Row]], Result]] = {
            "create": self._create,
            "read": self._read,
            "update": self._update,
            "upsert": self._upsert,
            "archive": self._archive,
        }
        if which not in verbs:
            raise no_path()
        return verbs[which](asked, kind, asked.inputs(most=self._world.settings["batch_inputs"]))

    def _create(self, _: Asked, kind: Kind, rows: list[Row]) -> Result:
        def create(row: Row) -> dict[str, Any]:
            return dict(self._objects.create(kind, row))

        return self._answered(self._each(rows, create), done=201)

    def _update(self, _: Asked, kind: Kind, rows: list[Row]) -> Result:
        self._check_ids(rows, self._found(kind, rows))

        def update(row: Row) -> dict[str, Any]:
            record = self._found(kind, [row])[0]
            if record is None:
                raise self._not_there(kind, [_id(row)])
            return self._objects.written(kind, self._objects.update(kind, record, row), row)

        return self._answered(self._each(rows, update, missing_is_row=True))

    def _upsert(self, _: Asked, kind: Kind, rows: list[Row]) -> Result:
        self._check_ids(rows, self._found(kind, rows))

        def upsert(row: Row) -> dict[str, Any]:
            record = self._found(kind, [row])[0]
            if record is not None:
                return {**self._objects.written(kind, self._objects.update(kind, record, row), row), "new": False}
            name = text(row, "idProperty")
            if not name:
                raise self._not_there(kind, [_id(row)])
            properties = {name: _id(row), **_table(row)}
            return {**self._objects.create(kind, {"properties": properties}), "new": True}

        return self._answered(self._each(rows, upsert))

    def _read(self, asked: Asked, kind: Kind, rows: list[Row]) -> Result:
        body = asked.table()
        id_property = text(body, "idProperty").replace("hs_object_id", "")
        named = [{"id": _id(row), "idProperty": id_property} for row in rows]
        names = [*texts(body, "properties"), *texts(body, "propertiesWithHistory")]
        archived, outcome, missing = asked.flag("archived"), _Outcome(), list[str]()
        for row, record in zip(named, self._found(kind, named, archived=archived), strict=True):
            if record is None:
                missing.append(str(row["id"]))
            else:
                outcome.results.append(self._objects.shown(kind, record, names))
        if missing:
            outcome.errors.append(self._not_there(kind, missing).as_row({}, lean=self._lean))
        return self._answered(outcome)

    def _archive(self, _: Asked, kind: Kind, rows: list[Row]) -> Result:
        for row in rows:
            self._objects.archive(kind, _id(row))
        return Result(204)

    def _found(self, kind: Kind, rows: Sequence[Row], *, archived: bool = False) -> list[Record | None]:
        result: list[Record | None] = []
        for row in rows:
            name, key = text(row, "idProperty"), _id(row)
            if not name:
                result.append(self._world.get(kind, key, archived=archived))
            else:
                self._objects.check_unique(kind, name)
                result.append(self._objects.holder(kind, name, key))
        return result

    def _check_ids(self, rows: Sequence[Row], found: Sequence[Record | None]) -> None:
        """Two inputs for the same record, and nothing of the batch is done."""
        seen: set[tuple[str, str]] = set()
        for row, record in zip(rows, found, strict=True):
            folded = _id(row).strip().lower()
            this = ("id", record["id"]) if record else (str(row.get("idProperty")), folded)
            if this in seen:
                key = record["id"] if record and not row.get("idProperty") else _id(row)
                raise Refused(
                    f"Duplicate IDs found in batch input: [{key}]. IDs must be unique", context={"ids": [key]}
                )
            seen.add(this)

    def _not_there(self, kind: Kind, keys: list[str]) -> Refused:
        message = (
            f"Could not get some {kind.legacy} objects, they may be deleted or not exist. Check that ids are valid."
        )
        return Refused(message, "OBJECT_NOT_FOUND", status=404, context={"ids": keys})

    def _each(
        self, rows: Sequence[Row], do: Callable[[Row], dict[str, Any]], *, missing_is_row: bool = False
    ) -> _Outcome:
        """Does all rows: one that is refused undoes itself, or, where not all rows have a trace id, all of them."""
        outcome = _Outcome()
        by_row = all(text(row, "objectWriteTraceId") for row in rows)
        for row in rows:
            mark, trace = self._world.mark(), text(row, "objectWriteTraceId")
            traced = {"objectWriteTraceId": trace} if trace else {}
            try:
                outcome.results.append({**do(row), **traced})
            except Refused as refusal:
                if not by_row and not (missing_is_row and refusal.status == 404):
                    raise
                self._world.undo(mark)
                context = {name: [value] for name, value in traced.items()}
                outcome.errors.append(refusal.as_row(context, lean=self._lean))
        return outcome

    @property
    def _lean(self) -> bool:
        return bool(self._world.settings["lean_row_errors"])

    def _answered(self, outcome: _Outcome, *, done: int = 200) -> Result:
        if self._world.settings["results_reversed"]:
            outcome.results.reverse()
        body = {"status": "COMPLETE", "results": outcome.results, **times(self._world.now)}
        if outcome.errors:
            return Result(207, {**body, "numErrors": len(outcome.errors), "errors": outcome.errors})
        return Result(done, body)


def times(now: datetime) -> dict[str, str]:
    """When a batch was done: at once."""
    return {"startedAt": moment_text(now), "completedAt": moment_text(now)}


def _id(row: Row) -> str:
    key = row.get("id")
    if isinstance(key, bool) or not isinstance(key, str | int) or key == "":
        raise bad_input("some of required attributes are not set [id]")
    return str(key)


def _table(row: Row) -> Mapping[str, Any]:
    properties = row.get("properties")
    if not isinstance(properties, Mapping):
        raise bad_input("some of required attributes are not set [properties]")
    return properties
