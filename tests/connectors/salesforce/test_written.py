"""What is written: to one who is there already, and to one who is new."""

from dataclasses import replace
from typing import Any

from bridge.connector import Delivered
from bridge.model.delivery import Claim
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD, claim_of
from tests.connectors.salesforce.mappings import USUAL
from tests.connectors.salesforce.orgs import KEYED, Way, colleague, one, plant


def claim(**said: Any) -> Claim:
    return claim_of(replace(LEAD, **said))


def test_what_is_filled_is_kept_what_is_empty_is_filled_and_remarks_are_added(org: Org) -> None:
    lead = plant(
        org, "Lead", LastName="Garcia-Lopez", Company="Acme", Email="david@example.com", Description="Met in Delft."
    )
    way = Way(org)

    way.outcome(claim())

    row = one(org, "Lead")
    assert ("Garcia-Lopez", "Acme", "+12125550147", lead) == (
        row["LastName"], row["Company"], row["Phone"], row["Id"],
    )  # fmt: skip
    assert row["Description"].startswith("Met in Delft.\n\nDo you have rooms in May?\n")


def test_what_says_nothing_new_costs_no_write(org: Org) -> None:
    way = Way(org, records=[USUAL])
    way.outcome(claim())
    written = len(way.calls())

    again = way.outcome(claim())

    assert isinstance(again, Delivered)
    assert ["POST composite"] == way.calls()[written:], "the look alone"
    assert 1 == one(org, "Lead")["Description"].count("Do you have rooms in May?")


def test_a_later_event_adds_its_own_words_once(org: Org) -> None:
    way = Way(org, records=[USUAL])
    way.outcome(claim())
    later = claim_of(replace(LEAD, content="And in June?"), revision=2)

    for _ in range(2):
        way.outcome(later)

    text = one(org, "Lead")["Description"]
    assert (1, 1) == (text.count("rooms in May?"), text.count("And in June?"))


def test_a_delivery_that_was_overtaken_replaces_nothing(org: Org) -> None:
    plant(org, "Lead", LastName="Garcia", Company="Acme", Email="david@example.com", City="Delft")

    Way(org, records=[USUAL]).outcome(replace(claim(raw={"City": "Leiden"}), if_empty=True))

    assert "Delft" == one(org, "Lead")["City"]


def test_without_being_overtaken_it_is_replaced(org: Org) -> None:
    plant(org, "Lead", LastName="Garcia", Company="Acme", Email="david@example.com", City="Delft")

    Way(org, records=[USUAL]).outcome(claim(raw={"City": "Leiden"}))

    assert "Leiden" == one(org, "Lead")["City"]


def test_a_contact_gets_what_of_a_lead_it_has_a_field_for(org: Org) -> None:
    org.change(objects={"Lead": {"fields": {"Topic__c": {}, "Only__c": {}}}, "Contact": {"fields": {"Topic__c": {}}}})
    contact = plant(org, "Contact", LastName="Garcia", Email="david@example.com")
    fields = {
        **USUAL["fields"],
        "City": "Delft",
        "Topic__c": "Rooms",
        "Only__c": "x",
        "Status": "Open - Not Contacted",
    }  # type: ignore[dict-item]

    outcome = Way(org, records=[{**USUAL, "fields": fields}]).outcome(claim())

    assert Delivered(contact, f"{org.url}/{contact}") == outcome
    row = one(org, "Contact")
    assert ("Delft", "Rooms", "+12125550147") == (row["MailingCity"], row["Topic__c"], row["Phone"])


def test_a_record_that_is_only_to_be_made_is_left_as_it_is(org: Org) -> None:
    lead = plant(org, "Lead", LastName="Garcia", Company="Acme", Email="david@example.com", City="Delft")
    record = {**USUAL, "mode": "create"}

    outcome = Way(org, records=[record]).outcome(claim(raw={"City": "Leiden"}))

    assert (lead, "Delft") == (outcome.id, one(org, "Lead")["City"])


def test_assignment_rules_take_a_new_lead_and_never_one_that_comes_back(org: Org) -> None:
    org.change(assignment_rules={"Lead": "Web leads"})
    way = Way(org)
    way.outcome(claim())
    row = one(org, "Lead")
    queue = row["OwnerId"]
    assert queue.startswith("00G"), "the rule gave it to the queue"
    colleague(org).Lead.update(
        row["Id"], {"OwnerId": row["CreatedById"]}, headers={"Sforce-Auto-Assign": "FALSE"}
    )  # a colleague has taken it

    way.outcome(claim(content="Back again"))

    assert row["CreatedById"] == one(org, "Lead")["OwnerId"]


def test_with_a_key_of_ours_the_record_is_upserted_by_it(org: Org) -> None:
    org.change(objects=KEYED)
    way = Way(org, {"external_ids": {"Lead": "Chat_Key__c"}})

    outcome = way.outcome(claim(email="", phone=""))

    assert claim().person == one(org, "Lead")["Chat_Key__c"]
    assert outcome.id == way.outcome(claim(email="", phone="", content="More")).id
    assert 1 == len(org.records("Lead"))


def test_one_that_is_found_without_our_key_gets_it(org: Org) -> None:
    org.change(objects=KEYED)
    lead = plant(org, "Lead", LastName="Garcia", Company="Acme", Email="david@example.com")

    Way(org, {"external_ids": {"Lead": "Chat_Key__c"}}).outcome(claim())

    assert [(lead, claim().person)] == [(row["Id"], row["Chat_Key__c"]) for row in org.records("Lead")]
