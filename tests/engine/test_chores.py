"""Chores: done now and then and a last time at the end, whatever one of them does."""

from bridge.engine.chores import Chores
from bridge.engine.kept import Kept
from bridge.engine.rejections import Rejections
from bridge.model.signed import Request
from bridge.store import unverified
from bridge.store.codec import Codec
from bridge.store.database import Database
from bridge.store.look import list_rejections
from tests.engine.workers import Machine
from tests.processes import wait_until


def test_one_that_fails_keeps_no_other_from_its_turn_and_has_its_own_again() -> None:
    done: list[str] = []

    def failing() -> None:
        done.append("failed")
        raise RuntimeError("a lone surrogate \ud800")

    chores = Chores([failing, lambda: done.append("done")])
    chores.start()

    wait_until(lambda: 2 <= done.count("done"))
    assert done.count("failed") >= 2
    chores.stop()


def test_what_is_still_to_be_written_is_written_at_the_end(database: Database) -> None:
    rejections, kept = Rejections(Machine().clock()), Kept(Codec())
    chores = Chores([lambda: rejections.flush(database, shard=1), lambda: kept.flush(database)])
    chores.start()
    rejections.note(source="smarterbot", reason="too old", address="127.0.0.1", size_bytes=7)
    kept.note("smarterbot", Request(b"{}", {"x-webhook-signature": b"t=1,v1=00"}), received_at=1)

    chores.stop()

    with database.read() as connection:
        assert ["too old"] == [row["reason"] for row in list_rejections(connection, limit=9)]
        assert [b"{}"] == [one.request.body for one in unverified.all_of(connection, "smarterbot", codec=Codec())]


def test_of_very_many_kept_requests_the_first_and_the_last_stay(database: Database) -> None:
    kept = Kept(Codec())
    for second in range(5):
        for number in range(30):
            kept.note("smarterbot", Request(b"%d" % (100 * second + number), {}), received_at=1)
        kept.flush(database)

    with database.read() as connection:
        bodies = [int(one.request.body) for one in unverified.all_of(connection, "smarterbot", codec=Codec())]
    assert [*range(10), *range(420, 430)] == bodies


def test_a_flood_at_one_source_costs_another_none_of_its_kept_requests(database: Database) -> None:
    kept = Kept(Codec())
    for number in range(60):
        kept.note("flooded", Request(b"%d" % number, {}), received_at=1)
    kept.note("quiet", Request(b"7", {}), received_at=1)
    kept.flush(database)

    with database.read() as connection:
        assert [b"7"] == [one.request.body for one in unverified.all_of(connection, "quiet", codec=Codec())]
