"""A worker with connectors that misbehave, machines that sleep, and workers that die elsewhere."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from sqlalchemy import select, update

from bridge.connector import Call, Delivered, Hold, Outcome, Record, Reject, Retry, Usable
from bridge.core.normalise import normalise
from bridge.engine.clock import Clock
from bridge.engine.crew import Crew
from bridge.engine.dispatch import Dispatcher
from bridge.engine.housekeeping import Housekeeping
from bridge.engine.presence import Presence
from bridge.engine.rounds import Rounds
from bridge.model.rules import Policy, Rules, SourceRule, TargetRule
from bridge.outbound import Door
from bridge.store import schema, workers
from bridge.store.arrival import prepare
from bridge.store.codec import Codec
from bridge.store.counters import Tally
from bridge.store.database import Database
from bridge.store.intake import Intake
from bridge.store.tables import attempts, deliveries, targets
from tests.processes import wait_until

SOURCE = SourceRule("smarterbot")
POLICY = Policy(concurrency=2, timeout_s=1.0, retry_s=(0.05, 0.05, 0.05))


@dataclass
class Machine:
    """The clocks of one machine, which can sleep."""

    slept_s: float = 0.0

    def clock(self) -> Clock:
        return Clock(
            now_ms=lambda: time.time_ns() // 1_000_000 + round(self.slept_s * 1000),
            boot_s=lambda: time.monotonic() + self.slept_s,
            jitter=lambda: 0.0,
        )


class Scripted:
    """A connector that does what it is told, one instruction a call; then delivers."""

    Settings: ClassVar[type] = dict

    def __init__(self, *script: Callable[[Record, Call], Any]) -> None:
        self.script = list(script)
        self.keys: list[str] = []

    def deliver(self, record: Record, call: Call) -> Outcome:
        self.keys.append(record.idempotency_key)
        return self.script.pop(0)(record, call) if self.script else Delivered()

    def probe(self, call: Call) -> Usable | Hold:
        return Usable()


class Running:
    """A worker in this process, on a thread of its own."""

    def __init__(self, database: Database, connector: Scripted, machine: Machine) -> None:
        self.database = database
        self.rule = TargetRule("crm", "scripted", policy=POLICY)
        rules = Rules({"smarterbot": SOURCE}, {"crm": self.rule})
        clock, codec = machine.clock(), Codec()
        self.presence = Presence(clock)
        self.rounds = Rounds(database, rules.targets, codec=codec, clock=clock)
        tidy = Housekeeping(database, rules, salt=schema.salt(database), codec=codec, clock=clock)
        self.dispatcher = Dispatcher(self.rounds, self.presence, tidy, clock=clock)
        self.crew = Crew(
            self.rule,
            connector,
            Door(timeout_s=1.0),
            clock=clock,
            may_send=self.dispatcher.may_send,
            report=self.dispatcher.report,
        )
        self.thread = threading.Thread(target=self.dispatcher.run, args=({"crm": self.crew},), kwargs={"grace_s": 2.0})
        self.thread.start()

    def receive(self, number: int) -> None:
        salt, codec, tally = schema.salt(self.database), Codec(), Tally()
        body = b'{"Type":"Lead","SessionID":%d,"Email":"a%d@example.com","CreateTime":"2023-11-23T18:36:21Z"}'
        reading = normalise(body % (number, number), source=SOURCE)
        arrival = prepare(
            reading, source=SOURCE, signed_at=1, received_at=time.time_ns() // 1_000_000, salt=salt, codec=codec
        )
        with self.database.write() as connection:
            intake = Intake(self.database, targets=[self.rule], salt=salt, codec=codec)
            intake.write(connection, [arrival], now_ms=time.time_ns() // 1_000_000, tally=tally)
        self.dispatcher.poke()

    def states(self) -> list[str]:
        with self.database.read() as connection:
            return list(connection.execute(select(deliveries.c.state).order_by(deliveries.c.id)).scalars())

    def tries(self) -> list[tuple[str, bool]]:
        with self.database.read() as connection:
            query = select(attempts.c.outcome, attempts.c.uncertain).order_by(attempts.c.id)
            return [(outcome, uncertain) for outcome, uncertain in connection.execute(query)]

    def stop(self) -> None:
        self.dispatcher.stop()
        self.thread.join(timeout=30)
        self.presence.close()


Start = Callable[..., Running]


@pytest.fixture
def start(database: Database) -> Iterator[Start]:
    running: list[Running] = []

    def begin(*script: Callable[[Record, Call], Any], machine: Machine | None = None) -> Running:
        running.append(Running(database, Scripted(*script), machine or Machine()))
        return running[-1]

    yield begin
    for found in running:
        found.stop()


def test_a_connector_that_raises_is_retried_and_named(start: Start) -> None:
    worker = start(lambda record, call: 1 / 0)

    worker.receive(1)

    wait_until(lambda: ["delivered"] == worker.states())
    assert [("retry", False), ("delivered", False)] == worker.tries()


def test_a_connector_that_answers_nonsense_is_retried(start: Start) -> None:
    worker = start(lambda record, call: "all fine", lambda record, call: None)

    worker.receive(1)

    wait_until(lambda: ["delivered"] == worker.states())
    assert ["retry", "retry", "delivered"] == [outcome for outcome, _ in worker.tries()]


@pytest.mark.parametrize(
    "outcome",
    [
        Retry("x", after_s=float("nan")), Retry(None, after_s="soon"), Reject(7, cause=[]), Hold("x\0y", for_s=-5),
        Hold("\ud83d", for_s=float("nan")), Delivered(id=7, url=None), Delivered(id="7" * 1000),
    ],
    ids=repr,
)  # fmt: skip
def test_whatever_stands_in_an_outcome_the_delivery_gets_one_and_the_worker_lives(
    start: Start, outcome: Outcome
) -> None:
    worker = start(lambda record, call: outcome)

    worker.receive(1)
    wait_until(worker.tries)
    worker.receive(2)

    wait_until(lambda: "delivered" == worker.states()[1])
    assert worker.tries()[0][0] == type(outcome).__name__.lower()


def test_an_attempt_past_its_deadline_is_given_up_as_uncertain_and_its_place_is_filled(start: Start) -> None:
    machine, release = Machine(), threading.Event()
    worker = start(lambda record, call: release.wait(60) and Reject("too late"), machine=machine)
    worker.receive(1)
    wait_until(lambda: ["claimed"] == worker.states())

    machine.slept_s += 10  # past the target's timeout, and well within a beat

    wait_until(lambda: ["delivered"] == worker.states())
    assert [("retry", True), ("delivered", False)] == worker.tries()
    release.set()


def test_a_late_success_is_believed_while_nobody_claimed_again(start: Start) -> None:
    machine, release = Machine(), threading.Event()
    worker = start(lambda record, call: (release.wait(60), Delivered())[1], machine=machine)
    worker.receive(1)
    wait_until(lambda: ["claimed"] == worker.states())
    with worker.database.write() as connection:
        connection.execute(update(targets).values(state="paused"))

    machine.slept_s += 10
    wait_until(lambda: ["queued"] == worker.states())
    release.set()

    wait_until(lambda: ["delivered"] == worker.states())


def test_a_worker_that_was_taken_for_dead_starts_over(start: Start) -> None:
    worker = start()
    before = wait_until(lambda: worker.rounds.worker)
    with worker.database.write() as connection:
        workers.remove(connection, before)

    worker.receive(1)

    wait_until(lambda: ["delivered"] == worker.states())
    assert before != worker.rounds.worker


def test_a_worker_elsewhere_is_dead_when_its_beat_stands_still_for_a_minute(start: Start) -> None:
    machine = Machine()
    worker = start(machine=machine)
    with worker.database.write() as connection:
        gone = workers.register(connection, host="elsewhere", lock="x", pid=1, now_ms=1)
    worker.dispatcher.stop()
    worker.receive(1)
    with worker.database.write() as connection:
        connection.execute(update(deliveries).values(state="claimed", worker=gone, token="its"))
    again = start(machine=machine)

    machine.slept_s += 30
    again.receive(2)
    wait_until(lambda: ["claimed", "delivered"] == again.states())
    machine.slept_s += 61

    wait_until(lambda: ["delivered", "delivered"] == again.states())
    assert ("retry", True) in again.tries()


def test_a_record_carries_the_same_key_on_every_attempt(start: Start) -> None:
    connector = Scripted(lambda record, call: 1 / 0, lambda record, call: Hold("wait", for_s=0.01))
    worker = start()
    worker.crew._connector = connector

    worker.receive(1)

    wait_until(lambda: ["delivered"] == worker.states())
    assert 3 == len(connector.keys)
    assert 1 == len(set(connector.keys))


def test_stopping_gives_back_what_was_not_begun(start: Start) -> None:
    release = threading.Event()
    worker = start(*[lambda record, call: (release.wait(60), Delivered())[1]] * 2)
    for number in range(1, 6):
        worker.receive(number)
    wait_until(lambda: 2 == worker.states().count("claimed"))

    worker.dispatcher.stop()
    release.set()
    worker.thread.join(timeout=30)

    assert ["delivered", "delivered", "queued", "queued", "queued"] == worker.states()
    with worker.database.read() as connection:
        assert [] == workers.living(connection)
