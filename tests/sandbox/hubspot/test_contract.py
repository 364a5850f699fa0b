"""Every answer of a session keeps HubSpot's contract; skipped where its file is not at hand (see contract.py)."""

import os
from pathlib import Path
from typing import Any

import pytest

from bridge.sandbox.hubspot.portal import Portal
from tests.sandbox.hubspot.clients import ask, to
from tests.sandbox.hubspot.contract import Contract

PLACE = os.environ.get("HUBSPOT_CONTRACT")
AT = "2026-10-05T13:00:00Z"
NEEDS = {
    "contacts": {"email": "ada@example.com"},
    "deals": {"dealname": "x"},
    "leads": {"hs_lead_name": "x"},
    "notes": {"hs_timestamp": AT},
    "meetings": {"hs_timestamp": AT},
    "tasks": {"hs_timestamp": AT},
}
NOT_PLAYED = ("audit", "high-usage-report")  # parts of paths that a portal of the sandbox does not have
CHANGING = ("post", "put", "patch", "delete")
FORM = "grant_type=refresh_token&client_id=sandbox-client&client_secret=sandbox-secret&refresh_token=sandbox-refresh"


class Session:
    """Calls of a portal, each held against the contract."""

    def __init__(self, portal: Portal, contract: Contract) -> None:
        self._portal, self._contract = portal, contract
        self.broken: list[str] = []

    def call(self, method: str, path: str, body: Any = None) -> Any:
        status, answer, _ = ask(self._portal, method, path, body)
        self.broken += self._contract.broken(method, path, body, status, answer)
        return answer


@pytest.fixture
def contract() -> Contract:
    if PLACE is None:
        pytest.skip("HUBSPOT_CONTRACT names no contract")
    return Contract(Path(PLACE))


@pytest.fixture
def session(portal: Portal, contract: Contract) -> Session:
    portal.change(rolling_requests=10_000, search_requests=10_000)
    return Session(portal, contract)


def objects(session: Session, kind: str, contact: str) -> None:
    """All that can be done with one kind of object, and some that cannot."""
    base, needs = f"/crm/v3/objects/{kind}", NEEDS[kind]
    email = {"email": "byron@example.com"} if kind == "contacts" else {}
    linked = (
        []
        if kind == "contacts"
        else [to(contact, {"notes": 202, "meetings": 200, "tasks": 204, "deals": 3, "leads": 578}[kind])]
    )
    body = {"properties": needs | email, "associations": linked}
    key = session.call("POST", base, body)["id"]
    session.call("POST", base, body)
    session.call("POST", base, {"properties": {"colour": "red"}})
    session.call("POST", base, {})
    session.call("GET", f"{base}?limit=1&properties=hs_object_id,hubspot_owner_id")
    session.call("GET", f"{base}/{key}?associations=contacts&properties=hubspot_owner_id")
    session.call("GET", f"{base}/999")
    session.call("PATCH", f"{base}/{key}", {"properties": {"hubspot_owner_id": "1001"}})
    session.call("PATCH", f"{base}/{key}", {"properties": {"hubspot_owner_id": "7"}})
    one = {"propertyName": "hs_object_id", "operator": "EQ", "value": key}
    session.call("POST", f"{base}/search", {"filterGroups": [{"filters": [one]}], "limit": 1})
    session.call("POST", f"{base}/search", {"filterGroups": [{"filters": [{**one, "propertyName": "colour"}]}]})
    email = {"email": "c@example.com"} if kind == "contacts" else {}
    create = {"properties": needs | email, "associations": linked, "objectWriteTraceId": "1"}
    bad = {"properties": {"colour": "red"}, "objectWriteTraceId": "2"}
    made = session.call("POST", f"{base}/batch/create", {"inputs": [create]})["results"][0]["id"]
    session.call("POST", f"{base}/batch/create", {"inputs": [{**create, "objectWriteTraceId": "3"}, bad]})
    read = {"properties": ["hubspot_owner_id"], "propertiesWithHistory": []}
    session.call("POST", f"{base}/batch/read", {**read, "inputs": [{"id": key}]})
    session.call("POST", f"{base}/batch/read", {**read, "inputs": [{"id": key}, {"id": "999"}]})
    change = {"id": key, "properties": {"hubspot_owner_id": "1001"}, "objectWriteTraceId": "4"}
    session.call("POST", f"{base}/batch/update", {"inputs": [change]})
    session.call("POST", f"{base}/batch/update", {"inputs": [change, {**change, "id": "999"}]})
    session.call("POST", f"{base}/batch/upsert", {"inputs": [change]})
    session.call("POST", f"{base}/batch/upsert", {"inputs": [change, {**change, "id": "998"}]})
    session.call("POST", f"{base}/batch/upsert", {"inputs": [change, change]})
    if kind in ("contacts", "deals"):
        session.call("POST", f"{base}/merge", {"primaryObjectId": key, "objectIdToMerge": made})
        session.call("POST", f"{base}/merge", {"primaryObjectId": key, "objectIdToMerge": "999"})
    if kind == "contacts":
        session.call("POST", f"{base}/gdpr-delete", {"objectId": made})
    session.call("DELETE", f"{base}/{key}")
    session.call("POST", f"{base}/batch/archive", {"inputs": [{"id": made}]})


