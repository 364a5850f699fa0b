"""Rows: a store on a test's own database with a clock of its own, arrivals for it, and the questions that tests ask."""

import itertools
import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from sqlalchemy import Row, func, select, text

from bridge.core import retry
from bridge.core.normalise import normalise
from bridge.model.delivery import Claim, Result
from bridge.model.event import Reading, Unreadable
from bridge.model.record import Outcome, Retry
from bridge.model.rules import DEFAULT_RETRY_S, SourceRule, TargetRule
from bridge.store import claims, operate, schema, settlements
from bridge.store.arrival import Arrival, prepare
from bridge.store.codec import Codec
from bridge.store.counters import Tally, totals
from bridge.store.database import Clash, Database
from bridge.store.intake import Intake
from bridge.store.tables import aliases, attempts, audit, counters, deliveries, events, links, quarantine

SOURCE = SourceRule("smarterbot")
CODEC = Codec()
ENDED = ("delivered", "dead", "discarded")
HEADS = ("queued", "claimed")
_FIELDS = {"email": "Email", "phone": "PhoneNumber", "first": "FirstName", "last": "LastName", "content": "Content"}


def lead(session: int | str = 1, *, kind: str = "Lead", second: int = 0, **said: str) -> dict[str, Any]:
    """The vendor's object of one event: session, kind and second are its key, the rest is what it says."""
    key = {"Type": kind, "SerialNumber": "bot", "SessionID": session, "CreateTime": f"2023-11-23T18:36:{second:02}Z"}
    return key | {_FIELDS[name]: text for name, text in said.items()}


