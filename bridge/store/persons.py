"""Persons: looks up and remembers the ways to recognise whom an event is about (`core/identity` decides).

A person's name is the alias by which it was first seen. The row of that alias also keeps the person's rank, even after
the alias has come to stand for somebody else: so persons need no table of their own.
"""

from sqlalchemy import Connection, bindparam, update

from bridge.core.identity import Alias, Known, person_of
from bridge.store import bulk
from bridge.store.database import Clash
from bridge.store.tables import aliases

_OF_HASHES = "SELECT alias, person, rank FROM aliases WHERE alias {among}"
_NO_PERSON = -1  # the rank of an alias after which nobody is named


class Persons:
    """The persons that one transaction meets: those behind these aliases. A person may be asked for by its own name."""

    def __init__(self, connection: Connection, hashes: set[str]) -> None:
        self._connection = connection
        self._person: dict[str, str] = {}  # by alias
        self._rank: dict[str, int] = {}  # by alias: of the person that is named after it
        self._look_up(hashes)
        self._look_up(set(self._person.values()) - self._person.keys())
        self._stored = {hash_: (person, self._rank[hash_]) for hash_, person in self._person.items()}
        self._changed: set[str] = set()

    def resolve(self, found: tuple[Alias, ...], *, key: str) -> str:
        """The person of an event with these aliases, remembered by all of them."""
        known = {}
        for hash_, _ in found:
            if (person := self._person.get(hash_)) is not None:
                known[hash_] = Known(person, self._rank[person])
        person = person_of(found, known, key=key)
        self.learn(found, person)
        return person

    def learn(self, found: tuple[Alias, ...], person: str) -> None:
        """Remembers the person by these; a phone or session that was another's follows its latest email."""
        if not found:
            return
        best = found[0][1]
        mine = False
        for hash_, rank in found:
            known = self._person.get(hash_)
            if known is None or (known != person and best == 2 and rank < 2):
                self._person[hash_] = known = person
                self._rank.setdefault(hash_, _NO_PERSON)
                self._changed.add(hash_)
            mine = mine or known == person
        if mine and self._rank.get(person, _NO_PERSON) < best:
            self._person.setdefault(person, person)
            self._rank[person] = best
            self._changed.add(person)

    def save(self) -> None:
        """Writes what was learnt, in one order for all processes. Raises Clash where another learnt something else of
        the same alias meanwhile: who it is about is to be asked again.
        """
        rows = [(hash_, self._person[hash_], self._rank[hash_]) for hash_ in sorted(self._changed)]
        new = [row for row in rows if row[0] not in self._stored]
        old = [
            {"old_alias": h, "old_person": before[0], "old_rank": before[1], "new_person": person, "new_rank": rank}
            for h, person, rank in rows
            if (before := self._stored.get(h))
        ]
        bulk.insert_tuples(self._connection, aliases, ("alias", "person", "rank"), new)
        if old and self._connection.execute(_CHANGE, old).rowcount != len(old):
            raise Clash("somebody else learnt whom an alias stands for")

    def _look_up(self, hashes: set[str]) -> None:
        if not hashes:
            return
        for alias, person, rank in bulk.among(self._connection, _OF_HASHES, hashes):
            self._person[alias] = person
            self._rank[alias] = rank


_CHANGE = (
    update(aliases)
    .where(
        aliases.c.alias == bindparam("old_alias"),
        aliases.c.person == bindparam("old_person"),
        aliases.c.rank == bindparam("old_rank"),
    )
    .values(person=bindparam("new_person"), rank=bindparam("new_rank"))
)
