"""What a target did not take of a record is not forgotten before the delivery has ended: later records are told of it,
in whatever attempt they go, and so is the operator.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import pytest

from bridge import log
from bridge.connector import Call, Delivered, Outcome, Record, Reject, Retry
from bridge.core.records import read_defaults
from bridge.store import look
from bridge.store.codec import Codec
from bridge.store.database import Database
from tests.engine.workers import Machine, Running, Scripted
from tests.processes import wait_until
from tests.store.rows import Store

MAPPING = read_defaults(
    [
        {
            "name": "person",
            "object": "contact",
            "keyed_by": "person",
            "fields": {"email": "{{ email }}", "phone": "{{ phone }}"},
        },
        {"name": "note", "fields": {"of": "{{ records.person.id }}", "text": "{{ content }}"}},
    ],
    {},
)
SAID = {"Phone": "+1 212 555 0147", "Content": "Hello"}
WITHOUT_PHONE = Delivered("c1", degraded="phone was refused", not_taken=("phone",))

Step = Callable[[Record, Call], Outcome]


def answers(outcome: Outcome) -> Step:
    return lambda record, call: outcome


@pytest.fixture
def begin(database: Database) -> Iterator[Callable[..., Running]]:
    running: list[Running] = []

    def start(*steps: Step) -> Running:
        running.append(Running(database, Scripted(*steps), Machine(), mapping=MAPPING))
        return running[-1]

    yield start
    for one in running:
        one.stop()


def shown(database: Database) -> dict[str, Any]:
    with database.read() as connection:
        (listed,) = look.list_deliveries(connection, codec=Codec(), limit=9, degraded=True)
        return look.show_delivery(connection, listed["id"], codec=Codec()) or {}


def test_the_note_is_told_in_a_later_attempt_what_the_person_went_without(
    begin: Callable[..., Running], database: Database
) -> None:
    worker = begin(answers(WITHOUT_PHONE), answers(Retry("HTTP 503")), answers(Delivered("n1")))

    worker.receive(1, **SAID)

    wait_until(lambda: ["delivered"] == worker.states())
    person, *notes = worker.connector.records
    assert {} == person.not_taken
    assert ["note", "note"] == [record.name for record in notes]
    assert [{"person": {"phone": person.fields["phone"]}}] * 2 == [record.not_taken for record in notes]
    assert "phone was refused" == shown(database)["degraded"]


def test_all_that_was_left_out_is_said_once_whatever_becomes_of_the_delivery(
    begin: Callable[..., Running], database: Database
) -> None:
    refused = answers(Reject("text: no words"))
    worker = begin(answers(WITHOUT_PHONE), answers(Retry("HTTP 503")), refused, answers(WITHOUT_PHONE), refused)

    worker.receive(1, **SAID)
    wait_until(lambda: ["dead"] == worker.states())

    assert ("phone was refused", "text: no words") == (shown(database)["degraded"], shown(database)["reason"])


def test_what_was_left_out_of_each_record_is_said(begin: Callable[..., Running], database: Database) -> None:
    cut = Delivered("n1", degraded="text was cut")
    worker = begin(answers(WITHOUT_PHONE), answers(Retry("HTTP 503")), answers(cut))

    worker.receive(1, **SAID)
    wait_until(lambda: ["delivered"] == worker.states())

    assert "phone was refused; text was cut" == shown(database)["degraded"]


def test_the_log_says_of_which_delivery_something_was_left_out_and_not_what(
    begin: Callable[..., Running], capsys: pytest.CaptureFixture[str]
) -> None:
    log.setup(terminal=False)
    worker = begin(answers(WITHOUT_PHONE), *map(answers, [Delivered("n1")] * 3))

    worker.receive(1, **SAID)
    wait_until(lambda: ["delivered"] == worker.states())
    worker.receive(2, **SAID)
    wait_until(lambda: ["delivered"] * 2 == worker.states())
    worker.stop()

    text = capsys.readouterr().err
    tries = [line for line in map(json.loads, text.splitlines()) if line["event"] == "attempt"]
    assert [(1, True), (2, None)] == [(line["delivery"], line.get("degraded")) for line in tries]
    assert "phone" not in text


def test_a_delivery_that_left_nothing_out_is_not_listed_with_those_that_did(
    begin: Callable[..., Running], database: Database
) -> None:
    worker = begin(answers(Delivered("c1")))

    worker.receive(1, **SAID)
    wait_until(lambda: ["delivered"] == worker.states())

    with database.read() as connection:
        assert [] == list(look.list_deliveries(connection, codec=Codec(), limit=9, degraded=True))


def test_what_lacks_nothing_since_it_was_sent_again_is_no_longer_listed(
    begin: Callable[..., Running], database: Database
) -> None:
    taken = Delivered("c1")
    worker = begin(*map(answers, (WITHOUT_PHONE, taken, taken, taken)))
    worker.receive(1, **SAID)
    wait_until(lambda: ["delivered"] == worker.states())
    assert "phone was refused" == shown(database)["degraded"]

    assert {1: ""} == Store(database).replay(1)
    worker.dispatcher.poke()
    wait_until(lambda: ["delivered"] == worker.states())

    with database.read() as connection:
        assert [] == list(look.list_deliveries(connection, codec=Codec(), limit=9, degraded=True))
    assert 4 == len(worker.connector.records)


def test_a_field_that_the_record_does_not_have_is_none_that_it_went_without(begin: Callable[..., Running]) -> None:
    worker = begin(answers(Delivered("c1", not_taken=("fax", "phone"))))

    worker.receive(1, **SAID)
    wait_until(lambda: ["delivered"] == worker.states())

    person, note = map(asdict, worker.connector.records)
    assert {"person": {"phone": person["fields"]["phone"]}} == note["not_taken"]
