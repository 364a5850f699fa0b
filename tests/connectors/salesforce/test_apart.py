"""Two visitors, or two records of one delivery, that are one record at the org: each is written after the other."""

from dataclasses import replace
from typing import Any

from bridge.connector import Delivered
from bridge.model.delivery import Claim
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD, claim_of
from tests.connectors.salesforce.mappings import FILLED, FILLING
from tests.connectors.salesforce.orgs import Way, alive, one, plant


def claim(number: int = 1, **said: Any) -> Claim:
    return claim_of(replace(LEAD, **said), number)


def kinds(way: Way, *claims: Claim) -> list[str]:
    return [type(result.outcome).__name__ for result in way.deliver(*claims)]


def test_two_visitors_who_are_one_person_at_the_org_are_not_written_in_one_call(org: Org) -> None:
    contact = plant(org, "Contact", LastName="Garcia", Phone="+12125550147")
    way = Way(org, records=[FILLED | {"match": ["Phone"]}])

    assert ["Delivered"] * 3 == kinds(way, *[claim(n, email="", phone="(212) 555-0147") for n in (1, 2, 3)])

    assert contact == one(org, "Contact")["Id"]
    assert 3 == way.calls().count("PATCH composite/sobjects")


def test_two_visitors_who_are_one_contact_both_add_their_words(org: Org) -> None:
    plant(org, "Contact", LastName="Garcia", Phone="+12125550147", Description="Old.")
    way = Way(org, records=[FILLED])

    assert ["Delivered"] * 2 == kinds(way, claim(1, email="", content="First"), claim(2, email="", content="Second"))

    text = one(org, "Contact")["Description"]
    assert [0, 1, 1] == [text.find("Old."), text.count("First"), text.count("Second")]


def test_two_new_visitors_with_one_phone_are_one_lead_as_they_would_be_one_after_the_other(org: Org) -> None:
    way = Way(org, records=[FILLED])

    results = way.deliver(claim(1, content="First"), claim(2, email="", content="Second"))

    lead = one(org, "Lead")
    assert [lead["Id"]] * 2 == [result.outcome.id for result in results]
    assert [1, 1] == [lead["Description"].count(text) for text in ("First", "Second")]


def test_a_family_with_one_phone_and_two_addresses_stays_two_and_costs_no_more(org: Org) -> None:
    way = Way(org, records=[FILLED])

    assert ["Delivered"] * 2 == kinds(way, claim(1, email="a@example.com"), claim(2, email="b@example.com"))

    assert 2 == len(alive(org, "Lead"))
    assert ["POST composite", "POST composite/sobjects"] == way.calls()


def test_two_records_of_one_delivery_that_are_one_contact_both_add_their_words(org: Org) -> None:
    plant(org, "Contact", LastName="Garcia", Email="david@example.com", Description="Old.")
    also = {
        "LastName": FILLING["LastName"],
        "Email": FILLING["Email"],
        "Description": {"value": "Too", "write": "append"},
    }
    contact = FILLED | {"name": "contact", "object": "Contact", "match": ["Email"], "fields": also}

    outcome = Way(org, records=[FILLED, contact]).outcome(claim(content="First"))

    assert isinstance(outcome, Delivered), outcome
    text = one(org, "Contact")["Description"]
    assert [0, 1, 1] == [text.find("Old."), text.count("First"), text.count("Too")]


def test_of_many_visitors_who_are_one_those_that_find_no_time_are_not_tried(org: Org) -> None:
    """Each has to wait for the one before: a number that a chatbot was tested with. No attempt is used up by that."""
    way = Way(org, records=[FILLED], timeout_s=2)

    found = [result.outcome for result in way.deliver(*[claim(n, email="", content=f"No. {n}.") for n in range(200)])]

    assert {"Delivered", "Hold"} == {type(outcome).__name__ for outcome in found}
    delivered = sum(isinstance(outcome, Delivered) for outcome in found)
    assert delivered == one(org, "Lead")["Description"].count("No. ")
