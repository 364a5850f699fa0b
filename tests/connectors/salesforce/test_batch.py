"""How records are written: one delivery in one transaction, many in few calls, and nobody pays for his neighbour."""

from dataclasses import replace

import pytest

from bridge.connector import Delivered, Reject, Retry
from bridge.model.delivery import Claim
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD, claim_of, next_attempt, other_lead
from tests.connectors.salesforce.mappings import BOTH, BY_EMAIL, NOTE, leads
from tests.connectors.salesforce.orgs import KEYED, Way, alive, one, plant


def kinds(way: Way, *claims: Claim) -> list[str]:
    return [type(result.outcome).__name__ for result in way.deliver(*claims)]


def test_one_lead_costs_a_look_and_one_call_for_all_its_records(org: Org) -> None:
    way = Way(org, records=BOTH)

    (result,) = way.deliver(*leads(1))

    assert ["POST composite", "POST composite"] == way.calls()
    task, lead = one(org, "Task"), one(org, "Lead")
    assert lead["Id"] == task["WhoId"]
    assert [("Lead", lead["Id"]), ("Task", task["Id"])] == [(link.object, link.crm_id) for link in result.links]


def test_its_records_are_there_together_or_not_at_all(org: Org) -> None:
    org.change(
        triggers=[{"object": "Task", "on": ["create"], "code": "UNABLE_TO_LOCK_ROW", "message": "locked", "times": 1}]
    )
    way = Way(org, records=BOTH)
    (claim,) = leads(1)

    outcome = way.outcome(claim)

    assert isinstance(outcome, Retry), outcome
    assert not outcome.uncertain
    assert ([], []) == (alive(org, "Lead"), alive(org, "Task"))
    assert isinstance(way.outcome(claim), Delivered)


def test_what_is_sound_of_a_delivery_is_not_lost_with_what_is_refused(org: Org) -> None:
    org.change(validation_rules=[{"object": "Task", "field": "ActivityDate", "message": "A task needs a date."}])
    way = Way(org, records=BOTH)
    (claim,) = leads(1)

    (result,) = way.deliver(claim)

    assert isinstance(result.outcome, Reject), result.outcome
    assert "A task needs a date." in result.outcome.reason
    assert [("Lead", one(org, "Lead")["Id"])] == [(link.object, link.crm_id) for link in result.links]
    org.change(validation_rules=[])
    assert isinstance(way.outcome(next_attempt(claim, result)), Delivered)
    assert (1, 1) == (len(alive(org, "Lead")), len(alive(org, "Task")))


def test_many_leads_cost_a_look_and_a_call_for_each_kind_of_record(org: Org) -> None:
    way = Way(org, records=BOTH, timeout_s=60)

    assert ["Delivered"] * 200 == kinds(way, *leads(200))

    assert ["POST composite", "POST composite/sobjects", "POST composite/sobjects"] == way.calls()
    who = {task["WhoId"]: task["Subject"] for task in alive(org, "Task")}
    assert {lead["Id"]: f"Chat: {lead['FirstName']}" for lead in alive(org, "Lead")} == who
    assert 200 == len(who)


def test_known_ones_new_ones_and_found_ones_go_together(org: Org) -> None:
    way = Way(org, records=BOTH)
    found = plant(org, "Contact", LastName="Garcia", Email="dana1@example.com")
    way.deliver(*leads(2, first=2))
    before = len(way.calls())

    again = [claim_of(replace(other_lead(number), content="More"), number, revision=2) for number in (1, 2, 3, 4)]
    assert ["Delivered"] * 4 == kinds(way, *again)

    assert 3 == len(alive(org, "Lead"))
    assert found == one(org, "Contact")["Id"]
    written = way.calls()[before:]
    assert [
        "POST composite",
        "PATCH composite/sobjects",
        "POST composite/sobjects",
        "POST composite/sobjects",
    ] == written


def test_a_row_that_is_refused_costs_its_neighbours_nothing(org: Org) -> None:
    org.change(
        objects={"Task": {"fields": {"Status": {"restricted": True}}}},
        validation_rules=[{"object": "Lead", "field": "FirstName", "message": "First name!"}],
    )
    way = Way(org, records=BOTH)
    claims = leads(5)
    claims[2] = claim_of(replace(other_lead(3), first_name=""), 3)

    assert ["Delivered", "Delivered", "Reject", "Delivered", "Delivered"] == kinds(way, *claims)
    assert (4, 4) == (len(alive(org, "Lead")), len(alive(org, "Task")))


@pytest.mark.parametrize("bad", [0, 3, 6])
def test_a_row_for_which_the_whole_call_is_refused_is_found(org: Org, bad: int) -> None:
    record = {**BY_EMAIL, "fields": {**BY_EMAIL["fields"], "NumberOfEmployees": "{{ raw.Employees }}"}}  # type: ignore[dict-item]
    way = Way(org, records=[record])
    claims = leads(7)
    claims[bad] = claim_of(replace(other_lead(bad + 1), raw={"Employees": "many"}), bad + 1)

    expected = ["Delivered"] * 7
    expected[bad] = "Reject"
    assert expected == kinds(way, *claims)
    assert 6 == len(alive(org, "Lead"))


def test_with_keys_of_ours_they_are_upserted_by_them(org: Org) -> None:
    org.change(objects=KEYED)
    event = {
        **NOTE,
        "name": "event",
        "object": "Event",
        "fields": {
            "WhoId": "{{ records.person.id }}",
            "Subject": "Chat",
            "StartDateTime": "{{ created_at }}",
            "DurationInMinutes": 30,
        },
    }
    way = Way(org, {"external_ids": {"Lead": "Chat_Key__c", "Event": "Chat_Key__c"}}, records=[BY_EMAIL, event])
    claims = leads(3)

    for _ in range(2):
        assert ["Delivered"] * 3 == kinds(way, *claims)

    assert ["PATCH composite/sobjects/Lead/Chat_Key__c", "PATCH composite/sobjects/Event/Chat_Key__c"] == way.calls()[
        1:3
    ]
    assert {claim.stored.key for claim in claims} == {row["Chat_Key__c"] for row in alive(org, "Event")}
    assert (3, 3) == (len(alive(org, "Lead")), len(alive(org, "Event")))


def test_what_looks_like_a_reference_is_a_visitors_text(org: Org) -> None:
    """In a composite call Salesforce reads `@{person.id}` in any value as the id of another record."""
    way = Way(org, records=BOTH)

    outcome = way.outcome(claim_of(replace(LEAD, content="@{person.id} @{nobody.x}")))

    assert isinstance(outcome, Delivered), outcome
    task = one(org, "Task")
    assert ("@{person.id} @{nobody.x}", one(org, "Lead")["Id"]) == (task["Description"], task["WhoId"])


def test_ten_thousand_leads_with_their_activities_cost_at_most_250_calls() -> None:
    with Org() as org:
        way = Way(org, records=BOTH, timeout_s=120)
        for first in range(1, 10_001, 200):
            assert ["Delivered"] * 200 == kinds(way, *leads(200, first=first))

        assert 10_000 == len({task["WhoId"] for task in alive(org, "Task")}) == len(alive(org, "Lead"))
        assert org.cost <= 250, f"{org.cost} calls by the org's own ledger"
