"""Look: what an operator asks of the database. Newest first, by key and not by offset, and never a count of rows."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, select

from bridge.model.event import Event, StoredEvent
from bridge.store.arrival import blank_event, decode_event
from bridge.store.codec import Codec
from bridge.store.links import written_by
from bridge.store.retention import LET_GO
from bridge.store.tables import attempts, audit, deliveries, events, quarantine, rejections

_SAID = ("reason", "degraded")  # (codec)
_TRIED = exists().where(attempts.c.delivery_id == deliveries.c.id, attempts.c.uncertain)
# Whether any attempt may have been stored although no good answer came, also where a later one got through.
UNCERTAIN = deliveries.c.uncertain | _TRIED
_LISTED = (
    *deliveries.c["id", "event_id", "target", "state", "attempts", "due_at"],
    UNCERTAIN.label("uncertain"),
    *deliveries.c["finished_at", "copy", *_SAID],
)


def list_events(
    connection: Connection, *, codec: Codec, limit: int, before: int | None = None, unrouted: bool = False
) -> Iterator[dict[str, Any]]:
    """Events, newest first; `before`: the last id of the page that came before."""
    query = select(events).order_by(events.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(events.c.id < before)
    if unrouted:
        query = query.where(events.c.routed == 0, events.c.stale.is_(False))
    for row in connection.execute(query):
        event = _readable(row, codec)
        yield _event(row) | {"name": f"{event.first_name} {event.last_name}".strip(), "email": event.email}


def show_event(connection: Connection, event_id: int, *, codec: Codec) -> dict[str, Any] | None:
    """One event whole: its fields, the raw payload, its other revisions and its deliveries."""
    row = connection.execute(select(events).where(events.c.id == event_id)).one_or_none()
    if row is None:
        return None
    event = _readable(row, codec)
    same_key = select(*events.c["id", "revision", "received_at", "stale"]).where(events.c.key == row.key)
    fields = {name: getattr(event, name) for name in ("session_id", "first_name", "last_name", "email", "phone")}
    return _event(row) | {
        "fields": fields | {"content": event.content, "page_url": event.page_url},
        "created_at": event.created_at.isoformat() if event.created_at else None,
        "raw": _text(row.raw, codec),
        "revisions": [found._asdict() for found in connection.execute(same_key.order_by(events.c.revision))],
        "deliveries": [
            _delivery(found, codec)
            for found in connection.execute(
                select(*_LISTED).where(deliveries.c.event_id == event_id).order_by(deliveries.c.id)
            )
        ],
    }


def stored_event(connection: Connection, event_id: int, *, codec: Codec) -> tuple[StoredEvent, str] | None:
    """One event as a mapping sees it, and its person; raises ValueError where its payload is gone, or unreadable."""
    row = connection.execute(select(events).where(events.c.id == event_id)).one_or_none()
    if row is None:
        return None
    if row.fields is None:
        raise ValueError(LET_GO)
    received_at = datetime.fromtimestamp(row.received_at / 1000, UTC)
    return StoredEvent(row.id, row.key, row.revision, received_at, decode_event(row, codec)), row.person


def list_deliveries(
    connection: Connection,
    *,
    codec: Codec,
    limit: int,
    before: int | None = None,
    target: str | None = None,
    state: str | None = None,
    degraded: bool = False,
    uncertain: bool = False,
) -> Iterator[dict[str, Any]]:
    """Deliveries, newest first; `degraded`: those of which something was left out or shortened; `uncertain`: those
    that a target without Idempotency-Key may have twice.
    """
    query = select(*_LISTED).order_by(deliveries.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(deliveries.c.id < before)
    if target is not None:
        query = query.where(deliveries.c.target == target)
    if state is not None:
        query = query.where(deliveries.c.state == state)
    if degraded:
        query = query.where(deliveries.c.degraded.is_not(None))
    if uncertain:
        query = query.where(UNCERTAIN)
    for row in connection.execute(query):
        yield _delivery(row, codec)


def show_delivery(connection: Connection, delivery_id: int, *, codec: Codec) -> dict[str, Any] | None:
    """One delivery whole: every attempt, and the records it wrote."""
    row = connection.execute(select(*_LISTED).where(deliveries.c.id == delivery_id)).one_or_none()
    if row is None:
        return None
    tries = select(attempts).where(attempts.c.delivery_id == delivery_id).order_by(attempts.c.id)
    return _delivery(row, codec) | {
        "attempts_made": [
            {
                "started_at": found.started_at,
                "took_ms": found.took_ms,
                "outcome": found.outcome,
                "uncertain": found.uncertain,
                "reason": codec.text(found.reason),
            }
            for found in connection.execute(tries)
        ],
        "records": [
            {"object": link.object, "id": link.crm_id, "url": link.url} for link in written_by(connection, delivery_id)
        ],
    }


def list_rejections(connection: Connection, *, limit: int) -> list[dict[str, Any]]:
    """The last refused requests, newest first."""
    query = select(rejections).order_by(rejections.c.number.desc()).limit(limit)
    return [row._asdict() for row in connection.execute(query)]


def list_audit(connection: Connection, *, limit: int, before: int | None = None) -> Iterator[dict[str, Any]]:
    """What was done by hand, newest first: when, by whom, to what."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.id < before)
    for row in connection.execute(query):
        yield row._asdict()


def list_quarantine(
    connection: Connection, *, codec: Codec, limit: int, before: int | None = None
) -> Iterator[dict[str, Any]]:
    """What was signed and could not be read, newest first."""
    query = select(quarantine).order_by(quarantine.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(quarantine.c.id < before)
    for row in connection.execute(query):
        yield row._asdict() | {"signed_at": row.signed_at * 1000, "raw": _text(row.raw, codec)}


def show_quarantined(connection: Connection, id_: int, *, codec: Codec) -> dict[str, Any] | None:
    """One of them whole."""
    row = connection.execute(select(quarantine).where(quarantine.c.id == id_)).one_or_none()
    if row is None:
        return None
    whole = _text(row.raw, codec) if row.raw is not None else "(let go after `retention.payloads`)"
    return {
        "id": row.id,
        "source": row.source,
        "state": row.state,
        "path": row.path,
        "reason": row.reason,
        "received_at": row.received_at,
        "signed_at": row.signed_at * 1000,
        "body": whole,
    }


def _readable(row: Row[Any], codec: Codec) -> Event:
    """The event; a blank one where a newer version wrote it: an operator looks at it all the same."""
    try:
        return decode_event(row, codec)
    except ValueError:
        return blank_event(row)


def _text(value: bytes | None, codec: Codec) -> str:
    try:
        return codec.text(value)
    except ValueError as error:
        return f"({error})"


def _event(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "source": row.source,
        "kind": row.kind,
        "received_at": row.received_at,
        "key": row.key,
        "revision": row.revision,
        "routed": row.routed,
        "stale": row.stale,
    }


def _delivery(row: Row[Any], codec: Codec) -> dict[str, Any]:
    return row._asdict() | {name: _text(getattr(row, name), codec) for name in _SAID}
