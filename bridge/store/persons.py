"""Persons: looks up and remembers the ways to recognise whom an event is about (`core/identity` decides)."""

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, update

from bridge.core.identity import Alias, Known, person_of
from bridge.store import bulk
from bridge.store.tables import aliases

_OF_HASHES = "SELECT alias, person, rank FROM aliases WHERE alias {among}"


class Persons:
    """The persons that one transaction meets."""

    def __init__(self, connection: Connection, hashes: Iterable[str]) -> None:
        self._connection = connection
        found = bulk.among(connection, _OF_HASHES, hashes)
        self._known = {alias: Known(person, rank) for alias, person, rank in found}
        self._stored = set(self._known)
        self._changed: set[str] = set()
        self._raised: dict[str, int] = {}

    def resolve(self, found: tuple[Alias, ...], *, key: str) -> str:
        """The person of an event with these aliases, remembered by all of them."""
        person = person_of(found, self._known, key=key)
        self.learn(found, person)
        return person

    def learn(self, found: tuple[Alias, ...], person: str) -> None:
        """Remembers the person by these; a phone or session that was another's follows its latest email."""
        if not found:
            return
        best = found[0].rank
        mine = [known.rank for alias in found if (known := self._known.get(alias.hash)) and known.person == person]
        rank = max([best, *mine])
        if any(known < rank for known in mine):
            self._raise(person, rank)
        for alias in found:
            known = self._known.get(alias.hash)
            if known is None or (known.person != person and best == 2 and alias.rank < 2):
                self._remember(alias.hash, Known(person, rank))

    def _raise(self, person: str, rank: int) -> None:
        """The person is recognised by more now, under every alias."""
        self._raised[person] = rank
        for hash_, known in self._known.items():
            if known.person == person and known.rank < rank:
                self._remember(hash_, Known(person, rank))

    def _remember(self, hash_: str, known: Known) -> None:
        self._known[hash_] = known
        self._changed.add(hash_)

    def save(self) -> None:
        changed = sorted(self._changed)  # in one order for all processes
        rows = [{"alias": h, "person": self._known[h].person, "rank": self._known[h].rank} for h in changed]
        new = [row for row in rows if row["alias"] not in self._stored]
        moved = [{f"old_{name}": value for name, value in row.items()} for row in rows if row["alias"] in self._stored]
        if new:
            bulk.insert(self._connection, aliases, new)
        if moved:
            change = update(aliases).where(aliases.c.alias == bindparam("old_alias"))
            change = change.values(person=bindparam("old_person"), rank=bindparam("old_rank"))
            self._connection.execute(change, moved)
        for person, rank in sorted(self._raised.items()):
            raised = update(aliases).where(aliases.c.person == person, aliases.c.rank < rank)
            self._connection.execute(raised.values(rank=rank))
