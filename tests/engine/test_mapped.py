"""A worker with a mapping: what is written, what is skipped, and what is dead until the mapping is mended."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bridge.connector import Call, Delivered, Record, Retry
from bridge.core.expression import Language
from bridge.core.filters import FILTERS
from bridge.core.records import Reader
from bridge.model.mapping import MappingRule
from bridge.store.database import Database
from tests.engine.workers import Machine, Running, Scripted
from tests.processes import wait_until

Start = Callable[..., Running]

PERSON = {"name": "person", "object": "contact", "keyed_by": "person", "fields": {"email": "{{ email }}"}}
NOTE = {"name": "note", "fields": {"of": "{{ records.person.id }}", "text": "see {{ records.person.url }}"}}


def mapping(*declared: dict[str, Any]) -> MappingRule:
    reader = Reader(Language(FILTERS))
    rule = MappingRule(reader.records(list(declared)))
    assert [] == reader.found
    return rule


@pytest.fixture
def start(database: Database) -> Iterator[Start]:
    running: list[Running] = []

    def begin(*script: Callable[[Record, Call], Any], records: list[dict[str, Any]]) -> Running:
        running.append(Running(database, Scripted(*script), Machine(), mapping=mapping(*records)))
        return running[-1]

    yield begin
    for found in running:
        found.stop()


def made(record: Record, call: Call) -> Delivered:
    return Delivered("c1", "https://crm/c1")


def test_records_are_written_in_order_with_what_the_earlier_ones_brought(start: Start) -> None:
    worker = start(made, records=[PERSON, NOTE])

    worker.receive(1)

    wait_until(lambda: worker.states() == ["delivered"])
    person, note = worker.connector.records
    assert {"email": "a1@example.com"} == person.fields
    assert {"of": "c1", "text": "see https://crm/c1"} == note.fields


def test_a_delivery_goes_on_with_the_record_that_is_missing_and_still_knows_the_first(start: Start) -> None:
    worker = start(made, lambda record, call: Retry("locked"), records=[PERSON, NOTE])

    worker.receive(1)

    wait_until(lambda: worker.states() == ["delivered"])
    assert ["person", "note", "note"] == [record.name for record in worker.connector.records]
    assert {"of": "c1", "text": "see https://crm/c1"} == worker.connector.records[-1].fields


def test_an_event_to_which_no_record_applies_is_discarded_and_says_why(start: Start) -> None:
    worker = start(records=[PERSON | {"when": {"kind": "appointment"}}, NOTE])

    worker.receive(1)

    wait_until(lambda: worker.states() == ["discarded"])
    assert "no record of this target applies" in worker.reasons()[0]
    assert [] == worker.connector.records


def test_a_record_that_is_only_to_be_made_is_not_written_again(start: Start) -> None:
    worker = start(made, records=[PERSON | {"mode": "create"}, NOTE])
    worker.receive(1)
    wait_until(lambda: worker.states() == ["delivered"])

    worker.receive(2, Email="a1@example.com")  # the same person, another event

    wait_until(lambda: worker.states() == ["delivered", "delivered"])
    assert ["person", "note", "note"] == [record.name for record in worker.connector.records]
    assert {"of": "c1", "text": "see https://crm/c1"} == worker.connector.records[-1].fields


def test_an_event_that_cannot_be_mapped_is_dead_at_once_with_the_field_and_nothing_is_sent(start: Start) -> None:
    needed = {"email": "{{ email }}", "phone": {"value": "{{ phone }}", "required": True}}
    worker = start(records=[PERSON | {"fields": needed}])

    worker.receive(1)

    wait_until(lambda: worker.states() == ["dead"])
    assert worker.reasons()[0].startswith(
        "mapping: person.phone: required, and this event has nothing for it: {{ phone }}"
    )
    assert [] == worker.connector.records
