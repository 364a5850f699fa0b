"""Which paths and bodies a portal takes at all."""

from typing import Any

import pytest

from bridge.sandbox.hubspot.portal import Portal
from tests.sandbox.hubspot.clients import ask


@pytest.mark.parametrize("path", ["/crm/v3/objects/contacts", "/crm/objects/2026-03/contacts", "/crm/v3/objects/0-1"])
def test_both_families_of_paths_lead_to_the_same(portal: Portal, path: str) -> None:
    status, body, headers = ask(portal, "POST", path, {"properties": {"email": "a@example.com"}})

    assert (201, "contacts create") == (status, portal.calls[0].kind)
    assert "application/json;charset=utf-8" == headers["Content-Type"]
    assert 200 == ask(portal, "GET", f"{path}/{body['id']}")[0]


@pytest.mark.parametrize("path", ["/crm/v9/objects/contacts", "/crm/objects/contacts", "/crm/v3/objects/whales", "/x"])
def test_a_path_that_leads_nowhere(portal: Portal, path: str) -> None:
    status, body, _ = ask(portal, "GET", path)

    assert (404, "resource not found") == (status, body["message"])


def test_a_version_that_has_ended(portal: Portal) -> None:
    portal.change(versions=["2026-03"])

    assert 404 == ask(portal, "GET", "/crm/v3/objects/contacts")[0]
    assert 200 == ask(portal, "GET", "/crm/objects/2026-03/contacts")[0]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/crm/v3/objects/contacts", {}, 400),
        ("POST", "/crm/v3/objects/contacts", [], 400),
        ("POST", "/crm/v3/objects/contacts", {"properties": {"email": ["x"]}}, 400),
        ("POST", "/crm/v3/objects/contacts/batch/create", {"inputs": []}, 400),
        ("POST", "/crm/v3/objects/contacts/batch/create", {"inputs": [{}] * 101}, 400),
        ("POST", "/crm/v3/objects/contacts/batch/whatever", {"inputs": [{"id": "1"}]}, 404),
        ("PUT", "/crm/v3/objects/contacts", {"properties": {}}, 405),
        ("GET", "/crm/v3/objects/contacts/search", None, 405),
        ("GET", "/crm/v3/objects/contacts?limit=1000", None, 400),
    ],
)
def test_calls_of_a_wrong_shape(portal: Portal, method: str, path: str, body: Any, status: int) -> None:
    answered, told, _ = ask(portal, method, path, body)

    assert (status, "error") == (answered, told["status"])
    assert 200 == ask(portal, "GET", "/crm/v3/objects/contacts")[0]


def test_a_body_that_is_no_json(portal: Portal) -> None:
    wrong = {"Content-Type": "text/plain"}

    assert 415 == ask(portal, "POST", "/crm/v3/objects/contacts", {}, **wrong)[0]
