"""Up to 200 rows in one call: results in their order, one by one or all or none, and what one call may not hold."""

import time
from typing import Any

import pytest
from simple_salesforce import Salesforce

from bridge.sandbox.salesforce.org import Org
from tests.sandbox.salesforce.refusals import refused_for

TYPE = {"attributes": {"type": "Lead"}}
GOOD = {**TYPE, "LastName": "Lovelace", "Company": "Analytical"}
BAD = {**TYPE, "LastName": "x"}


def many(client: Salesforce, method: str, rows: list[Any], path: str = "", **more: Any) -> Any:
    return client.restful(f"composite/sobjects{path}", method=method, json={"records": rows, **more})


def codes(results: list[Any]) -> list[str]:
    return ["" if row["success"] else row["errors"][0]["statusCode"] for row in results]


def test_a_row_that_fails_leaves_its_neighbours_alone(org: Org, client: Salesforce) -> None:
    results = many(client, "POST", [GOOD, BAD, {**GOOD, "attributes": {"type": "Contact"}}, {**GOOD, "Foo": 1}])

    assert ["", "REQUIRED_FIELD_MISSING", "INVALID_FIELD", "INVALID_FIELD"] == codes(results)
    assert {"id": org.records("Lead")[0]["Id"], "success": True, "errors": []} == results[0]
    missing = {
        "statusCode": "REQUIRED_FIELD_MISSING",
        "message": "Required fields are missing: [Company]",
        "fields": ["Company"],
    }
    assert {"success": False, "errors": [missing]} == results[1]
    assert [("create many", 1)] == [(call.kind, call.cost) for call in org.calls]


def test_all_or_none(org: Org, client: Salesforce) -> None:
    results = many(client, "POST", [GOOD, BAD], allOrNone=True)

    assert ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"] == codes(results)
    assert [] == org.records("Lead")
    assert "00Q5e0000000001EAA" == results[0]["id"], "as documented: only success says that it is gone"
    assert ["", ""] == codes(many(client, "POST", [GOOD, GOOD], allOrNone=True))


def test_updates_by_id(org: Org, client: Salesforce) -> None:
    keys = [row["id"] for row in many(client, "POST", [GOOD, GOOD, GOOD])]
    client.Lead.delete(keys[2])
    rows = [
        {**TYPE, "Id": keys[0][:15], "FirstName": "Ada"},
        {**TYPE, "id": keys[1], "FirstName": "Ada"},
        {**TYPE, "id": keys[1], "FirstName": "Augusta"},
        {**TYPE, "id": keys[2], "FirstName": "Ada"},
        {**TYPE, "id": "00Q5e0000000099EAA"},
        {**TYPE, "id": "x"},
        TYPE,
    ]

    results = many(client, "PATCH", rows)

    assert [
        *("", "DUPLICATE_VALUE", "DUPLICATE_VALUE", "ENTITY_IS_DELETED"),
        *("INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID", "MISSING_ARGUMENT"),
    ] == codes(results)
    assert {"id": keys[0], "success": True, "errors": []} == results[0]
    assert ["Ada", None, None] == [lead["FirstName"] for lead in org.records("Lead")]


def test_upserts_by_external_id(org: Org, client: Salesforce) -> None:
    org.plant("Lead", LastName="a", Company="c", Chat_Key__c="old")
    org.plant("Contact", LastName="a", Email="two@example.com")
    org.plant("Contact", LastName="b", Email="two@example.com")
    rows = [{**GOOD, "Chat_Key__c": key} for key in ("new", "OLD", "twice", "Twice")] + [GOOD]

    results = many(client, "PATCH", rows, "/Lead/Chat_Key__c", allOrNone=False)

    assert ["", "", "DUPLICATE_VALUE", "DUPLICATE_VALUE", "MISSING_ARGUMENT"] == codes(results)
    assert [True, False] == [row["created"] for row in results[:2]]
    assert "Duplicate external id specified: twice" == results[2]["errors"][0]["message"]
    assert ["Lovelace", "Lovelace"] == [lead["LastName"] for lead in org.records("Lead")]
    row = {"attributes": {"type": "Contact"}, "LastName": "c", "Email": "two@example.com"}
    assert ["DUPLICATE_EXTERNAL_ID"] == codes(many(client, "PATCH", [row], "/Contact/Email"))


def test_deletes_and_gets(org: Org, client: Salesforce) -> None:
    keys = [row["id"] for row in many(client, "POST", [GOOD, GOOD])]

    body = {"ids": [*keys, "00Q5e0000000099EAA"], "fields": ["LastName"]}
    shown = client.restful("composite/sobjects/Lead", method="POST", json=body)
    assert ["Lovelace", "Lovelace", None] == [one and one["LastName"] for one in shown]
    params = {"ids": f"{keys[0]},00Q5e0000000099EAA", "allOrNone": "false"}
    deleted = client.restful("composite/sobjects", method="DELETE", params=params)

    assert ["", "INVALID_CROSS_REFERENCE_KEY"] == codes(deleted)
    assert [True, False] == [lead["IsDeleted"] for lead in org.records("Lead")]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([GOOD] * 201, "EXCEEDED_ID_LIMIT"),
        ([{"attributes": {"type": name}} for name in ("Lead", "Contact") * 6], "INVALID_OPERATION"),
        ("x", "JSON_PARSER_ERROR"),
        ([1], "JSON_PARSER_ERROR"),
        ([GOOD, {**GOOD, "NumberOfEmployees": "many"}], "JSON_PARSER_ERROR"),
    ],
)
def test_a_call_that_is_refused_whole(org: Org, client: Salesforce, rows: Any, code: str) -> None:
    assert (400, code) == refused_for(lambda: many(client, "POST", rows))[:2]
    assert [] == org.records("Lead")


def test_a_type_that_there_is_not(client: Salesforce) -> None:
    rows = [{"LastName": "x"}, {"attributes": {"type": "Foo"}, "LastName": "x"}, {**GOOD, "Id": "00Q5e0000000099EAA"}]

    assert ["INVALID_TYPE", "INVALID_TYPE", "INVALID_FIELD_FOR_INSERT_UPDATE"] == codes(many(client, "POST", rows))


def test_ten_thousand_leads_with_their_events_are_quick_and_cost_a_hundred_calls(org: Org, client: Salesforce) -> None:
    begun = time.monotonic()
    for page in range(50):
        rows = [{**GOOD, "Email": f"l{page}-{number}@example.com"} for number in range(200)]
        keys = [row["id"] for row in many(client, "POST", rows)]
        event = {"attributes": {"type": "Event"}, "StartDateTime": "2026-03-01T10:00:00Z", "DurationInMinutes": 30}
        assert all(row["success"] for row in many(client, "POST", [{**event, "WhoId": key} for key in keys]))

    assert (10_000, 10_000, 100) == (len(org.records("Lead")), len(org.records("Event")), org.cost)
    assert time.monotonic() - begun < 30


def test_a_duplicate_among_rows_does_not_say_of_what(org: Org, client: Salesforce) -> None:
    org.change(duplicate_rules=[{"objects": ["Lead"], "field": "Email"}])

    results = many(client, "POST", [{**GOOD, "Email": "ada@example.com"}] * 2)

    assert ["", "DUPLICATES_DETECTED"] == codes(results)
    assert {"statusCode", "message", "fields"} == results[1]["errors"][0].keys()
