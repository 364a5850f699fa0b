"""Lanes: one person's deliveries to one target, one at a time. The partial unique index on (person, target) where
state is queued or claimed is the lane's lock; its owner is the lane's head. A lane with waiting deliveries always has
a head: whoever ends one promotes the next, in the same transaction.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text, update

from bridge.store import bulk
from bridge.store.counters import Tally
from bridge.store.tables import deliveries

GIVES_WAY_MS = 600_000  # a head that is due later than this lets others of its person pass

# The lowest waiting delivery behind each ended one; those that gave way come last, the earliest due of them first.
_NEXT = (
    "SELECT (SELECT w.id FROM deliveries w WHERE w.person = ended.person AND w.target = ended.target "
    "AND w.state = 'waiting' ORDER BY w.if_empty, w.position LIMIT 1) AS id "
    "FROM deliveries ended WHERE ended.id {among}"
)

# Waiting deliveries in a lane without a head: there should be none. Looks at the lanes' first ones only.
_ORPHANS = text(
    "SELECT w.id FROM deliveries w WHERE w.state = 'waiting' AND NOT EXISTS "
    "(SELECT 1 FROM deliveries h WHERE h.person = w.person AND h.target = w.target "
    "AND h.state IN ('queued', 'claimed')) AND NOT EXISTS (SELECT 1 FROM deliveries e "
    "WHERE e.person = w.person AND e.target = w.target "
    "AND e.state = 'waiting' AND (e.if_empty, e.position, e.id) < (w.if_empty, w.position, w.id)) LIMIT 1000"
)


@dataclass(slots=True)
class Entry:
    """A delivery's place in a lane; its state is `queued` or `claimed` at the head, and `waiting` behind it."""

    person: str
    target: str
    due_at: int  # ms
    id: int = 0
    state: str = ""


def enter(connection: Connection, places: Sequence[Entry], *, now_ms: int, tally: Tally) -> int:
    """Gives each new delivery its state: at the head of its lane, or waiting. Gives how many are heads.

    The heads that are there are locked until the transaction ends (Postgres), so that none of them ends meanwhile
    without seeing what waits behind it. Two processes that take one free lane clash on the index: the later one asks
    again.
    """
    heads = _heads(connection, {place.person for place in places})
    queued = 0
    for place in places:
        lane = (place.person, place.target)
        head = heads.get(lane)
        if head and _gives_way(head, now_ms):
            _give_way(connection, head, tally)
            head = None
        place.state = "waiting" if head else "queued"
        if not head:
            heads[lane] = place
            queued += 1
        tally.move(place.target, "", place.state)
    return queued


def lock(connection: Connection, persons: Collection[str]) -> None:
    """Locks the heads of these persons' lanes (Postgres). Done before anything behind them is touched, as by whoever
    ends a head and promotes the next: nobody waits in a ring.
    """
    _heads(connection, persons)


def promote(connection: Connection, ended: Iterable[int], *, tally: Tally) -> int:
    """Makes the next of each ended delivery's lane its head; gives how many there were."""
    found = [id_ for (id_,) in bulk.among(connection, _NEXT, ended) if id_ is not None]
    return _make_heads(connection, found, tally)


def orphans(connection: Connection) -> list[int]:
    """Ids of what waits in a lane without a head (there should be none). Looks at every waiting one."""
    return list(connection.execute(_ORPHANS).scalars())


def heal(connection: Connection, *, tally: Tally) -> int:
    """Promotes the orphans; gives how many there were."""
    return _make_heads(connection, orphans(connection), tally)


def _make_heads(connection: Connection, ids: Collection[int], tally: Tally) -> int:
    """Queues those that still wait; gives how many did."""
    if not ids:
        return 0
    change = update(deliveries).where(deliveries.c.id.in_(sorted(ids)), text("state = 'waiting'"))
    made = connection.execute(change.values(state="queued").returning(deliveries.c.target)).scalars().all()
    for target in made:
        tally.move(target, "waiting", "queued")
    return len(made)


_HEADS = (
    "SELECT person, target, due_at, id, state FROM deliveries "
    "WHERE person {among} AND state IN ('queued', 'claimed') ORDER BY id"
)


def _heads(connection: Connection, persons: Collection[str]) -> dict[tuple[str, str], Entry]:
    # Not FOR SHARE: one that is to give way is changed, and two who share it would wait for each other.
    query = bulk.locked(connection, _HEADS, "FOR UPDATE")
    places = [Entry(*row) for row in bulk.among(connection, query, persons)]
    return {(place.person, place.target): place for place in places}


def _gives_way(head: Entry, now_ms: int) -> bool:
    return head.state == "queued" and head.due_at > now_ms + GIVES_WAY_MS


def _give_way(connection: Connection, head: Entry, tally: Tally) -> None:
    change = update(deliveries).where(deliveries.c.id == head.id, deliveries.c.state == "queued")
    if connection.execute(change.values(state="waiting", if_empty=True, position=head.due_at)).rowcount:
        tally.move(head.target, "queued", "waiting")
