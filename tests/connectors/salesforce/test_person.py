"""Who a lead's person is at the org: by the link, by our key, by email, by phone; a Contact, an open Lead, or the
Contact that a Lead became. And what is written to one that is there already.
"""

from dataclasses import replace
from typing import Any

import pytest

from bridge.connector import Delivered, Reject
from bridge.model.delivery import Claim
from bridge.model.record import Link
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD, claim_of
from tests.connectors.salesforce.mappings import USUAL
from tests.connectors.salesforce.orgs import KEYED, Way, alive, colleague, one, plant


def claim(**said: Any) -> Claim:
    return claim_of(replace(LEAD, **said))


def known(claim: Claim, id_: str) -> Claim:
    """The claim of a person whose link names this id."""
    link = Link("Lead", claim.person, id_)
    return replace(claim, links={(claim.person, "Lead"): link})


def ids(org: Org, name: str) -> list[str]:
    return [str(row["Id"]) for row in alive(org, name)]


def test_nobody_is_there_so_a_lead_is_made(org: Org) -> None:
    outcome = Way(org).outcome(claim())

    lead = one(org, "Lead")
    assert Delivered(lead["Id"], f"{org.url}/{lead['Id']}") == outcome
    said = {name: lead[name] for name in ("FirstName", "LastName", "Company", "Email", "Phone", "LeadSource")}
    assert {
        "FirstName": "David",
        "LastName": "Garcia",
        "Company": "[not provided]",
        "Email": "david@example.com",
        "Phone": "+12125550147",
        "LeadSource": "Web",
    } == said
    assert lead["Description"].startswith("Do you have rooms in May?\n")


@pytest.mark.parametrize(
    ("planted", "visitor"),
    [
        ({"Email": "David@Example.com"}, {}),
        ({"Email": "o'neil@example.com"}, {"email": "O'Neil@example.com"}),
        ({"Phone": "(212) 555-0147"}, {"email": ""}),
        ({"MobilePhone": "212-555-0147"}, {"email": ""}),
        ({"Phone": "+1 212.555.0147"}, {"email": "", "phone": "+1 212.555.0147"}),
        ({"Phone": "030 2345678"}, {"email": "", "phone": "+49 30 2345678"}),
        ({"Phone": "(212) 555-0147"}, {}),  # no email stands there: nothing speaks against it
    ],
    ids=["email in another case", "email with a quote", "phone", "mobile", "phone as typed", "abroad", "phone of two"],
)
@pytest.mark.parametrize("name", ["Lead", "Contact"])
def test_who_is_there_is_found_and_not_made_again(
    org: Org, planted: dict[str, Any], visitor: dict[str, Any], name: str
) -> None:
    id_ = plant(org, name, LastName="Garcia", **({"Company": "Acme"} if name == "Lead" else {}), **planted)

    outcome = Way(org).outcome(claim(**visitor))

    assert isinstance(outcome, Delivered), outcome
    assert id_ == outcome.id
    assert 1 == len(org.records("Lead")) + len(org.records("Contact"))


@pytest.mark.parametrize(
    ("planted", "visitor"),
    [
        ({"Email": "david@example.com.au"}, {}),
        ({"Email": "%avid@example.com"}, {}),
        ({"Phone": "+12125550199"}, {"email": ""}),
        ({"Email": "family@example.com", "Phone": "+12125550147"}, {}),  # the same phone, another address
        ({"Phone": "123"}, {"email": "", "phone": "123"}),  # is no number by which to tell a person
        ({"Email": None, "Phone": None}, {"email": "", "phone": ""}),
    ],
    ids=["longer", "no pattern", "another phone", "a family's phone", "no number", "nothing"],
)
def test_somebody_else_is_left_alone(org: Org, planted: dict[str, Any], visitor: dict[str, Any]) -> None:
    id_ = plant(org, "Contact", LastName="Else", **planted)

    outcome = Way(org).outcome(claim(**visitor))

    assert isinstance(outcome, Delivered), outcome
    assert id_ != outcome.id
    assert "Else" == one(org, "Contact")["LastName"]


