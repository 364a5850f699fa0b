"""Faults on demand: what goes wrong, and whether the call was carried out all the same."""

from typing import Any

import pytest
import urllib3

from bridge.sandbox.hubspot.portal import Portal
from bridge.sandbox.hubspot.settings import NAMED_FAULTS
from tests.sandbox.hubspot.clients import Clients, ask, refused

ADA = {"properties": {"email": "a@example.com"}}


@pytest.mark.parametrize(
    ("name", "status", "part"),
    [
        ("rolling", 429, {"policyName": "TEN_SECONDLY_ROLLING", "errorType": "RATE_LIMIT"}),
        ("secondly", 429, {"policyName": "SECONDLY"}),
        ("daily", 429, {"policyName": "DAILY"}),
        ("rate_limits", 429, {"category": "RATE_LIMITS"}),
        ("locked", 423, {"status": "error"}),
        ("migration", 477, {"status": "error"}),
        ("expired", 401, {"category": "EXPIRED_AUTHENTICATION"}),
        ("unauthorized", 401, {"category": "INVALID_AUTHENTICATION"}),
        ("missing_scopes", 403, {"category": "MISSING_SCOPES"}),
    ],
)
def test_faults_that_have_a_name(
    portal: Portal, clients: Clients, name: str, status: int, part: dict[str, str]
) -> None:
    portal.fault(**{"as": name})

    answered, body = refused(lambda: clients.contacts.create(ADA))

    assert status == answered
    assert part.items() <= body.items()
    assert [] == portal.records("contacts")
    assert clients.contacts.create(ADA).id
    assert ["fault", "contacts create"] == [call.kind for call in portal.calls]


def test_a_migration_says_how_long_it_takes(portal: Portal) -> None:
    portal.fault(**{"as": "migration"})

    assert "3600" == ask(portal, "POST", "/crm/v3/objects/contacts", ADA)[2]["Retry-After"]


@pytest.mark.parametrize(("name", "stored"), [("empty", True), ("nothing", False), ("page", True)])
def test_a_success_that_says_nothing(portal: Portal, clients: Clients, name: str, *, stored: bool) -> None:
    portal.fault(**{"as": name})
    row = {"id": "a@example.com", "idProperty": "email", "objectWriteTraceId": "1", "properties": {}}

    if name == "page":
        answer = urllib3.request(
            "POST",
            f"{portal.url}/crm/v3/objects/contacts/batch/upsert",
            json={"inputs": [row]},
            headers={"Authorization": "Bearer pat-na1-sandbox"},
            retries=False,
        )
        assert (200, b"<html>") == (answer.status, answer.data[:6])
    else:
        answer, status, _ = clients.contacts_batch.upsert_with_http_info({"inputs": [row]})
        assert (200, []) == (status, answer.results)

    assert stored == bool(portal.records("contacts"))


def test_a_gateway_that_gives_up(portal: Portal) -> None:
    portal.fault(**{"as": "timeout", "stored": True})

    answer = urllib3.request(
        "POST",
        f"{portal.url}/crm/v3/objects/contacts",
        json=ADA,
        headers={"Authorization": "Bearer pat-na1-sandbox"},
        retries=False,
    )

    assert (524, "text/html") == (answer.status, answer.headers["Content-Type"])
    assert 1 == len(portal.records("contacts"))


def test_every_named_fault_can_be_used(portal: Portal) -> None:
    for name, fault in NAMED_FAULTS.items():
        portal.fault(**{"as": name})
        status = urllib3.request("GET", f"{portal.url}/crm/v3/objects/contacts", retries=False).status
        assert fault["status"] == status


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("stored", [False, True])
def test_a_failure_before_or_after_the_write(portal: Portal, clients: Clients, status: int, *, stored: bool) -> None:
    portal.fault(status=status, stored=stored)

    answered, body = refused(lambda: clients.contacts.create(ADA))

    assert (status, "error") == (answered, body["status"])
    assert stored == (len(portal.records("contacts")) == 1)
    assert (stored, status) == (portal.calls[0].done, portal.calls[0].status)


@pytest.mark.parametrize("fault", [{"hang": True}, {"reset": True}, {"garbage": True}])
@pytest.mark.parametrize("stored", [False, True])
def test_an_answer_that_never_comes(portal: Portal, clients: Clients, fault: dict[str, Any], *, stored: bool) -> None:
    portal.fault(**fault, stored=stored)

    with pytest.raises(urllib3.exceptions.HTTPError):
        clients.contacts.create(ADA, _request_timeout=(1, 0.2))

    assert stored == (len(portal.records("contacts")) == 1)
    assert None is portal.calls[0].answered_ms


def test_a_fault_for_one_kind_of_call(portal: Portal, clients: Clients) -> None:
    portal.fault(status=503, match={"path": "/crm/v3/objects/notes*", "body_contains": "unlucky"})

    clients.contacts.create(ADA)
    clients.of("notes").create({"properties": {"hs_timestamp": "0", "hs_note_body": "lucky one"}})
    assert (
        503
        == refused(
            lambda: clients.of("notes").create({"properties": {"hs_timestamp": "0", "hs_note_body": "unlucky"}})
        )[0]
    )
