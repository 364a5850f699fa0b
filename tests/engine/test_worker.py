"""A worker with connectors that misbehave, machines that sleep, and workers that die elsewhere."""

import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from bridge.connector import Call, Delivered, Hold, Outcome, Record, Reject, Retry, Usable
from bridge.engine.rate import Limit
from bridge.engine.shares import Shares
from bridge.engine.tokens import Tokens
from bridge.model.rules import Rate
from bridge.store import targets as targets_
from bridge.store import workers
from bridge.store.codec import Codec
from bridge.store.database import Database
from bridge.store.tables import deliveries, targets
from tests.engine.workers import POLICY, Machine, Running, Scripted
from tests.processes import wait_until

Start = Callable[..., Running]


@pytest.fixture
def start(database: Database) -> Iterator[Start]:
    running: list[Running] = []

    def begin(
        *script: Callable[[Record, Call], Any],
        machine: Machine | None = None,
        probe: Callable[[], Any] = Usable,
        **more: Any,
    ) -> Running:
        running.append(Running(database, Scripted(*script, probe=probe), machine or Machine(), **more))
        return running[-1]

    yield begin
    for found in running:
        found.stop()


def test_a_target_that_is_new_has_its_row_before_it_is_probed(start: Start, database: Database) -> None:
    seen: list[list[str]] = []

    def probe() -> Usable:
        with database.read() as connection:
            seen.append(list(connection.execute(select(targets.c.name)).scalars()))
        return Usable()

    start(probe=probe)

    assert ["crm"] == wait_until(lambda: seen)[0]


@pytest.mark.parametrize("fault", [lambda record, call: 1 / 0, lambda record, call: sys.exit(1)])
def test_a_connector_that_raises_is_retried(start: Start, fault: Callable[[Record, Call], Any]) -> None:
    worker = start(fault)

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


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda: Usable("x" * 200), "longer than 128"), (lambda: Hold("x", for_s=float("inf")), "x"),
        (lambda: Hold(5), "5"), (lambda: None, "NoneType"), (lambda: Hold("x\0", for_s="soon"), "x"),
        (sys.exit, "SystemExit"), (lambda: 1 / 0, "ZeroDivisionError"),
    ],
)  # fmt: skip
def test_whatever_a_probe_answers_the_target_is_held_with_a_reason(
    start: Start, answer: Callable[[], Any], why: str
) -> None:
    worker = start(probe=answer)

    wait_until(lambda: ("held", True) == (worker.target().state, why in worker.target_why()))


def test_an_account_with_what_no_database_keeps_is_taken_without_it(start: Start) -> None:
    worker = start(probe=lambda: Usable("org\0-A"))

    worker.receive(1)

    wait_until(lambda: ["delivered"] == worker.states())
    assert "org-A" == worker.target().account


def test_a_probe_that_does_not_end_is_given_up_and_asked_again(start: Start) -> None:
    machine, release, asked = Machine(), threading.Event(), []
    worker = start(machine=machine, probe=lambda: (asked.append(1), 1 == len(asked) and release.wait(60), Usable())[-1])
    worker.receive(1)
    wait_until(lambda: asked)

    machine.slept_s += 10
    wait_until(lambda: "held" == worker.target().state)
    assert "no end after" in worker.target_why()
    machine.slept_s += 40

    wait_until(lambda: ["delivered"] == worker.states())
    release.set()


def test_a_hold_that_the_target_asked_for_outlasts_a_restart(start: Start) -> None:
    first = start(lambda record, call: Hold("quota used up", for_s=3600))
    first.receive(1)
    wait_until(lambda: "held" == first.target().state)
    first.stop()
    asked: list[int] = []
    machine = Machine()
    second = start(machine=machine, probe=lambda: asked.append(1) or Usable())
    wait_until(lambda: asked and "crm" in second.dispatcher._ready)

    second.receive(2)
    wait_until(lambda: 2 == len(second.states()))
    assert ("held", ["queued", "queued"]) == (second.target().state, second.states())
    machine.slept_s += 3601

    wait_until(lambda: ["delivered", "delivered"] == second.states())


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

    again.receive(2)
    wait_until(lambda: ["claimed", "delivered"] == again.states())
    for _ in range(9):
        _pass_by(again, machine, 6)
    assert ["claimed", "delivered"] == again.states()
    _pass_by(again, machine, 6)
    _pass_by(again, machine, 6)

    wait_until(lambda: ["delivered", "delivered"] == again.states())
    assert ("retry", True) in again.tries()


def test_a_record_carries_the_same_key_on_every_attempt(start: Start) -> None:
    worker = start(lambda record, call: 1 / 0, lambda record, call: Hold("wait", for_s=0.01))

    worker.receive(1)

    wait_until(lambda: ["delivered"] == worker.states())
    assert 3 == len(worker.connector.keys)
    assert 1 == len(set(worker.connector.keys))


