"""Housekeeping: once a minute a worker lets go of what is old, a few chunks at a time, each in its own transaction."""

from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection

from bridge.engine.clock import Clock
from bridge.log import logger
from bridge.model.rules import Rules
from bridge.store import retention
from bridge.store.codec import Codec
from bridge.store.counters import Tally
from bridge.store.database import Database

MOST_CHUNKS = 10  # a minute: 7 million events a day

log = logger("worker")


class Housekeeping:
    """One worker's. Twice safe: several workers only share the work."""

    def __init__(self, database: Database, rules: Rules, *, salt: bytes, codec: Codec, clock: Clock) -> None:
        self._database = database
        self._rules = rules
        self._salt = salt
        self._codec = codec
        self._clock = clock
        self._regions = {name: source.phone_region for name, source in rules.sources.items()}

    def run(self, do: Callable[[Callable[[], int]], int], *, shard: int) -> None:
        """Purges what is older than the configured retention. `do` is handed each transaction, and gives what that
        gives, or 0 for it to be left to the next time.
        """
        payloads = self._chunks(do, self._payloads, shard)
        deliveries = self._chunks(do, self._metadata, shard)
        if payloads or deliveries:
            log.info("purged", payloads=payloads, deliveries=deliveries)

    def _chunks(
        self, do: Callable[[Callable[[], int]], int], purge: Callable[[Connection, Tally], int], shard: int
    ) -> int:
        total = 0
        for _ in range(MOST_CHUNKS):
            count = do(partial(self._chunk, purge, shard))
            total += count
            if count < retention.CHUNK:
                break
        return total

    def _chunk(self, purge: Callable[[Connection, Tally], int], shard: int) -> int:
        tally = Tally()
        with self._database.write() as connection:
            count = purge(connection, tally)
            tally.write(connection, shard=shard)
        return count

    def _payloads(self, connection: Connection, _: Tally) -> int:
        before_ms = self._clock.now_ms() - round(self._rules.retain_payloads_s * 1000)
        return retention.purge_payloads(
            connection, before_ms=before_ms, regions=self._regions, salt=self._salt, codec=self._codec
        )

    def _metadata(self, connection: Connection, tally: Tally) -> int:
        before_ms = self._clock.now_ms() - round(self._rules.retain_metadata_s * 1000)
        return retention.purge_metadata(connection, before_ms=before_ms, tally=tally)
