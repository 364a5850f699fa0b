"""Quota, calls at once, locked rows: limits that an org has by itself, and those that are put on by a fault."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce

from bridge.sandbox.salesforce.org import Org
from tests.sandbox.salesforce.refusals import refusal, refused_for

LEAD = {"LastName": "Lovelace", "Company": "Analytical"}
EVENT = {"Subject": "Call", "StartDateTime": "2026-03-01T10:00:00Z", "DurationInMinutes": 30}
PATIENCE_S = 10


@contextmanager
def underway(org: Org, call: Callable[[], Any]) -> Iterator[None]:
    """While this call is done but its answer has not left; at the end, its connection is given up."""
    before = len(org.calls)

    def give_up() -> None:
        with pytest.raises(requests.ConnectionError):
            call()

    thread = threading.Thread(target=give_up)
    thread.start()
    assert org.wait_for(lambda: org._calls.count > before, PATIENCE_S)
    yield
    for connection in list(org._server.connections):
        org._server.loop.call_soon_threadsafe(connection.transport.abort)
    thread.join(PATIENCE_S)


def test_every_answer_says_how_much_is_used(org: Org, client: Salesforce) -> None:
    org.change(daily_requests=10, requests_used=3)
    client.query("SELECT Id FROM Lead")
    refused_for(lambda: client.restful("nothing"))

    response = client.Lead.update(client.Lead.create(LEAD)["id"], {"FirstName": "x"}, raw_response=True)

    assert "api-usage=7/10" == response.headers["Sforce-Limit-Info"]
    assert {"Max": 10, "Remaining": 3} == client.limits()["DailyApiRequests"]


def test_the_quota_is_the_end_until_it_is_raised(org: Org, client: Salesforce) -> None:
    org.change(daily_requests=1)
    client.Lead.create(LEAD)

    for _ in range(2):
        assert (403, [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]) == (
            refusal(lambda: client.Lead.create(LEAD))
        )
    org.change(daily_requests=2)
    client.Lead.create(LEAD)

    assert (2, 2) == (len(org.records("Lead")), org.cost)


def test_an_org_without_api(org: Org, client: Salesforce) -> None:
    org.change(api_enabled=False)

    assert (403, "API_DISABLED_FOR_ORG") == refused_for(lambda: client.Lead.create(LEAD))[:2]


def test_too_many_long_calls_at_once(org: Org, client: Salesforce) -> None:
    org.change(concurrent_requests=1, long_request_s=0)
    org.fault(latency_s=3600)

    with underway(org, lambda: client.Lead.create(LEAD)):
        status, body = refusal(lambda: client.query("SELECT Id FROM Lead"))
        org.change(long_request_s=3600)
        client.query("SELECT Id FROM Lead")

    message = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    assert (403, [{"message": message, "errorCode": "REQUEST_LIMIT_EXCEEDED"}]) == (status, body)


def test_rows_of_a_slow_call_are_locked(org: Org, client: Salesforce) -> None:
    key, other = (client.Lead.create(LEAD)["id"] for _ in range(2))
    org.fault(latency_s=3600)

    locked = f"unable to obtain exclusive access to this record or 1 records: {key}"
    with underway(org, lambda: client.Lead.update(key, {"FirstName": "Ada"})):
        for call in (
            lambda: client.Lead.update(key, {"FirstName": "x"}),
            lambda: client.Lead.delete(key),
            lambda: client.Event.create({**EVENT, "WhoId": key}),
        ):
            assert (400, "UNABLE_TO_LOCK_ROW", locked, []) == refused_for(call)
        assert 204 == client.Lead.update(other, {"FirstName": "x"})


def test_when_the_answer_leaves_nothing_is_locked_any_more(org: Org, client: Salesforce) -> None:
    key = client.Lead.create(LEAD)["id"]
    org.fault(latency_s=0.05)
    client.Lead.update(key, {"FirstName": "Ada"})

    assert 204 == client.Lead.update(key, {"FirstName": "Augusta"})


def test_an_activity_locks_whom_it_is_about(org: Org, client: Salesforce) -> None:
    key = client.Lead.create(LEAD)["id"]
    org.fault(latency_s=3600)

    with underway(org, lambda: client.Event.create({**EVENT, "WhoId": key})):
        assert "UNABLE_TO_LOCK_ROW" == refused_for(lambda: client.Lead.update(key, {"FirstName": "x"}))[1]
        row = {"attributes": {"type": "Lead"}, "id": key, "FirstName": "x"}
        results = client.restful("composite/sobjects", method="PATCH", json={"records": [row]})
        assert "UNABLE_TO_LOCK_ROW" == results[0]["errors"][0]["statusCode"]


def test_a_contact_locks_its_account(org: Org, client: Salesforce) -> None:
    account = client.Account.create({"Name": "Engines"})["id"]
    org.fault(latency_s=3600)

    with underway(org, lambda: client.Contact.create({"LastName": "Byron", "AccountId": account})):
        assert "UNABLE_TO_LOCK_ROW" == refused_for(lambda: client.Account.update(account, {"Phone": "1"}))[1]


def test_what_was_refused_or_rolled_back_locks_nothing(org: Org, client: Salesforce) -> None:
    key = client.Lead.create(LEAD)["id"]
    url = "/services/data/v59.0/sobjects/Lead"
    calls = [
        {"referenceId": "a", "method": "PATCH", "url": f"{url}/{key}", "body": {"FirstName": "x"}},
        {"referenceId": "b", "method": "POST", "url": url, "body": {}},
    ]
    org.fault(latency_s=3600)

    body = {"allOrNone": True, "compositeRequest": calls}
    with underway(org, lambda: client.restful("composite", method="POST", json=body)):
        assert 204 == client.Lead.update(key, {"FirstName": "x"})


def test_a_late_write_comes_though_the_client_has_left(org: Org, client: Salesforce) -> None:
    org.change(late_writes=True)
    org.fault(latency_s=1)

    with pytest.raises(requests.Timeout):
        client.restful("sobjects/Lead", method="POST", json=LEAD, timeout=0.1)
    assert 0 == client.query("SELECT Id FROM Lead")["totalSize"]

    assert org.wait_for(lambda: len(org.records("Lead")) == 1, PATIENCE_S)
    assert ["query", "create"] == [call.kind for call in org.calls]


def test_a_late_write_is_answered_when_it_is_done(org: Org, client: Salesforce) -> None:
    org.change(late_writes=True)
    org.fault(latency_s=0.05)
    org.fault(latency_s=0.05, status=503, stored=True)

    assert client.Lead.create(LEAD)["success"]
    assert (503, "SERVER_UNAVAILABLE") == refused_for(lambda: client.Lead.create(LEAD))[:2]
    assert 2 == len(org.records("Lead"))


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("expired_session", 401, "INVALID_SESSION_ID"),
        ("quota", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("concurrent", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("locked_row", 400, "UNABLE_TO_LOCK_ROW"),
        ("trigger_lock", 400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"),
    ],
)
def test_faults_that_have_a_name(org: Org, client: Salesforce, name: str, status: int, code: str) -> None:
    org.fault(**{"as": name, "match": {"path": "/services/data/*"}})

    assert (status, code) == refused_for(lambda: client.Lead.create(LEAD))[:2]
    assert client.Lead.create(LEAD)["success"]
    assert ["fault", "create"] == [call.kind for call in org.calls]


@pytest.mark.parametrize(("status", "code"), [(500, "UNKNOWN_EXCEPTION"), (503, "SERVER_UNAVAILABLE")])
@pytest.mark.parametrize("stored", [False, True])
def test_a_failure_before_or_after_the_write(
    org: Org, client: Salesforce, status: int, code: str, *, stored: bool
) -> None:
    org.fault(status=status, stored=stored)

    assert (status, code) == refused_for(lambda: client.Lead.create(LEAD))[:2]

    assert stored == (len(org.records("Lead")) == 1)
    [call] = org.calls
    assert (stored, status, 1) == (call.done, call.status, call.cost)


@pytest.mark.parametrize("fault", [{"hang": True}, {"reset": True}, {"garbage": True}])
@pytest.mark.parametrize("stored", [False, True])
def test_an_answer_that_never_comes(org: Org, client: Salesforce, fault: dict[str, Any], *, stored: bool) -> None:
    org.fault(**fault, stored=stored)

    with pytest.raises((requests.RequestException, ValueError)):
        client.restful("sobjects/Lead", method="POST", json=LEAD, timeout=0.2)

    assert org.wait_for(lambda: len(org.calls) == 1, PATIENCE_S)
    assert stored == (len(org.records("Lead")) == 1)
    assert org.calls[0].answered_ms is None


def test_a_page_in_between(org: Org, client: Salesforce) -> None:
    org.fault(**{"as": "edge_page"})

    status, body = refusal(lambda: client.limits())

    assert 503 == status
    assert "<html>" in str(body)


def test_a_login_can_fail_too(org: Org) -> None:
    org.fault(match={"path": "/services/oauth2/token"}, status=503, body={"error": "unavailable"})

    assert 503 == requests.post(f"{org.url}/services/oauth2/token", timeout=PATIENCE_S).status_code
