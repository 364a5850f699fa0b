"""Cases in which a lead would be lost, doubled or written over: odd mappings, odd people, odd orders of things."""

from dataclasses import replace
from typing import Any

import pytest

from bridge.connector import Delivered
from bridge.model.delivery import Claim
from bridge.model.record import Link
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD, claim_of, next_revision, tried_before
from tests.connectors.salesforce.mappings import FILLED, FILLING
from tests.connectors.salesforce.orgs import KEYED, Way, alive, colleague, one, plant

BY_KEY: dict[str, Any] = {
    "name": "person",
    "object": "Lead",
    "keyed_by": "person",
    "fields": {"LastName": "{{ last_name }}", "Company": "x"},
}
LEAD_KEY = {"external_ids": {"Lead": "Chat_Key__c"}}


def claim(number: int = 1, **said: Any) -> Claim:
    return claim_of(replace(LEAD, **said), number)


def person(match: list[str] | None = None, **fields: Any) -> dict[str, Any]:
    return FILLED | ({"match": match} if match else {}) | {"fields": FILLING | fields}


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

    outcome = Way(org, records=[FILLED | {"match": ["email"], "fields": fields}]).outcome(claim())

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
    way = Way(org, records=[FILLED])
    first = claim(content="A booking for two")
    way.outcome(first)

    way.outcome(replace(claim(2, content="two"), person=first.person))

    assert one(org, "Lead")["Description"].count("\ntwo\n") == 1


def test_one_that_cannot_be_looked_for_costs_its_neighbours_nothing(org: Org) -> None:
    way = Way(org, records=[FILLED])
    claims = [claim(number, email=f"d{number}@example.com", phone="") for number in range(1, 6)]
    third = claims[2].person
    claims[2] = replace(claims[2], links={(third, "Lead"): Link("Lead", third, "not-an-id")})

    assert ["Delivered", "Delivered", "Reject", "Delivered", "Delivered"] == kinds(way, *claims)


@pytest.mark.parametrize("most", [1, 2])
def test_a_person_is_not_lost_with_a_record_that_the_look_refuses(org: Org, most: int) -> None:
    for _ in range(2):
        plant(org, "Account", Name="Twice")
    account = {"name": "account", "object": "Account", "match": ["Name"], "fields": {"Name": "Twice"}}
    way = Way(org, {"on_multiple": "reject"}, records=[FILLED, account])
    claims = [claim(number, email=f"d{number}@example.com", phone="") for number in range(1, most + 1)]

    assert ["Reject"] * most == kinds(way, *claims)

    assert most == len(alive(org, "Lead"))


@pytest.mark.parametrize("most", [1, 2])
def test_a_converted_lead_that_has_our_key_is_its_contact_also_without_match(org: Org, most: int) -> None:
    org.change(objects=KEYED)
    way = Way(org, LEAD_KEY | {"assignment": False}, records=[BY_KEY])
    contact = org.convert(way.outcome(claim()).id)["contact"]

    results = way.deliver(*[claim(1), claim(2)][:most])

    assert contact == results[0].outcome.id, results


def test_an_upsert_assigns_nobody_anew(org: Org) -> None:
    org.change(objects=KEYED, assignment_rules={"Lead": "Web leads"})
    way = Way(org, LEAD_KEY, records=[BY_KEY])
    way.outcome(claim())
    row = one(org, "Lead")
    taken = {"OwnerId": row["CreatedById"]}  # by a colleague
    colleague(org).Lead.update(row["Id"], taken, headers={"Sforce-Auto-Assign": "FALSE"})

    way.outcome(tried_before(claim()))

    assert row["CreatedById"] == one(org, "Lead")["OwnerId"]


@pytest.mark.parametrize("most", [1, 2])
def test_a_task_that_was_purged_is_made_again(org: Org, most: int) -> None:
    """Not even the bin has it: then the org names no record of this id, one by one in other words than in rows."""
    way = Way(org, records=[{"name": "task", "object": "Task", "fields": {"Subject": "{{ content }}"}}])
    claims = [claim(number) for number in range(1, most + 1)]
    known = [{(one.stored.key, "Task"): Link("Task", one.stored.key, "00T5g00000ZZZZ1EAA")} for one in claims]

    results = way.deliver(*[replace(one, links=links) for one, links in zip(claims, known, strict=True)])

    assert [row["Id"] for row in alive(org, "Task")] == [result.outcome.id for result in results]


