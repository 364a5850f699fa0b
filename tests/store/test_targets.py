"""A held target is looked at when its rest is over, also where a clock that was ahead has said when."""

import pytest

from bridge.core.holds import Health
from bridge.model.rules import TargetRule
from bridge.store import targets
from bridge.store.database import Database
from tests.store.rows import CODEC, only

NOW_MS = 1_700_000_000_000
YEAR_MS = 365 * 86_400_000
TWO_DAYS_MS = 2 * 86_400_000


def hold(database: Database, *, at_ms: int, until_ms: int) -> None:
    with database.write() as connection:
        target = only(targets.all_targets(connection, codec=CODEC).values())
        targets.hold(connection, target, Health(), why="down", until_ms=until_ms, now_ms=at_ms, codec=CODEC)


def may_probe(database: Database, *, at_ms: int, until_ms: int) -> bool:
    with database.write() as connection:
        return targets.take_probe(connection, "crm", now_ms=at_ms, until_ms=until_ms)


def pull_in(database: Database) -> int:
    with database.write() as connection:
        were_far = targets.are_far(connection, now_ms=NOW_MS)
        found = targets.pull_in(connection, now_ms=NOW_MS)
        assert were_far == bool(found)
        assert not targets.are_far(connection, now_ms=NOW_MS)
    return found


@pytest.fixture
def held(database: Database) -> Database:
    """With a target that rests for as long as one may."""
    with database.write() as connection:
        targets.register(connection, [TargetRule("crm", "http")])
    hold(database, at_ms=NOW_MS, until_ms=NOW_MS + TWO_DAYS_MS)
    return database


def test_a_long_rest_is_kept(held: Database) -> None:
    assert 0 == pull_in(held)
    assert not may_probe(held, at_ms=NOW_MS, until_ms=NOW_MS + 1)


@pytest.mark.parametrize("then", ["still down", "its worker died"])
def test_what_a_clock_said_that_ran_ahead_when_a_held_target_was_looked_at_is_over_now(
    held: Database, then: str
) -> None:
    ahead_ms = NOW_MS + YEAR_MS
    assert may_probe(held, at_ms=ahead_ms, until_ms=ahead_ms + 1000)
    if then == "still down":
        hold(held, at_ms=ahead_ms, until_ms=ahead_ms + 30_000)

    assert 1 == pull_in(held)

    assert may_probe(held, at_ms=NOW_MS, until_ms=NOW_MS + 1)
