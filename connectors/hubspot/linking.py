"""Linking: what was there already is associated in a request of its own: only what is made takes associations along.
Twice is once. Without it, the note of a contact that was deleted and made anew would be seen by nobody.
"""

from collections.abc import Sequence

from bridge.connector import Delivered, Reject, found_at
from connectors.hubspot.objects import object_of
from connectors.hubspot.row import Row, kind_of
from connectors.hubspot.work import OF_ROWS, Work, chunks, halves


def link(rows: Sequence[Row], work: Work) -> None:
    """Associates those of these rows of one object that were written, and not made; where that cannot be told, they are
    not delivered.
    """
    for to in dict.fromkeys(name for row in rows for name in row.to):
        for chunk in chunks([row for row in rows if to in row.to and _is_open(row)]):
            _link(chunk, to, work)


def _is_open(row: Row) -> bool:
    """Whether it was there already; one that is only to be made is left as it is."""
    return isinstance(row.outcome, Delivered) and not row.is_linked and row.record.mode != "create"


def _link(rows: Sequence[Row], to: str, work: Work) -> None:
    if work.stopped is not None:
        for row in rows:
            row.outcome = work.unsent
        return
    answer = work.client.associate(rows[0].object, object_of(to), [_input(row, to, work) for row in rows])
    body = answer.json() if 200 <= answer.status < 300 else None
    refused = bool(found_at(body, "errors"))
    if isinstance(found_at(body, "results"), list) and not refused:
        return
    if len(rows) > 1 and (refused or answer.status in OF_ROWS):
        for half in halves(rows):
            _link(half, to, work)
    elif len(rows) == 1 and (refused or isinstance(work.judge(work.problem(answer)), Reject)):
        _do_without(rows[0], to)
    else:
        work.fail(rows, work.problem(answer))


def _do_without(row: Row, to: str) -> None:
    if isinstance(row.outcome, Delivered):
        row.notes.append(f"HubSpot did not take {to}")
        row.deliver(row.outcome.id, row.outcome.url)


def _input(row: Row, to: str, work: Work) -> dict[str, object]:
    id_ = row.outcome.id if isinstance(row.outcome, Delivered) else ""
    return {"from": {"id": id_}, "to": {"id": row.to[to]}, "types": [kind_of(row, to, work.settings)]}
