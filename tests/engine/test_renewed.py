"""What an earlier attempt wrote may be gone when a later one refers to it: it is written again before the lead is
dead.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from bridge.connector import Call, Delivered, Outcome, Plan, Record, Ref, Reject, Retry
from bridge.engine.batch import attempt_batch
from bridge.model.record import Link
from bridge.store.database import Database
from tests.engine.test_batch import RECORDS, Batcher, caller, claim
from tests.engine.test_not_taken import MAPPING, answers
from tests.engine.workers import Machine, Running, Scripted
from tests.processes import wait_until


@pytest.fixture
def begin(database: Database) -> Iterator[Callable[..., Running]]:
    running: list[Running] = []

    def start(*steps: Callable[[Record, Call], Outcome]) -> Running:
        running.append(Running(database, Scripted(*steps), Machine(), mapping=MAPPING))
        return running[-1]

    yield start
    for one in running:
        one.stop()


def test_a_person_who_is_gone_is_written_again_before_the_note_is_given_up(begin: Callable[..., Running]) -> None:
    worker = begin(
        answers(Delivered("c1")),
        answers(Retry("HTTP 503")),
        answers(Reject("c1 is not there", cause="association")),
        answers(Delivered("c2")),
        answers(Delivered("n1")),
    )

    worker.receive(1)

    wait_until(lambda: ["delivered"] == worker.states())
    told = [(record.name, record.known_id, record.fields.get("of")) for record in worker.connector.records]
    assert [("note", None, "c1"), ("person", "c1", None), ("note", None, "c2")] == told[2:]


def test_a_note_that_is_refused_all_the_same_is_dead(begin: Callable[..., Running]) -> None:
    refused = answers(Reject("no such field", cause="field"))
    worker = begin(answers(Delivered("c1")), answers(Retry("HTTP 503")), refused, answers(Delivered("c1")), refused)

    worker.receive(1)

    wait_until(lambda: ["dead"] == worker.states())
    assert ["person", "note", "note", "person", "note"] == [record.name for record in worker.connector.records]


def test_what_this_attempt_wrote_itself_is_not_written_again(begin: Callable[..., Running]) -> None:
    worker = begin(answers(Delivered("c1")), answers(Reject("no such field", cause="field")))

    worker.receive(1)

    wait_until(lambda: ["dead"] == worker.states())
    assert ["person", "note"] == [record.name for record in worker.connector.records]


def test_in_a_batch_it_is_written_again_in_another_call_and_its_neighbours_are_not() -> None:
    def answer(plans: Sequence[Plan], call: Call) -> Any:
        if [2] == [len(plan.records) for plan in plans]:
            return [[Delivered("c2"), Delivered("n2")]]
        return [[Reject("c1 is not there", cause="association")], [Delivered("c9"), Delivered("n9")]]

    batcher = Batcher(answer)
    begun = claim(1, links={("p1", "contact"): Link("contact", "p1", "c1")}, done=frozenset({("p1", "contact")}))

    results, sound = attempt_batch(caller(batcher, records=RECORDS), [begun, claim(2)], number=1)

    assert sound
    by_id = {result.claim.delivery_id: result for result in results}
    assert (Delivered("n2"), Delivered("n9")) == (by_id[1].outcome, by_id[2].outcome)
    assert ["c2", "n2"] == [link.crm_id for link in by_id[1].links]
    assert [[1, 2], [1]] == batcher.calls
    again = batcher.plans[-1].records
    assert [("person", "c1"), ("note", None)] == [(record.name, record.known_id) for record in again]
    assert Ref("person") == again[1].fields["of"]


def test_the_id_of_a_record_stays_known_where_the_answer_to_a_change_names_none(begin: Callable[..., Running]) -> None:
    worker = begin(answers(Delivered("c1")), answers(Delivered("n1")), answers(Delivered()), answers(Delivered()))

    for text in ("Hello", "Hello again", "Once more"):
        worker.receive(1, Content=text)
        wait_until(lambda: {"delivered"} == set(worker.states()))

    told = [(record.name, record.known_id) for record in worker.connector.records]
    assert [("person", "c1"), ("note", "n1")] * 2 == told[2:]
