"""Crowd: 20,000 events of one person wait in one lane; a claim costs less than twice what it costs without them."""

import json
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path

from bridge.core.normalise import normalise
from bridge.engine.presence import Presence
from bridge.engine.room import Load
from bridge.engine.rounds import Rounds
from bridge.model.delivery import Result
from bridge.model.record import Delivered
from bridge.store import schema, targets
from bridge.store.arrival import Arrival, prepare
from bridge.store.counters import Tally
from bridge.wiring.opened import open_bridge
from tests.chaos.report import Report
from tests.postgres import Postgres
from tests.processes import Bridge, configuration, http_target, lead

EVENTS = 20_000
GROUP = 500
ROUNDS = 300  # of one claim each, in turns
MOST = 2.0


def run(kind: str, postgres: Postgres) -> Report:
    """The median round of a crowded lane against that of as many lanes with one each."""
    report = Report(f"{kind}, {EVENTS:,} of one person")
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaos-crowd-") as folder:
        one, many = (
            _Worker(Path(folder) / name, postgres.new_database() if kind == "postgres" else "", crowded=name == "one")
            for name in ("one", "many")
        )
        with closing(one), closing(many):
            for worker in (one, many):
                worker.fill()
                worker.round()
            took = [(one.round(), many.round()) for _ in range(ROUNDS)]
    crowded_s, plain_s = (statistics.median(times) for times in zip(*took, strict=True))
    report.what = f"a claim costs {crowded_s / plain_s:.2f} times the plain one ({plain_s * 1000:.2f} ms)"
    if crowded_s > MOST * plain_s:
        report.broken.append(f"more than {MOST} times")
    report.took_s = time.monotonic() - began_s
    return report


class _Worker:
    """Claims and settles one delivery a round."""

    def __init__(self, folder: Path, url: str, *, crowded: bool) -> None:
        folder.mkdir()
        self._crowded = crowded
        config = configuration({"inbox": http_target("http://127.0.0.1:9/", concurrency=1)})
        self._bridge = open_bridge(Bridge(folder, config, database_url=url).environment)
        schema.migrate(self._bridge.database)
        self._rounds = Rounds(
            self._bridge.database, self._bridge.rules.targets, codec=self._bridge.codec, clock=self._bridge.clock
        )
        self._presence = Presence(self._bridge.clock)
        self._rounds.enlist(self._presence)
        self._results: list[Result] = []

    def close(self) -> None:
        self._presence.close()
        self._bridge.close()

    def fill(self) -> None:
        """Stores all events, as the committer does."""
        for at in range(0, EVENTS, GROUP):
            with self._bridge.database.write() as connection:
                targets.register(connection, self._bridge.rules.targets.values())
                arrivals = [self._arrival(number) for number in range(at, at + GROUP)]
                self._bridge.intake.write(connection, arrivals, now_ms=self._bridge.clock.now_ms(), tally=Tally())

    def round(self) -> float:
        """How long one round takes, in s; it settles the claim of the one before."""
        began_s = time.perf_counter()
        found = self._rounds.run(self._results, {"inbox": Load(held=0, call_s=0, hungry=True)})
        took_s = time.perf_counter() - began_s
        [claim] = found.claims["inbox"]
        self._results = [Result(claim, Delivered(), self._bridge.clock.now_ms(), 5)]
        return took_s

    def _arrival(self, number: int) -> Arrival:
        said = lead(number + 1) | ({"Email": "one@example.com"} if self._crowded else {})
        source = self._bridge.rules.sources["smarterbot"]
        return prepare(
            normalise(json.dumps(said).encode(), source=source),
            source=source, signed_at=1, received_at=self._bridge.clock.now_ms(),
            salt=self._bridge.salt, codec=self._bridge.codec,
        )  # fmt: skip
