"""What the tests of the committer share: one on a database, and arrivals for it."""

import threading
import time

from sqlalchemy import select

from bridge.core.normalise import normalise
from bridge.engine.clock import Clock
from bridge.engine.commits import LARGE, store
from bridge.engine.committer import Committer
from bridge.model.rules import SourceRule, TargetRule
from bridge.store import schema
from bridge.store.arrival import Arrival, prepare
from bridge.store.codec import Codec
from bridge.store.counters import Tally
from bridge.store.database import Database
from bridge.store.intake import Intake
from bridge.store.tables import events
from tests.processes import wait_until

CLOCK = Clock(now_ms=lambda: time.time_ns() // 1_000_000, boot_s=time.monotonic, jitter=lambda: 0.5)
SOURCE = SourceRule("smarterbot")


class Desk:
    """A committer on a database, and arrivals for it."""

    SHARD = 1

    def __init__(self, database: Database) -> None:
        self.database = database
        self.salt = schema.salt(database)
        self._intake = Intake(database, targets=[TargetRule("crm", "http")], salt=self.salt, codec=Codec())
        self.committer = Committer(database, self._intake, clock=CLOCK, shard=self.SHARD)

    def close(self) -> None:
        if self.committer._thread.is_alive():
            self.committer.stop()

    def large(self) -> Arrival:
        """A body that is written in three parts."""
        return Arrival("smarterbot", [self.arrival(number).candidates[0] for number in range(1000, 1000 + LARGE + 1)])

    def arrival(self, number: int) -> Arrival:
        body = b'{"Type":"Lead","SessionID":%d,"Email":"a%d@example.com","CreateTime":"2023-11-23T18:36:21Z"}'
        return self._prepared(body % (number, number))

    def revision(self, number: int) -> Arrival:
        """Of what `arrival` gives: with a name."""
        body = (
            b'{"Type":"Lead","SessionID":%d,"Email":"a%d@example.com","CreateTime":"2023-11-23T18:36:21Z",'
            b'"FirstName":"Ada"}'
        )
        return self._prepared(body % (number, number))

    def store_now(self, arrival: Arrival) -> None:
        """Past the committer."""
        tally = Tally()
        with self.database.write() as connection:
            self._intake.write(connection, [arrival], now_ms=1, tally=tally)
            tally.write(connection, shard=self.SHARD)

    def store_all(self, arrivals: list[Arrival]) -> list[bool]:
        """Hands all in before the committer starts, so that they make one group; gives each one's answer."""
        answers: dict[int, bool] = {}

        def store_one(number: int) -> None:
            answers[number] = store(self.committer, arrivals[number])

        threads = [threading.Thread(target=store_one, args=(number,)) for number in range(len(arrivals))]
        for thread in threads:
            thread.start()
        wait_until(lambda: self.committer._queue.qsize() >= len(arrivals))
        self.committer.start()
        for thread in threads:
            thread.join()
        return [answers[number] for number in range(len(arrivals))]

    def _prepared(self, body: bytes) -> Arrival:
        reading = normalise(body, source=SOURCE)
        return prepare(reading, source=SOURCE, signed_at=1, received_at=1, salt=self.salt, codec=Codec())


def stored(database: Database) -> set[int]:
    with database.read() as connection:
        return set(connection.execute(select(events.c.id)).scalars())


def keys(database: Database) -> set[str]:
    with database.read() as connection:
        return set(connection.execute(select(events.c.key)).scalars())
