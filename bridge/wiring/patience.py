"""Patience: with a database that is still starting, or that a release still migrates."""

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay, wait_exponential

from bridge.errors import SchemaError
from bridge.log import logger
from bridge.store import schema
from bridge.store.database import Database, Unavailable

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


def _say_waiting(state: RetryCallState) -> None:
    if state.attempt_number in (1, 10) and state.outcome:
        log.warning("waiting for the database", reason=str(state.outcome.exception()))
