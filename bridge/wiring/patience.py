"""Patience: with a database that is still starting, that a release still migrates, or that takes nothing for now."""

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay, wait_exponential

from bridge.engine.clock import Clock
from bridge.errors import SchemaError, StoreError
from bridge.log import logger
from bridge.store import schema
from bridge.store.database import Database, Unavailable
from bridge.store.proof import prove

SAID_EVERY = 300  # tries: ten minutes, in the end

log = logger("bridge")


def wait_for_schema(database: Database, *, patience_s: float) -> None:
    """Returns when the database answers and its schema is this version's; raises what is wrong after the patience."""
    waiting = Retrying(
        retry=retry_if_exception_type((Unavailable, SchemaError)),
        stop=stop_after_delay(patience_s),
        wait=wait_exponential(multiplier=0.1, max=2),
        before_sleep=_say_waiting,
        reraise=True,
    )
    waiting(schema.check, database)


def wait_until_written(database: Database, clock: Clock) -> None:
    """Returns when the database takes what is written, however long that takes: to end and be started again would find
    the same full disk or read-only file.
    """

    def let_go(state: RetryCallState) -> None:
        _say_waiting(state)
        database.close()  # SQLite's connections to a file that could only be read stay so

    waiting = Retrying(
        retry=retry_if_exception_type(Unavailable), wait=wait_exponential(multiplier=0.1, max=2), before_sleep=let_go
    )
    waiting(lambda: prove(database, now_ms=clock.now_ms()))
    if waiting.statistics["attempt_number"] > 1:
        log.info("the database can be written")


def _say_waiting(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    if error and state.attempt_number % SAID_EVERY == 1:
        advice = {"advice": error.advice} if isinstance(error, StoreError) and error.advice else {}
        log.warning("waiting for the database", reason=str(error), **advice)
