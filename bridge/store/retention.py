"""Retention: what is old is let go, in small chunks. Payloads first: an event keeps its key, its person and a hash of
each field, so that it is still known when it comes again. Later deliveries and attempts go. Keys and links stay: they
hold nothing personal.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, text, update

from bridge.core.identity import content_of, digests_of
from bridge.store import bulk
from bridge.store.arrival import decode_event
from bridge.store.codec import Codec
from bridge.store.counters import Tally
from bridge.store.tables import attempts, deliveries, events, quarantine, unverified

CHUNK = 500

_UNFINISHED = text(
    "NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event_id = events.id "
    "AND d.state IN ('waiting', 'queued', 'claimed'))"
)


def purge_payloads(
    connection: Connection, *, before_ms: int, regions: Mapping[str, str], salt: bytes, codec: Codec
) -> int:
    """Forgets what one chunk of events before this time said; gives how many there were. What is not yet delivered
    is kept, however old it is.
    """
    query = (
        select(events)
        .where(events.c.received_at < before_ms, text("fields IS NOT NULL"), _UNFINISHED)
        .order_by(events.c.received_at)
        .limit(CHUNK)
    )
    rows = [
        {
            "id": row.id,
            "fields": None,
            "raw": None,
            "digests": json.dumps(_digests(row, regions.get(row.source, ""), salt, codec)),
        }
        for row in connection.execute(query)
    ]
    bulk.change(connection, events, rows)
    _forget_reasons(connection, [row["id"] for row in rows])
    old = quarantine.c.received_at < before_ms
    connection.execute(update(quarantine).where(old, quarantine.c.raw.is_not(None)).values(raw=None))
    connection.execute(delete(unverified).where(unverified.c.received_at < before_ms))
    return len(rows)


def _digests(row: Row[Any], region: str, salt: bytes, codec: Codec) -> dict[str, str]:
    return digests_of(content_of(decode_event(row, codec), region=region), salt=salt)


def purge_metadata(connection: Connection, *, before_ms: int, tally: Tally) -> int:
    """Removes one chunk of ended deliveries of events before this time, with their attempts; gives how many. The newest
    delivery stays whatever its age: new ids count on from it, and links remember ids.
    """
    newest = connection.execute(select(func.max(deliveries.c.id))).scalar()
    oldest = (
        select(*deliveries.c["id", "target", "state", "finished_at"], events.c.received_at)
        .join(events, events.c.id == deliveries.c.event_id)
        .order_by(deliveries.c.event_id)
        .limit(CHUNK)
    )
    rows = [row for row in connection.execute(oldest) if row.received_at < before_ms and row.finished_at is not None]
    rows = [row for row in rows if row.id != newest]
    ids = [row.id for row in rows]
    if ids:
        connection.execute(delete(attempts).where(attempts.c.delivery_id.in_(ids)))
        connection.execute(delete(deliveries).where(deliveries.c.id.in_(ids)))
    for row in rows:
        tally.move(row.target, row.state, "")
    return len(rows)


def _forget_reasons(connection: Connection, event_ids: list[int]) -> None:
    """What CRMs said of a delivery may quote the visitor."""
    if not event_ids:
        return
    mine = select(deliveries.c.id).where(deliveries.c.event_id.in_(event_ids))
    connection.execute(update(attempts).where(attempts.c.delivery_id.in_(mine)).values(reason=None))
    ours = deliveries.c.event_id.in_(event_ids)
    connection.execute(update(deliveries).where(ours).values(reason=None, degraded=None))
