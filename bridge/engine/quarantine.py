"""Quarantine: reads again what was signed and could not be read, with the present version and configuration. What is
an event by now goes the way of a webhook: same key, revision and lanes, as signed and received as it was.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bridge.engine.clock import Clock
from bridge.engine.commits import parts
from bridge.engine.plugged import reading_of
from bridge.model.event import Reading
from bridge.model.rules import Rules
from bridge.source import Source
from bridge.store import operate, quarantine
from bridge.store.arrival import Arrival, prepare
from bridge.store.codec import Codec
from bridge.store.counters import Tally
from bridge.store.database import Database, insist
from bridge.store.intake import Intake
from bridge.store.quarantine import REPLAYED, Quarantined

AT_ONCE = 200  # ids looked up at a time


@dataclass(frozen=True, slots=True)
class Reread:
    """What came of one: how many events were `stored`, a `revision`, `stale` or a `duplicate`, and how many parts of it
    are `quarantined` in its place; and why it stays, empty where it was read.
    """

    counts: dict[str, int] = field(default_factory=dict)
    why_not: str = ""


class Quarantine:
    """Reads again by hand; `who` stands in the audit."""

    def __init__(
        self, database: Database, rules: Rules, *, plugins: Mapping[str, Source], intake: Intake, salt: bytes,
        codec: Codec, clock: Clock, who: str, shard: int,
    ) -> None:  # fmt: skip
        self._database = database
        self._sources = rules.sources
        self._plugins = plugins  # by the name of the source
        self._intake = intake
        self._salt = salt
        self._codec = codec
        self._clock = clock
        self._who = who
        self._shard = shard

    def kept(self) -> Iterator[int]:
        """Ids of all that was not yet read again, oldest first."""
        after = 0
        while True:
            with self._database.read() as connection:
                page = quarantine.kept_ids(connection, after=after, limit=AT_ONCE)
            yield from page
            if len(page) < AT_ONCE:
                return
            after = page[-1]

    def replay(self, id_: int) -> Reread:
        """Reads one again. Twice safe: events are known by their keys, and its end is written with the last of them."""
        return insist(lambda: self._replay(id_))

    def _replay(self, id_: int) -> Reread:
        try:
            with self._database.read() as connection:
                found = quarantine.find(connection, id_, codec=self._codec)
        except ValueError as error:
            return Reread(why_not=str(error))
        if found is None:
            return Reread(why_not="there is none: `bridge quarantine list` shows those there are")
        if found.state == REPLAYED:
            return Reread(why_not="was read again before: what it holds is stored")
        if found.raw is None:
            return Reread(why_not="its body was let go after `retention.payloads`: there is nothing left to read")
        source = self._sources.get(found.source)
        if source is None:
            return Reread(why_not=f"its source {found.source} is not in the configuration")
        reading = reading_of(found.raw, source=source, plugins=self._plugins)
        arrival = prepare(
            reading,
            source=source,
            signed_at=found.signed_at,
            received_at=found.received_at,
            salt=self._salt,
            codec=self._codec,
        )
        return self._store(found, reading, arrival)

    def _store(self, found: Quarantined, reading: Reading, arrival: Arrival) -> Reread:
        path, why_not = _why_not(found, reading, arrival)
        others = [part for part in arrival.unreadable if part["hash"] != found.hash]
        *first, last = parts(Arrival(found.source, arrival.candidates, others))
        counts: Counter[str] = Counter()
        for part in first:  # of a large body: each is durable by itself
            counts += self._write(part)
        counts += self._write(last, found, path=path, why_not=why_not)
        return Reread(dict(counts), why_not)

    def _write(
        self, arrival: Arrival, found: Quarantined | None = None, *, path: str = "", why_not: str = ""
    ) -> Counter[str]:
        """One transaction: the arrival and, with its last part, what becomes of the one that it was read from. Gives
        how many events came to which end.
        """
        now_ms, tally = self._clock.now_ms(), Tally()
        with self._database.write() as connection:
            due = self._intake.write(connection, [arrival], now_ms=now_ms, tally=tally)
            counts = tally.words("received")
            if found and why_not:
                quarantine.stay(connection, found.id, path=path, reason=why_not)
            elif found:
                quarantine.end(connection, found.id)
            if found and (counts or not why_not):
                subject, detail = f"quarantine {found.id}", ", ".join(f"{n} {word}" for word, n in counts.items())
                operate.note(connection, at_ms=now_ms, who=self._who, action="replay", subject=subject, detail=detail)
            tally.write(connection, shard=self._shard)
            if due:
                self._database.tell_due(connection)
        return counts


def _why_not(found: Quarantined, reading: Reading, arrival: Arrival) -> tuple[str, str]:
    """Where and why it is still no event; no reason where it was read, be it into parts of which some cannot be."""
    for part in arrival.unreadable:
        if part["hash"] == found.hash:
            element = found.path[: found.path.find("]") + 1]  # an element of an array is read by itself
            whole = part["path"] if part["path"].startswith("[") else f"{element}.{part['path']}".strip(".")
            return whole, part["reason"]
    if reading.test:
        return found.path, "a test request: there is nothing to store"
    if not arrival.candidates and not arrival.unreadable:
        return found.path, "passed over: its Type is under `ignore_types`, or its chatbot is not among `chatbots`"
    return found.path, ""