def test_a_known_event_of_a_lead_that_was_converted_is_changed(org: Org) -> None:
    fields = {"WhoId": "{{ records.person.id }}", "Subject": "{{ content }}", "StartDateTime": "{{ created_at }}"}
    event = {"name": "event", "object": "Event", "fields": fields | {"DurationInMinutes": 30}}
    way = Way(org, records=[FILLED, event])
    first = claim()
    (result,) = way.deliver(first)
    later = next_revision(first, result, replace(LEAD, content="Moved"))
    org.convert(one(org, "Lead")["Id"])

    outcome = way.outcome(replace(later, done=frozenset({(first.person, "Lead")})))

    assert (one(org, "Event")["Id"], "Moved") == (outcome.id, one(org, "Event")["Subject"]), outcome


def test_a_backlog_with_phones_costs_few_calls(org: Org) -> None:
    way = Way(org, timeout_s=60)
    claims = [claim(n, email=f"d{n}@example.com", phone=f"+1212556{n:04d}") for n in range(1, 201)]

    assert {"Delivered"} == set(kinds(way, *claims))

    assert ["POST composite", "POST composite", "POST composite/sobjects"] == way.calls()


def test_a_field_of_contacts_that_is_hidden_from_our_user_costs_no_lead(org: Org) -> None:
    org.change(objects={"Contact": {"fields": {"Fax": None}}})
    contact = plant(org, "Contact", LastName="Garcia", Email="b@example.com")
    way = Way(org, records=[person(Fax="030 1")])

    outcomes = [way.outcome(claim()), way.outcome(claim(2, email="b@example.com", phone=""))]

    assert [one(org, "Lead")["Id"], contact] == [outcome.id for outcome in outcomes]
    assert "030 1" == one(org, "Lead")["Fax"]
    assert 1 == sum(call.endswith("describe") for call in way.calls()), "asked once"


def test_a_description_of_contacts_that_is_hidden_costs_no_lead_and_is_told(org: Org) -> None:
    org.change(objects={"Contact": {"fields": {"Description": None}}})
    contact = plant(org, "Contact", LastName="Garcia", Email="b@example.com")
    way = Way(org)

    made, found = way.outcome(claim()), way.outcome(claim(2, email="b@example.com", phone=""))

    assert [one(org, "Lead")["Id"], contact] == [made.id, found.id]
    assert "" == made.degraded
    assert "the user may not see Description of Contact, so the text is not there" in found.degraded


def test_custom_fields_do_not_get_lost_where_the_org_cannot_say_just_now_what_a_contact_has(org: Org) -> None:
    topic = {"fields": {"Topic__c": {}}}
    org.change(objects={"Lead": topic, "Contact": topic})
    plant(org, "Contact", LastName="Garcia", Email="david@example.com")
    org.fault(match={"path": "/services/data/v62.0/sobjects/Contact/describe"}, status=503)
    way = Way(org, records=[person(Topic__c="Rooms")])

    assert ["Retry", "Delivered"] == [type(way.outcome(claim())).__name__ for _ in range(2)]
    assert "Rooms" == one(org, "Contact")["Topic__c"]


def test_a_record_of_an_object_of_the_customers_is_not_made_twice(org: Org) -> None:
    """It has no mark and no person in a field of a known name: it hangs on one all the same."""
    named = {"Lead__c": {"type": "reference", "references": ["Lead"]}, "Text__c": {"length": 255}}
    org.change(objects={"Chat__c": {"fields": named}})
    fields = {"Text__c": "{{ content }}", "Lead__c": "{{ records.person.id }}"}
    way = Way(org, records=[FILLED, {"name": "chat", "object": "Chat__c", "fields": fields}])
    way.outcome(claim())

    way.outcome(tried_before(claim()))
    assert 1 == len(alive(org, "Chat__c"))

    way.outcome(tried_before(claim(2, content="Something else")))
    assert 2 == len(alive(org, "Chat__c"))
