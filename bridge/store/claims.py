"""Claims: a worker's rights to deliveries. Taking one writes a token into its row, which guards all that follows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, or_, select, text, update

from bridge.model.delivery import Claim
from bridge.model.event import StoredEvent
from bridge.store import lanes
from bridge.store.arrival import decode_event
from bridge.store.codec import Codec
from bridge.store.counters import Tally
from bridge.store.tables import deliveries, events

_EVENT = ("key", "revision", "received_at", "source", "kind", "chatbot_id", "created_at", "fields", "raw")
FAR_MS = 30_000  # beyond what can be, before we call a clock wrong

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
    culprit: int = 0,
) -> list[Claim]:
    """Up to `limit` due deliveries of the target, oldest first, now this worker's.

    A canary is another than the one that caused the hold, if there is one.
    """
    query = _due(target, now_ms=now_ms, limit=limit)
    rows = connection.execute(query.where(deliveries.c.id != culprit) if canary else query).all()
    if canary and not rows:
        rows = connection.execute(query).all()
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


def are_far(connection: Connection, longest_ms: Mapping[str, int], *, now_ms: int) -> bool:
    """Whether something is due later than it can be: the clock was set back since that was written. `longest_ms`: the
    longest wait between two attempts, for each target.
    """
    if not longest_ms:
        return False
    return connection.execute(select(deliveries.c.id).where(_far(longest_ms, now_ms)).limit(1)).scalar() is not None


def pull_in(connection: Connection, longest_ms: Mapping[str, int], *, now_ms: int) -> int:
    """Makes due what is due later than it can be; gives how many."""
    if not longest_ms:
        return 0
    return connection.execute(update(deliveries).where(_far(longest_ms, now_ms)).values(due_at=now_ms)).rowcount


def _far(longest_ms: Mapping[str, int], now_ms: int) -> ColumnElement[bool]:
    """A first attempt is due when its event comes, a later one within the longest wait."""
    far = (
        and_(
            deliveries.c.target == target,
            deliveries.c.due_at > now_ms + FAR_MS,
            or_(deliveries.c.attempts == 0, deliveries.c.due_at > now_ms + wait_ms + FAR_MS),
        )
        for target, wait_ms in longest_ms.items()
    )
    return and_(text("state = 'queued'"), or_(*far))


def claims_of(connection: Connection, worker: int, *, codec: Codec) -> list[Claim]:
    """What a worker holds: for whoever settles in its place when it is dead."""
    query = _joined().where(deliveries.c.worker == worker, text("deliveries.state = 'claimed'"))
    return [
        _claim(row, row.token, codec, canary=False) for row in connection.execute(query.add_columns(deliveries.c.token))
    ]


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
    """The claims of these rows. One whose event cannot be decoded is dead: it must not stop all that come after it."""
    found = []
    for row in rows:
        try:
            found.append(_claim(row, token, codec, canary))
        except (ValueError, TypeError, KeyError) as error:
            reason = codec.encode(f"its stored event cannot be read: {type(error).__name__}")
            end = update(deliveries).where(deliveries.c.id == row.id)
            connection.execute(end.values(state="dead", finished_at=now_ms, reason=reason, worker=None, token=None))
            tally.move(row.target, "claimed", "dead")
            lanes.promote(connection, [row.id], tally=tally)
    return found


def _joined() -> Select[Any]:
    return select(*deliveries.c[_DELIVERY], *events.c[_EVENT]).join(events, events.c.id == deliveries.c.event_id)


def _due(target: str, *, now_ms: int, limit: int) -> Select[Any]:
    return (
        _joined()
        .where(deliveries.c.target == target, text("deliveries.state = 'queued'"), deliveries.c.due_at <= now_ms)
        .order_by(deliveries.c.due_at, deliveries.c.id)
        .limit(limit)
        .with_for_update(of=deliveries, skip_locked=True)
    )


_NEXT_DUE = text(
    "SELECT due_at FROM deliveries WHERE target = :target AND state = 'queued' ORDER BY due_at, id LIMIT 1"
)


_COUNT_CLAIMED = text("SELECT count(*) FROM deliveries WHERE target = :target AND state = 'claimed'")


def _claim(row: Row[Any], token: str, codec: Codec, canary: bool) -> Claim:  # noqa: FBT001
    received_at = datetime.fromtimestamp(row.received_at / 1000, UTC)
    return Claim(
        delivery_id=row.id,
        token=token,
        target=row.target,
        person=row.person,
        stored=StoredEvent(row.event_id, row.key, row.revision, received_at, decode_event(row, codec)),
        attempts=row.attempts,
        uncertain=row.uncertain,
        if_empty=row.if_empty,
        copy=row.copy,
        holds=row.holds,
        held_before=row.held_at,
        canary=canary,
    )
