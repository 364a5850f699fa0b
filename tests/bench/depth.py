"""Depth: claiming and settling, with a great many delivered rows in the tables against empty ones."""

import time
from contextlib import closing
from dataclasses import dataclass

from bridge.engine.presence import Presence
from bridge.engine.room import Load
from bridge.engine.rounds import Rounds
from bridge.model.delivery import Result
from bridge.model.record import Delivered
from bridge.wiring.opened import Bridge, open_bridge
from tests.bench.figures import Line, ratio
from tests.bench.running import Bench, store_leads

CLAIMED = 16  # calls in flight, and as many claims ahead as rounds take when calls are quick
CALL_S = 0.01
WARM_UP = 500

_COLUMNS = {
    "events": "id, source, key, revision, kind, chatbot_id, person, received_at, signed_at, routed, stale, fields, raw",
    "deliveries": "id, event_id, target, state, person, position, due_at, attempts, finished_at",
    "attempts": "id, delivery_id, worker, started_at, took_ms, outcome, uncertain",
}
_VALUES = {
    "events": "n, 'smarterbot', {hash}, 1, 'lead', '59001dd7', {hash}, n, n, 1, false, {bytes}, {bytes}",
    "deliveries": "n, n, 'inbox', 'delivered', {hash}, n, n, 1, n",
    "attempts": "n, n, 0, n, 5, 'delivered', false",
}
_NUMBERS = {
    "sqlite": "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < {rows}) ",
    "postgres": "WITH t AS (SELECT n FROM generate_series(1, {rows}) AS n) ",
}
_WORDS = {
    "sqlite": {"hash": "lower(hex(randomblob(16)))", "bytes": "zeroblob(200)"},
    "postgres": {"hash": "md5(random()::text)", "bytes": "decode(repeat('00', 200), 'hex')"},
}
_BEFORE = {
    "sqlite": ["PRAGMA synchronous=OFF", "PRAGMA cache_size=-200000", "PRAGMA foreign_keys=OFF"],
    "postgres": ["SET session_replication_role = replica", "SET synchronous_commit = off"],
}
_AFTER = {
    "sqlite": ["ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"],
    "postgres": [
        *(f"SELECT setval('{table}_id_seq', {{rows}})" for table in _COLUMNS),
        "VACUUM ANALYZE",
        "CHECKPOINT",
    ],
}


def lines(bench: Bench) -> list[Line]:
    """Figure 9, on both databases."""
    rows = 100_000 if bench.quick else 1_000_000
    return [_line(bench, kind, rows) for kind in ("sqlite", "postgres")]


def _line(bench: Bench, kind: str, rows: int) -> Line:
    empty, full = (open_bridge(bench.bridge(kind=kind).environment) for _ in range(2))
    with closing(empty), closing(full):
        _fill(full, rows)
        queues = [_Queue(empty), _Queue(full)]
        count = int(bench.seconds(6000, 2000))
        for queue in queues:
            queue.seconds_for(WARM_UP)  # warms up
        nothing, much = bench.turns(*(lambda queue=queue: count / queue.seconds_for(count) for queue in queues))  # type: ignore[misc]
    name = {"sqlite": "SQLite", "postgres": "Postgres"}[kind]
    return ratio(f"9 claims + settlements, empty / {rows:,} delivered, {name}", nothing, much, "/s", at_most=1.3)


@dataclass
class _Queue:
    """A database, its deliveries due, and the rounds that bring them to their end."""

    bridge: Bridge

    def __post_init__(self) -> None:
        rules, clock = self.bridge.rules.targets, self.bridge.clock
        self._rounds = Rounds(self.bridge.database, rules, codec=self.bridge.codec, clock=clock)
        presence = Presence(clock)
        self._rounds.enlist(presence)

    def seconds_for(self, count: int) -> float:
        """How long it takes to claim and settle so many deliveries."""
        store_leads(self.bridge, count)
        began = time.perf_counter()
        results: list[Result] = []
        settled = 0
        while settled < count:
            settled += len(results)
            found = self._rounds.run(results, {"inbox": Load(held=0, call_s=CALL_S, hungry=True)})
            now_ms = self.bridge.clock.now_ms()
            results = [Result(claim, Delivered(), now_ms, 5) for claim in found.claims.get("inbox", [])]
        return time.perf_counter() - began


def _fill(bridge: Bridge, rows: int) -> None:
    """So many delivered rows, by bulk SQL on a connection that is thrown away after it."""
    raw = bridge.database.raw()
    driver = raw.driver_connection
    raw.detach()
    dialect = "sqlite" if bridge.database.is_sqlite else "postgres"
    if dialect == "postgres":
        driver.autocommit = True
    for statement in [*_BEFORE[dialect], *_inserts(dialect), *_AFTER[dialect]]:
        driver.execute(statement.format(rows=rows, **_WORDS[dialect]))
    driver.close()


def _inserts(dialect: str) -> list[str]:
    numbers = _NUMBERS[dialect]
    return [f"INSERT INTO {table} ({_COLUMNS[table]}) {numbers} SELECT {_VALUES[table]} FROM t" for table in _COLUMNS]
