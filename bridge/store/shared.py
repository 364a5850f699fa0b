"""Shared: what all processes of one target share besides its state: how much of its rate is given out, and its access
token.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from bridge.store import bulk

_FREE_AT = "SELECT free_at FROM targets WHERE name = ?"
_GIVE_OUT = "UPDATE targets SET free_at = ? WHERE name = ?"
_TOKEN = "SELECT token, token_by_until FROM targets WHERE name = ?"  # noqa: S105
_TAKE_FETCHING = "UPDATE targets SET token_by = ?, token_by_until = ? WHERE name = ?"
_SAVE_TOKEN = "UPDATE targets SET token = ?, token_by = NULL, token_by_until = 0 WHERE name = ? AND token_by = ?"  # noqa: S105
_NO_LONGER_FETCHING = "UPDATE targets SET token_by = NULL, token_by_until = 0 WHERE name = ? AND token_by = ?"
_CLOCK = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"


def give_out(
    connection: Connection,
    target: str,
    *,
    before_s: float,
    for_s: float,
    within_s: float,
    lead_s: float,
    far_s: float,
    boot_s: Callable[[], float],
) -> tuple[float, float] | None:
    """Reserves the next `for_s` seconds of a target's time, `before_s` after the last reservation and not earlier than
    `lead_s` from now. Gives two times by `boot_s`: when this was asked, and when the reserved time begins. None: it
    would begin later than `within_s` from now, and nothing was reserved. A reservation further ahead than `far_s` was
    made by a clock that was wrong, and does not count.
    """
    found = bulk.rows(connection, bulk.locked(connection, _FREE_AT, "FOR UPDATE"), target)
    now_us, now_s = _now_us(connection, boot_s), boot_s()
    free_at = found[0][0] if found else 0
    if free_at > now_us + far_s * 1e6:
        free_at = 0
    begins = free_at + round(before_s * 1e6)
    if max(begins - now_us, 0) > within_s * 1e6:
        return None
    begins = max(begins, now_us + round(lead_s * 1e6))
    bulk.execute(connection, _GIVE_OUT, begins + round(for_s * 1e6), target)
    return now_s, now_s + (begins - now_us) / 1e6


@dataclass(frozen=True, slots=True)
class Shelf:
    """A target's stored token (encoded); until when somebody has the right to fetch another."""

    token: bytes | None
    until: int
    now: int  # in ms, of the same clock


def shelf(connection: Connection, target: str, *, boot_s: Callable[[], float]) -> Shelf:
    """Locked until the transaction ends."""
    found = bulk.rows(connection, bulk.locked(connection, _TOKEN, "FOR UPDATE"), target)
    token, until = found[0] if found else (None, 0)
    return Shelf(token, until, _now_us(connection, boot_s) // 1000)


def begin_fetching(connection: Connection, target: str, *, by: str, until: int) -> None:
    bulk.execute(connection, _TAKE_FETCHING, by, until, target)


def save_token(connection: Connection, target: str, token: bytes, *, by: str) -> bool:
    """Whether it was still up to `by`."""
    return bulk.execute(connection, _SAVE_TOKEN, token, target, by) == 1


def stop_fetching(connection: Connection, target: str, *, by: str) -> None:
    bulk.execute(connection, _NO_LONGER_FETCHING, target, by)


def _now_us(connection: Connection, boot_s: Callable[[], float]) -> int:
    """A time that is the same for all. On Postgres the server's, so that the clocks of several machines need not agree;
    on SQLite the one machine's since it was started, which no hand sets.
    """
    return round(boot_s() * 1e6) if connection.dialect.name == "sqlite" else int(bulk.one(connection, _CLOCK))
