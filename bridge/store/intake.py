"""Store: arrivals become rows, those of many requests in one transaction. For each event that says something new: its
revision under its key, its person, and a delivery for each target that wants it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import Connection

from bridge.core.identity import keyed_hash
from bridge.model.event import Kind
from bridge.model.rules import Route, TargetRule
from bridge.store import bulk
from bridge.store.arrival import Arrival, Candidate
from bridge.store.codec import Codec
from bridge.store.counters import Tally
from bridge.store.database import Database
from bridge.store.openings import Opening, open_deliveries
from bridge.store.persons import Persons
from bridge.store.revisions import Revisions, Verdict
from bridge.store.tables import events, quarantine

_Judged = tuple[Candidate, Verdict, str]  # and the person it is about


class Intake:
    """Writes arrivals inside the caller's transaction."""

    def __init__(self, database: Database, *, targets: Iterable[TargetRule], salt: bytes, codec: Codec) -> None:
        self._database = database
        self._targets = list(targets)
        self._wanting = lru_cache(maxsize=1024)(self._find_wanting)
        self._salt = salt
        self._codec = codec

    def write(self, connection: Connection, arrivals: Sequence[Arrival], *, now_ms: int, tally: Tally) -> int:
        """Stores all arrivals; gives how many deliveries became due.

        Twice safe: what is known already is counted as a duplicate. Raises Clash where another process stored the same
        key, person or lane first: asked again, this one finds it there.
        """
        candidates = [candidate for arrival in arrivals for candidate in arrival.candidates]
        due = self._store(connection, candidates, now_ms, tally) if candidates else 0
        for arrival in arrivals:
            if arrival.ignored:
                tally.add("received", f"{arrival.source}:ignored", arrival.ignored)
            if arrival.unreadable:
                _quarantine(connection, arrival, tally)
        return due

    def rehearse(self, connection: Connection, *, now_ms: int) -> None:
        """Stores an event that nobody sent, for every target: raises what keeps whatever comes from being stored. The
        caller takes it back. At another moment it stands in another place of each index.
        """
        everything = [replace(target, route=Route()) for target in self._targets]
        nobody, encode, tally = keyed_hash(self._salt, "nobody", str(now_ms)), self._codec.encode_json, Tally()
        candidate = Candidate(
            source="", kind=Kind.LEAD.value, chatbot_id="", created_at=None, received_at=now_ms,
            signed_at=now_ms // 1000, fields=encode({}), raw=encode({}), key=nobody, region="", told=True,
            aliases=((nobody, 0),),
        )  # fmt: skip
        intake = Intake(self._database, targets=everything, salt=self._salt, codec=self._codec)
        intake.write(connection, [Arrival("", [candidate])], now_ms=now_ms, tally=tally)
        tally.write(connection, shard=now_ms // 1000)  # somebody may hold the counters of one

    def _store(self, connection: Connection, candidates: list[Candidate], now_ms: int, tally: Tally) -> int:
        revisions = Revisions(connection, {c.key for c in candidates}, salt=self._salt, codec=self._codec)
        persons = Persons(connection, {hash_ for c in candidates for hash_, _ in c.aliases} | revisions.persons())
        judged: list[_Judged] = []
        for candidate in candidates:
            verdict = revisions.judge(candidate)
            if verdict is None:
                tally.add("received", f"{candidate.source}:duplicate")
                continue
            person = verdict.person or persons.resolve(candidate.aliases, key=candidate.key)
            if verdict.person:
                persons.learn(candidate.aliases, person)
            revisions.add(candidate, verdict, person=person)
            word = "stale" if verdict.stale else "revision" if verdict.number > 1 else "stored"
            tally.add("received", f"{candidate.source}:{word}")
            judged.append((candidate, verdict, person))
        persons.save()
        return self._insert(connection, judged, now_ms, tally) if judged else 0

    def _insert(self, connection: Connection, judged: Sequence[_Judged], now_ms: int, tally: Tally) -> int:
        rows: list[_Row] = []
        wanted: list[Opening] = []
        ids = self._database.next_ids(connection, "events", len(judged))
        for id_, (candidate, verdict, person) in zip(ids, judged, strict=True):
            targets = () if verdict.stale else self._wanting(candidate.kind, candidate.source, candidate.chatbot_id)
            rows.append(_row(id_, candidate, verdict, person, routed=len(targets)))
            wanted += [
                Opening(person, target, now_ms, event_id=id_, key=candidate.key, older=verdict.older)
                for target in targets
            ]
        bulk.insert_tuples(connection, events, _Row._fields, sorted(rows, key=_by_key))
        return open_deliveries(connection, self._database, wanted, now_ms=now_ms, tally=tally) if wanted else 0

    def _find_wanting(self, kind: str, source: str, chatbot_id: str) -> list[str]:
        """The targets that want such events."""
        said = {"kind": kind, "source": source, "chatbot_id": chatbot_id}
        return [target.name for target in self._targets if target.route.wants(**said)]


class _Row(NamedTuple):
    """What is written of an event."""

    id: int
    source: str
    key: str
    revision: int
    kind: str
    chatbot_id: str
    person: str
    received_at: int
    signed_at: int
    created_at: int | None
    routed: int
    stale: bool
    fields: bytes
    raw: bytes


def _row(id_: int, said: Candidate, verdict: Verdict, person: str, *, routed: int) -> _Row:
    return _Row(
        id_, said.source, said.key, verdict.number, said.kind, said.chatbot_id, person, said.received_at,
        verdict.signed_at, said.created_at, routed, verdict.stale, verdict.fields, said.raw,
    )  # fmt: skip


# The order in which every process takes the same index entries: they wait for each other, never in a ring.
_by_key = attrgetter("key", "revision")


def _quarantine(connection: Connection, arrival: Arrival, tally: Tally) -> None:
    """Keeps what could not be read, once for each content; anew where its body was let go before anybody read it."""
    rows = {row["hash"]: row for row in arrival.unreadable}
    known = {hash_: id_ if is_gone else 0 for id_, hash_, is_gone in bulk.among(connection, _OF_HASHES, rows)}
    news = [row for hash_, row in sorted(rows.items()) if hash_ not in known]
    anew = [{"id": id_} | rows[hash_] for hash_, id_ in sorted(known.items()) if id_]
    bulk.insert(connection, quarantine, news)
    bulk.change(connection, quarantine, anew)
    kept = len(news) + len(anew)
    tally.add("received", f"{arrival.source}:quarantined", kept)
    tally.add("received", f"{arrival.source}:duplicate", len(arrival.unreadable) - kept)


_OF_HASHES = "SELECT id, hash, raw IS NULL AND state = 'kept' FROM quarantine WHERE hash {among}"
