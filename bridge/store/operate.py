"""Operate: what an operator changes by hand, each change with its line in the audit."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select, text, update

from bridge.store import lanes
from bridge.store.counters import Tally
from bridge.store.database import Database
from bridge.store.intake import open_deliveries
from bridge.store.tables import audit, deliveries, events, links

ENDED = ("delivered", "dead", "discarded")
_LATER = events.alias("later")


def note(connection: Connection, *, at_ms: int, who: str, action: str, subject: str, detail: str = "") -> None:
    connection.execute(audit.insert().values(at=at_ms, who=who[:64], action=action, subject=subject, detail=detail))


def ended_ids(connection: Connection, *, target: str | None, state: str, after: int, limit: int) -> list[int]:
    """Ids of deliveries that ended in this state, oldest first."""
    query = select(deliveries.c.id).where(deliveries.c.state == state, deliveries.c.id > after)
    if target is not None:
        query = query.where(deliveries.c.target == target)
    return list(connection.execute(query.order_by(deliveries.c.id).limit(limit)).scalars())


def send_again(connection: Connection, ids: Iterable[int], *, now_ms: int, tally: Tally) -> dict[int, str]:
    """Puts ended deliveries back into their lanes, all attempts new; gives for each why not, empty where it was done.

    The idempotency key stays, so a target that honours it gets nothing twice. A revision that a later one overtook is
    left alone: it would put old facts over new ones.
    """
    query = select(deliveries).where(deliveries.c.id.in_(list(ids))).order_by(deliveries.c.id).with_for_update()
    found = {row.id: row for row in connection.execute(query)}
    answers = {}
    for id_ in ids:
        row = found.get(id_)
        answers[id_] = "no such delivery" if row is None else _why_not(connection, row)
        if row is not None and not answers[id_]:
            _put_back(connection, row, now_ms, tally)
    return answers


def send_as_new(
    connection: Connection, database: Database, ids: Iterable[int], *, now_ms: int, tally: Tally
) -> dict[int, str]:
    """A new delivery beside each, with a new idempotency key: the target will take it for another event."""
    answers = {}
    for id_ in ids:
        row = connection.execute(
            select(*deliveries.c["event_id", "target", "person"]).where(deliveries.c.id == id_)
        ).one_or_none()
        if row is None:
            answers[id_] = "no such delivery"
            continue
        copies = select(text("max(copy)")).select_from(deliveries)
        copies = copies.where(deliveries.c.event_id == row.event_id, deliveries.c.target == row.target)
        copy = connection.execute(copies).scalar_one() + 1
        wanted = row._asdict() | {"copy": copy, "due_at": now_ms, "key": "", "older": ()}
        open_deliveries(connection, database, [wanted], now_ms=now_ms, tally=tally)
        answers[id_] = ""
    return answers


def route_again(
    connection: Connection, database: Database, event_id: int, targets: Iterable[str], *, now_ms: int, tally: Tally
) -> list[str]:
    """Opens the deliveries that an event lacks at these targets; gives their names."""
    row = connection.execute(select(*events.c["key", "person", "stale"]).where(events.c.id == event_id)).one_or_none()
    if row is None or row.stale:
        return []
    has = set(connection.execute(select(deliveries.c.target).where(deliveries.c.event_id == event_id)).scalars())
    missing = [target for target in targets if target not in has]
    wanted: list[dict[str, Any]] = [
        {"event_id": event_id, "person": row.person, "target": target, "due_at": now_ms, "key": row.key, "older": ()}
        for target in missing
    ]
    if wanted:
        open_deliveries(connection, database, wanted, now_ms=now_ms, tally=tally)
        connection.execute(update(events).where(events.c.id == event_id).values(routed=len(has) + len(missing)))
    return missing


def later_revision(connection: Connection, event_id: int) -> int | None:
    """The event that says more of the same, if one came; it is the one to send."""
    query = select(_LATER.c.id).join(events, events.c.key == _LATER.c.key)
    query = query.where(events.c.id == event_id, _LATER.c.revision > events.c.revision, _LATER.c.stale.is_(False))
    return connection.execute(query.order_by(_LATER.c.revision.desc()).limit(1)).scalar()


def _why_not(connection: Connection, row: Any) -> str:
    if row.state not in ENDED:
        return f"is {row.state}: only what has ended is sent again"
    later = connection.execute(
        select(deliveries.c.id)
        .join(_LATER, _LATER.c.id == deliveries.c.event_id)
        .join(events, events.c.key == _LATER.c.key)
        .where(events.c.id == row.event_id, _LATER.c.revision > events.c.revision, deliveries.c.target == row.target)
        .order_by(_LATER.c.revision.desc())
        .limit(1)
    ).scalar()
    return f"a later revision of its event is delivery {later}: send that one" if later else ""


def _put_back(connection: Connection, row: Any, now_ms: int, tally: Tally) -> None:
    lane = {"person": row.person, "target": row.target}
    tally.move(row.target, row.state, "")
    lanes.enter(connection, [lane], now_ms=now_ms, tally=tally)
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == row.id, deliveries.c.state == row.state)
        .values(
            state=lane["state"], due_at=now_ms, attempts=0, holds=0, held_at=0, finished_at=None, reason=None,
            superseded=False, if_empty=False, uncertain=row.uncertain or row.state == "delivered",
        )
    )  # fmt: skip
    # Its checkpoints are over: every record is to be written again (as an update, by its link).
    connection.execute(update(links).where(links.c.delivery_id == row.id).values(delivery_id=0))
