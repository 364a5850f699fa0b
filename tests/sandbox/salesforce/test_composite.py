"""Several calls in one: references, all or none, headers of each."""

from typing import Any

import pytest
from simple_salesforce import Salesforce

from bridge.sandbox.salesforce.org import Org
from tests.sandbox.salesforce.refusals import refused_for

ROOT = "/services/data/v59.0"
LEAD = {"LastName": "Lovelace", "Company": "Analytical"}
EVENT = {"Subject": "Call", "StartDateTime": "2026-03-01T10:00:00Z", "DurationInMinutes": 30}
HALTED = [
    {
        "message": "The transaction was rolled back since another operation in the same transaction failed.",
        "errorCode": "PROCESSING_HALTED",
    }
]


def call(name: str, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    return {"referenceId": name, "method": method, "url": f"{ROOT}/{path}", "body": body, **more}


def composite(client: Salesforce, *calls: dict[str, Any], all_or_none: bool = True) -> list[Any]:
    body = {"allOrNone": all_or_none, "compositeRequest": list(calls)}
    answer = client.restful("composite", method="POST", json=body)
    return list(answer["compositeResponse"])  # type: ignore[index]


def test_a_person_and_an_event_in_one_call(org: Org, client: Salesforce) -> None:
    person, event = composite(
        client,
        call("person", "POST", "sobjects/Lead", LEAD),
        call("event", "POST", "sobjects/Event", {**EVENT, "WhoId": "@{person.id}", "Subject": "For @{person.id}!"}),
    )

    key = org.records("Lead")[0]["Id"]
    assert {
        "body": {"id": key, "success": True, "errors": []},
        "httpHeaders": {"Location": f"{ROOT}/sobjects/Lead/{key}"},
        "httpStatusCode": 201,
        "referenceId": "person",
    } == person
    assert 201 == event["httpStatusCode"]
    assert (key, f"For {key}!") == (org.records("Event")[0]["WhoId"], org.records("Event")[0]["Subject"])
    assert [("composite", 1)] == [(one.kind, one.cost) for one in org.calls]


def test_a_query_feeds_a_later_call(org: Org, client: Salesforce) -> None:
    account = org.plant("Account", Name="Engines")["Id"]

    composite(
        client,
        call("find", "GET", "query?q=SELECT+Id+FROM+Account+WHERE+Name='Engines'"),
        call("make", "POST", "sobjects/Contact", {"LastName": "x", "AccountId": "@{find.records[0].Id}"}),
        call("show", "GET", "sobjects/Account/@{find.records[0].Id}?fields=Name"),
    )

    assert account == org.records("Contact")[0]["AccountId"]


def test_one_that_fails_takes_all_others_back(org: Org, client: Salesforce) -> None:
    key = client.Lead.create(LEAD)["id"]

    changed, failed, found = composite(
        client,
        call("change", "PATCH", f"sobjects/Lead/{key}", {"FirstName": "Ada"}),
        call("fail", "POST", "sobjects/Lead", {"LastName": "x"}),
        call("find", "GET", "query?q=SELECT+Id+FROM+Lead"),
    )

    assert (400, HALTED) == (changed["httpStatusCode"], changed["body"])
    assert (400, "REQUIRED_FIELD_MISSING") == (failed["httpStatusCode"], failed["body"][0]["errorCode"])
    assert (400, HALTED) == (found["httpStatusCode"], found["body"])
    assert [None] == [lead["FirstName"] for lead in org.records("Lead")]


def test_without_all_or_none_each_stands_for_itself(org: Org, client: Salesforce) -> None:
    failed, depends, fine = composite(
        client,
        call("fail", "POST", "sobjects/Lead", {"LastName": "x"}),
        call("depends", "POST", "sobjects/Event", {**EVENT, "WhoId": "@{fail.id}"}),
        call("fine", "POST", "sobjects/Lead", LEAD),
        all_or_none=False,
    )

    assert [400, 400, 201] == [one["httpStatusCode"] for one in (failed, depends, fine)]
    [error] = depends["body"]
    assert ("PROCESSING_HALTED", "Invalid reference specified. No value for fail.id found in fail") == (
        *(error["errorCode"], error["message"]),
    )
    assert 1 == len(org.records("Lead"))


def test_an_update_has_no_body(client: Salesforce) -> None:
    key = client.Lead.create(LEAD)["id"]

    [changed] = composite(client, call("change", "PATCH", f"sobjects/Lead/{key}", {"FirstName": "Ada"}))

    assert (204, None) == (changed["httpStatusCode"], changed["body"])


def test_each_call_has_its_own_headers(org: Org, client: Salesforce) -> None:
    org.change(assignment_rules={"Lead": "Web leads"})
    off = {"httpHeaders": {"Sforce-Auto-Assign": "FALSE"}}

    composite(
        client,
        call("one", "POST", "sobjects/Lead", LEAD, **off),
        call("two", "POST", "sobjects/Lead", LEAD),
    )

    assert ["005", "00G"] == [lead["OwnerId"][:3] for lead in org.records("Lead")]


def test_rows_of_a_collection_that_want_all_or_none_fail_the_whole(org: Org, client: Salesforce) -> None:
    rows = [{"attributes": {"type": "Lead"}, **LEAD}, {"attributes": {"type": "Lead"}, "LastName": "x"}]
    body = {"allOrNone": True, "records": rows}

    many, single = composite(
        client, call("many", "POST", "composite/sobjects", body), call("single", "POST", "sobjects/Lead", LEAD)
    )

    assert ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"] == [
        row["errors"][0]["statusCode"] for row in many["body"]
    ]
    assert HALTED == single["body"]
    assert [] == org.records("Lead")


