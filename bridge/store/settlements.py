"""Settle: what came of claims is written down: states, attempts, and the next of each lane. Every change is
guarded by the claim's token, read under the row's lock in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, text

from bridge.core.retry import Settlement
from bridge.model.delivery import ENDED, SUPERSEDED, Result, State
from bridge.model.record import Delivered
from bridge.store import bulk, lanes
from bridge.store.codec import Codec
from bridge.store.counters import Tally
from bridge.store.tables import attempts, deliveries

Settled = tuple[Result, Settlement]
NEXT = "; "  # between two notes on what was left out


def settle(
    connection: Connection, settled: Sequence[Settled], *, worker: int, now_ms: int, codec: Codec, tally: Tally
) -> list[Settled]:
    """Writes what came of this worker's claims; gives those that counted, with the state that each has now.

    A claim that was lost meanwhile changes nothing, except that a late Delivered is believed as long as nobody claimed
    the delivery again.
    """
    rows = _lock(connection, [settlement.claim.delivery_id for _, settlement in settled])
    counted, changes, ended = [], [], []
    for result, settlement in settled:
        row = rows.get(settlement.claim.delivery_id)
        if row is None or not _counts(row, result, settlement):
            continue
        change = _change(connection, row, result, settlement, now_ms=now_ms, codec=codec)
        changes.append(change)
        counted.append((result, replace(settlement, state=State(change["state"]))))
        tally.move(row.target, row.state, change["state"])
        if change["state"] not in ("queued", "claimed") and row.state in ("queued", "claimed"):
            ended.append(row.id)
    if changes:
        bulk.change(connection, deliveries, changes, also="worker = NULL, token = NULL")
        _write_attempts(connection, counted, worker=worker, codec=codec)
    if ended:
        lanes.promote(connection, ended, tally=tally)
    return counted


class _Row(NamedTuple):
    id: int
    state: str
    token: str | None
    superseded: bool
    if_empty: bool
    position: int
    target: str
    person: str
    degraded: bytes | None


_OF_IDS = f"SELECT {', '.join(_Row._fields)} FROM deliveries WHERE id {{among}} ORDER BY id"  # noqa: S608


def _lock(connection: Connection, ids: list[int]) -> dict[int, _Row]:
    """The rows, locked in order of id: whoever locks several does it in this order, so nobody deadlocks."""
    query = bulk.locked(connection, _OF_IDS, "FOR UPDATE")
    return {row.id: row for row in map(_Row._make, bulk.among(connection, query, ids))}


def held(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Those of these deliveries that another transaction holds; found without waiting for it."""
    query = bulk.locked(connection, "SELECT id FROM deliveries WHERE id {among} ORDER BY id", "FOR UPDATE SKIP LOCKED")
    return set(ids) - {id_ for (id_,) in bulk.among(connection, query, ids)}


def _counts(row: _Row, result: Result, settlement: Settlement) -> bool:
    if row.state == "claimed":
        return bool(row.token == settlement.claim.token)
    return isinstance(result.outcome, Delivered) and row.state in ("queued", "waiting", "dead")


def _change(
    connection: Connection, row: _Row, result: Result, settlement: Settlement, *, now_ms: int, codec: Codec
) -> dict[str, Any]:
    """The row's new values. A delivery that did not get through is discarded where a newer revision waits behind it,
    and gives way where others of its person would wait too long.
    """
    state, reason, if_empty, position = settlement.state, settlement.reason, bool(row.if_empty), row.position
    if state == State.QUEUED and row.superseded:
        state, reason = State.DISCARDED, SUPERSEDED
    elif state == State.QUEUED and settlement.due_at > now_ms + lanes.GIVES_WAY_MS and _has_followers(connection, row):
        state, if_empty, position = State.WAITING, True, settlement.due_at
    return {
        "id": row.id,
        "state": state.value,
        "due_at": settlement.due_at,
        "claimed_at": now_ms,
        "attempts": settlement.attempts,
        "uncertain": settlement.uncertain,
        "if_empty": if_empty,
        "position": position,
        "holds": settlement.holds,
        "held_at": settlement.held_at,
        "finished_at": now_ms if state in ENDED else None,
        "reason": codec.encode(reason) if reason else None,
        "degraded": _degraded(row.degraded, result.degraded, codec),
    }


def _degraded(before: bytes | None, more: Sequence[str], codec: Codec) -> bytes | None:
    """What had to be left out in this attempt, and in those before."""
    if not more:
        return before
    try:
        notes = codec.text(before).split(NEXT) if before else []
    except ValueError:  # a newer version wrote it
        notes = []
    return codec.encode(NEXT.join(dict.fromkeys([*notes, *more])))


def _has_followers(connection: Connection, row: _Row) -> bool:
    query = select(deliveries.c.id).where(
        deliveries.c.person == row.person, deliveries.c.target == row.target, text("state = 'waiting'")
    )
    return connection.execute(query.limit(1)).scalar() is not None


def _write_attempts(connection: Connection, counted: list[Settled], *, worker: int, codec: Codec) -> None:
    rows = [
        {
            "delivery_id": result.claim.delivery_id,
            "worker": worker,
            "started_at": result.started_at,
            "took_ms": result.took_ms,
            "outcome": type(result.outcome).__name__.lower(),
            "uncertain": bool(getattr(result.outcome, "uncertain", False)),
            "reason": codec.encode(reason) if (reason := getattr(result.outcome, "reason", "")) else None,
        }
        for result, _ in counted
        if result.outcome is not None
    ]
    if rows:
        bulk.insert(connection, attempts, rows)
