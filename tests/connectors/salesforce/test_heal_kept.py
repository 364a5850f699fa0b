"""What the org refuses in a record is shortened or left out, once: no lead is lost for one field, and what was taken
out stands in the Description.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bridge.connector import Delivered, Outcome, Reject
from bridge.model.delivery import Claim
from bridge.model.record import Link
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD, claim_of
from tests.connectors.salesforce.orgs import KEYED, Way, alive, one, plant

PERSON = {
    "name": "person",
    "object": "Lead",
    "keyed_by": "person",
    "match": ["Email", "Phone"],
    "fields": {
        "FirstName": "{{ first_name }}",
        "LastName": "{{ last_name }}",
        "Company": "{{ raw.Company | default('none') }}",
        "Email": "{{ email }}",
        "Phone": "{{ phone }}",
        "State": "{{ raw.State }}",
        "Title": "{{ raw.Title }}",
        "Rating": "{{ raw.Rating }}",
        "Score__c": "{{ raw.Score }}",
        "Level__c": "{{ raw.Level }}",
        "AnnualRevenue": "{{ raw.Revenue }}",
    },
}
WITH_TEXT = PERSON | {
    "fields": {**PERSON["fields"], "Description": {"value": "{{ content }}", "write": "append"}}  # type: ignore[dict-item]
}
SCORE = {"createable": False, "updateable": False}  # such as a formula, or one that our user may not write
RESTRICTED = {
    "Lead": {
        "fields": {
            "Rating": {"restricted": True},
            "State": {"restricted": True, "picklist": ["Ohio"]},
            "Score__c": SCORE,
            "Level__c": SCORE,
        }
    },
    "Contact": {"fields": {"MailingState": {"restricted": True, "picklist": ["Ohio"]}}},
    "Event": {"fields": {"Location": {"length": 10}}},
    "Task": {"fields": {"Subject": {"length": 20}}},
}
LONG = "x" * 50
FULL = 32_000


@pytest.fixture
def org() -> Iterator[Org]:
    with Org(objects=RESTRICTED) as org:
        yield org


def claim(number: int = 1, **said: Any) -> Claim:
    return claim_of(replace(LEAD, **said), number)


def delivered(outcome: Outcome | Any) -> Delivered:
    assert isinstance(outcome, Delivered), outcome
    return outcome


def outcomes(way: Way, bad: Claim, *, alone: bool) -> Any:
    """What came of it, by itself (one composite call) or among others (collections), which it must not harm."""
    if alone:
        return way.outcome(bad)
    others = [claim(number, email=f"visitor{number}@example.com", phone="") for number in (2, 3)]
    found = [result.outcome for result in way.deliver(others[0], bad, others[1])]
    assert [Delivered(), Delivered()] == [replace(delivered(found[at]), id="", url="") for at in (0, 2)]
    return found[1]


def of_garcia(org: Org) -> dict[str, Any]:
    (row,) = [row for row in alive(org, "Lead") if row["Email"] in (LEAD.email, None)]
    return row


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize(
    ("said", "field", "left", "kept", "code"),
    [
        ({"raw": {"Rating": "Scorching"}}, "Rating", None, "Rating: Scorching", "RESTRICTED_PICKLIST"),
        ({"raw": {"State": "Bavaria"}}, "State", None, "State: Bavaria", "FIELD_INTEGRITY_EXCEPTION"),
        ({"email": "no address"}, "Email", None, "Email: no address", "INVALID_EMAIL_ADDRESS"),
        ({"raw": {"Score": "7"}}, "Score__c", None, "Score__c: 7", "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"raw": {"Score": "7", "Level": "8"}}, "Level__c", None, "Score__c: 7\nLevel__c: 8", "INVALID_FIELD"),
        ({"raw": {"Revenue": 1e300}}, "AnnualRevenue", None, "AnnualRevenue: 1e+300", "NUMBER_OUTSIDE_VALID_RANGE"),
        ({"first_name": LONG}, "FirstName", LONG[:40], f"FirstName: {LONG}", "cut to 40"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_refused_is_left_out_or_cut_and_kept_in_the_description(
    org: Org, said: dict[str, Any], field: str, left: Any, kept: str, code: str, *, alone: bool
) -> None:
    found = delivered(outcomes(Way(org, records=[PERSON]), claim(**said), alone=alone))

    row = next(row for row in alive(org, "Lead") if row["Id"] == found.id)
    assert (left, kept) == (row[field], row["Description"])
    assert field in found.degraded
    assert code in found.degraded


@pytest.mark.parametrize("alone", [True, False])
def test_several_that_are_too_long_are_cut_at_once_by_one_look_at_the_lengths(org: Org, *, alone: bool) -> None:
    way = Way(org, records=[WITH_TEXT])
    said = claim(first_name=LONG, phone=LONG, raw={"Title": LONG * 4})

    found = delivered(outcomes(way, said, alone=alone))

    row = of_garcia(org)
    assert (40, 40, 128) == tuple(len(row[name]) for name in ("FirstName", "Phone", "Title"))
    for name, text in {"FirstName": LONG, "Phone": LONG, "Title": LONG * 4}.items():
        assert f"{name}: {text}" in row["Description"].splitlines()
        assert f"{name} was cut to" in found.degraded
    assert row["Description"].startswith(LEAD.content)
    assert 1 == sum("describe" in call for call in way.calls())
    way.outcome(claim(4, first_name=LONG, email="other@example.com", phone=""))
    assert 1 == sum("describe" in call for call in way.calls()), "it is known by then"


def test_the_length_is_read_from_the_refusal_where_the_org_describes_nothing(org: Org) -> None:
    org.fault(match={"path": "/services/data/v62.0/sobjects/Lead/describe"}, times=9, status=404, stored=False)
    visitor = f"(max length=3) {LONG}"

    found = delivered(Way(org, records=[PERSON]).outcome(claim(first_name=visitor)))

    assert visitor[:40] == one(org, "Lead")["FirstName"]
    assert "FirstName was cut to 40 characters" == found.degraded


def test_what_a_visitor_writes_is_not_taken_for_what_the_org_says(org: Org) -> None:
    """The org quotes the value that it refuses."""
    visitor = "cannot reference converted lead; UNABLE_TO_LOCK_ROW: " + LONG

    found = delivered(Way(org, records=[PERSON]).outcome(claim(first_name=visitor)))

    assert "FirstName was cut to 40 characters" == found.degraded


@pytest.mark.parametrize("alone", [True, False])
def test_what_is_refused_once_more_is_the_events_fault(org: Org, *, alone: bool) -> None:
    org.change(validation_rules=[{"object": "Lead", "field": "Rating", "message": "say how hot"}])
    way = Way(org, records=[PERSON])
    others = [] if alone else [claim(2, email="b@example.com", phone="", raw={"Rating": "Hot"})]

    found = [result.outcome for result in way.deliver(claim(raw={"Rating": "Scorching"}), *others)]

    assert isinstance(found[0], Reject), found[0]
    assert "FIELD_CUSTOM_VALIDATION_EXCEPTION: say how hot" in found[0].reason
    assert "FIELD_CUSTOM_VALIDATION_EXCEPTION Rating" == found[0].cause
    assert [Delivered] * len(others) == [type(one) for one in found[1:]]
    assert len(others) == len(alive(org, "Lead"))


@pytest.mark.parametrize("alone", [True, False])
def test_a_required_field_that_is_refused_is_not_left_out(org: Org, *, alone: bool) -> None:
    fields = {"LastName": "{{ last_name }}", "Company": "{{ raw.Company }}", "Email": "{{ email }}"}
    way = Way(org, records=[PERSON | {"fields": fields, "match": []}])

    found = [result.outcome for result in way.deliver(*[claim(number) for number in ([1] if alone else [1, 2])])]

    assert {(Reject, "REQUIRED_FIELD_MISSING Company")} == {(type(one), one.cause) for one in found}  # type: ignore[union-attr]
    assert [] == alive(org, "Lead")


def test_a_description_that_is_too_long_is_cut_and_says_so(org: Org) -> None:
    fields = {**PERSON["fields"], "Description": "{{ content }}"}  # type: ignore[dict-item]
    way = Way(org, records=[PERSON | {"fields": fields}])

    found = delivered(way.outcome(claim(content="y" * 40_000, first_name=LONG)))

    row = one(org, "Lead")
    assert ("y" * FULL, LONG[:40]) == (row["Description"], row["FirstName"]), "the visitor's words go first"
    assert "Description was cut to 32000 characters" in found.degraded


@pytest.mark.parametrize("stands", ["what a colleague wrote", "z" * (FULL - 30), "z" * FULL])
@pytest.mark.parametrize("text", [LONG, "w" * 100, "v" * 40_000])
def test_what_stands_in_the_description_is_never_lost(org: Org, stands: str, text: str) -> None:
    id_ = plant(org, "Lead", LastName="Garcia", Company="x", Email=LEAD.email, Description=stands)

    delivered(Way(org, records=[PERSON]).outcome(claim(first_name=text)))

    row = one(org, "Lead")
    assert (id_, text[:40]) == (row["Id"], row["FirstName"])
    assert row["Description"].startswith(stands)
    assert len(row["Description"]) <= FULL
    if len(stands) + len(text) < FULL - 20:
        assert f"{stands}\nFirstName: {text}" == row["Description"]


@pytest.mark.parametrize(("assignment", "looked"), [(True, True), (False, False)])
def test_what_stands_in_the_description_is_not_lost_where_the_record_is_upserted(
    *, assignment: bool, looked: bool
) -> None:
    with Org(objects=KEYED) as org:
        settings = {"external_ids": {"Lead": "Chat_Key__c"}, "assignment": assignment}
        way = Way(org, settings=settings, records=[PERSON | {"match": []}])
        delivered(way.outcome(claim(raw={})))
        row = one(org, "Lead")
        colleagues = "what a colleague wrote"
        org.plant("Lead", **{**row, "Description": colleagues})

        found = delivered(way.outcome(claim(first_name=LONG)))

        row = one(org, "Lead")
        kept = f"{colleagues}\nFirstName: {LONG}" if looked else colleagues  # unseen, nothing can be added to it
        assert (kept, LONG[:40]) == (row["Description"], row["FirstName"])
        assert "FirstName was cut to 40 characters" in found.degraded


def test_what_is_cut_of_a_new_record_with_our_key_is_kept() -> None:
    with Org(objects=KEYED) as org:
        way = Way(org, settings={"external_ids": {"Lead": "Chat_Key__c"}}, records=[PERSON])

        delivered(way.outcome(claim(first_name=LONG)))

        row = one(org, "Lead")
        assert (f"FirstName: {LONG}", f"{claim().person}") == (row["Description"], row["Chat_Key__c"])


def test_a_contact_that_is_reached_through_a_leads_record_keeps_its_description(org: Org) -> None:
    id_ = plant(org, "Contact", LastName="Garcia", Email=LEAD.email, Description="of a colleague")

    found = delivered(Way(org, records=[PERSON]).outcome(claim(raw={"State": "Bavaria"})))

    row = one(org, "Contact")
    assert (id_, None, "of a colleague\nMailingState: Bavaria") == (found.id, row["MailingState"], row["Description"])
    assert "MailingState was refused and left out" in found.degraded


def test_a_linked_record_that_is_changed_is_healed_too(org: Org) -> None:
    id_ = plant(org, "Lead", LastName="Garcia", Company="x", Description="before", Rating="Hot")
    said = claim(raw={"Rating": "Scorching"})
    linked = replace(said, links={(said.person, "Lead"): Link("Lead", said.person, id_)})

    delivered(Way(org, records=[PERSON]).outcome(linked))

    assert ("Hot", "before\nRating: Scorching") == (one(org, "Lead")["Rating"], one(org, "Lead")["Description"])


EVENT = {
    "name": "event",
    "object": "Event",
    "fields": {
        "WhoId": "{{ records.person.id }}",
        "StartDateTime": "{{ created_at }}",
        "EndDateTime": "{{ created_at | add(minutes=30) }}",
        "Location": "{{ raw.Room }}",
        "ShowAs": "{{ raw.ShowAs }}",
    },
}
TASK = {
    "name": "task",
    "object": "Task",
    "fields": {"WhoId": "{{ records.person.id }}", "Subject": "{{ raw.Room }}"},
}


@pytest.mark.parametrize("alone", [True, False])
def test_an_event_and_a_task_are_healed_and_still_belong_to_the_person(org: Org, *, alone: bool) -> None:
    way = Way(org, records=[PERSON, EVENT, TASK])
    said = claim(raw={"Room": "the large room upstairs", "ShowAs": "Busy"})
    others = [] if alone else [claim(2, email="b@example.com", phone="", raw={"Room": "7", "ShowAs": "Busy"})]

    results = way.deliver(said, *others)

    assert [Delivered] * len(results) == [type(result.outcome) for result in results]
    person = of_garcia(org)
    event, task = (next(row for row in alive(org, name) if row["WhoId"] == person["Id"]) for name in ("Event", "Task"))
    assert (person["Id"], "the large", "Location: the large room upstairs") == (
        event["WhoId"], event["Location"], event["Description"],
    )  # fmt: skip
    assert (person["Id"], "the large room upsta", "Subject: the large room upstairs") == (
        task["WhoId"], task["Subject"], task["Description"],
    )  # fmt: skip
    assert ("Location was cut to 10 characters", "Subject was cut to 20 characters") == results[0].degraded


def test_a_restricted_value_of_an_event_is_left_out(org: Org) -> None:
    found = delivered(Way(org, records=[PERSON, EVENT]).outcome(claim(raw={"ShowAs": "Asleep", "Room": "7"})))

    assert ("Busy", "ShowAs: Asleep") == (one(org, "Event")["ShowAs"], one(org, "Event")["Description"])
    assert "ShowAs was refused and left out" in found.degraded


def test_after_healing_a_lead_that_comes_again_says_nothing_twice(org: Org) -> None:
    way = Way(org, records=[WITH_TEXT])
    first = way.deliver(claim(raw={"Rating": "Scorching"}))[0]
    text = one(org, "Lead")["Description"]
    again = replace(
        claim(raw={"Rating": "Scorching"}), links={(link.record_key, link.object): link for link in first.links}
    )

    delivered(way.outcome(again))

    assert text == one(org, "Lead")["Description"]
