"""Claims: a worker's rights to deliveries. Taking one writes a token into its row, which guards all that follows."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select, text, update

from bridge.model.delivery import Claim
from bridge.model.event import Event, StoredEvent
from bridge.store import lanes
from bridge.store.arrival import blank_event, decode_event
from bridge.store.codec import Codec
from bridge.store.counters import Tally
from bridge.store.retention import LET_GO
from bridge.store.tables import deliveries, events, workers

_EVENT = ("key", "revision", "received_at", "source", "kind", "chatbot_id", "created_at", "fields", "raw")
FAR_MS = 30_000  # beyond now, before we call a clock wrong

_DELIVERY = ("id", "event_id", "target", "person", "attempts", "uncertain", "if_empty", "copy", "holds", "held_at")


def claim(
    connection: Connection,
    target: str,
    *,
    limit: int,
    worker: int,
    token: str,
    now_ms: int,
    codec: Codec,
    tally: Tally,
    canary: bool = False,
) -> list[Claim]:
    """Up to `limit` due deliveries of the target, oldest first, now this worker's.

    A canary is the one that was tried the longest time ago, of those never tried the newest: whoever caused the hold
    comes last, and a good lead does not wait until all the bad ones before it have been tried.
    """
    rows = connection.execute(_due(target, now_ms=now_ms, limit=limit, canary=canary)).all()
    if not rows:
        return []
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id.in_([row.id for row in rows]))
        .values(state="claimed", worker=worker, token=token, claimed_at=now_ms)
    )
    tally.move(target, "queued", "claimed", len(rows))
    return _readable(connection, rows, token=token, codec=codec, canary=canary, now_ms=now_ms, tally=tally)


def next_due(connection: Connection, targets: Iterable[str]) -> dict[str, int]:
    """When each target's next delivery is due, in ms; targets without one are left out. Takes no lock."""
    found = {}
    for target in targets:
        due_at = connection.execute(_NEXT_DUE, {"target": target}).scalar()
        if due_at is not None:
            found[target] = due_at
    return found


def count_claimed(connection: Connection, target: str) -> int:
    """How many deliveries of the target all workers hold together."""
    return int(connection.execute(_COUNT_CLAIMED, {"target": target}).scalar_one())


def are_far(connection: Connection, *, now_ms: int) -> bool:
    """Whether something waits for a time that a clock which was ahead has written down."""
    return connection.execute(select(deliveries.c.id).where(_far(now_ms)).limit(1)).scalar() is not None


def pull_in(connection: Connection, *, now_ms: int) -> int:
    """Makes that due now; gives how many."""
    return connection.execute(update(deliveries).where(_far(now_ms)).values(due_at=now_ms)).rowcount


def _far(now_ms: int) -> ColumnElement[bool]:
    """Last tried at a time that is still to come; or never tried, and yet not due."""
    ahead = now_ms + FAR_MS
    never = and_(deliveries.c.claimed_at.is_(None), deliveries.c.due_at > ahead)
    return and_(text("state = 'queued'"), or_(deliveries.c.claimed_at > ahead, never), deliveries.c.due_at > now_ms)


def orphaned(connection: Connection) -> list[int]:
    """Workers that hold claims and are not registered (there should be none)."""
    known = select(workers.c.id)
    query = select(deliveries.c.worker).where(text("state = 'claimed'"), deliveries.c.worker.not_in(known))
    return list(connection.execute(query.distinct()).scalars())


def claims_of(connection: Connection, worker: int, *, codec: Codec) -> list[Claim]:
    """What a worker holds: for whoever settles in its place when it is dead. They do not ask what the events say: one
    that cannot be read is lost like any other.
    """
    query = _joined().where(deliveries.c.worker == worker, text("deliveries.state = 'claimed'"))
    found = []
    for row in connection.execute(query.add_columns(deliveries.c.token)):
        event = _event_of(row, codec)
        found.append(_claim(row, row.token, event if isinstance(event, Event) else blank_event(row), canary=False))
    return found


def _readable(
    connection: Connection,
    rows: Sequence[Row[Any]],
    *,
    token: str,
    codec: Codec,
    canary: bool,
    now_ms: int,
    tally: Tally,
) -> list[Claim]:
    """The claims of these rows. One whose event was let go would be sent blank, and one that cannot be decoded must not
    stop all that come after it: both are dead.
    """
    found = []
    for row in rows:
        event = _event_of(row, codec)
        if isinstance(event, Event):
            found.append(_claim(row, token, event, canary))
            continue
        mine = (deliveries.c.id == row.id, text("state = 'claimed'"), deliveries.c.token == token)
        values = {"state": "dead", "finished_at": now_ms, "reason": codec.encode(event), "worker": None, "token": None}
        if connection.execute(update(deliveries).where(*mine).values(values)).rowcount:
            tally.move(row.target, "claimed", "dead")
            lanes.promote(connection, [row.id], tally=tally)
    return found


def _event_of(row: Row[Any], codec: Codec) -> Event | str:
    """The row's event; or why there is none to send."""
    if row.fields is None:
        return LET_GO
    try:
        return decode_event(row, codec)
    except ValueError as error:
        return f"its stored event cannot be read: {error}"


def _joined() -> Select[Any]:
    return select(*deliveries.c[_DELIVERY], *events.c[_EVENT]).join(events, events.c.id == deliveries.c.event_id)


def _due(target: str, *, now_ms: int, limit: int, canary: bool) -> Select[Any]:
    order = (func.coalesce(deliveries.c.claimed_at, 0), deliveries.c.id.desc()) if canary else _OLDEST
    return (
        _joined()
        .where(deliveries.c.target == target, text("deliveries.state = 'queued'"), deliveries.c.due_at <= now_ms)
        .order_by(*order)
        .limit(limit)
        .with_for_update(of=deliveries, skip_locked=True)
    )


_OLDEST = (deliveries.c.due_at, deliveries.c.id)


_NEXT_DUE = text(
    "SELECT due_at FROM deliveries WHERE target = :target AND state = 'queued' ORDER BY due_at, id LIMIT 1"
)


_COUNT_CLAIMED = text("SELECT count(*) FROM deliveries WHERE target = :target AND state = 'claimed'")


def _claim(row: Row[Any], token: str, event: Event, canary: bool) -> Claim:  # noqa: FBT001
    received_at = datetime.fromtimestamp(row.received_at / 1000, UTC)
    return Claim(
        delivery_id=row.id,
        token=token,
        target=row.target,
        person=row.person,
        stored=StoredEvent(row.event_id, row.key, row.revision, received_at, event),
        attempts=row.attempts,
        uncertain=row.uncertain,
        if_empty=row.if_empty,
        copy=row.copy,
        holds=row.holds,
        held_before=row.held_at,
        canary=canary,
    )
