"""Retention: what is old is let go, in small chunks. Payloads first: an event keeps its key, its person and a hash of
each field, so that it is still known when it comes again. Later deliveries and attempts go. Keys and links stay: they
hold nothing personal.

Whoever sends an old event again holds its row (`operate`), and a purge waits for that: what is on its way keeps its
payload. Locks are taken in order of id, events before deliveries.
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
LET_GO = "its payload was let go after `retention.payloads`: there is nothing left to send"

_KEPT = text("fields IS NOT NULL")
# Nothing of it is on its way, and what is dead has been so for as long as payloads are kept: it can be sent again.
_FINISHED = text(
    "NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event_id = events.id "
    "AND (d.state IN ('waiting', 'queued', 'claimed') OR d.state = 'dead' AND d.finished_at >= :before_ms))"
)
_GOING_ON = text("state IN ('waiting', 'queued', 'claimed')")
_ENDED = text("state IN ('delivered', 'dead', 'discarded')")


def purge_payloads(
    connection: Connection, *, before_ms: int, regions: Mapping[str, str], salt: bytes, codec: Codec
) -> int:
    """Forgets what one chunk of events before this time said; gives how many there were. What is not yet delivered, or
    dead since then, is kept, however old it is.
    """
    gone = _let_go(connection, before_ms, regions, salt, codec)
    if gone:
        _forget_reasons(connection, gone)
    old = quarantine.c.received_at < before_ms
    connection.execute(update(quarantine).where(old, quarantine.c.raw.is_not(None)).values(raw=None))
    connection.execute(delete(unverified).where(unverified.c.received_at < before_ms))
    return len(gone)


def _let_go(connection: Connection, before_ms: int, regions: Mapping[str, str], salt: bytes, codec: Codec) -> list[int]:
    """Ids of the events whose payload is gone now."""
    # The oldest that may go.
    finished = _FINISHED.bindparams(before_ms=before_ms)
    query = select(events.c.id).where(events.c.received_at < before_ms, _KEPT, finished)
    ids = list(connection.execute(query.order_by(events.c.received_at).limit(CHUNK)).scalars())
    if not ids:
        return []
    # What they say; waits for whoever sends one of them again.
    held = select(events).where(events.c.id.in_(ids), _KEPT).order_by(events.c.id).with_for_update(key_share=True)
    digests = {row.id: _digests(row, regions.get(row.source, ""), salt, codec) for row in connection.execute(held)}
    # Looks once more: one of them may have been sent again before it was held.
    still = list(digests)
    on_its_way = select(deliveries.c.event_id).where(deliveries.c.event_id.in_(still), _GOING_ON)
    change = update(events).where(events.c.id.in_(still), _KEPT, events.c.id.not_in(on_its_way))
    gone = sorted(connection.execute(change.values(fields=None, raw=None).returning(events.c.id)).scalars())
    bulk.change(connection, events, [{"id": id_, "digests": digests[id_]} for id_ in gone])
    return gone


def _digests(row: Row[Any], region: str, salt: bytes, codec: Codec) -> str | None:
    """JSON of a hash of each field; None where what the event said cannot be read."""
    try:
        event = decode_event(row, codec)
    except ValueError:
        return None
    return json.dumps(digests_of(content_of(event, region=region), salt=salt))


def purge_metadata(connection: Connection, *, before_ms: int, tally: Tally) -> int:
    """Removes one chunk of the deliveries that ended before this time, with their attempts; gives how many. The newest
    delivery stays whatever its age: new ids count on from it, and links remember ids.
    """
    newest = connection.execute(select(func.max(deliveries.c.id))).scalar()
    old = (deliveries.c.finished_at < before_ms, _ENDED)
    # The oldest by their end: neither what is young nor what never ends is looked at (ix_deliveries_finished).
    query = select(deliveries.c.id).where(*old, deliveries.c.id != newest)
    ids = list(connection.execute(query.order_by(deliveries.c.finished_at).limit(CHUNK)).scalars())
    if not ids:
        return 0
    # One of them may have been sent again meanwhile.
    held = select(deliveries.c.id).where(deliveries.c.id.in_(ids), *old).order_by(deliveries.c.id).with_for_update()
    ids = list(connection.execute(held).scalars())
    connection.execute(delete(attempts).where(attempts.c.delivery_id.in_(ids)))
    gone = delete(deliveries).where(deliveries.c.id.in_(ids), *old).returning(*deliveries.c["target", "state"])
    removed = connection.execute(gone).all()
    for target, state in removed:
        tally.move(target, state, "")
    return len(removed)


def _forget_reasons(connection: Connection, event_ids: list[int]) -> None:
    """What CRMs said of a delivery may quote the visitor."""
    mine = select(deliveries.c.id).where(deliveries.c.event_id.in_(event_ids))
    ids = list(connection.execute(mine.order_by(deliveries.c.id).with_for_update()).scalars())
    connection.execute(update(attempts).where(attempts.c.delivery_id.in_(ids)).values(reason=None))
    connection.execute(update(deliveries).where(deliveries.c.id.in_(ids)).values(reason=None, degraded=None))
