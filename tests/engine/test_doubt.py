"""What was claimed ahead is not begun once an answer says that its target may have to rest."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bridge.connector import Call, Delivered, Hold, Outcome, Plan, Record, Reject, Retry, Usable
from bridge.engine.attempt import Caller
from bridge.engine.crew import Crew
from bridge.engine.room import Room
from bridge.model.rules import Policy, TargetRule
from bridge.outbound import Door
from bridge.store.database import Database
from bridge.store.tables import deliveries, targets
from tests.engine.test_crew import claim
from tests.engine.workers import POLICY, Machine, Running, Scripted
from tests.processes import wait_until

AT_ONCE, BACKLOG, WELL = 4, 80, 20
DELIVERED, HOLD, REJECT, RETRY = (
    Delivered(),
    Hold("HTTP 429", for_s=3600),
    Reject("HTTP 404", cause="404"),
    Retry("503"),
)


class Quick(Scripted):
    """Answers within milliseconds, each call with what is said for its number."""

    def __init__(self, answer: Callable[[int], Outcome], *, probe: Callable[[], Any] = Usable) -> None:
        super().__init__(probe=probe)
        self.of = answer
        self.lock = threading.Lock()
        self.worker: Running | None = None
        self.most_ahead = 0

    def deliver(self, record: Record, call: Call) -> Outcome:
        with self.lock:
            self.keys.append(record.idempotency_key)
            number = len(self.keys)
            self.most_ahead = max(self.most_ahead, self.worker.crew.load if self.worker else 0)
        threading.Event().wait(0.002)
        return self.of(number)


class Together(Quick):
    """The same with many in one call; each number is a call's."""

    max_batch = 5

    def deliver_batch(self, plans: Sequence[Plan], call: Call) -> Sequence[Sequence[Outcome]]:
        answer = self.deliver(plans[0].records[0], call)
        return [[answer for _ in plan.records] for plan in plans]


@pytest.fixture
def start(database: Database) -> Iterator[Callable[[Quick, Machine], Running]]:
    running: list[Running] = []

    def begin(connector: Quick, machine: Machine) -> Running:
        """A worker that finds a backlog."""
        worker = Running(database, connector, machine, policy=replace(POLICY, concurrency=AT_ONCE))
        running.append(worker)
        connector.worker = worker
        worker.target()
        with database.write() as connection:
            connection.execute(update(targets).values(state="paused"))
        for number in range(BACKLOG):
            worker.receive(number)
        with database.write() as connection:
            connection.execute(update(targets).values(state="active"))
        worker.dispatcher.poke()
        return worker

    yield begin
    for found in running:
        found.stop()


def untouched(worker: Running) -> int:
    """How many deliveries wait as if nobody had ever claimed them."""
    query = select(func.count()).where(
        deliveries.c.state == "queued",
        deliveries.c.attempts == 0,
        ~deliveries.c.uncertain,
        deliveries.c.token.is_(None),
    )
    with worker.database.read() as connection:
        return connection.execute(query).scalar_one()


def at_rest(worker: Running) -> bool:
    return "held" == worker.target().state and "claimed" not in worker.states()


@pytest.mark.parametrize("hold", [HOLD, Hold("HTTP 401")], ids=["429", "401"])
def test_a_hold_is_obeyed_by_what_was_claimed_ahead_and_all_of_it_is_delivered_later(
    start: Callable[..., Running], hold: Hold
) -> None:
    machine, ended = Machine(), threading.Event()
    connector = Quick(lambda number: hold if number >= WELL and not ended.is_set() else DELIVERED)
    worker = start(connector, machine)

    wait_until(lambda: at_rest(worker))
    sent = len(connector.keys)
    assert WELL <= sent < WELL + AT_ONCE
    assert connector.most_ahead > 2 * AT_ONCE  # much of it was claimed by then
    assert BACKLOG - WELL + 1 == untouched(worker)
    assert sent == len(worker.tries())

    ended.set()
    machine.slept_s += 3601
    wait_until(lambda: ["delivered"] * BACKLOG == worker.states())
    assert sent + BACKLOG - WELL + 1 == len(connector.keys)


