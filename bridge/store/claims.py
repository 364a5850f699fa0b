"""Claims: a worker's rights to deliveries. Taking one writes a token into its row, which guards all that follows."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, or_, select, text, update

from bridge.model.delivery import Claim
from bridge.model.event import Event, StoredEvent
from bridge.store import bulk, lanes
from bridge.store.arrival import blank_event, decode_event
from bridge.store.codec import Codec
from bridge.store.counters import Tally
from bridge.store.retention import LET_GO
from bridge.store.tables import deliveries, workers

FAR_MS = 30_000  # beyond now, before we call a clock wrong


class _Row(NamedTuple):
    """A delivery and its event."""

    id: int
    event_id: int
    target: str
    person: str
    attempts: int
    uncertain: bool
    if_empty: bool
    copy: int
    holds: int
    held_at: int
    due_at: int
    claimed_at: int | None
    token: str | None
    key: str
    revision: int
    received_at: int
    source: str
    kind: str
    chatbot_id: str
    created_at: int | None
    fields: bytes | None
    raw: bytes | None


_ROWS = (
    f"SELECT d.{', d.'.join(_Row._fields[:13])}, e.{', e.'.join(_Row._fields[13:])} "  # noqa: S608
    "FROM deliveries d JOIN events e ON e.id = d.event_id WHERE "
)
_DUE = _ROWS + "d.target = ? AND d.again = {again} AND d.state = 'queued' AND d.due_at <= ? ORDER BY {order} LIMIT ?"
_OLDEST = "d.due_at, d.id"
_CANARIES = "coalesce(d.claimed_at, 0), d.id DESC"
_BOTH = "SELECT * FROM ({}) AS later UNION ALL SELECT * FROM ({}) AS first"
_TAKE = "UPDATE deliveries SET state = 'claimed', worker = ?, token = ?, claimed_at = ? WHERE id {among}"
_HELD_BY = _ROWS + "d.worker = ? AND d.state = 'claimed'"
_NEXT = "SELECT due_at FROM deliveries WHERE target = ? AND again = {} AND state = 'queued' ORDER BY due_at, id LIMIT 1"
_FIRST, _LATER = _NEXT.format("false"), _NEXT.format("true")
_NEXT_OF_ALL = f"SELECT min(due_at) FROM ({_BOTH.format(_LATER, _FIRST)}) AS of_all"  # noqa: S608
_COUNT_CLAIMED = "SELECT count(*) FROM deliveries WHERE target = ? AND state = 'claimed'"


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
    again: int | None = None,
) -> list[Claim]:
    """Up to `limit` due deliveries of the target, oldest first, now this worker's; of them at most `again` that were
    tried before.

    A canary is the one that was tried the longest time ago, of those never tried the newest: whoever caused the hold
    comes last, and a good lead does not wait until all the bad ones before it have been tried.
    """
    rows = _due(connection, target, limit=limit, now_ms=now_ms, canary=canary, again=again)
    rows = [row._replace(token=token) for row in rows]
    if not rows:
        return []
    bulk.change_among(connection, _TAKE, [row.id for row in rows], worker, token, now_ms)
    tally.move(target, "queued", "claimed", len(rows))
    return _readable(connection, rows, codec=codec, now_ms=now_ms, tally=tally)


def next_due(connection: Connection, targets: Mapping[str, bool]) -> dict[str, int]:
    """When each target's next delivery is due, in ms; where True, its next that was never tried. Takes no lock."""
    return {
        target: due_at
        for target, first_only in targets.items()
        for (due_at,) in (
            bulk.rows(connection, _FIRST, target) if first_only else bulk.rows(connection, _NEXT_OF_ALL, target, target)
        )
        if due_at is not None
    }


def count_claimed(connection: Connection, target: str) -> int:
    """How many deliveries of the target all workers hold together."""
    return int(bulk.rows(connection, _COUNT_CLAIMED, target)[0][0])


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
    found = []
    for row in map(_Row._make, bulk.rows(connection, _HELD_BY, worker)):
        event = _event_of(row, codec)
        found.append(_claim(row, event if isinstance(event, Event) else blank_event(row)))
    return found


def _readable(connection: Connection, rows: Sequence[_Row], *, codec: Codec, now_ms: int, tally: Tally) -> list[Claim]:
    """The claims of these rows. One whose event was let go would be sent blank, and one that cannot be decoded must not
    stop all that come after it: both are dead.
    """
    found = []
    for row in rows:
        event = _event_of(row, codec)
        if isinstance(event, Event):
            found.append(_claim(row, event))
            continue
        mine = (deliveries.c.id == row.id, text("state = 'claimed'"), deliveries.c.token == row.token)
        values = {"state": "dead", "finished_at": now_ms, "reason": codec.encode(event), "worker": None, "token": None}
        if connection.execute(update(deliveries).where(*mine).values(values)).rowcount:
            tally.move(row.target, "claimed", "dead")
            lanes.promote(connection, [row.id], tally=tally)
    return found


def _due(
    connection: Connection, target: str, *, limit: int, now_ms: int, canary: bool, again: int | None
) -> list[_Row]:
    """Due deliveries, locked. Those that were tried before are looked up apart: neither has to be passed over to get at
    the other.
    """
    order = _CANARIES if canary else _OLDEST
    arms = [
        bulk.locked(connection, _DUE.format(again=flag, order=order), "FOR UPDATE OF d SKIP LOCKED")
        for flag in ("true", "false")
    ]
    most = limit if again is None else min(again, limit)
    found = bulk.rows(connection, _BOTH.format(*arms), target, now_ms, most, target, now_ms, limit)
    rows = sorted(map(_Row._make, found), key=_canary_first if canary else _oldest_first)
    if again is not None:
        rows.sort(key=_tried_before, reverse=True)
    return rows[:limit]


def _oldest_first(row: _Row) -> tuple[int, int]:
    return row.due_at, row.id


def _canary_first(row: _Row) -> tuple[int, int]:
    return row.claimed_at or 0, -row.id


def _tried_before(row: _Row) -> bool:
    return row.attempts > 0


def _event_of(row: _Row, codec: Codec) -> Event | str:
    """The row's event; or why there is none to send."""
    if row.fields is None:
        return LET_GO
    try:
        return decode_event(row, codec)
    except ValueError as error:
        return f"its stored event cannot be read: {error}"


def _claim(row: _Row, event: Event) -> Claim:
    received_at = datetime.fromtimestamp(row.received_at / 1000, UTC)
    return Claim(
        delivery_id=row.id,
        token=row.token or "",
        target=row.target,
        person=row.person,
        stored=StoredEvent(row.event_id, row.key, row.revision, received_at, event),
        attempts=row.attempts,
        uncertain=bool(row.uncertain),
        if_empty=bool(row.if_empty),
        copy=row.copy,
        holds=row.holds,
        held_before=row.held_at,
    )
