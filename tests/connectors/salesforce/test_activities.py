"""Events and Tasks: whose they are, when they are, and what becomes of those that are there already."""

import json
from dataclasses import replace

from bridge.connector import Delivered
from bridge.model.event import Kind
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD, claim_of, next_attempt, next_revision
from tests.connectors.salesforce.mappings import BOTH, leads
from tests.connectors.salesforce.orgs import Way, alive, colleague, one


def test_an_activity_whose_person_was_converted_meanwhile_goes_to_the_contact(org: Org) -> None:
    org.change(
        triggers=[{"object": "Task", "on": ["create"], "code": "STORAGE_LIMIT_EXCEEDED", "message": "full", "times": 1}]
    )
    way = Way(org, records=BOTH)
    claims = leads(2)
    results = way.deliver(*claims)  # the persons are there, a task is not
    contacts = [org.convert(lead["Id"])["contact"] for lead in alive(org, "Lead")]
    missing = next(place for place, result in enumerate(results) if not isinstance(result.outcome, Delivered))

    outcome = way.outcome(next_attempt(claims[missing], results[missing]))

    assert isinstance(outcome, Delivered), outcome
    assert contacts[missing] in {task["WhoId"] for task in alive(org, "Task")}


def test_an_event_that_a_colleague_deleted_is_made_again(org: Org) -> None:
    way = Way(org)
    booked = replace(LEAD, kind=Kind.APPOINTMENT, content="Time: 2030-12-01 10:00 AM")
    claim = claim_of(booked)
    (result,) = way.deliver(claim)
    event = one(org, "Event")["Id"]
    colleague(org).Event.delete(event)

    later = claim_of(replace(booked, content="Time: 2030-12-02 10:00 AM"), revision=2)
    outcome = way.outcome(replace(later, links={(link.record_key, link.object): link for link in result.links}))

    assert isinstance(outcome, Delivered), outcome
    assert "2030-12-02T10:00:00.000+0000" == one(org, "Event")["StartDateTime"]


def test_a_new_time_moves_the_event_that_is_there(org: Org) -> None:
    way = Way(org)
    booked = replace(LEAD, kind=Kind.APPOINTMENT, content="Time: 2030-12-01 10:00 AM")
    (result,) = way.deliver(claim_of(booked))
    event = one(org, "Event")["Id"]

    later = claim_of(replace(booked, content="Time: 2030-12-02 04:00 PM"), revision=2)
    way.outcome(replace(later, links={(link.record_key, link.object): link for link in result.links}))

    row = one(org, "Event")
    assert (event, "2030-12-02T16:00:00.000+0000", "2030-12-02T16:30:00.000+0000") == (
        row["Id"], row["StartDateTime"], row["EndDateTime"],
    )  # fmt: skip


def test_the_times_of_an_event_are_sent_together(org: Org) -> None:
    """An org that is told a new beginning alone may keep the old end."""
    event = {"name": "event", "object": "Event", "match": ["Subject"], "fields": {
        "Subject": "Visit", "StartDateTime": "{{ content | datetime }}", "DurationInMinutes": 45, "Location": "Delft",
    }}  # fmt: skip
    way = Way(org, records=[event])
    way.deliver(claim_of(replace(LEAD, content="2030-12-01 10:00")))

    way.deliver(claim_of(replace(LEAD, content="2030-12-01 11:00"), revision=2))

    (asked,) = json.loads(org.calls[-1].body)["compositeRequest"]
    assert {"StartDateTime": "2030-12-01T11:00:00.000Z", "DurationInMinutes": 45} == asked["body"]
    assert "2030-12-01T11:45:00.000+0000" == one(org, "Event")["EndDateTime"]


def test_an_appointment_without_a_time_is_a_task_with_the_text(org: Org) -> None:
    outcome = Way(org).outcome(claim_of(replace(LEAD, kind=Kind.APPOINTMENT, content="Some time next week?")))

    assert isinstance(outcome, Delivered), outcome
    task = one(org, "Task")
    assert ("Arrange a time: David Garcia", "2023-11-23", one(org, "Lead")["Id"]) == (
        task["Subject"], task["ActivityDate"], task["WhoId"],
    )  # fmt: skip
    assert task["Description"].startswith("Some time next week?\n")
    assert [] == alive(org, "Event")


def test_a_task_that_a_colleague_put_off_is_not_due_again_by_a_correction(org: Org) -> None:
    way, claim = Way(org), claim_of(replace(LEAD, kind=Kind.APPOINTMENT, content="Some time?"))
    (result,) = way.deliver(claim)
    colleague(org).Task.update(one(org, "Task")["Id"], {"ActivityDate": "2030-01-01"})

    way.deliver(next_revision(claim, result, replace(claim.stored.event, content="Or in May?")))

    task = one(org, "Task")
    assert ("2030-01-01", True) == (task["ActivityDate"], "Or in May?" in task["Description"])
