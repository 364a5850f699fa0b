"""Who may call a portal: tokens, their end, scopes; and how often."""

import json
from urllib.parse import urlencode

import pytest
import urllib3

from bridge.sandbox.hubspot.portal import Portal
from tests.sandbox.hubspot.clients import Clients, ask, refused

GRANT = {
    "grant_type": "refresh_token",
    "client_id": "sandbox-client",
    "client_secret": "sandbox-secret",
    "refresh_token": "sandbox-refresh",
}


def test_a_refresh_token_gives_tokens_that_are_good_for_a_while(portal: Portal, clients: Clients) -> None:
    token = clients.tokens.create(**GRANT)

    assert ("bearer", 1800, "sandbox-refresh") == (token.token_type, token.expires_in, token.refresh_token)
    other = Clients(portal, token=token.access_token)
    _, status, headers = other.contacts.create_with_http_info({"properties": {"email": "a@example.com"}})
    assert 201 == status
    assert "X-HubSpot-RateLimit-Daily" not in headers
    info = clients.access_tokens.get(token.access_token)
    assert (20000001, 3000001, "access") == (info.hub_id, info.app_id, info.token_type)
    assert portal.settings["scopes"] == info.scopes
    assert "refresh" == clients.refresh_tokens.get("sandbox-refresh").token_type
    assert ["token", "contacts create", "token", "token"] == [call.kind for call in portal.calls]
    assert 1 == portal.cost


def test_newer_versions_tell_more_about_a_token(portal: Portal) -> None:
    for path in ("/oauth/v3/token", "/oauth/2026-03/token"):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = urllib3.request("POST", portal.url + path, body=urlencode(GRANT), headers=form, retries=False)
        token = json.loads(answer.data)
        assert (20000001, "access_token") == (token["hub_id"], token["token_use"])


def test_an_authorization_code_gives_tokens(clients: Clients) -> None:
    grant = {**GRANT, "grant_type": "authorization_code", "code": "sandbox-code", "redirect_uri": "http://x"}

    assert clients.tokens.create(**grant).access_token


def test_a_private_app_may_ask_what_its_token_may_do(portal: Portal) -> None:
    portal.change(scopes=["oauth", "crm.objects.contacts.read"])
    path = "/oauth/v2/private-apps/get/access-token-info"

    status, info, _ = ask(portal, "POST", path, {"tokenKey": "pat-na1-sandbox"})

    assert (200, ["crm.objects.contacts.read"], 20000001) == (status, info["scopes"], info["hubId"])
    assert 404 == ask(portal, "POST", path, {"tokenKey": "other"})[0]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"client_id": "x"}, "BAD_CLIENT_ID"),
        ({"client_secret": "x"}, "BAD_CLIENT_SECRET"),
        ({"refresh_token": "x"}, "BAD_REFRESH_TOKEN"),
        ({"grant_type": "authorization_code", "code": "x"}, "BAD_AUTH_CODE"),
    ],
)
def test_grants_that_are_none(clients: Clients, change: dict[str, str], code: str) -> None:
    status, body = refused(lambda: clients.tokens.create(**{**GRANT, **change}))

    assert (400, code) == (status, body["status"])


def test_a_rotated_refresh_token_is_good_once(portal: Portal, clients: Clients) -> None:
    portal.change(rotate_refresh_tokens=True)

    first = clients.tokens.create(**GRANT)

    assert "sandbox-refresh" != first.refresh_token
    assert 400 == refused(lambda: clients.tokens.create(**GRANT))[0]
    assert clients.tokens.create(**{**GRANT, "refresh_token": first.refresh_token}).access_token


def test_a_refresh_token_that_was_taken_back(clients: Clients) -> None:
    clients.refresh_tokens.archive("sandbox-refresh")

    assert 400 == refused(lambda: clients.tokens.create(**GRANT))[0]
    assert 404 == refused(lambda: clients.refresh_tokens.get("sandbox-refresh"))[0]


@pytest.mark.parametrize("way", ["command", "time", "calls"])
def test_tokens_end(portal: Portal, clients: Clients, way: str) -> None:
    changes = {"command": {}, "time": {"token_s": 0.0}, "calls": {"token_calls": 0}}
    portal.change(**changes[way])
    other = Clients(portal, token=clients.tokens.create(**GRANT).access_token)
    if way == "command":
        assert other.contacts.get_page().results == []
        assert 200 == ask(portal, "POST", "/_/expire")[0]

    status, body = refused(lambda: other.contacts.get_page())

    assert (401, "EXPIRED_AUTHENTICATION") == (status, body["category"])
    assert body["message"].startswith("The OAuth token used to make this call expired 0 second(s) ago.")
    assert clients.contacts.get_page().results == []  # that of the private app stays