def test_a_row_that_fails_takes_all_back_though_its_neighbour_says_success(org: Org, client: Salesforce) -> None:
    rows = [{"attributes": {"type": "Lead"}, **LEAD}, {"attributes": {"type": "Lead"}, "LastName": "x"}]

    many, single = composite(
        client,
        call("many", "POST", "composite/sobjects", {"allOrNone": False, "records": rows}),
        call("single", "POST", "sobjects/Lead", LEAD),
    )

    assert (200, [True, False]) == (many["httpStatusCode"], [row["success"] for row in many["body"]])
    assert HALTED == single["body"]
    assert [] == org.records("Lead")


GET = call("a", "GET", "limits")
QUERY = call("a", "GET", "query?q=SELECT+Id+FROM+Lead")


@pytest.mark.parametrize(
    "calls",
    [
        [],
        [{**GET, "referenceId": f"r{number}"} for number in range(26)],
        [{**QUERY, "referenceId": f"r{number}"} for number in range(6)],
        [GET, GET],
        [{**GET, "referenceId": "a-b"}],
        [{"method": "GET"}],
        ["x"],
        "x",
    ],
)
def test_a_composite_that_is_none(client: Salesforce, calls: Any) -> None:
    body = {"compositeRequest": calls}

    assert 400 == refused_for(lambda: client.restful("composite", method="POST", json=body))[0]


@pytest.mark.parametrize("url", ["/x", "", "/services/data/v59.0", "/services/data/v59.0/nothing", "sobjects/Lead"])
def test_a_call_to_nowhere(client: Salesforce, url: str) -> None:
    [one] = composite(client, {"referenceId": "a", "method": "GET", "url": url})

    assert (404, "NOT_FOUND") == (one["httpStatusCode"], one["body"][0]["errorCode"])


def test_a_batch_of_independent_calls(org: Org, client: Salesforce) -> None:
    calls = [
        {"method": "POST", "url": "v59.0/sobjects/Lead", "richInput": LEAD},
        {"method": "POST", "url": "v59.0/sobjects/Lead", "richInput": {}},
        {"method": "GET", "url": "v59.0/limits"},
    ]

    answer = client.restful("composite/batch", method="POST", json={"batchRequests": calls})
    halted = client.restful("composite/batch", method="POST", json={"batchRequests": calls[1:], "haltOnError": True})

    assert [201, 400, 200] == [one["statusCode"] for one in answer["results"]]
    assert answer["hasErrors"]
    assert [400, 412] == [one["statusCode"] for one in halted["results"]]
    assert 1 == len(org.records("Lead"))