def associations(session: Session, contact: str) -> None:
    note = session.call("POST", "/crm/v3/objects/notes", {"properties": NEEDS["notes"], "associations": []})["id"]
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}]
    single, many = f"/crm/v4/objects/notes/{note}/associations", "/crm/v4/associations/notes/contacts/batch"
    pair = {"from": {"id": note}, "to": {"id": contact}}
    session.call("PUT", f"{single}/contacts/{contact}", types)
    session.call("PUT", f"{single}/contacts/999", types)
    session.call("GET", f"{single}/contacts")
    session.call("DELETE", f"{single}/contacts/{contact}")
    session.call("PUT", f"{single}/default/contacts/{contact}")
    session.call("POST", f"{many}/create", {"inputs": [{**pair, "types": types}]})
    session.call("POST", f"{many}/read", {"inputs": [{"id": note}]})
    session.call("POST", f"{many}/read", {"inputs": [{"id": note}, {"id": "999"}]})
    session.call("POST", f"{many}/associate/default", {"inputs": [pair]})
    session.call("POST", f"{many}/labels/archive", {"inputs": [{**pair, "types": types}]})
    session.call("POST", f"{many}/archive", {"inputs": [{"from": {"id": note}, "to": [{"id": contact}]}]})


def definitions(session: Session) -> None:
    base = "/crm/v3/properties/notes"
    new = {"name": "chat_id", "label": "x", "groupName": "chat", "type": "string", "fieldType": "text"}
    session.call("POST", f"{base}/groups", {"name": "chat", "label": "Chat"})
    session.call("GET", f"{base}/groups")
    session.call("GET", f"{base}/groups/chat")
    session.call("PATCH", f"{base}/groups/chat", {"label": "Chats"})
    session.call("POST", base, new)
    session.call("POST", base, new)
    session.call("GET", base)
    session.call("GET", f"{base}/chat_id")
    session.call("GET", f"{base}/nothing")
    session.call("PATCH", f"{base}/chat_id", {"label": "y"})
    session.call("POST", f"{base}/batch/create", {"inputs": [{**new, "name": "more"}]})
    named = [{"name": "more"}, {"name": "nothing"}]
    session.call("POST", f"{base}/batch/read", {"inputs": named[:1], "archived": False})
    session.call("POST", f"{base}/batch/read", {"inputs": named, "archived": False})
    session.call("POST", f"{base}/batch/archive", {"inputs": named[:1]})
    session.call("DELETE", f"{base}/chat_id")
    session.call("DELETE", f"{base}/groups/chat")


def others(session: Session) -> None:
    for path in ("/crm/v3/owners/", "/crm/v3/owners/1001", "/crm/v3/owners/7", "/crm/v3/pipelines/deals"):
        session.call("GET", path)
    for rest in ("", "/stages", "/stages/closedwon", "/stages/nowhere"):
        session.call("GET", f"/crm/v3/pipelines/deals/default{rest}")


def test_every_answer_of_a_session_keeps_the_contract(session: Session, contract: Contract) -> None:
    contact = session.call("POST", "/crm/v3/objects/contacts", {"properties": NEEDS["contacts"]})["id"]
    for kind in NEEDS:
        objects(session, kind, contact)
    associations(session, contact)
    definitions(session)
    others(session)

    assert [] == session.broken
    left = [
        operation
        for operation in set(contract.operations()) - contract.seen
        if not any(part in operation[1] for part in NOT_PLAYED)
        and not operation[1].startswith("/oauth/")
        and not (operation[1].startswith("/crm/v3/pipelines") and operation[0] in CHANGING)
    ]
    assert [] == left


def test_every_answer_about_tokens_keeps_the_contract(session: Session, contract: Contract, portal: Portal) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for text in (FORM, FORM.replace("refresh_token=sandbox", "refresh_token=x")):
        status, answer, _ = ask(portal, "POST", "/oauth/v1/token", text=text, **form)
        session.broken += contract.broken("POST", "/oauth/v1/token", None, status, answer)
        if status == 200:
            session.call("GET", f"/oauth/v1/access-tokens/{answer['access_token']}")
    session.call("GET", "/oauth/v1/access-tokens/x")
    session.call("GET", "/oauth/v1/refresh-tokens/sandbox-refresh")
    session.call("DELETE", "/oauth/v1/refresh-tokens/sandbox-refresh")
    session.call("GET", "/oauth/v1/refresh-tokens/sandbox-refresh")

    assert [] == session.broken


@pytest.mark.parametrize("change", [{"scopes": []}, {"access_token": "other"}, {"rolling_requests": 0}])
def test_refusals_of_a_whole_call_keep_the_contract(session: Session, portal: Portal, change: dict[str, Any]) -> None:
    portal.change(**change)

    session.call("GET", "/crm/v3/objects/contacts")
    for fault in ("expired", "missing_scopes", "locked", "migration", "rolling", "rate_limits"):
        portal.fault(**{"as": fault})
        session.call("GET", "/crm/v3/objects/contacts")
    for status in (404, 500, 502, 503, 504):
        portal.fault(status=status)
        session.call("GET", "/crm/v3/objects/contacts")

    assert [] == session.broken


def test_the_contract_is_broken_where_a_setting_says_so(session: Session, portal: Portal) -> None:
    portal.change(lean_row_errors=True)

    row = {"id": "x", "idProperty": "email", "properties": {}, "objectWriteTraceId": "1"}
    session.call("POST", "/crm/v3/objects/contacts/batch/upsert", {"inputs": [row]})

    assert ["'errors' is a required property", "'links' is a required property"] == [
        line.rpartition(": ")[2] for line in session.broken
    ]