def test_stopping_gives_back_what_was_not_begun(start: Start) -> None:
    release = threading.Event()
    worker = start(*[lambda record, call: (release.wait(60), Delivered())[1]] * 2)
    for number in range(1, 6):
        worker.receive(number)
    wait_until(lambda: 2 == len(worker.connector.keys))  # both are under way, not only claimed

    worker.dispatcher.stop()
    release.set()
    worker.thread.join(timeout=30)

    assert ["delivered", "delivered", "queued", "queued", "queued"] == worker.states()
    with worker.database.read() as connection:
        assert [] == workers.living(connection)


def test_attempts_that_hang_again_and_again_leave_a_place_for_new_leads(start: Start) -> None:
    release = threading.Event()
    fails, hangs = (lambda record, call: Retry("HTTP 503")), (lambda record, call: (release.wait(60), Delivered())[1])
    worker = start(fails, fails, hangs)
    worker.receive(1)
    worker.receive(2)
    wait_until(lambda: 3 == len(worker.connector.keys))  # one of them hangs; the place beside it stays free

    worker.receive(3)

    wait_until(lambda: "delivered" == worker.states()[2])
    assert ["claimed", "queued"] == sorted(worker.states()[:2])
    release.set()
    wait_until(lambda: ["delivered"] * 3 == worker.states())


def test_what_waits_for_the_rate_when_the_worker_stops_is_given_back_as_it_was(
    start: Start, database: Database
) -> None:
    clock = Machine().clock()
    limit = Limit(database, "crm", Rate(1, 3600.0), clock=clock)
    tokens = Tokens(database, "crm", None, salt=b"", codec=Codec(), clock=clock)

    def asks(record: Record, call: Call) -> Outcome:
        call.spend(1)
        return Delivered()

    worker = start(
        *[asks] * 8, policy=replace(POLICY, timeout_s=600.0), shared=Shares("crm", limit, tokens, clock=clock)
    )
    for number in (1, 2, 3):
        worker.receive(number)
    wait_until(lambda: "delivered" in worker.states() and worker.states().count("claimed") == 2)

    worker.stop()

    assert ["delivered", "queued", "queued"] == sorted(worker.states())
    assert [("delivered", False)] == worker.tries()
    with database.read() as connection:
        assert not any(connection.execute(select(deliveries.c.uncertain)).scalars())


def test_what_is_let_go_of_in_the_middle_is_uncertain_and_says_nothing_of_its_target(start: Start) -> None:
    go = threading.Event()

    def hangs(record: Record, call: Call) -> Outcome:
        go.wait(60)
        return Delivered()

    worker = start(*[hangs] * 4, policy=replace(POLICY, concurrency=4, timeout_s=600.0))
    for number in range(4):
        worker.receive(number)
    wait_until(lambda: len(worker.connector.keys) == 4)

    worker.stop()
    go.set()

    assert ["queued"] * 4 == worker.states()
    assert [("retry", True)] * 4 == worker.tries()
    assert "active" == worker.target().state


def _pass_by(worker: Running, machine: Machine, seconds: float) -> None:
    """Time goes on, and the worker beats and looks at the others."""
    before = _beat(worker)
    machine.slept_s += seconds
    wait_until(lambda: _beat(worker) > before)


def _beat(worker: Running) -> int:
    with worker.database.read() as connection:
        return next(found.beat for found in workers.living(connection) if found.id == worker.rounds.worker)


def test_what_was_linked_before_the_account_had_a_name_is_known_after(start: Start) -> None:
    answers = [Usable(), Usable("org-1")]
    worker = start(lambda record, call: Delivered("c1"), probe=lambda: answers.pop(0))
    worker.receive(1)
    wait_until(lambda: ["delivered"] == worker.states())

    worker.crew.probe()
    wait_until(lambda: "org-1" == worker.target().account)
    worker.receive(1, PhoneNumber="+12125550147")

    wait_until(lambda: ["delivered", "delivered"] == worker.states())
    assert [None, "c1"] == [record.known_id for record in worker.connector.records]


def test_what_is_written_in_one_account_is_no_link_of_the_next(start: Start) -> None:
    answers = [Usable("org-1"), Usable("org-2")]

    def meanwhile_at_another(record: Record, call: Call) -> Outcome:
        with worker.database.write() as connection:
            targets_.take_other_account(connection, "crm", codec=Codec())
        worker.crew.probe()
        wait_until(lambda: "org-2" == worker.target().account)
        return Delivered("c1")

    worker = start(
        meanwhile_at_another,
        probe=lambda: answers.pop(0) if answers else Usable("org-2"),
        policy=replace(POLICY, timeout_s=30.0),
    )
    worker.receive(1)
    wait_until(lambda: ["delivered"] == worker.states())
    worker.receive(1, PhoneNumber="+12125550147")

    wait_until(lambda: ["delivered", "delivered"] == worker.states())
    assert [None, None] == [record.known_id for record in worker.connector.records]
