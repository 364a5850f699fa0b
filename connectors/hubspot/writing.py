"""Writing: rows of one object, in batches. Each row is judged by itself; one that HubSpot refuses is corrected where
that can be done, and sent again; a batch that is refused as a whole is halved until the row is alone that it is about.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bridge.connector import Reject, Retry, found_at
from connectors.hubspot.correcting import correct
from connectors.hubspot.linking import link
from connectors.hubspot.looking import look, unique_of
from connectors.hubspot.objects import CONTACTS, addresses_in
from connectors.hubspot.problem import row_problem
from connectors.hubspot.row import Row, associations
from connectors.hubspot.searching import in_turn
from connectors.hubspot.work import OF_ROWS, Work, chunks, halves, object_in

ROUNDS = 5  # that a row may need: each way of correcting is gone once


def write(rows: Sequence[Row], work: Work) -> None:
    """Writes them; each has an outcome afterwards."""
    _write(rows, work)
    link(rows, work)


def _write(rows: Sequence[Row], work: Work) -> None:
    """Of those that are one object, one goes after the other."""
    for _ in range(ROUNDS + len(rows)):
        while unseen := [row for row in _open(rows) if not row.looked]:  # again, where an object is no more there
            look(unseen, work)
        for row in _open(rows):
            if row.only_change and row.id is None:
                row.pass_over()
        if not _open(rows):
            return
        before = in_turn(_open(rows))
        for (way, by), group in _groups([row for row in _open(rows) if row not in before], work).items():
            for chunk in chunks(group):
                _send(chunk, way, by, work)
        for row, first in before.items():
            row.follow(first)
    for row in _open(rows):
        row.outcome = Reject("HubSpot refuses it again after each correction", cause="corrections")


def _groups(rows: Iterable[Row], work: Work) -> dict[tuple[str, str], list[Row]]:
    """Those that can share a request, by how they are written, and by which property."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault(_way(row, work), []).append(row)
    return found


def _way(row: Row, work: Work) -> tuple[str, str]:
    if row.id:
        return "update", ""
    if row.object != CONTACTS:
        return "create", ""
    if row.email:
        return ("create", "") if row.record.mode == "create" else ("upsert", "email")
    by = unique_of(row, work)
    return ("upsert", by) if by else ("create", "")


def _name(row: Row, by: str) -> str:
    if row.id:
        return row.id
    return row.email if by == "email" else row.record.key


def _input(row: Row, way: str, by: str, work: Work) -> dict[str, Any]:
    found: dict[str, Any] = {"objectWriteTraceId": row.trace, "properties": row.sent}
    if way == "update":
        return {"id": row.id} | found
    if way == "upsert":
        found["properties"].pop(by, None)  # by a second address of a contact, it would become the first
        return {"id": _name(row, by), "idProperty": by} | found
    if row.object != CONTACTS and (unique := unique_of(row, work)):
        found["properties"][unique] = row.record.key
    return {"associations": associations(row, work.settings)} | found


def _send(rows: Sequence[Row], way: str, by: str, work: Work) -> None:
    if work.stopped is not None:
        for row in rows:
            row.outcome = work.unsent
        return
    answer = work.client.write(way, rows[0].object, [_input(row, way, by, work) for row in rows])
    if 200 <= answer.status < 300:
        _read(answer.json(), rows, way, work)
    elif len(rows) > 1 and answer.status in OF_ROWS:
        for half in halves(rows):
            _send(half, way, by, work)
    elif len(rows) == 1:
        correct(rows[0], work.problem(answer), by or unique_of(rows[0], work), work)
    else:
        work.fail(rows, work.problem(answer))


def _read(body: Any, rows: Sequence[Row], way: str, work: Work) -> None:
    """What the answer says of each row: by its trace id, never by its place."""
    results, errors = found_at(body, "results"), found_at(body, "errors")
    results = results if isinstance(results, list) else []
    errors = errors if isinstance(errors, list) else []
    for row in rows:
        mine = _of(row, rows, results, unique_of(row, work))
        if mine is not None and (found := object_in(mine)):
            row.is_linked = way == "create"
            row.is_new = row.is_linked or found_at(mine, "new") is True
            row.deliver(found[0], work.page(row.object, found[0]))
        elif error := _error_of(row, rows, errors):
            correct(row, row_problem(error, secrets=work.client.secrets), unique_of(row, work), work)
        else:
            row.outcome = Retry("HubSpot's answer says nothing of this record", uncertain=True)


def _of(row: Row, rows: Sequence[Row], results: Sequence[Any], unique: str) -> Any:
    """Its own result: named by its trace, or, where HubSpot names none, by its id, its address or the value of its
    unique property; or there is only one.
    """
    named = next((one for one in results if found_at(one, "objectWriteTraceId") == row.trace), None)
    if named is not None or any(found_at(one, "objectWriteTraceId") for one in results):
        return named
    if len(rows) == 1 and len(results) == 1:
        return results[0]
    return next((one for one in results if _is_named(row, one, unique)), None)


def _is_named(row: Row, result: Any, unique: str) -> bool:
    if row.id:
        return bool(found_at(result, "id") == row.id)
    properties = found_at(result, "properties")
    if not isinstance(properties, Mapping):
        return False
    return row.email in addresses_in(properties) or bool(unique and properties.get(unique) == row.record.key)


def _error_of(row: Row, rows: Sequence[Row], errors: Sequence[Any]) -> Mapping[str, Any] | None:
    """Shape: {status, category, message, context: {objectWriteTraceId: [..]} or {ids: [..]}}."""
    for error in errors:
        context = found_at(error, "context")
        names = [name for one in context.values() for name in _texts(one)] if isinstance(context, Mapping) else []
        if row.trace in names or (row.id or row.email or row.trace) in names or len(rows) == 1:
            return error if isinstance(error, Mapping) else None
    return None


def _texts(found: Any) -> list[str]:
    return [str(one) for one in (found if isinstance(found, list) else [found])]


def _open(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.outcome is None]
