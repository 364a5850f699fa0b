"""Records that a mapping names by an external id of theirs, in the field of a lookup's relationship."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bridge.connector import Delivered, Reject
from bridge.model.delivery import Claim
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD, claim_of, other_lead, tried_before
from tests.connectors.salesforce.orgs import KEY_FIELD, Way, alive, one, plant

HOTEL = {"Code__c": KEY_FIELD}
TO_HOTEL = {"Hotel__c": {"references": ["Hotel__c"]}}
OBJECTS: dict[str, Any] = {
    "Account": {"fields": {"Account_No__c": KEY_FIELD}},
    "Hotel__c": {"fields": HOTEL},
    "Lead": {"fields": TO_HOTEL},
    "Contact": {"fields": TO_HOTEL},
}
FIELDS: dict[str, Any] = {
    "LastName": {"value": "{{ last_name }}", "write": "if_empty"},
    "Company": {"value": "x", "write": "if_empty"},
    "Email": {"value": "{{ email }}", "write": "if_empty"},
    "Hotel__r": {"Code__c": "{{ raw.Hotel }}"},
}
PERSON: dict[str, Any] = {"name": "person", "object": "Lead", "keyed_by": "person", "match": ["Email"]}
PERSON |= {"fields": FIELDS}


@pytest.fixture
def org() -> Iterator[Org]:
    with Org(objects=OBJECTS) as org:
        for number in (1, 2):
            plant(org, "Hotel__c", Name=f"Hotel {number}", Code__c=f"H-{number}")
            plant(org, "Account", Name=f"Acme {number}", Account_No__c=f"A-{number}")
        yield org


@pytest.fixture(params=[1, 3], ids=["one", "many"])
def most(request: pytest.FixtureRequest) -> int:
    """How many leads go in the call: one in a composite, many in collections."""
    return int(request.param)


def claims(most: int, hotel: str) -> list[Claim]:
    others = [claim_of(replace(other_lead(n), raw={"Hotel": "H-2"}), n) for n in range(2, 1 + most)]
    return [claim_of(replace(LEAD, raw={"Hotel": hotel})), *others]


def delivered(way: Way, most: int, hotel: str = "H-1") -> Any:
    found = [result.outcome for result in way.deliver(*claims(most, hotel))]
    assert [Delivered] * most == [type(outcome) for outcome in found], found
    return found[0]


def hotel_of(org: Org, row: dict[str, Any]) -> str | None:
    return {hotel["Id"]: hotel["Code__c"] for hotel in alive(org, "Hotel__c")}.get(row["Hotel__c"])


def person(**fields: Any) -> dict[str, Any]:
    return PERSON | {"fields": FIELDS | fields}


def test_a_new_one_is_given_the_lookup(org: Org, most: int) -> None:
    delivered(Way(org, records=[PERSON]), most)

    assert ["H-1", "H-2", "H-2"][:most] == [hotel_of(org, row) for row in alive(org, "Lead")]


def test_by_itself_too(org: Org) -> None:
    """As what looks like a reference of a composite call has to go."""
    outcome = Way(org, records=[person(Title="@{x.y}")]).outcome(claims(1, "H-1")[0])

    assert (one(org, "Lead")["Id"], "H-1") == (outcome.id, hotel_of(org, one(org, "Lead")))


def test_a_visitors_text_in_it_is_never_read_as_a_reference_of_the_call(org: Org, most: int) -> None:
    plant(org, "Hotel__c", Name="Odd", Code__c="@{person.id}")

    delivered(Way(org, records=[PERSON]), most, hotel="@{person.id}")

    assert "@{person.id}" == hotel_of(org, alive(org, "Lead")[0])


def test_it_is_changed_where_it_leads_elsewhere_and_not_sent_where_not(org: Org, most: int) -> None:
    way = Way(org, records=[PERSON])
    delivered(way, most)
    delivered(way, most, "H-2")
    assert "H-2" == hotel_of(org, alive(org, "Lead")[0])
    before = len(way.calls())

    delivered(way, most, "H-2")

    assert ["POST composite"] == way.calls()[before:], "the look alone"


@pytest.mark.parametrize("name", ["Hotel__r", "hotel__R"])
def test_a_lookup_that_is_filled_is_kept_where_the_mapping_says_so(org: Org, most: int, name: str) -> None:
    fields = {key: value for key, value in FIELDS.items() if key != "Hotel__r"}
    long = {"value": FIELDS["Hotel__r"], "write": "if_empty"}
    way = Way(org, records=[PERSON | {"fields": fields | {name: long}}])
    plant(org, "Lead", LastName="Garcia", Company="x", Email=LEAD.email)

    delivered(way, most)
    delivered(way, most, "H-2")

    assert "H-1" == hotel_of(org, alive(org, "Lead")[0])


def test_what_was_not_said_leaves_it_as_it_is(org: Org, most: int) -> None:
    way = Way(org, records=[PERSON])
    delivered(way, most)

    delivered(way, most, "")

    assert "H-1" == hotel_of(org, alive(org, "Lead")[0])


def test_a_contact_gets_it_where_it_has_the_lookup(org: Org, most: int) -> None:
    contact = plant(org, "Contact", LastName="Garcia", Email=LEAD.email)

    outcome = delivered(Way(org, records=[PERSON]), most)

    assert (contact, "H-1") == (outcome.id, hotel_of(org, one(org, "Contact")))


def test_and_is_not_given_it_where_it_has_none() -> None:
    with Org(objects=OBJECTS | {"Contact": {}}) as org:
        contact = plant(org, "Contact", LastName="Garcia", Email=LEAD.email)
        plant(org, "Hotel__c", Name="Hotel 1", Code__c="H-1")

        assert contact == delivered(Way(org, records=[PERSON]), 1).id


def test_one_that_there_is_not_is_left_out_and_kept_as_a_text(org: Org, most: int) -> None:
    text = {"value": "{{ content }}", "write": "append"}

    outcome = delivered(Way(org, records=[person(Description=text)]), most, "H-9")

    row = next(row for row in alive(org, "Lead") if row["Id"] == outcome.id)
    assert row["Hotel__c"] is None
    assert "Hotel__r: Code__c H-9" in row["Description"]
    assert "Hotel__r was refused and left out (INVALID_FIELD)" == outcome.degraded


def test_a_standard_lookup_and_one_that_may_lead_to_several_objects(org: Org, most: int) -> None:
    number = {"attributes": {"type": "Account"}, "Account_No__c": "A-2"}
    contact = PERSON | {"object": "Contact", "fields": {"LastName": "x", "Email": "{{ email }}"}}
    contact["fields"]["Account"] = {"Account_No__c": "A-1"}
    task = {"name": "task", "object": "Task", "fields": {"Subject": "{{ email }}", "What": number}}
    way = Way(org, records=[contact, task])

    delivered(way, most)

    first, second = (row["Id"] for row in alive(org, "Account"))
    assert {first} == {row["AccountId"] for row in alive(org, "Contact")}
    assert {second} == {row["WhatId"] for row in alive(org, "Task")}
    kept = {"value": number | {"Account_No__c": "A-1"}, "write": "if_empty"}
    by_subject = task | {"match": ["Subject"], "fields": task["fields"] | {"What": kept}}  # type: ignore[operator]
    delivered(Way(org, records=[contact, by_subject]), most)
    assert {second} == {row["WhatId"] for row in alive(org, "Task")}, "what stands there cannot be told, so it stays"


def test_what_an_earlier_attempt_wrote_is_known_by_it_again(org: Org) -> None:
    task = {"name": "task", "object": "Task", "fields": {"Subject": "Call"}}
    chat = {"name": "chat", "object": "Hotel__c", "fields": {"Name": "{{ content }}", "Main__r": {"Code__c": "H-1"}}}
    org.change(objects={"Hotel__c": {"fields": {"Main__c": {"references": ["Hotel__c"]}}}})
    way = Way(org, records=[task, chat])
    way.outcome(claims(1, "H-1")[0])

    way.outcome(tried_before(claims(1, "H-1")[0]))

    assert 1 == sum(row["Name"] == LEAD.content for row in alive(org, "Hotel__c"))


def test_names_in_it_are_names(org: Org) -> None:
    outcome = Way(org, records=[person(Hotel__r={"Code__c FROM User": "x"})]).outcome(claim_of(LEAD))

    assert isinstance(outcome, Reject), outcome
    assert "is no name of an object or a field" in outcome.reason


def test_a_mapping_in_another_field_is_a_text_as_before(org: Org, most: int) -> None:
    text = {"Id__c": "{{ last_name }}", "more": [1]}

    delivered(Way(org, records=[person(Description=text)]), most)

    assert '{"Id__c":"Garcia","more":[1]}' == alive(org, "Lead")[0]["Description"]
