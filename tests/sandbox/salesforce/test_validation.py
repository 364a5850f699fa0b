"""What an org refuses in a row, in its own words."""

from typing import Any

import pytest
from simple_salesforce import Salesforce

from bridge.sandbox.salesforce.org import Org
from tests.sandbox.salesforce.refusals import refusal, refused_for

LEAD = {"LastName": "Lovelace", "Company": "Analytical"}
EVENT = {"Subject": "Call", "StartDateTime": "2026-03-01T10:00:00Z", "DurationInMinutes": 30}
PARSER = "or request may be missing a required field at [line:1, column:2]"


@pytest.mark.parametrize(
    ("kind", "values", "code", "message", "fields"),
    [
        ("Lead", {**LEAD, "Foo": 1}, "INVALID_FIELD", "No such column 'Foo' on sobject of type Lead", []),
        ("Lead", {"LastName": "x"}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Company]", ["Company"]),
        (
            *("Lead", {}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName, Company]"),
            ["LastName", "Company"],
        ),
        (
            *("Lead", {**LEAD, "FirstName": "x" * 41}, "STRING_TOO_LONG"),
            f"First Name: data value too large: {'x' * 41} (max length=40)",
            ["FirstName"],
        ),
        ("Lead", {**LEAD, "Email": "a@b"}, "INVALID_EMAIL_ADDRESS", "Email: invalid email address: a@b", ["Email"]),
        (
            *("Event", {**EVENT, "ShowAs": "Maybe"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
            *("Show Time As: bad value for restricted picklist field: Maybe", ["ShowAs"]),
        ),
        (
            *("Event", {**EVENT, "StartDateTime": "tomorrow"}, "JSON_PARSER_ERROR"),
            *(f"Cannot deserialize instance of datetime from VALUE_STRING value tomorrow {PARSER}", []),
        ),
        (
            *("Task", {"ActivityDate": "1.2.2026"}, "JSON_PARSER_ERROR"),
            *(f"Cannot deserialize instance of date from VALUE_STRING value 1.2.2026 {PARSER}", []),
        ),
        (
            *("Lead", {**LEAD, "NumberOfEmployees": "many"}, "JSON_PARSER_ERROR"),
            *(f"Cannot deserialize instance of int from VALUE_STRING value many {PARSER}", []),
        ),
        (
            *("Lead", {**LEAD, "FirstName": ["a"]}, "JSON_PARSER_ERROR"),
            *(f"Cannot deserialize instance of string from START_ARRAY {PARSER}", []),
        ),
        (
            *("Lead", {**LEAD, "NumberOfEmployees": 10**9}, "NUMBER_OUTSIDE_VALID_RANGE"),
            *("Employees: value outside of valid range on numeric field: 1000000000", ["NumberOfEmployees"]),
        ),
        (
            *("Event", {"StartDateTime": "2026-03-01T10:00:00Z"}, "REQUIRED_FIELD_MISSING"),
            *("Required fields are missing: [DurationInMinutes]", ["DurationInMinutes"]),
        ),
        (
            *("Event", {"DurationInMinutes": 5}, "REQUIRED_FIELD_MISSING"),
            *("Required fields are missing: [ActivityDateTime]", ["ActivityDateTime"]),
        ),
        (
            *("Event", {**EVENT, "DurationInMinutes": None, "EndDateTime": "2026-03-01T09:00:00Z"}),
            *("FIELD_INTEGRITY_EXCEPTION", "Event duration cannot be negative", ["EndDateTime"]),
        ),
        (
            *("Event", {**EVENT, "WhoId": "0035e0000000009AAA"}, "INVALID_CROSS_REFERENCE_KEY"),
            *("invalid cross reference id", []),
        ),
        (
            *("Event", {**EVENT, "WhoId": "0015e0000000009AAA"}, "MALFORMED_ID"),
            *("Name ID: id value of incorrect type: 0015e0000000009AAA", ["WhoId"]),
        ),
        ("Event", {**EVENT, "WhoId": "x"}, "MALFORMED_ID", "Name ID: id value of incorrect type: x", ["WhoId"]),
        (
            *("Event", {**EVENT, "OwnerId": "00G5e0000000001EAA"}, "MALFORMED_ID"),
            *("Assigned To ID: id value of incorrect type: 00G5e0000000001EAA", ["OwnerId"]),
        ),
    ],
)
def test_a_row_that_is_refused(
    org: Org, client: Salesforce, kind: str, values: dict[str, Any], code: str, message: str, fields: list[str]
) -> None:
    before = len(org.records(kind))

    assert (400, code, message, fields) == refused_for(lambda: getattr(client, kind).create(values))

    assert before == len(org.records(kind))


def test_read_only_fields(client: Salesforce) -> None:
    status, code, message, fields = refused_for(lambda: client.Lead.create({**LEAD, "Name": "x", "CreatedDate": "y"}))

    assert (400, "INVALID_FIELD_FOR_INSERT_UPDATE", ["Name", "CreatedDate"]) == (status, code, fields)
    assert message.startswith("Unable to create/update fields: Name, CreatedDate. Please check the security settings")


def test_all_values_that_are_wrong_are_told_at_once(client: Salesforce) -> None:
    status, body = refusal(lambda: client.Lead.create({**LEAD, "FirstName": "x" * 41, "Email": "x"}))

    assert 400 == status
    assert [["FirstName"], ["Email"]] == [error["fields"] for error in body]


def test_a_required_field_cannot_be_emptied(client: Salesforce) -> None:
    key = client.Lead.create(LEAD)["id"]

    for name in ("Company", "Status", "OwnerId"):
        assert (400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{name}]", [name]) == (
            refused_for(lambda name=name: client.Lead.update(key, {name: None}))
        )


def test_a_default_comes_for_nothing_and_not_for_a_checkbox(org: Org, client: Salesforce) -> None:
    client.Lead.create({**LEAD, "Status": None, "OwnerId": ""})

    assert "Open - Not Contacted" == org.records("Lead")[0]["Status"]
    status, code, _, fields = refused_for(lambda: client.Event.create({**EVENT, "IsPrivate": None}))
    assert (400, "INVALID_TYPE_ON_FIELD_IN_RECORD", ["IsPrivate"]) == (status, code, fields)


def test_a_unique_field_names_the_record_that_has_the_value(org: Org, client: Salesforce) -> None:
    client.Lead.create({**LEAD, "Chat_Key__c": "K"})

    status, code, message, _ = refused_for(lambda: client.Lead.create({**LEAD, "Chat_Key__c": "k"}))

    assert (400, "DUPLICATE_VALUE") == (status, code)
    assert "duplicate value found: Chat_Key__c duplicates value on record with id: 00Q5e0000000001" == message


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"DurationInMinutes": 45}, ("2026-03-01T10:00:00.000+0000", "2026-03-01T10:45:00.000+0000", 45)),
        (
            {"EndDateTime": "2026-03-01T12:30:00+01:00"},
            ("2026-03-01T10:00:00.000+0000", "2026-03-01T11:30:00.000+0000", 90),
        ),
    ],
)
def test_start_end_and_duration_of_an_event_follow_from_each_other(
    org: Org, client: Salesforce, given: dict[str, Any], kept: tuple[str, str, int]
) -> None:
    key = client.Event.create({"Subject": "x", "StartDateTime": "2026-03-01T10:00:00.000Z", **given})["id"]

    [event] = org.records("Event")
    assert kept == (event["StartDateTime"], event["EndDateTime"], event["DurationInMinutes"])
    assert ("2026-03-01", event["StartDateTime"]) == (event["ActivityDate"], event["ActivityDateTime"])

    client.Event.update(key, {"StartDateTime": "2026-03-02T10:00:00Z"})

    [event] = org.records("Event")
    assert ("2026-03-02", kept[2]) == (event["EndDateTime"][:10], event["DurationInMinutes"])


