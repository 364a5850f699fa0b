"""What customers set up: duplicate, assignment and validation rules, triggers, conversion."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce

from bridge.sandbox.salesforce.org import Org
from tests.sandbox.salesforce.refusals import refusal, refused_for

LEAD = {"LastName": "Lovelace", "Company": "Analytical", "Email": "ada@example.com"}
EVENT = {"Subject": "Call", "StartDateTime": "2026-03-01T10:00:00Z", "DurationInMinutes": 30}
ALLOW = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
NO_ASSIGNMENT = {"Sforce-Auto-Assign": "FALSE"}


def duplicates(org: Org, **more: Any) -> None:
    org.change(duplicate_rules=[{"objects": ["Lead"], "against": ["Contact", "Lead"], "field": "Email", **more}])


def test_a_duplicate_is_refused_with_what_it_duplicates(org: Org, client: Salesforce) -> None:
    duplicates(org)
    contact = org.plant("Contact", LastName="Lovelace", Email="ADA@example.com")["Id"]

    status, [error] = refusal(lambda: client.Lead.create(LEAD))

    assert (400, "DUPLICATES_DETECTED") == (status, error["errorCode"])
    result = error["duplicateResut"]
    assert (True, "Lead", error["message"]) == (
        *(result["allowSave"], result["duplicateRuleEntityType"]),
        result["errorMessage"],
    )
    [match] = result["matchResults"]
    assert ("Contact", 1) == (match["entityType"], match["size"])
    assert [contact] == [record["record"]["Id"] for record in match["matchRecords"]]
    assert [] == org.records("Lead")


def test_an_alert_may_be_passed_and_a_block_may_not(org: Org, client: Salesforce) -> None:
    org.plant("Contact", LastName="Lovelace", Email="ada@example.com")
    duplicates(org)
    client.Lead.create(LEAD, headers=ALLOW)
    duplicates(org, allow_save=False)

    _, [error] = refusal(lambda: client.Lead.create(LEAD, headers=ALLOW))

    assert not error["duplicateResut"]["allowSave"]
    assert 1 == len(org.records("Lead"))


def test_before_api_52_no_header_passes_an_alert(org: Org, connect: Callable[..., Salesforce]) -> None:
    duplicates(org)
    org.plant("Contact", LastName="Lovelace", Email="ada@example.com")

    assert 400 == refusal(lambda: connect(version="51.0").Lead.create(LEAD, headers=ALLOW))[0]
    both = {"Sforce-Duplicate-Rule-Header": "includeRecordDetails=true, allowSave=true"}
    assert connect(version="52.0").Lead.create(LEAD, headers=both)["success"]


def test_who_is_deleted_or_converted_is_no_duplicate(org: Org, client: Salesforce) -> None:
    duplicates(org, against=["Lead"])
    client.Lead.delete(client.Lead.create(LEAD)["id"])
    org.convert(client.Lead.create(LEAD)["id"])

    assert client.Lead.create(LEAD)["success"]


def test_a_rule_for_edits_objects_where_a_field_that_it_compares_is_changed(org: Org, client: Salesforce) -> None:
    other = client.Lead.create(LEAD)["id"]
    key = client.Lead.create({**LEAD, "Email": "byron@example.com"})["id"]
    twin = {"Email": LEAD["Email"]}
    duplicates(org, against=["Lead"])
    client.Lead.update(key, twin)  # the rule is for those that are made
    client.Lead.update(key, {"Email": "byron@example.com"})
    duplicates(org, against=["Lead"], on=["update"])

    status, [error] = refusal(lambda: client.Lead.update(key, twin))

    assert (400, "DUPLICATES_DETECTED") == (status, error["errorCode"])
    [match] = error["duplicateResut"]["matchResults"]
    assert [other] == [record["record"]["Id"] for record in match["matchRecords"]]
    assert client.Lead.create(LEAD)["success"]
    assert 204 == client.Lead.update(key, {"FirstName": "Ada"})
    assert 204 == client.Lead.update(key, twin, headers=ALLOW)
    assert 204 == client.Lead.update(key, {**twin, "FirstName": "Augusta"})


def test_assignment_rules_run_on_updates_too_unless_told_not_to(org: Org, client: Salesforce) -> None:
    org.change(assignment_rules={"Lead": "Web leads"})
    [queue], user = org.records("Group"), org.records("User")[0]["Id"]

    def owner() -> str:
        return str(org.records("Lead")[0]["OwnerId"])

    key = client.Lead.create(LEAD, headers=NO_ASSIGNMENT)["id"]
    assert user == owner()
    client.Lead.update(key, {"FirstName": "Ada"}, headers=NO_ASSIGNMENT)
    assert user == owner()
    client.Lead.update(key, {"FirstName": "Augusta"})
    assert queue["Id"] == owner()
    assert (400, "MALFORMED_ID") == refused_for(lambda: client.Event.create({**EVENT, "OwnerId": owner()}))[:2]


def test_a_validation_rule(org: Org, client: Salesforce) -> None:
    org.change(validation_rules=[{"object": "Lead", "field": "Phone", "message": "We call back: a phone, please"}])

    assert (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "We call back: a phone, please", ["Phone"]) == (
        refused_for(lambda: client.Lead.create(LEAD))
    )
    assert client.Lead.create({**LEAD, "Phone": "1"})["success"]


def test_a_trigger_that_fails_some_times(org: Org, client: Salesforce) -> None:
    trigger = {"object": "Lead", "on": ["create"], "times": 2, "message": "LeadTrigger: UNABLE_TO_LOCK_ROW"}
    org.change(triggers=[trigger])

    for _ in range(2):
        assert (400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "LeadTrigger: UNABLE_TO_LOCK_ROW", []) == (
            refused_for(lambda: client.Lead.create(LEAD))
        )
    key = client.Lead.create(LEAD)["id"]
    client.Lead.update(key, {"FirstName": "Ada"})

    assert 1 == len(org.records("Lead"))
    assert 2 == trigger["times"]


def test_a_converted_lead_is_a_contact_now(org: Org, client: Salesforce) -> None:
    lead = client.Lead.create(LEAD)["id"]
    event = client.Event.create({**EVENT, "WhoId": lead})["id"]

    ids = requests.post(f"{org.url}/_/convert", json={"id": lead[:15]}, timeout=10).json()

    assert lead == ids["lead"]
    found = client.Lead.get(lead)
    assert (True, ids["contact"]) == (found["IsConverted"], found["ConvertedContactId"])
    assert "ada@example.com" == client.Contact.get(ids["contact"])["Email"]
    assert "Analytical" == client.query("SELECT Account.Name FROM Contact")["records"][0]["Account"]["Name"]
    assert ids["contact"] == client.Event.get(event)["WhoId"]
    cannot = (400, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    assert cannot == refused_for(lambda: client.Lead.update(lead, {"FirstName": "x"}))[:3]
    assert cannot == refused_for(lambda: client.Event.create({**EVENT, "WhoId": lead}))[:3]
    org.change(edit_converted_leads=True)
    assert 204 == client.Lead.update(lead, {"FirstName": "x"})


@pytest.mark.parametrize("key", ["00Q5e0000000009EAA", "x", None, 1])
def test_what_cannot_be_converted(org: Org, key: Any) -> None:
    answer = requests.post(f"{org.url}/_/convert", json={"id": key}, timeout=10)

    assert 400 == answer.status_code
    assert "there is no lead" in answer.json()["error"]


def test_no_room_for_more(org: Org, client: Salesforce) -> None:
    org.change(storage_records=len(org.records("User")) + len(org.records("Group")) + 1 + 1)
    client.Lead.create(LEAD)

    assert (400, "STORAGE_LIMIT_EXCEEDED", "storage limit exceeded", []) == (
        refused_for(lambda: client.Lead.create(LEAD))
    )
