"""Store: arrivals become rows, those of many requests in one transaction. For each event that says something new: its
revision under its key, its person, and a delivery for each target that wants it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from bridge.core.identity import Alias, keyed_hash
from bridge.model.event import Kind
from bridge.model.rules import Route, TargetRule
from bridge.store import bulk, lanes
from bridge.store.arrival import Arrival, Candidate
from bridge.store.codec import Codec
from bridge.store.counters import Tally
from bridge.store.database import Database
from bridge.store.persons import Persons
from bridge.store.revisions import Revisions, Verdict
from bridge.store.tables import deliveries, events, quarantine


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
            aliases=(Alias(nobody, 0),),
        )  # fmt: skip
        intake = Intake(self._database, targets=everything, salt=self._salt, codec=self._codec)
        intake.write(connection, [Arrival("", [candidate])], now_ms=now_ms, tally=tally)
        tally.write(connection, shard=0)

    def _store(self, connection: Connection, candidates: list[Candidate], now_ms: int, tally: Tally) -> int:
        revisions = Revisions(connection, {c.key for c in candidates}, salt=self._salt, codec=self._codec)
        persons = Persons(connection, {alias.hash for c in candidates for alias in c.aliases} | revisions.persons())
        rows = []
        older: dict[tuple[str, int], tuple[int, ...]] = {}
        for candidate in candidates:
            verdict = revisions.judge(candidate)
            if verdict is None:
                tally.add("received", f"{candidate.source}:duplicate")
                continue
            person = verdict.person or persons.resolve(candidate.aliases, key=candidate.key)
            if verdict.person:
                persons.learn(candidate.aliases, person)
            revisions.add(candidate, verdict, person=person)
            rows.append(self._event_row(candidate, verdict, person, tally))
            older[candidate.key, verdict.number] = verdict.older
        if not rows:
            return 0
        persons.save()
        for row, id_ in zip(rows, self._database.next_ids(connection, "events", len(rows)), strict=True):
            row["id"] = id_
        bulk.insert(connection, events, sorted(rows, key=_by_key))
        return self._route(connection, rows, older, now_ms, tally)

    def _event_row(self, candidate: Candidate, verdict: Verdict, person: str, tally: Tally) -> dict[str, Any]:
        word = "stale" if verdict.stale else "revision" if verdict.number > 1 else "stored"
        tally.add("received", f"{candidate.source}:{word}")
        return {
            "source": candidate.source,
            "key": candidate.key,
            "revision": verdict.number,
            "kind": candidate.kind,
            "chatbot_id": candidate.chatbot_id,
            "person": person,
            "received_at": candidate.received_at,
            "signed_at": verdict.signed_at,
            "created_at": candidate.created_at,
            "routed": 0
            if verdict.stale
            else len(self._wanting(candidate.kind, candidate.source, candidate.chatbot_id)),
            "stale": verdict.stale,
            "fields": verdict.fields,
            "raw": candidate.raw,
        }

    def _find_wanting(self, kind: str, source: str, chatbot_id: str) -> list[str]:
        """The targets that want such events."""
        said = {"kind": kind, "source": source, "chatbot_id": chatbot_id}
        return [target.name for target in self._targets if target.route.wants(**said)]

    def _route(
        self,
        connection: Connection,
        rows: list[dict[str, Any]],
        older: dict[tuple[str, int], tuple[int, ...]],
        now_ms: int,
        tally: Tally,
    ) -> int:
        wanted = [
            {"event_id": row["id"], "key": row["key"], "target": target, "person": row["person"], "due_at": now_ms,
             "older": older[row["key"], row["revision"]]}
            for row in rows
            if not row["stale"]
            for target in self._wanting(row["kind"], row["source"], row["chatbot_id"])
        ]  # fmt: skip
        return open_deliveries(connection, self._database, wanted, now_ms=now_ms, tally=tally) if wanted else 0


def _by_key(row: dict[str, Any]) -> tuple[str, int]:
    """The order in which every process takes the same index entries: they wait for each other, never in a ring."""
    return row["key"], row["revision"]


def _by_lane(row: dict[str, Any]) -> tuple[str, str]:
    return row["person"], row["target"]


def _by_position(row: dict[str, Any]) -> int:
    return int(row["position"])


def open_deliveries(
    connection: Connection, database: Database, wanted: list[dict[str, Any]], *, now_ms: int, tally: Tally
) -> int:
    """Inserts deliveries, each in its lane; one of a later revision takes the place of what was not yet sent of the
    `older` events under its key (ids).
    """
    # Of several revisions in one transaction only the last is to be sent, in the place of the first.
    last = {(row["key"], row["target"], row.get("copy", 0)): row for row in wanted}
    rows = [{"copy": 0, "uncertain": False} | row for row in last.values()]
    for row, id_ in zip(rows, database.next_ids(connection, "deliveries", len(rows)), strict=True):
        row |= {"id": id_, "position": id_}
        del row["key"]
    _supersede(connection, rows, tally)
    rows.sort(key=_by_position)  # one that takes over an older place enters before what comes with it
    queued = lanes.enter(connection, rows, now_ms=now_ms, tally=tally)
    bulk.insert(connection, deliveries, sorted(rows, key=_by_lane))
    return queued


_HOLD = "SELECT id FROM events WHERE id {among} ORDER BY id"

# What was not delivered of these events. Copies stay: each is an event of its own to its target.
_UNSENT = (
    "SELECT id, event_id, target, state, position, uncertain FROM deliveries WHERE event_id {among} AND copy = 0 "
    "AND state IN ('waiting', 'queued', 'claimed', 'dead') ORDER BY id"
)


def _supersede(connection: Connection, rows: list[dict[str, Any]], tally: Tally) -> None:
    """Discards what was not yet sent of each row's older events; the row takes over its place in the lane and the
    knowledge that one of them may have been written. One in flight is told that it is overtaken.
    """
    heirs = {(event_id, row["target"]): row for row in rows for event_id in row.pop("older")}
    if not heirs:
        return
    ids = {event_id for event_id, _ in heirs}
    # An operator who opens deliveries of one of them holds it (`operate`): they are there now, or will not be opened.
    bulk.among(connection, bulk.locked(connection, _HOLD, "FOR SHARE"), ids)
    discarded, overtaken = [], []
    query = bulk.locked(connection, _UNSENT, "FOR UPDATE")
    for id_, event_id, target, state, position, uncertain in bulk.among(connection, query, ids):
        row = heirs.get((event_id, target))
        if row is None:
            continue
        row["uncertain"] = bool(row["uncertain"] or uncertain or state == "claimed")
        if state == "dead":
            continue
        row["position"] = min(row["position"], position)
        if state == "claimed":
            overtaken.append({"id": id_, "superseded": True})
        else:
            discarded.append({"id": id_, "state": "discarded", "finished_at": row["due_at"], "reason": SUPERSEDED})
            tally.move(target, state, "discarded")
    bulk.change(connection, deliveries, discarded)  # locked above, and so still as they were found
    bulk.change(connection, deliveries, overtaken)


SUPERSEDED = Codec().encode("superseded by a later revision")


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