def test_rights_that_the_user_lacks(org: Org, client: Salesforce) -> None:
    hidden = {"Phone": None, "Title": {"createable": False, "updateable": False}}
    org.change(objects={"Event": {"createable": False}, "Lead": {"updateable": False, "fields": hidden}})
    key = client.Lead.create(LEAD)["id"]

    assert (400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be inserted: Event", []) == (
        refused_for(lambda: client.Event.create(EVENT))
    )
    assert (403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", []) == (
        refused_for(lambda: client.Lead.update(key, {"FirstName": "x"}))
    )
    assert "INVALID_FIELD" == refused_for(lambda: client.Lead.create({**LEAD, "Phone": "1"}))[1]
    assert "INVALID_FIELD_FOR_INSERT_UPDATE" == refused_for(lambda: client.Lead.create({**LEAD, "Title": "1"}))[1]
    assert not client.Event.describe()["createable"]


def test_an_owner_who_is_not_active(org: Org, client: Salesforce) -> None:
    org.change(users=[{"Username": "gone@sandbox.example", "LastName": "Gone", "IsActive": False}])
    owner = org.records("User")[1]["Id"]

    assert (
        *(400, "INACTIVE_OWNER_OR_USER"),
        *(f"operation performed with inactive user [{owner}] as owner of lead", ["OwnerId"]),
    ) == refused_for(lambda: client.Lead.create({**LEAD, "OwnerId": owner}))


def test_a_record_that_the_user_may_not_touch(org: Org, client: Salesforce) -> None:
    key = client.Lead.create(LEAD)["id"]
    org.change(readonly_records=[key])

    assert (403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", []) == (
        refused_for(lambda: client.Lead.update(key, {"FirstName": "x"}))
    )
    assert (
        *(400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"),
        *(f"insufficient access rights on cross-reference id: {key[:15]}", []),
    ) == refused_for(lambda: client.Event.create({**EVENT, "WhoId": key}))
    assert "Lovelace" == client.Lead.get(key)["LastName"]


def test_states_of_a_list(org: Org, client: Salesforce) -> None:
    org.change(objects={"Lead": {"fields": {"State": {"restricted": True, "picklist": ["Ohio"]}}}})

    status, code, message, fields = refused_for(lambda: client.Lead.create({**LEAD, "State": "Oihho"}))

    assert (400, "FIELD_INTEGRITY_EXCEPTION", ["State"]) == (status, code, fields)
    assert message.startswith("There's a problem with this state, even though it may appear correct.")
    assert message.endswith("from the list of valid states.: State/Province")
    assert client.Lead.create({**LEAD, "State": "Ohio"})["success"]


def test_a_parent_named_by_its_external_id(org: Org, client: Salesforce) -> None:
    lead = client.Lead.create({**LEAD, "Chat_Key__c": "k"})["id"]
    who = {"attributes": {"type": "Lead"}, "Chat_Key__c": "k"}

    client.Event.create({**EVENT, "Who": who})

    assert lead == org.records("Event")[0]["WhoId"]
    assert (400, "INVALID_FIELD", "Foreign key external ID: x not found for field Chat_Key__c in entity Lead", []) == (
        refused_for(lambda: client.Event.create({**EVENT, "Who": {**who, "Chat_Key__c": "x"}}))
    )
    assert "INVALID_FIELD" == refused_for(lambda: client.Event.create({**EVENT, "Who": {}}))[1]