@pytest.mark.parametrize("header", ["", "Bearer x", "Basic pat-na1-sandbox", "pat-na1-sandbox"])
def test_who_brings_no_token(portal: Portal, header: str) -> None:
    status, body, _ = ask(portal, "GET", "/crm/v3/objects/contacts", Authorization=header)

    assert (401, "INVALID_AUTHENTICATION") == (status, body["category"])


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/crm/v3/objects/contacts", "crm.objects.contacts.read"),
        ("POST", "/crm/v3/objects/contacts/search", "crm.objects.contacts.read"),
        ("POST", "/crm/v3/objects/contacts/batch/read", "crm.objects.contacts.read"),
        ("POST", "/crm/v3/objects/contacts/batch/upsert", "crm.objects.contacts.write"),
        ("POST", "/crm/objects/2026-03/notes", "crm.objects.contacts.write"),
        ("POST", "/crm/v3/objects/deals", "crm.objects.deals.write"),
        ("PATCH", "/crm/v3/objects/leads/1", "crm.objects.leads.write"),
        ("PUT", "/crm/v4/objects/notes/1/associations/default/contacts/2", "crm.objects.contacts.write"),
        ("POST", "/crm/v4/associations/notes/contacts/batch/read", "crm.objects.contacts.read"),
        ("POST", "/crm/v3/properties/notes", "crm.schemas.contacts.write"),
        ("GET", "/crm/v3/owners/", "crm.objects.owners.read"),
        ("GET", "/crm/v3/pipelines/deals", "crm.schemas.deals.read"),
    ],
)
def test_scopes_that_are_missing_are_named(portal: Portal, method: str, path: str, scope: str) -> None:
    portal.change(scopes=["oauth"])
    status, body, _ = ask(portal, method, path, {} if method != "GET" else None)

    assert (403, "MISSING_SCOPES") == (status, body["category"])
    assert scope in body["errors"][0]["context"]["requiredGranularScopes"]
    assert {"scopes": "https://developers.hubspot.com/scopes"} == body["links"]
    portal.change(scopes=[scope])
    assert 403 != ask(portal, method, path, {} if method != "GET" else None)[0]


def test_no_more_than_so_many_calls_in_ten_seconds(portal: Portal, clients: Clients) -> None:
    portal.change(rolling_requests=2, rolling_s=3600.0)
    left = [
        clients.contacts.get_page_with_http_info()[2]["X-HubSpot-RateLimit-Remaining"] for _ in range(2)
    ]  # fmt: skip

    status, body = refused(lambda: clients.contacts.create({"properties": {"email": "a@example.com"}}))

    assert (["1", "0"], 429) == (left, status)
    assert ("RATE_LIMIT", "TEN_SECONDLY_ROLLING") == (body["errorType"], body["policyName"])
    assert "You have reached your ten_secondly_rolling limit." == body["message"]
    assert "0" == ask(portal, "GET", "/crm/v3/objects/contacts")[2]["X-HubSpot-RateLimit-Remaining"]
    assert "category" not in body
    assert ([], 2) == (portal.records("contacts"), portal.cost)
    assert 0 == clients.contacts_search.do_search({}).total  # has a limit of its own
    portal.change(rolling_s=0.0)
    clients.contacts.create({"properties": {"email": "a@example.com"}})


def test_no_more_than_so_many_searches_in_a_second(portal: Portal, clients: Clients) -> None:
    portal.change(search_requests=1)
    _, _, headers = clients.contacts_search.do_search_with_http_info({})

    portal.change(search_requests=0)
    status, body = refused(lambda: clients.contacts_search.do_search({}))

    assert (429, "SECONDLY") == (status, body["policyName"])
    assert "You have reached your secondly limit." == body["message"]
    assert not [name for name in headers if "ratelimit" in name.lower()]
    assert clients.contacts.get_page().results == []


def test_no_more_than_so_many_calls_a_day(portal: Portal, clients: Clients) -> None:
    portal.change(daily_requests=11, requests_used=9)
    _, _, headers = clients.contacts.get_page_with_http_info()
    clients.contacts.get_page()

    status, body = refused(lambda: clients.contacts.get_page())

    assert ("11", "1") == (headers["X-HubSpot-RateLimit-Daily"], headers["X-HubSpot-RateLimit-Daily-Remaining"])
    assert (429, "DAILY") == (status, body["policyName"])
    portal.change(requests_used=0)
    clients.contacts.get_page()