@pytest.mark.parametrize(("answer", "enough"), [(REJECT, 5), (RETRY, 3)], ids=["suspect", "down"])
def test_a_target_that_becomes_suspect_or_down_gets_no_more_than_what_is_under_way(
    start: Callable[..., Running], answer: Outcome, enough: int
) -> None:
    def fails_after_all_that_passed(number: int) -> Outcome:
        if number < WELL:
            return DELIVERED
        wait_until(lambda: connector.worker and connector.worker.states().count("delivered") == WELL - 1)
        return answer

    connector = Quick(fails_after_all_that_passed)
    worker = start(connector, Machine())

    wait_until(lambda: at_rest(worker))

    bad = len(connector.keys) - WELL + 1
    assert enough <= bad < enough + AT_ONCE
    assert BACKLOG - len(connector.keys) <= untouched(worker)


def test_a_hold_is_obeyed_by_calls_of_many(start: Callable[..., Running]) -> None:
    connector = Together(lambda number: HOLD if number > 2 else DELIVERED)
    worker = start(connector, Machine())

    wait_until(lambda: at_rest(worker))

    assert 2 < len(connector.keys) <= 2 + AT_ONCE
    assert BACKLOG == worker.states().count("delivered") + untouched(worker)


class Desk:
    """A crew of one thread without a dispatcher, and what it reported."""

    def __init__(self, *answers: Outcome) -> None:
        left = iter(answers)
        self.connector = Scripted(*[lambda record, call: next(left)] * len(answers))
        self.reported: list[Any] = []
        rule = TargetRule("crm", "scripted", policy=Policy(timeout_s=1))
        caller = Caller(rule, self.connector, Door(), Machine().clock())
        self.crew = Crew(caller, may_send=lambda claims: True, report=self.reported.extend)
        self.crew.make_room(Room(1, 100))
        self.crew.take([claim(number) for number in range(len(answers))])

    def stands_at(self, count: int) -> bool:
        """Whether so many calls were made, and no thread goes on."""
        wait_until(lambda: len(self.reported) == count)
        threading.Event().wait(0.05)
        return len(self.reported) == len(self.connector.keys) == count


@pytest.fixture
def desk_of() -> Iterator[Callable[..., Desk]]:
    desks: list[Desk] = []

    def make(*answers: Outcome) -> Desk:
        desks.append(Desk(*answers))
        return desks[-1]

    yield make
    for desk in desks:
        desk.crew.stop()


def test_a_round_that_did_not_know_of_a_hold_does_not_let_others_begin(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of(HOLD, DELIVERED, DELIVERED)
    assert desk.stands_at(1)

    desk.crew.make_room(Room(1, 100))
    assert desk.stands_at(1)

    desk.crew.done(desk.reported[0])
    assert desk.stands_at(1)
    desk.crew.make_room(Room(1, 100))
    assert desk.stands_at(3)


def test_what_fails_now_and_then_keeps_nothing_waiting_for_a_round(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of(*[REJECT, RETRY, DELIVERED] * 10)

    assert desk.stands_at(30)


def test_the_third_that_fails_in_a_row_waits_for_a_round_and_so_does_each_after_it(
    desk_of: Callable[..., Desk],
) -> None:
    desk = desk_of(REJECT, RETRY, REJECT, REJECT, DELIVERED, REJECT, REJECT, DELIVERED)
    for count in (3, 4):
        assert desk.stands_at(count)
        for result in desk.reported:
            desk.crew.done(result)
        desk.crew.make_room(Room(1, 100))

    assert desk.stands_at(8)


def test_what_waits_for_a_round_can_be_taken_back(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of(HOLD, DELIVERED, DELIVERED)
    assert desk.stands_at(1)

    assert [1, 2] == [found.delivery_id for found in desk.crew.unsent()]