class Store:
    """The store of one source; `now_ms` moves only when a test moves it."""

    def __init__(self, database: Database, *targets: str | TargetRule) -> None:
        self.database = database
        self.salt = schema.salt(database)
        self.now_ms = 1_700_000_000_000
        rules = [TargetRule(target, "http") if isinstance(target, str) else target for target in targets or ("crm",)]
        self.targets = [rule.name for rule in rules]
        self.intake = Intake(database, targets=rules, salt=self.salt, codec=CODEC)
        self._tokens = itertools.count(1)

    # -- what is done to it

    def arrival(self, *bodies: object, signed_at: int = 100) -> Arrival:
        return self._prepared(normalise(json.dumps(bodies).encode(), source=SOURCE), signed_at)

    def write(self, arrivals: list[Arrival]) -> int:
        tally = Tally()
        with self.database.write() as connection:
            due = self.intake.write(connection, arrivals, now_ms=self.now_ms, tally=tally)
            tally.write(connection, shard=1)
        return due

    def receive(self, *bodies: object, signed_at: int = 100) -> int:
        """Stores one request; gives how many deliveries became due."""
        return self.write([self.arrival(*bodies, signed_at=signed_at)])

    def quarantine(self, *bodies: object, signed_at: int = 100) -> None:
        """Keeps bodies as an older version would that could not read them."""
        raw = [body if isinstance(body, bytes) else json.dumps(body).encode() for body in bodies]
        reading = Reading([], [Unreadable(one, "[3]", "older") for one in raw])
        self.write([self._prepared(reading, signed_at)])

    def claim(
        self,
        limit: int = 100,
        *,
        target: str = "crm",
        worker: int = 1,
        canary: bool = False,
        again: int | None = None,
    ) -> list[Claim]:
        tally, token = Tally(), f"{worker}.{next(self._tokens)}"
        with self.database.write() as connection:
            found = claims.claim(
                connection, target, limit=limit, worker=worker, token=token, now_ms=self.now_ms, codec=CODEC,
                tally=tally, canary=canary, again=again,
            )  # fmt: skip
            tally.write(connection, shard=worker)
        return found

    def settle(self, claim: Claim, outcome: Outcome | None, *, worker: int = 1) -> bool:
        """Settles one claim; gives whether it counted. No outcome: nothing was tried."""
        if outcome is None:
            settlement = retry.give_back(claim, now_ms=self.now_ms)
        else:
            settlement = retry.settle(claim, outcome, retry_s=DEFAULT_RETRY_S, now_ms=self.now_ms, jitter=0.5)
        return self._settle([(Result(claim, outcome, self.now_ms, 1), settlement)], worker) == 1

    def take_over(self, worker: int) -> int:
        """What another does for a dead worker (`engine/rounds`); gives how many claims that were."""
        with self.database.read() as connection:
            held = claims.claims_of(connection, worker, codec=CODEC)
        lost = Retry("the worker ended in the middle of the attempt", uncertain=True)
        settled = [retry.settle(c, lost, retry_s=DEFAULT_RETRY_S, now_ms=self.now_ms, jitter=0.5) for c in held]
        return self._settle([(Result(s.claim, lost, self.now_ms, 0), s) for s in settled], worker)

    def replay(self, *ids: int, as_new: bool = False) -> dict[int, str]:
        tally = Tally()
        with self.database.write() as connection:
            if as_new:
                answers = operate.send_as_new(connection, self.database, ids, now_ms=self.now_ms, tally=tally)
            else:
                answers = operate.send_again(connection, ids, now_ms=self.now_ms, tally=tally)
            tally.write(connection, shard=3)
        return answers

    def forget_everything(self) -> None:
        """As if it were new: a database for each example of a property test would take too long."""
        with self.database.write() as connection:
            for table in (attempts, links, deliveries, events, aliases, counters, quarantine, audit):
                connection.execute(table.delete())

    def _prepared(self, reading: Reading, signed_at: int) -> Arrival:
        return prepare(
            reading, source=SOURCE, signed_at=signed_at, received_at=self.now_ms, salt=self.salt, codec=CODEC
        )

    def _settle(self, settled: list[settlements.Settled], worker: int) -> int:
        tally = Tally()
        with self.database.write() as connection:
            counted = settlements.settle(
                connection, settled, worker=worker, now_ms=self.now_ms, codec=CODEC, tally=tally
            )
            tally.write(connection, shard=worker)
        return len(counted)

    # -- what is asked of it

    def rows(self, target: str = "crm") -> list[Row[Any]]:
        """The target's deliveries with their events, in order of id."""
        query = select(deliveries, *events.c["key", "revision", "kind", "stale", "fields"])
        query = query.join(events, events.c.id == deliveries.c.event_id).where(deliveries.c.target == target)
        with self.database.read() as connection:
            return list(connection.execute(query.order_by(deliveries.c.id)))

    def states(self, target: str = "crm") -> list[str]:
        return [row.state for row in self.rows(target)]

    def events(self) -> list[Row[Any]]:
        with self.database.read() as connection:
            return list(connection.execute(select(events).order_by(events.c.id)))

    def said(self, row: Any, field: str) -> Any:
        return CODEC.decode_json(row.fields)[field]

    def received(self) -> dict[str, int]:
        """How many events came to which end, by the counters."""
        with self.database.read() as connection:
            return {label.partition(":")[2]: count for label, count in totals(connection, "received").items()}

    def miscounted(self) -> dict[str, tuple[int, int]]:
        """The labels whose counter is not the number of rows: what the counter says, and what is there."""
        query = select(deliveries.c.target, deliveries.c.state, func.count()).group_by("target", "state")
        with self.database.read() as connection:
            real = {f"{target}:{state}": int(count) for target, state, count in connection.execute(query)}
            told = totals(connection, "deliveries")
        both = ((label, told.get(label, 0), real.get(label, 0)) for label in told | real)
        return {label: (tells, is_) for label, tells, is_ in both if tells != is_}

    def broken_lanes(self) -> list[tuple[str, str, list[str]]]:
        """Lanes with two heads, or with waiting deliveries and none."""
        query = select(*deliveries.c["person", "target", "state"]).where(deliveries.c.state.not_in(ENDED))
        with self.database.read() as connection:
            rows = connection.execute(query.order_by("person", "target")).all()
        lanes = itertools.groupby(rows, key=lambda row: (row.person, row.target))
        found = [(person, target, [row.state for row in lane]) for (person, target), lane in lanes]
        return [lane for lane in found if sum(state in HEADS for state in lane[2]) != 1]

    def unserved(self) -> list[tuple[str, str]]:
        """Keys whose newest revision that is to be delivered has no delivery at a target: they would be lost."""
        newest = {row.key: row.id for row in self.events() if not row.stale}
        has = {(row.event_id, target) for target in self.targets for row in self.rows(target)}
        return [(key, target) for key, id_ in newest.items() for target in self.targets if (id_, target) not in has]


T = TypeVar("T")


def insist(action: Callable[[], T]) -> T:
    """What the engine does (engine/committer): asks again after a Clash."""
    for _ in range(20):
        try:
            return action()
        except Clash:
            continue
    raise AssertionError("a Clash that never ends")


def wait_for_blocked(database: Database, count: int) -> None:
    """Returns when so many transactions wait for a lock (Postgres)."""
    found = -1
    while found != count:
        with database.read() as connection:
            mine = (
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            found = int(connection.execute(text(mine)).scalar_one())


def only(rows: Iterable[Any]) -> Any:
    (found,) = rows
    return found
