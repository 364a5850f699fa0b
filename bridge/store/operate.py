"""Operate: what an operator changes by hand, each change with its line in the audit.

An event that is sent again is held until the transaction ends, so that a purge does not let go of it meanwhile
(`retention`). Locks are taken in order of id, events before deliveries.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, func, select, text, update

from bridge.errors import BridgeError
from bridge.model.delivery import ENDED, State
from bridge.model.rules import TargetRule
from bridge.store import lanes
from bridge.store.counters import Tally
from bridge.store.database import Clash, Database
from bridge.store.look import UNCERTAIN
from bridge.store.openings import Opening, open_deliveries
from bridge.store.retention import LET_GO
from bridge.store.tables import audit, deliveries, events, links

LARGEST_ID = 2**63 - 1
_LATER = events.alias("later")
_HAS_PAYLOAD = events.c.fields.is_not(None).label("has_payload")


def note(connection: Connection, *, at_ms: int, who: str, action: str, subject: str, detail: str = "") -> None:
    connection.execute(audit.insert().values(at=at_ms, who=who[:64], action=action, subject=subject, detail=detail))


def pause_began(connection: Connection, target: str) -> Row[Any] | None:
    """When the pause of this target that is on began, and by whose hand (`at`, `who`); None where no audit says so."""
    mine = audit.c.subject == f"target {target}"
    resumed = select(func.coalesce(func.max(audit.c.id), 0)).where(mine, audit.c.action == "resume").scalar_subquery()
    query = select(*audit.c["at", "who"]).where(mine, audit.c.action == "pause", audit.c.id > resumed)
    return connection.execute(query.order_by(audit.c.id).limit(1)).one_or_none()


def ended_ids(connection: Connection, *, target: str | None, state: str, after: int, limit: int) -> list[int]:
    """Ids of deliveries that ended in this state, oldest first."""
    query = select(deliveries.c.id).where(deliveries.c.state == state, deliveries.c.id > after)
    if target is not None:
        query = query.where(deliveries.c.target == target)
    return list(connection.execute(query.order_by(deliveries.c.id).limit(limit)).scalars())


def may_be_there(connection: Connection, ids: Iterable[int]) -> list[int]:
    """Those of these ended deliveries that their target has, or may have."""
    there = (deliveries.c.state == State.DELIVERED) | UNCERTAIN
    ended = deliveries.c.id.in_(_possible(list(ids))) & deliveries.c.state.in_(ENDED)
    return list(connection.execute(select(deliveries.c.id).where(ended, there)).scalars())


def send_again(connection: Connection, ids: Iterable[int], *, now_ms: int, tally: Tally) -> dict[int, str]:
    """Puts ended deliveries back into their lanes, all attempts new; gives for each why not, empty where it was done.

    The idempotency key stays, so a target that honours it gets nothing twice. A revision that a later one overtook is
    left alone: it would put old facts over new ones.
    """
    wanted = sorted(set(ids))
    has_payload = _hold_events(connection, wanted)
    query = select(deliveries).where(deliveries.c.id.in_(_possible(wanted))).order_by(deliveries.c.id)
    found = {row.id: row for row in connection.execute(query.with_for_update()) if row.event_id in has_payload}
    answers = {}
    for id_ in wanted:
        row = found.get(id_)
        answers[id_] = _why_not(connection, row, has_payload)
        if row is not None and not answers[id_]:
            _put_back(connection, row, now_ms, tally)
    return answers


def send_as_new(
    connection: Connection, database: Database, ids: Iterable[int], *, now_ms: int, tally: Tally
) -> dict[int, str]:
    """A new delivery beside each, with a new idempotency key: the target will take it for another event."""
    wanted = sorted(set(ids))
    has_payload = _hold_events(connection, wanted)
    query = select(*deliveries.c["id", "event_id", "target", "person"]).where(deliveries.c.id.in_(_possible(wanted)))
    found = {row.id: row for row in connection.execute(query) if row.event_id in has_payload}
    answers = {}
    for id_ in wanted:
        row = found.get(id_)
        answers[id_] = NO_SUCH if row is None else "" if has_payload[row.event_id] else LET_GO
        if row is not None and not answers[id_]:
            number = _next_copy(connection, row)
            copy = Opening(row.person, row.target, now_ms, event_id=row.event_id, key="", copy=number)
            open_deliveries(connection, database, [copy], now_ms=now_ms, tally=tally)
    return answers


NO_SUCH = "no such delivery"


def _wants(rule: TargetRule, row: Any) -> bool:
    return rule.route.wants(kind=row.kind, source=row.source, chatbot_id=row.chatbot_id)


def route_again(
    connection: Connection, database: Database, event_id: int, rules: Iterable[TargetRule], *, now_ms: int, tally: Tally
) -> list[str]:
    """Opens the deliveries that an event lacks at the targets that want it; gives their names. Raises BridgeError where
    it is not to be sent.
    """
    row = _hold_event(connection, event_id)
    has = set(connection.execute(select(deliveries.c.target).where(deliveries.c.event_id == event_id)).scalars())
    wanting = [rule.name for rule in rules if _wants(rule, row)]
    missing = [target for target in wanting if target not in has]
    wanted = [Opening(row.person, target, now_ms, event_id=event_id, key=row.key) for target in missing]
    if wanted:
        open_deliveries(connection, database, wanted, now_ms=now_ms, tally=tally)
        connection.execute(update(events).where(events.c.id == event_id).values(routed=len(has) + len(missing)))
    return missing


def _hold_event(connection: Connection, event_id: int) -> Any:
    """The event, held for this transaction; raises BridgeError with why it is not to be sent."""
    columns = events.c["key", "person", "kind", "source", "chatbot_id", "stale"]
    query = select(*columns, _HAS_PAYLOAD).where(events.c.id.in_(_possible([event_id])))
    row = connection.execute(query.with_for_update(key_share=True)).one_or_none()
    if row is None:
        raise BridgeError(f"no event {event_id}: `bridge events list` shows those there are")
    # The event that says most recently what is known under the key: the one to send.
    valid = select(events.c.id).where(events.c.key == row.key, events.c.stale.is_(False))
    newest = connection.execute(valid.order_by(events.c.revision.desc()).limit(1)).scalar()
    if row.stale:
        raise BridgeError(
            f"event {event_id} was signed before event {newest}, which says what is valid: replay that one"
        )
    if newest != event_id:
        raise BridgeError(f"event {event_id} was overtaken: event {newest} says more of the same, replay that one")
    if not row.has_payload:
        raise BridgeError(f"event {event_id}: {LET_GO}")
    return row


def _hold_events(connection: Connection, delivery_ids: list[int]) -> dict[int, bool]:
    """Whether there is something left to send, for each event of these deliveries; it stays so for this transaction."""
    theirs = select(deliveries.c.event_id).where(deliveries.c.id.in_(_possible(delivery_ids)))
    query = select(events.c.id, _HAS_PAYLOAD).where(events.c.id.in_(theirs)).order_by(events.c.id)
    return {row.id: row.has_payload for row in connection.execute(query.with_for_update(read=True))}


def _possible(ids: list[int]) -> list[int]:
    """Those that a database can be asked for: a larger number than it knows is an error to it."""
    return [id_ for id_ in ids if 0 < id_ <= LARGEST_ID]


def _next_copy(connection: Connection, row: Row[Any]) -> int:
    copies = select(text("max(copy)")).select_from(deliveries)
    copies = copies.where(deliveries.c.event_id == row.event_id, deliveries.c.target == row.target)
    return int(connection.execute(copies).scalar_one()) + 1


def _why_not(connection: Connection, row: Row[Any] | None, has_payload: dict[int, bool]) -> str:
    if row is None:
        return NO_SUCH
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
    if later:
        return f"a later revision of its event is delivery {later}: send that one"
    return "" if has_payload[row.event_id] else LET_GO


def _put_back(connection: Connection, row: Row[Any], now_ms: int, tally: Tally) -> None:
    place = lanes.Entry(row.person, row.target, now_ms, row.id)
    tally.move(row.target, row.state, "")
    lanes.enter(connection, [place], now_ms=now_ms, tally=tally)
    done = connection.execute(
        update(deliveries)
        .where(deliveries.c.id == row.id, deliveries.c.state == row.state)
        .values(
            state=place.state, due_at=now_ms, attempts=0, holds=0, held_at=0, claimed_at=None, finished_at=None,
            reason=None, degraded=None, superseded=False, if_empty=False, position=min(row.position, row.id),
            uncertain=row.uncertain or row.state == "delivered",
        )
    )  # fmt: skip
    if done.rowcount != 1:  # it is locked
        raise Clash(f"delivery {row.id} was changed meanwhile")
    # Its checkpoints are over: every record is to be written again (as an update, by its link).
    connection.execute(update(links).where(links.c.delivery_id == row.id).values(delivery_id=0))