@pytest.mark.parametrize("text", ["o'neil\\", "\\' OR Email != '", '"\n\t%_', "x') OR (Email LIKE '%", "名前\\u0027"])
def test_what_a_visitor_types_is_never_read_as_a_query(org: Org, text: str) -> None:
    plant(org, "Contact", LastName="Else", Email="else@example.com")
    org.change(objects={"Lead": {"fields": {"Handle__c": {"length": 100}}}})
    record = {
        **USUAL,
        "match": ["Handle__c"],
        "fields": {**USUAL["fields"], "Handle__c": "{{ raw.Handle }}", "Email": None},
    }  # type: ignore[dict-item]
    way = Way(org, {"match_contacts": False}, records=[record])

    first = way.outcome(claim(raw={"Handle": text}))
    second = way.outcome(claim(raw={"Handle": text}))

    assert isinstance(first, Delivered), first
    assert (first.id, text.strip()) == (second.id, str(one(org, "Lead")["Handle__c"]).strip())


def test_a_contact_is_preferred_to_a_lead_and_an_open_lead_to_a_converted_one(org: Org) -> None:
    open_lead = plant(org, "Lead", LastName="Garcia", Company="Acme", Email="david@example.com")
    way = Way(org)
    assert open_lead == way.outcome(claim()).id

    contact = plant(org, "Contact", LastName="Garcia", Email="david@example.com")
    assert contact == way.outcome(claim()).id


def test_a_converted_lead_is_the_contact_that_it_became(org: Org) -> None:
    lead = plant(org, "Lead", LastName="Garcia", Company="Acme", Email="david@example.com")
    contact = org.convert(lead)["contact"]
    way = Way(org, {"match_contacts": False})  # by the lead alone
    outcome = way.outcome(claim(raw={"City": "Delft"}))

    assert contact == outcome.id, outcome
    assert [lead] == ids(org, "Lead")


def test_a_link_to_a_lead_that_was_converted_meanwhile_leads_to_its_contact(org: Org) -> None:
    way = Way(org)
    lead = way.outcome(claim()).id
    contact = org.convert(lead)["contact"]

    outcome = way.outcome(known(claim_of(replace(LEAD, email="", phone="", content="Later"), revision=2), lead))

    assert contact == outcome.id
    assert "Later" in one(org, "Contact")["Description"]


@pytest.mark.parametrize("by", ["link", "our key", "email"])
def test_of_a_converted_lead_whose_contact_was_deleted_another_one_is_made(org: Org, by: str) -> None:
    org.change(objects=KEYED)
    way = Way(org, {"external_ids": {"Lead": "Chat_Key__c"}} if by == "our key" else {})
    lead = way.outcome(claim()).id
    colleague(org).Contact.delete(org.convert(lead)["contact"])

    outcome = way.outcome(known(claim(), lead) if by == "link" else claim())

    assert isinstance(outcome, Delivered), outcome
    assert [lead, outcome.id] == ids(org, "Lead")
    assert outcome.id == way.outcome(claim()).id


@pytest.mark.parametrize("by", ["link", "our key"])
def test_one_that_was_deleted_is_made_again(org: Org, by: str) -> None:
    way = Way(org)
    lead = way.outcome(claim()).id
    colleague(org).Lead.delete(lead)

    outcome = way.outcome(known(claim(), lead) if by == "link" else claim())

    assert isinstance(outcome, Delivered), outcome
    assert lead != outcome.id
    assert [outcome.id] == ids(org, "Lead")


def test_of_several_the_newest_is_taken_or_none(org: Org) -> None:
    made = [plant(org, "Contact", LastName=f"G{n}", Email="david@example.com") for n in range(3)]

    assert made[-1] == Way(org).outcome(claim()).id
    refused = Way(org, {"on_multiple": "reject"}).outcome(claim())

    assert isinstance(refused, Reject)
    assert "several match by Email" == refused.cause
    assert all(id_ in refused.reason for id_ in made)
