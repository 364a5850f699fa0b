"""Cases in which a lead would be lost, doubled or written over: odd mappings, odd people, odd orders of things."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bridge.connector import Delivered
from bridge.model.delivery import Claim
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD, claim_of, tried_before
from tests.connectors.salesforce.orgs import Way, alive, one, plant

FIELDS: dict[str, Any] = {
    "LastName": {"value": "{{ last_name }}", "write": "if_empty"},
    "Company": {"value": "x", "write": "if_empty"},
    "Email": {"value": "{{ email }}", "write": "if_empty"},
    "Phone": {"value": "{{ phone }}", "write": "if_empty"},
    "Description": {"value": "{{ content }}", "write": "append"},
}
PERSON: dict[str, Any] = {
    "name": "person",
    "object": "Lead",
    "keyed_by": "person",
    "match": ["Email", "Phone"],
    "fields": FIELDS,
}
BY_KEY: dict[str, Any] = {
    "name": "person",
    "object": "Lead",
    "keyed_by": "person",
    "fields": {"LastName": "{{ last_name }}", "Company": "x"},
}
LEAD_KEY = {"external_ids": {"Lead": "Chat_Key__c"}}


@pytest.fixture
def org() -> Iterator[Org]:
    with Org() as org:
        yield org


def claim(number: int = 1, **said: Any) -> Claim:
    return claim_of(replace(LEAD, **said), number)


def person(match: list[str] | None = None, **fields: Any) -> dict[str, Any]:
    return PERSON | ({"match": match} if match else {}) | {"fields": FIELDS | fields}


def kinds(way: Way, *claims: Claim) -> list[str]:
    return [type(result.outcome).__name__ for result in way.deliver(*claims)]


def test_names_of_fields_in_another_case_blank_and_replace_nothing(org: Org) -> None:
    """The org reads them in any case, and answers with its own spelling."""
    lead = plant(org, "Lead", LastName="Old", Company="Acme", Email="david@example.com", City="Delft")
    fields = {
        "lastName": {"value": "New", "write": "if_empty"},
        "company": {"value": "x", "write": "if_empty"},
        "email": "{{ email }}",
        "city": {"value": "Leiden", "write": "if_empty"},
    }

    outcome = Way(org, records=[PERSON | {"match": ["email"], "fields": fields}]).outcome(claim())

    assert lead == outcome.id, outcome
    row = one(org, "Lead")
    assert ("Old", "Acme", "Delft") == (row["LastName"], row["Company"], row["City"])


def test_a_field_to_match_by_that_a_contact_lacks_is_looked_for_at_leads_alone(org: Org) -> None:
    org.change(objects={"Lead": {"fields": {"Handle__c": {"length": 100}}}})
    way = Way(org, records=[person(["Handle__c", "Email"], Handle__c="@david")])

    first = way.outcome(claim())

    assert isinstance(first, Delivered), first
    assert first.id == way.outcome(claim(email="")).id
    assert 1 == len(alive(org, "Lead"))


def test_a_contact_is_found_by_the_field_that_it_has_for_a_leads(org: Org) -> None:
    contact = plant(org, "Contact", LastName="Garcia", MailingCity="Delft")

    outcome = Way(org, records=[person(["City"], City="Delft")]).outcome(claim())

    assert contact == outcome.id, outcome


def test_an_account_is_found_by_its_phone(org: Org) -> None:
    fields = {"Name": "x", "Phone": "{{ phone }}"}
    account = {"name": "account", "object": "Account", "keyed_by": "person", "match": ["Phone"], "fields": fields}
    planted = plant(org, "Account", Name="Acme", Phone="(212) 555-0147")

    outcome = Way(org, records=[account]).outcome(claim())

    assert planted == outcome.id, outcome


def test_one_whose_address_was_refused_is_not_made_again_where_that_is_uncertain(org: Org) -> None:
    """The address by which it would be found is not there: then the mark in the text tells."""
    way = Way(org, records=[person(["Email"])])
    visitor = claim(email="david@localhost", phone="")

    first = way.outcome(visitor)
    second = way.outcome(tried_before(visitor))

    assert "Email was refused" in first.degraded
    assert first.id == second.id
    assert 1 == len(alive(org, "Lead"))


def test_a_short_text_is_added_although_a_longer_one_has_it_in_it(org: Org) -> None:
    way = Way(org, records=[PERSON])
    first = claim(content="A booking for two")
    way.outcome(first)

    way.outcome(replace(claim(2, content="two"), person=first.person))

    assert one(org, "Lead")["Description"].count("\ntwo\n") == 1
