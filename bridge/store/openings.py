"""Openings: new deliveries, each in its lane; one of a later revision in the place of what was not yet sent."""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from sqlalchemy import Connection

from bridge.model.delivery import SUPERSEDED
from bridge.store import bulk, lanes
from bridge.store.codec import Codec
from bridge.store.counters import Tally
from bridge.store.database import Database
from bridge.store.tables import deliveries

_REASON = Codec().encode(SUPERSEDED)


@dataclass(slots=True, kw_only=True)
class Opening(lanes.Entry):
    """A delivery to be opened, of an event with this key; `older`: the ids of earlier events under it."""

    event_id: int
    key: str
    older: tuple[int, ...] = ()
    copy: int = 0
    position: int = 0
    uncertain: bool = False


_OPENED = ("id", "event_id", "target", "copy", "state", "person", "position", "due_at", "uncertain")
_values_of = attrgetter(*_OPENED)
_by_position = attrgetter("position")
_by_lane = attrgetter("person", "target")  # every process takes the same index entries in this order


def open_deliveries(
    connection: Connection, database: Database, wanted: Iterable[Opening], *, now_ms: int, tally: Tally
) -> int:
    """Inserts deliveries, each in its lane; gives how many became due. One with `older` events takes the place of what
    was not yet sent of them. The openings are changed to what is inserted: ids, positions, states.
    """
    # Of several revisions in one transaction only the last is to be sent, in the place of the first.
    openings = list({(opening.key, opening.target, opening.copy): opening for opening in wanted}.values())
    ids = database.next_ids(connection, "deliveries", len(openings))
    for opening, id_ in zip(openings, ids, strict=True):
        opening.id = opening.position = id_
    _supersede(connection, openings, tally)
    openings.sort(key=_by_position)  # one that takes over an older place enters before what comes with it
    queued = lanes.enter(connection, openings, now_ms=now_ms, tally=tally)
    rows = [_values_of(opening) for opening in sorted(openings, key=_by_lane)]
    bulk.insert_tuples(connection, deliveries, _OPENED, rows)
    return queued


_HOLD = "SELECT id FROM events WHERE id {among} ORDER BY id"

# What was not delivered of these events. Copies stay: each is an event of its own to its target.
_UNSENT = (
    "SELECT id, event_id, target, state, position, uncertain FROM deliveries WHERE event_id {among} AND copy = 0 "
    "AND state IN ('waiting', 'queued', 'claimed', 'dead') ORDER BY id"
)


def _supersede(connection: Connection, openings: list[Opening], tally: Tally) -> None:
    """Discards what was not yet sent of each one's older events; it takes over their place in the lane and the
    knowledge that one of them may have been written. One in flight is told that it is overtaken.
    """
    heirs = {(event_id, opening.target): opening for opening in openings for event_id in opening.older}
    if not heirs:
        return
    lanes.lock(connection, {opening.person for opening in openings})  # all whose heads `enter` asks for, in its order
    ids = {event_id for event_id, _ in heirs}
    # An operator who opens deliveries of one of them holds it (`operate`): they are there now, or will not be opened.
    bulk.among(connection, bulk.locked(connection, _HOLD, "FOR SHARE"), ids)
    discarded, overtaken = [], []
    query = bulk.locked(connection, _UNSENT, "FOR UPDATE")
    for id_, event_id, target, state, position, uncertain in bulk.among(connection, query, ids):
        heir = heirs.get((event_id, target))
        if heir is None:
            continue
        heir.uncertain = bool(heir.uncertain or uncertain or state == "claimed")
        if state == "dead":
            continue
        heir.position = min(heir.position, position)
        if state == "claimed":
            overtaken.append({"id": id_, "superseded": True})
        else:
            discarded.append({"id": id_, "state": "discarded", "finished_at": heir.due_at, "reason": _REASON})
            tally.move(target, state, "discarded")
    bulk.change(connection, deliveries, discarded)  # locked above, and so still as they were found
    bulk.change(connection, deliveries, overtaken)
