"""A worker that was taken for dead while an attempt was under way: what is left of that attempt is not sent."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bridge.connector import Call, Delivered, Outcome, Record
from bridge.engine.attempt import Caller
from bridge.engine.batch import attempt_batch
from bridge.errors import CallFailed
from bridge.model.rules import TargetRule
from bridge.outbound import Door
from bridge.sandbox.inbox import Inbox
from bridge.store import workers
from bridge.store.database import Database
from tests.engine.test_crew import claim
from tests.engine.workers import Machine, Running, Scripted
from tests.processes import wait_until

Start = Callable[..., Running]


@pytest.fixture
def start(database: Database) -> Iterator[Start]:
    running: list[Running] = []

    def begin(*script: Callable[[Record, Call], Any]) -> Running:
        running.append(Running(database, Scripted(*script), Machine()))
        return running[-1]

    yield begin
    for found in running:
        found.stop()


def take_for_dead(worker: Running) -> None:
    """Another worker did so, and this one has seen it and started over."""
    was = worker.rounds.worker
    with worker.database.write() as connection:
        assert workers.remove(connection, was)
    worker.receive(2)
    wait_until(lambda: worker.rounds.worker != was)


def test_an_attempt_whose_claim_was_lost_sends_nothing_more(start: Start, inbox: Inbox) -> None:
    found: list[str] = []

    def two_requests(record: Record, call: Call) -> Outcome:
        call.http.request("POST", inbox.url, json={"number": 1})
        take_for_dead(worker)
        try:
            call.http.request("POST", inbox.url, json={"number": 2})
        except CallFailed as failed:
            found.append(failed.reason)
            raise
        return Delivered()

    worker = start(two_requests)
    worker.receive(1)

    wait_until(lambda: found)
    assert ["this worker stood still for so long that others may have taken over"] == found
    assert 1 == inbox.counts().arrivals


def test_an_attempt_whose_claim_was_lost_before_its_first_request_never_began(start: Start, inbox: Inbox) -> None:
    began = threading.Event()

    def one_request(record: Record, call: Call) -> Outcome:
        take_for_dead(worker)
        try:
            call.http.request("POST", inbox.url, json={})
        finally:
            began.set()
        return Delivered()

    worker = start(one_request)
    worker.receive(1)

    assert began.wait(30)
    wait_until(lambda: worker.states() == ["delivered", "delivered"])
    assert 0 == inbox.counts().arrivals
    assert [("delivered", False)] * 2 == worker.tries()


class Twice(Scripted):
    """Sends two requests for whatever it gets."""

    max_batch = 10

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def deliver(self, record: Record, call: Call) -> Outcome:
        for number in (1, 2):
            call.http.request("POST", self.url, json={"number": number})
        return Delivered()

    def deliver_batch(self, plans: Any, call: Call) -> list[list[Outcome]]:
        outcome = self.deliver(plans[0].records[0], call)
        return [[outcome] for _ in plans]


@pytest.mark.parametrize(("may", "arrived", "uncertain"), [(0, 0, None), (1, 1, True), (2, 2, False)])
def test_each_request_is_asked_about_alone_and_in_a_batch(
    inbox: Inbox, may: int, arrived: int, uncertain: bool | None
) -> None:
    rule, door = TargetRule("crm", "twice"), Door(allow_private_addresses=True)
    caller = Caller(rule, Twice(inbox.url), door, Machine().clock())

    alone = caller.attempt(claim(1), may_send=only_first(may))
    together, _ = attempt_batch(caller, [claim(2), claim(3)], number=1, may_send=only_first(may))

    assert 2 * arrived == inbox.counts().arrivals
    for result in (alone, *together):
        assert uncertain == (None if result.outcome is None else getattr(result.outcome, "uncertain", False))


def only_first(count: int) -> Callable[[], bool]:
    """True so many times."""
    left = iter([True] * count)
    return lambda: next(left, False)
