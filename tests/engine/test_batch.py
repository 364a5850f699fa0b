"""Many deliveries in one call: each gets its own outcome, and none pays for another."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from bridge.connector import Call, Delivered, Outcome, Plan, Record, Ref, Reject, Retry
from bridge.core.records import read_defaults
from bridge.engine.attempt import Caller
from bridge.engine.batch import attempt_batch
from bridge.engine.crew import Crew
from bridge.engine.room import Room
from bridge.errors import CallFailed
from bridge.model.delivery import Claim, Result
from bridge.model.mapping import MappingRule
from bridge.model.record import Link, Skipped
from bridge.model.rules import Policy, TargetRule
from bridge.outbound import Door
from bridge.plugins.wrong import MOST_IN_BATCH
from tests.engine.test_crew import RECORDS, STORED
from tests.engine.workers import Machine, Scripted
from tests.processes import wait_until


def claim(number: int, **more: Any) -> Claim:
    base = {"attempts": 0, "uncertain": False, "if_empty": False, "copy": 0} | more
    return Claim(number, "t", "crm", f"p{number}", STORED, **base)


@dataclass
class Batcher(Scripted):
    """A connector that takes up to 50 deliveries at once, and does with them what it is told."""

    answer: Callable[[Sequence[Plan], Call], Any] = lambda plans, call: [
        [Delivered(f"{record.name}-{plan.delivery_id}") for record in plan.records] for plan in plans
    ]
    max_batch: int = 50
    calls: list[list[int]] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    singles: list[str] = field(default_factory=list)

    def deliver_batch(self, plans: Sequence[Plan], call: Call) -> Sequence[Sequence[Outcome]]:
        self.calls.append([plan.delivery_id for plan in plans])
        self.plans += plans
        return self.answer(plans, call)

    def deliver(self, record: Record, call: Call) -> Outcome:
        self.singles.append(record.key)
        if record.key == "p3":
            raise ValueError("this one")
        return Delivered(f"{record.name}-single")


def caller(connector: Batcher, *, records: Any = ()) -> Caller:
    rule = TargetRule("crm", "batcher", policy=Policy(timeout_s=5), mapping=MappingRule(records))
    return Caller(rule, connector, Door(), Machine().clock())


def outcomes(results: Sequence[Result]) -> list[Any]:
    return [result.outcome for result in results]


def test_each_plan_gets_its_own_outcome_and_its_links() -> None:
    def answer(plans: Sequence[Plan], call: Call) -> Any:
        return [
            [Delivered("c1", degraded="no phone"), Delivered("n1")],
            [Delivered("c2"), Reject("no such field")],
            [Retry("locked", uncertain=True)],
        ]

    results, sound = attempt_batch(caller(Batcher(answer), records=RECORDS), [claim(1), claim(2), claim(3)], number=7)

    assert sound
    assert [Delivered("n1"), Reject("no such field"), Retry("locked", uncertain=True)] == outcomes(results)
    assert [("no phone",), (), ()] == [result.degraded for result in results]
    assert [2, 1, 0] == [len(result.links) for result in results]
    assert Link("contact", "p2", "c2") == results[1].links[0]
    assert {7} == {result.batch for result in results}


def test_a_plan_has_the_records_that_are_missing_and_the_ids_of_those_that_are_there() -> None:
    batcher = Batcher()
    begun = claim(1, links={("p1", "contact"): Link("contact", "p1", "c9")}, done=frozenset({("p1", "contact")}))
    known = claim(2, links={("p2", "contact"): Link("contact", "p2", "c8")})

    attempt_batch(caller(batcher, records=RECORDS), [begun, known], number=1)

    first, second = batcher.plans
    assert [("note", "c9")] == [(record.name, record.fields["of"]) for record in first.records]
    assert [("person", "c8"), ("note", None)] == [(record.name, record.known_id) for record in second.records]
    assert Ref("person") == second.records[1].fields["of"]


def records(*declared: dict[str, Any]) -> Any:
    return read_defaults(declared, {}).records


SEEN = records(
    {"name": "person", "object": "contact", "keyed_by": "person", "fields": {"email": "{{ email }}"}},
    {"name": "note", "fields": {"of": "{{ records.person.id }}"}},
    {"name": "call", "fields": {"text": "call {{ records.person.id }}"}},
)


def test_what_is_computed_from_an_id_waits_for_the_call_that_brings_it() -> None:
    batcher = Batcher()

    results, sound = attempt_batch(caller(batcher, records=SEEN), [claim(1), claim(2)], number=1)

    assert sound
    assert [[1, 2], [1, 2]] == batcher.calls
    assert [["person", "note"]] * 2 + [["call"]] * 2 == [[one.name for one in plan.records] for plan in batcher.plans]
    assert "call person-2" == batcher.plans[-1].records[0].fields["text"]
    assert [3, 3] == [len(result.links) for result in results]


def test_what_the_first_of_two_calls_wrote_is_kept_where_the_second_fails() -> None:
    def answer(plans: Sequence[Plan], call: Call) -> Any:
        if "call" == plans[0].records[0].name:
            raise CallFailed("reset", uncertain=True)
        return [
            [Delivered("c"), Retry("locked")] if plan.delivery_id == 2 else [Delivered("c"), Delivered("n")]
            for plan in plans
        ]

    results, _ = attempt_batch(caller(Batcher(answer), records=SEEN), [claim(1), claim(2)], number=1)

    assert {1: (Retry("reset", uncertain=True), 2), 2: (Retry("locked"), 1)} == {
        result.claim.delivery_id: (result.outcome, len(result.links)) for result in results
    }


def test_a_record_that_needs_an_id_that_the_target_did_not_name_is_dead() -> None:
    batcher = Batcher(lambda plans, call: [[Delivered() for _ in plan.records] for plan in plans])

    (result,), _ = attempt_batch(caller(batcher, records=SEEN), [claim(1)], number=1)

    assert isinstance(result.outcome, Reject)
    assert "the target named no id for record 'person'" in result.outcome.reason


def test_an_event_to_which_no_record_applies_is_skipped_without_a_call() -> None:
    batcher = Batcher()
    nothing = records({"name": "person", "when": {"kind": "appointment"}, "fields": {"email": "{{ email }}"}})

    (result,), sound = attempt_batch(caller(batcher, records=nothing), [claim(1)], number=1)

    assert (Skipped(), True, []) == (result.outcome, sound, batcher.calls)


@pytest.mark.parametrize(
    "answer",
    [
        lambda plans, call: 1 / 0,
        lambda plans, call: None,
        lambda plans, call: "ok",
        lambda plans, call: [[Delivered()]] * (len(plans) + 1),
        lambda plans, call: [Delivered()] * len(plans),
    ],
)
def test_where_a_call_fails_before_anything_was_sent_each_is_to_be_tried_by_itself(answer: Any) -> None:
    batcher = Batcher(answer)

    results, sound = attempt_batch(
        caller(batcher, records=RECORDS), [claim(number) for number in range(1, 5)], number=1
    )

    assert ([], False) == (results, sound)


def test_each_that_is_to_be_tried_by_itself_is(crew_of: Callable[..., Crew], reported: list[Result]) -> None:
    batcher = Batcher(lambda plans, call: 1 / 0)
    crew = crew_of(batcher, records=RECORDS)
    crew.make_room(Room(1, 50))

    crew.take([claim(number) for number in range(1, 5)])

    wait_until(lambda: len(reported) == 4)
    good = Delivered("note-single")
    assert [good, good, Retry("ValueError in the connector"), good] == outcomes(reported)
    assert ([[1, 2, 3, 4]], {0}) == (batcher.calls, {result.batch for result in reported})


def test_where_it_fails_later_all_are_uncertain_and_nobody_is_tried_twice() -> None:
    def answer(plans: Sequence[Plan], call: Call) -> Any:
        call.spend(1)  # announced: it may have been sent
        raise ValueError

    batcher = Batcher(answer)

    results, sound = attempt_batch(caller(batcher), [claim(1), claim(2)], number=1)

    assert not sound
    assert [Retry("ValueError in the connector", uncertain=True)] * 2 == outcomes(results)
    assert [] == batcher.singles


def test_a_call_without_an_answer_is_nobodys_fault() -> None:
    def answer(plans: Sequence[Plan], call: Call) -> Any:
        raise CallFailed("connection reset", uncertain=True)

    results, sound = attempt_batch(caller(Batcher(answer)), [claim(1), claim(2)], number=1)

    assert sound
    assert [Retry("connection reset", uncertain=True)] * 2 == outcomes(results)


@pytest.mark.parametrize("answer", [[[Delivered("c")]], [[]], [[Delivered("c"), None]]])
def test_a_record_of_which_nothing_is_said_is_tried_again(answer: Any) -> None:
    results, _ = attempt_batch(caller(Batcher(lambda plans, call: answer), records=RECORDS), [claim(1)], number=1)

    (outcome,) = outcomes(results)
    assert isinstance(outcome, Retry)


# -- a crew of them


class Gate:
    """Lets calls out when it is told."""

    def __init__(self) -> None:
        self.exits = threading.Semaphore(0)

    def __call__(self, plans: Sequence[Plan], call: Call) -> Any:
        self.exits.acquire(timeout=30)
        return [[Delivered() for _ in plan.records] for plan in plans]


@pytest.fixture
def reported() -> list[Result]:
    return []


@pytest.fixture
def crew_of(reported: list[Result]) -> Iterator[Callable[..., Crew]]:
    crews: list[Crew] = []

    def make(batcher: Batcher, *, records: Any = ()) -> Crew:
        crews.append(Crew(caller(batcher, records=records), may_send=lambda claims: True, report=reported.extend))
        return crews[-1]

    yield make
    for crew in crews:
        crew.stop()


def test_what_waits_goes_out_together_and_what_comes_alone_goes_at_once(
    crew_of: Callable[..., Crew], reported: list[Result]
) -> None:
    gate = Gate()
    batcher = Batcher(gate)
    crew = crew_of(batcher)
    crew.make_room(Room(1, 50))
    crew.take([claim(1)])
    wait_until(lambda: [[1]] == batcher.calls)
    crew.take([claim(number) for number in range(2, 40)])
    gate.exits.release(2)

    wait_until(lambda: len(reported) == 39)
    assert [[1], list(range(2, 40))] == batcher.calls


def test_no_more_go_out_together_than_the_connector_takes(crew_of: Callable[..., Crew], reported: list[Result]) -> None:
    batcher = Batcher(max_batch=10)
    crew = crew_of(batcher)
    crew.make_room(Room(1, 50))

    crew.take([claim(number) for number in range(25)])

    wait_until(lambda: len(reported) == 25)
    assert [10, 10, 5] == [len(call) for call in batcher.calls]


def test_first_attempts_do_not_go_out_with_later_ones(crew_of: Callable[..., Crew], reported: list[Result]) -> None:
    batcher = Batcher()
    crew = crew_of(batcher)
    crew.make_room(Room(1, 50))

    crew.take([claim(number, attempts=number % 2) for number in range(6)])

    wait_until(lambda: len(reported) == 6)
    assert [[0, 2, 4], [1, 3, 5]] == batcher.calls


def test_those_that_were_in_a_call_that_failed_go_alone_from_then_on(
    crew_of: Callable[..., Crew], reported: list[Result]
) -> None:
    def answer(plans: Sequence[Plan], call: Call) -> Any:
        call.spend(1)
        raise ValueError

    batcher = Batcher(answer)
    crew = crew_of(batcher)
    crew.make_room(Room(1, 50))
    crew.take([claim(1), claim(2), claim(3)])
    wait_until(lambda: len(reported) == 3)

    for result in reported:
        crew.done(result)
    crew.make_room(Room(1, 50))
    crew.take([claim(number, attempts=1) for number in (1, 2, 3)])

    wait_until(lambda: len(reported) == 6)
    assert ([[1, 2, 3]], 3) == (batcher.calls, len(batcher.singles))
    assert 3 == sum(isinstance(result.outcome, Delivered) for result in reported)


def test_a_crew_asks_for_more_while_a_call_could_begin_and_nothing_waits(
    crew_of: Callable[..., Crew], reported: list[Result]
) -> None:
    gate = Gate()
    crew = crew_of(Batcher(gate))
    crew.make_room(Room(2, 100))
    crew.take([claim(number) for number in range(50)])
    assert crew.hungry  # half of what it may hold is out; a second call could begin
    crew.take([claim(number) for number in range(50, 100)])
    wait_until(lambda: not crew._todo)
    assert not crew.hungry
    gate.exits.release(2)
    wait_until(lambda: len(reported) == 100)


def test_one_call_that_fails_is_one_sign_of_a_target_that_is_down(reported: list[Result]) -> None:
    from bridge.core.holds import Health
    from bridge.core.verdicts import Standing, judge_round

    failed = [Result(claim(number), Retry("connection reset"), 1, 1, batch=5) for number in range(200)]
    standing = Standing(Health(), held=False, delivered_at=0)

    settled = judge_round(failed, {"crm": standing}, policies={"crm": Policy()}, now_ms=1, jitter=0.0)

    assert (200, False) == (len(settled), standing.held)
    more = [Result(claim(number), Retry("connection reset"), 1, 1, batch=number) for number in (6, 7)]
    judge_round(more, {"crm": standing}, policies={"crm": Policy()}, now_ms=1, jitter=0.0)
    assert standing.held


def test_each_of_those_that_are_tried_by_themselves_has_all_the_time_there_is(
    crew_of: Callable[..., Crew], reported: list[Result]
) -> None:
    machine, late = Machine(), list[Result]()

    def answer(plans: Sequence[Plan], call: Call) -> Any:
        raise ValueError

    class Slow(Batcher):
        def deliver(self, record: Record, call: Call) -> Outcome:
            machine.slept_s += 3.0
            late.extend(crew.overdue())
            return super().deliver(record, call)

    batcher = Slow(answer)
    rule = TargetRule("crm", "batcher", policy=Policy(timeout_s=5))
    crew = Crew(Caller(rule, batcher, Door(), machine.clock()), may_send=lambda claims: True, report=reported.extend)
    crew.make_room(Room(1, 50))

    crew.take([claim(number) for number in range(10, 20)])

    wait_until(lambda: len(reported) == 10)
    crew.stop()
    assert [] == late  # nobody takes one for lost that is still to be sent: it would be sent twice
    assert 10 == len(batcher.singles)


def test_what_is_tried_by_itself_can_be_taken_back_until_it_is_begun(
    crew_of: Callable[..., Crew], reported: list[Result]
) -> None:
    inside, exits = threading.Event(), threading.Semaphore(0)

    def answer(plans: Sequence[Plan], call: Call) -> Any:
        raise ValueError

    class Slow(Batcher):
        def deliver(self, record: Record, call: Call) -> Outcome:
            inside.set()
            exits.acquire(timeout=30)
            return super().deliver(record, call)

    crew = crew_of(Slow(answer))
    crew.make_room(Room(1, 50))
    crew.take([claim(10), claim(11), claim(12)])
    inside.wait(30)

    assert [11, 12] == [found.delivery_id for found in crew.unsent()]

    exits.release(3)
    wait_until(lambda: len(reported) == 1)


def test_few_that_were_tried_before_do_not_take_up_all_calls(
    crew_of: Callable[..., Crew], reported: list[Result]
) -> None:
    gate = Gate()
    batcher = Batcher(gate)
    crew = crew_of(batcher)
    crew.make_room(Room(calls=4, most=200, again=150))
    for number in range(5):  # each is due by itself: each would be a call of its own
        crew.take([claim(number, attempts=1)])
        wait_until(lambda number=number: len(batcher.calls) == min(number + 1, 3))

    crew.take([claim(9)])

    wait_until(lambda: [9] in batcher.calls)
    assert [[0], [1], [2], [9]] == batcher.calls
    gate.exits.release(10)
    wait_until(lambda: len(reported) == 6)
    assert [3, 4] in batcher.calls


def test_a_call_of_many_that_does_not_end_is_one_sign_of_a_target_that_is_down(
    crew_of: Callable[..., Crew], reported: list[Result]
) -> None:
    machine, gate = Machine(), Gate()
    rule = TargetRule("crm", "batcher", policy=Policy(timeout_s=5))
    connector = Batcher(gate)
    crew = Crew(Caller(rule, connector, Door(), machine.clock()), may_send=lambda claims: True, report=reported.extend)
    crew.make_room(Room(1, 50))
    crew.take([claim(number) for number in range(5)])
    wait_until(lambda: connector.calls)
    machine.slept_s += 60

    late = crew.overdue()

    assert 5 == len(late)
    assert 1 == len({result.batch for result in late})
    assert 0 not in {result.batch for result in late}
    gate.exits.release(1)
    crew.stop()


def test_a_connector_cannot_ask_for_more_at_once_than_a_transaction_can_bear() -> None:
    assert MOST_IN_BATCH == caller(Batcher(max_batch=10**9)).max_batch
    assert 1 == caller(Batcher(max_batch=-5)).max_batch
