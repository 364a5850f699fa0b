"""Group commit: nothing is answered before it is durable, and nobody pays for a neighbour."""

import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select

from bridge.engine.commits import LARGE, PATIENCE_S, store
from bridge.store.database import Database
from bridge.store.tables import deliveries
from tests.engine.desks import Desk, stored


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    found = Desk(database)
    yield found
    found.close()


def test_a_group_is_stored_whole_and_every_event_has_its_delivery(desk: Desk, database: Database) -> None:
    assert [True] * 50 == desk.store_all([desk.arrival(number) for number in range(50)])

    assert 50 == len(stored(database))
    with database.read() as connection:
        assert ["queued"] * 50 == list(connection.execute(select(deliveries.c.state)).scalars())


@pytest.mark.parametrize("poison", [object(), "a lone surrogate \ud800", 2**80])
def test_an_event_that_the_driver_refuses_costs_its_neighbours_nothing(
    desk: Desk, database: Database, poison: object
) -> None:
    arrivals = [desk.arrival(number) for number in range(9)]
    arrivals[4].candidates[0] = arrivals[4].candidates[0]._replace(raw=poison)  # type: ignore[arg-type]
    if isinstance(poison, int):
        arrivals[4] = desk.arrival(4)
        arrivals[4].candidates[0] = arrivals[4].candidates[0]._replace(signed_at=poison)

    answers = desk.store_all(arrivals)

    assert [number != 4 for number in range(9)] == answers
    assert 8 == len(stored(database))


def test_the_same_event_in_one_group_is_stored_once(desk: Desk, database: Database) -> None:
    assert [True] * 5 == desk.store_all([desk.arrival(7) for _ in range(5)])

    assert 1 == len(stored(database))


def test_leads_are_answered_before_a_large_body_that_came_first(desk: Desk, database: Database) -> None:
    answers: list[tuple[str, bool, int]] = []
    ended = threading.Event()

    def answer_large(stored_: bool) -> None:
        answers.append(("large", stored_, len(stored(database))))
        ended.set()

    def answer_lead(number: int) -> Callable[[bool], None]:
        def answer(stored_: bool) -> None:
            answers.append((f"lead {number}", stored_, 0))
            if number < 3:  # the next one comes when this one is answered, in the middle of the large body
                desk.committer.submit(desk.arrival(number + 1), answer_lead(number + 1))

        return answer

    desk.committer.submit(desk.large(), answer_large)
    desk.committer.submit(desk.arrival(1), answer_lead(1))
    desk.committer.start()
    assert ended.wait(60)

    assert [("lead 1", True, 0), ("lead 2", True, 0), ("lead 3", True, 0), ("large", True, LARGE + 1 + 3)] == answers


def test_a_large_body_of_which_a_part_cannot_be_stored_is_refused_and_its_neighbours_are_not(desk: Desk) -> None:
    poisoned = desk.large()
    poisoned.candidates[-1] = poisoned.candidates[-1]._replace(raw=object())  # type: ignore[arg-type]

    assert [True, False, True] == desk.store_all([desk.arrival(1), poisoned, desk.arrival(2)])
    assert store(desk.committer, desk.large())


def test_large_bodies_that_wait_neither_keep_leads_out_nor_make_them_wait_longer(desk: Desk) -> None:
    refused = False
    while not refused:  # the committer has not started: all of them wait
        refused = desk.committer.submit(desk.large(), lambda _: None) is None

    submission = desk.committer.submit(desk.arrival(1), lambda _: None)

    assert submission
    assert PATIENCE_S == submission.patience_s


def test_what_waits_is_stored_before_the_committer_stops(desk: Desk, database: Database) -> None:
    desk.committer.submit(desk.large(), lambda _: None)
    desk.committer.submit(desk.arrival(1), lambda _: None)
    desk.committer.start()

    desk.committer.stop()

    assert LARGE + 2 == len(stored(database))


def test_whoever_cannot_take_an_answer_costs_its_neighbours_nothing(desk: Desk) -> None:
    def gone(_: bool) -> None:
        raise RuntimeError("Event loop is closed")

    desk.committer.submit(desk.arrival(1), gone)

    assert [True] * 3 == desk.store_all([desk.arrival(number) for number in (2, 3, 4)])
    assert store(desk.committer, desk.arrival(5))


def test_a_committer_that_has_ended_refuses_at_once(desk: Desk) -> None:
    desk.committer.start()
    assert not desk.committer.has_ended

    desk.committer.stop()

    assert desk.committer.has_ended
    assert desk.committer.submit(desk.arrival(1), lambda _: None) is None
