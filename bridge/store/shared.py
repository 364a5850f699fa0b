"""Shared: what all processes of one target share besides its state: how much of its rate is given out, and its access
token.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from bridge.store import bulk

FAR_S = 3600.0  # what is given out further ahead was written by a clock that is wrong

_FREE_AT = "SELECT free_at FROM targets WHERE name = ?"
_GIVE_OUT = "UPDATE targets SET free_at = ? WHERE name = ?"
_TOKEN = "SELECT token, token_by, token_by_until FROM targets WHERE name = ?"  # noqa: S105
_TAKE_FETCHING = "UPDATE targets SET token_by = ?, token_by_until = ? WHERE name = ?"
_SAVE_TOKEN = "UPDATE targets SET token = ?, token_by = NULL, token_by_until = 0 WHERE name = ? AND token_by = ?"  # noqa: S105
_NO_LONGER_FETCHING = "UPDATE targets SET token_by = NULL, token_by_until = 0 WHERE name = ? AND token_by = ?"
_CLOCK = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"


def give_out(
    connection: Connection, target: str, count: int, *, apart_s: float, now_us: int, within_s: float
) -> float | None:
    """Gives out the next `count` requests of a target's rate, `apart_s` from each other; gives in how many seconds the
    first of them may begin. None: that would be later than `within_s`, and none was given out.

    On Postgres the time is the server's, so that the clocks of several machines need not agree.
    """
    found = bulk.rows(connection, bulk.locked(connection, _FREE_AT, "FOR UPDATE"), target)
    if connection.dialect.name != "sqlite":
        now_us = bulk.one(connection, _CLOCK)
    free_at = found[0][0] if found else 0
    begins = now_us if free_at > now_us + FAR_S * 1e6 else max(free_at, now_us)
    wait_s = (begins - now_us) / 1e6
    if wait_s > within_s:
        return None
    bulk.execute(connection, _GIVE_OUT, begins + round(count * apart_s * 1e6), target)
    return wait_s


@dataclass(frozen=True, slots=True)
class Shelf:
    """A target's stored token (encoded), and whether somebody fetches another: until when, in ms."""

    token: bytes | None
    by: str
    until: int


def shelf(connection: Connection, target: str) -> Shelf:
    """Locked until the transaction ends."""
    found = bulk.rows(connection, bulk.locked(connection, _TOKEN, "FOR UPDATE"), target)
    token, by, until = found[0] if found else (None, None, 0)
    return Shelf(token, by or "", until)


def begin_fetching(connection: Connection, target: str, *, by: str, until: int) -> None:
    bulk.execute(connection, _TAKE_FETCHING, by, until, target)


def save_token(connection: Connection, target: str, token: bytes, *, by: str) -> bool:
    """Whether it was still up to `by`."""
    return bulk.execute(connection, _SAVE_TOKEN, token, target, by) == 1


def stop_fetching(connection: Connection, target: str, *, by: str) -> None:
    bulk.execute(connection, _NO_LONGER_FETCHING, target, by)
