"""A crew never has more calls under way than there is room for, whatever comes and goes."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.connector import Call, Delivered, Hold, Outcome, Record, Usable
from bridge.core.records import read_defaults
from bridge.engine.attempt import Caller
from bridge.engine.crew import Crew
from bridge.engine.room import Probed, Room
from bridge.errors import NotBegun
from bridge.model.delivery import Claim, Result
from bridge.model.event import Event, Kind, StoredEvent
from bridge.model.mapping import MappingRule
from bridge.model.record import Link
from bridge.model.rules import Policy, TargetRule
from bridge.outbound import Alone, Door
from tests.engine.workers import Machine, Scripted
from tests.processes import wait_until

RECORDS = read_defaults(
    [
        {"name": "person", "object": "contact", "keyed_by": "person", "fields": {"kind": "{{ kind }}"}},
        {"name": "note", "object": "note", "fields": {"of": "{{ records.person.id }}", "text": "from the chat"}},
    ],
    {},
).records
STORED = StoredEvent(1, "key", 1, datetime(2023, 11, 23, tzinfo=UTC), Event("smarterbot", Kind.LEAD))


def claim(number: int) -> Claim:
    return Claim(number, "t", "crm", f"p{number}", STORED, attempts=0, uncertain=False, if_empty=False, copy=0)


class Gate(Scripted):
    """Counts who is in; lets out as many as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = self.most = 0
        self.lock = threading.Lock()
        self.exits = threading.Semaphore(0)

    def deliver(self, record: Record, call: Call) -> Outcome:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.exits.acquire(timeout=30)
        with self.lock:
            self.inside -= 1
        return Delivered()

    def let_out(self, count: int) -> None:
        self.exits.release(count)


class Desk:
    """A crew, and what it reported."""

    def __init__(self, machine: Machine) -> None:
        self.gate, self.reported = Gate(), list[Any]()
        rule = TargetRule("crm", "scripted", policy=Policy(timeout_s=1))
        caller = Caller(rule, self.gate, Door(), machine.clock())
        self.crew = Crew(caller, may_send=lambda claims: True, report=self.reported.extend)

    def wait_inside(self, count: int) -> None:
        wait_until(lambda: self.gate.inside == count)

    def wait_reported(self, count: int) -> None:
        wait_until(lambda: len(self.reported) == count)
        for result in self.reported:
            if isinstance(result, Result):
                self.crew.done(result)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def desk(machine: Machine) -> Iterator[Desk]:
    found = Desk(machine)
    yield found
    found.gate.let_out(1000)
    found.crew.stop()


def test_as_many_calls_are_under_way_as_there_is_room_for_and_the_rest_waits(desk: Desk) -> None:
    desk.crew.make_room(Room(3, 100))
    desk.crew.take([claim(number) for number in range(10)])
    desk.wait_inside(3)

    desk.gate.let_out(10)

    desk.wait_reported(10)
    assert (3, 0) == (desk.gate.most, desk.crew.load)


def test_when_the_room_shrinks_no_more_begin_until_there_is_room_again(desk: Desk) -> None:
    desk.crew.make_room(Room(4, 100))
    desk.crew.take([claim(number) for number in range(12)])
    desk.wait_inside(4)

    desk.crew.make_room(Room(1, 25))
    desk.gate.let_out(3)
    desk.wait_reported(3)
    desk.wait_inside(1)
    desk.gate.most = 0
    desk.gate.let_out(9)

    desk.wait_reported(12)
    assert 1 == desk.gate.most


def test_a_probe_takes_nobodys_place_and_leaves_no_thread_behind(desk: Desk) -> None:
    desk.crew.make_room(Room(1, 26))
    desk.crew.take([claim(1)])
    desk.wait_inside(1)

    desk.crew.probe()
    wait_until(lambda: any(isinstance(one, Probed) for one in desk.reported))
    desk.crew.take([claim(number) for number in range(2, 8)])
    desk.gate.let_out(7)

    desk.wait_reported(8)
    assert 1 == desk.gate.most


def test_what_was_not_begun_can_be_taken_back(desk: Desk) -> None:
    desk.crew.make_room(Room(2, 100))
    desk.crew.take([claim(number) for number in range(5)])
    desk.wait_inside(2)

    assert [2, 3, 4] == [found.delivery_id for found in desk.crew.unsent()]

    assert {0, 1} == {found.delivery_id for found in desk.crew.held()}
    desk.gate.let_out(5)
    desk.wait_reported(2)


def test_an_attempt_that_does_not_end_makes_room_for_another_and_its_late_end_does_no_harm(
    desk: Desk, machine: Machine
) -> None:
    desk.crew.make_room(Room(1, 10))
    desk.crew.take([claim(1), claim(2)])
    desk.wait_inside(1)

    machine.slept_s += 60
    assert [1] == [late.claim.delivery_id for late in desk.crew.overdue()]

    desk.wait_inside(2)  # the one that was given up, and its successor
    desk.gate.let_out(2)
    desk.wait_reported(2)
    desk.crew.take([claim(3), claim(4)])
    desk.wait_inside(1)
    desk.gate.let_out(2)
    desk.wait_reported(4)
    assert [] == desk.crew.overdue()


class Busy(Alone):
    """A rate that is used up so many times, and then is not."""

    def __init__(self, *spends: bool) -> None:
        super().__init__()
        self.spends = list(spends)  # True: there is room

    def spend(self, count: int, *, within_s: float) -> None:
        if self.spends and not self.spends.pop(0):
            raise NotBegun("waited for the target's rate")


class Asking(Scripted):
    """Sends one request for each thing that it is asked."""

    def deliver(self, record: Record, call: Call) -> Outcome:
        call.spend(1)
        return Delivered(f"id of {record.name}")

    def probe(self, call: Call) -> Usable | Hold:
        call.spend(1)
        return Usable("org")


def test_a_probe_whose_turn_does_not_come_says_nothing_of_the_target_and_is_tried_again(machine: Machine) -> None:
    reported: list[Any] = []
    rule = TargetRule("crm", "scripted", policy=Policy(timeout_s=1))
    caller = Caller(rule, Asking(), Door(shared=Busy(False, False)), machine.clock())
    crew = Crew(caller, may_send=lambda claims: True, report=reported.extend)

    crew.probe()

    wait_until(lambda: reported)
    assert [Probed("crm", Usable("org"))] == reported
    crew.stop()


def test_a_record_that_is_written_is_no_reason_to_doubt_the_next_whose_turn_did_not_come(machine: Machine) -> None:
    rule = TargetRule("crm", "scripted", mapping=MappingRule(RECORDS))
    caller = Caller(rule, Asking(), Door(shared=Busy(True, False)), machine.clock())

    result = caller.attempt(claim(1))

    assert None is result.outcome
    assert [Link("contact", "p1", "id of person")] == list(result.links)
