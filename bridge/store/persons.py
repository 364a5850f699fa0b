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
        for alias in found:
            best = found[0].rank
            known = self._known.get(alias.hash)
            if known and known.person != person and not (best == 2 and alias.rank < 2):
                continue
            if known and known.person == person:
                if known.rank >= best:
                    continue
                self._raised[person] = best
            self._known[alias.hash] = Known(person, best)
            self._changed.add(alias.hash)

    def save(self) -> None:
        rows = [{"alias": h, "person": self._known[h].person, "rank": self._known[h].rank} for h in self._changed]
        new = [row for row in rows if row["alias"] not in self._stored]
        moved = [{f"old_{name}": value for name, value in row.items()} for row in rows if row["alias"] in self._stored]
        if new:
            bulk.insert(self._connection, aliases, sorted(new, key=lambda row: str(row["alias"])))
        if moved:
            change = update(aliases).where(aliases.c.alias == bindparam("old_alias"))
            change = change.values(person=bindparam("old_person"), rank=bindparam("old_rank"))
            self._connection.execute(change, moved)
        for person, rank in sorted(self._raised.items()):
            raised = update(aliases).where(aliases.c.person == person, aliases.c.rank < rank)
            self._connection.execute(raised.values(rank=rank))
