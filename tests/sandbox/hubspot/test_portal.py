"""A portal from outside: the command, control paths, the page, a life after a kill."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import urllib3
import yaml

from bridge.sandbox.hubspot.portal import Portal
from tests.processes import Bridge, configuration
from tests.sandbox.hubspot.clients import Clients, ask, to

PATIENCE_S = 10
UPSERT = "/crm/v3/objects/contacts/batch/upsert"


@contextmanager
def process(*options: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The sandbox as a process of its own, and what it has printed."""
    command = [sys.executable, "-m", "bridge", "sandbox", "hubspot", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        lines = [running.stdout.readline().rstrip("\n") for _ in range(11)]
        try:
            yield running, lines
        finally:
            if running.poll() is None:
                running.terminate()
                running.wait(PATIENCE_S)


def test_the_command_prints_a_target_to_paste(tmp_path: Path) -> None:
    (tmp_path / "portal.json").write_text('{"access_token": "pat-eu1-other"}')

    with process("--portal", str(tmp_path / "portal.json")) as (running, lines):
        url = lines[0].removeprefix("hubspot: ")
        targets = yaml.safe_load("\n".join(lines))["targets"]
        settings = {"base_url": url, "access_token": "pat-eu1-other", "allow_private_addresses": True}
        assert settings == targets["hubspot"]["settings"]
        bridge = Bridge(tmp_path, configuration(targets))
        bridge.call("migrate")
        checked = bridge.call("check", "--connect")
        assert 0 == checked.returncode, checked.stderr
        calls = ask(url, "GET", "/_/calls")[1]
        assert calls
        assert {200} == {call["status"] for call in calls}
        others = {"client_id": "client", "client_secret": "secret", "refresh_token": "refresh"}
        assert [f"# {name}: sandbox-{value}" for name, value in others.items()] == lines[-3:]
        status = ask(url, "GET", "/crm/v3/objects/contacts", Authorization="Bearer pat-eu1-other")[0]
        assert 200 == status
        running.send_signal(signal.SIGTERM)
        assert 0 == running.wait(PATIENCE_S)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--portal", "typo.json"], "did you mean daily_requests?"),
        (["--portal", "unknown.json"], "properties: no kind whales"),
        (["--records", "nowhere/x"], "the records nowhere/x cannot be used"),
    ],
)
def test_a_command_that_cannot_start_is_one_line_of_advice(tmp_path: Path, options: list[str], said: str) -> None:
    (tmp_path / "typo.json").write_text('{"daily_request": 1}')
    (tmp_path / "unknown.json").write_text('{"properties": {"whales": {}}}')

    command = [sys.executable, "-m", "bridge", "sandbox", "hubspot", *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)

    assert (1, 1) == (done.returncode, len(done.stderr.splitlines()))
    assert said in done.stderr


def upserts(url: str, answered: list[str], enough: threading.Event) -> None:
    """Batches of two contacts, one after the other, until the process is gone."""
    for number in range(10_000):
        rows = [
            {"id": f"{number}-{side}@example.com", "idProperty": "email", "objectWriteTraceId": side, "properties": {}}
            for side in "ab"
        ]
        try:
            status, body, _ = ask(url, "POST", UPSERT, {"inputs": rows})
        except urllib3.exceptions.HTTPError:
            return
        assert 200 == status
        answered += [one["id"] for one in body["results"]]
        if len(answered) >= 40:
            enough.set()


def test_nothing_that_was_answered_is_lost_by_a_kill_and_nothing_is_left_by_half(tmp_path: Path) -> None:
    options = ("--records", str(tmp_path / "portal.db"))
    answered, enough = list[str](), threading.Event()
    with process(*options) as (running, lines):
        url = lines[0].removeprefix("hubspot: ")
        ask(url, "PATCH", "/_/org", {"rolling_requests": 100_000, "requests_used": 7})
        key = {"name": "chat_id", "label": "Chat", "groupName": "note", "type": "string", "fieldType": "text"}
        assert 201 == ask(url, "POST", "/crm/v3/properties/notes", {**key, "hasUniqueValue": True})[0]
        _, contact, _ = ask(url, "POST", "/crm/v3/objects/contacts", {"properties": {"firstname": "x"}})
        note = {
            "properties": {"hs_timestamp": "0", "chat_id": "1"},
            "associations": [to(contact["id"], 202)],
        }
        assert 201 == ask(url, "POST", "/crm/v3/objects/notes", note)[0]
        writer = threading.Thread(target=upserts, args=(url, answered, enough))
        writer.start()
        assert enough.wait(PATIENCE_S)
        os.kill(running.pid, signal.SIGKILL)
        running.wait(PATIENCE_S)
        writer.join(PATIENCE_S)

    with process(*options) as (_, lines):
        url = lines[0].removeprefix("hubspot: ")
        _, records, _ = ask(url, "GET", "/_/records")
        contacts = [one for one in records["contacts"] if "email" in one["properties"]]
        assert set(answered) <= {one["id"] for one in contacts}
        assert 0 == len(contacts) % 2
        assert len(contacts) == len({one["properties"]["email"] for one in contacts})
        found = {"id": contacts[0]["properties"]["email"], "idProperty": "email", "properties": {}}
        assert [False] == [one["new"] for one in ask(url, "POST", UPSERT, {"inputs": [found]})[1]["results"]]
        assert 400 == ask(url, "POST", "/crm/v3/objects/notes", note)[0]  # the property is still unique
        linked = ask(url, "GET", f"/crm/v4/objects/contacts/{contact['id']}/associations/notes")[1]["results"]
        assert 1 == len(linked)
        assert 7 == ask(url, "GET", "/_/org")[1]["requests_used"]
        everything = {"filterGroups": [], "limit": 1}
        assert 1 + len(contacts) == ask(url, "POST", "/crm/v3/objects/contacts/search", everything)[1]["total"]


def test_control_paths(portal: Portal, clients: Clients) -> None:
    portal.change(search_lag_s=3600.0)
    first, second = (clients.contacts.create({"properties": {"email": f"{one}@example.com"}}).id for one in "ab")

    assert 200 == ask(portal, "POST", "/_/catch_up")[0]
    assert 2 == clients.contacts_search.do_search({}).total
    assert first == ask(portal, "POST", "/_/merge", {"into": first, "id": second})[1]["id"]
    assert [False, True] == [one["archived"] for one in ask(portal, "GET", "/_/records?object=contacts")[1]["contacts"]]
    assert {"contacts"} == ask(portal, "GET", "/_/records")[1].keys()
    assert "portal_id" in ask(portal, "GET", "/_/org")[1]


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("POST", "/_/merge", {"into": "1", "id": "2"}, "resource not found"),
        ("POST", "/_/records", {"whales": [{}]}, "whales: no such object"),
        ("POST", "/_/records", {"contacts": [{"colour": "red"}]}, "contacts: no property colour"),
        ("PATCH", "/_/org", {"scope": []}, "did you mean scopes?"),
        ("PATCH", "/_/org", {"properties": {"notes": {"x": {"unique": True}}}}, "unique not known"),
        (
            "PATCH",
            "/_/org",
            {"properties": {"notes": {"x": {"label": 7}}}},
            "properties.notes.x.label: 7 is of another",
        ),
        ("PATCH", "/_/org", {"properties": {"notes": {"x": {"options": [7]}}}}, "properties.notes.x.options: must be"),
        ("PATCH", "/_/org", {"properties": {"notes": {"x": "text"}}}, "properties.notes.x: must be a table"),
        ("PATCH", "/_/org", {"properties": {"notes": ["x"]}}, "properties: no kind notes, or no table"),
        ("PATCH", "/_/org", {"pipelines": {"deals": [{"id": "x"}]}}, "stages"),
        ("PATCH", "/_/org", {"pipelines": {"deals": [{"id": "x", "stages": [["y"]]}]}}, "stages"),
        ("PATCH", "/_/org", {"owners": ["x"]}, "owners and pipelines need an id"),
        ("PATCH", "/_/org", {"scopes": [7]}, "scopes: must be a list of texts"),
        ("PATCH", "/_/org", {"merged_ids": "x"}, "merged_ids: must be one of follow, gone, not x"),
        ("PATCH", "/_/org", {"unique_clash_status": 404}, "unique_clash_status: must be one of 400, 409"),
        ("POST", "/_/faults", {"as": "x"}, "as: must be one of rolling"),
    ],
)
def test_a_mistake_is_told_and_changes_nothing(portal: Portal, method: str, path: str, body: Any, said: str) -> None:
    before = portal.settings

    status, answer, _ = ask(portal, method, path, body)

    assert (400, before) == (status, portal.settings)
    assert said in answer["error"]


def test_records_are_planted_past_rules_and_limits(portal: Portal) -> None:
    portal.change(rolling_requests=0, search_lag_s=3600.0)

    planted = portal.plant("contacts", phone="+1 650 253 0000", createdate="2020-01-01T00:00:00Z", hs_lead_status="ODD")
    note = portal.plant("notes", hs_note_body="x", associations=[to(planted["id"], 202)])

    assert ("2020-01-01T00:00:00Z", "ODD") == tuple(
        planted["properties"][name] for name in ("createdate", "hs_lead_status")
    )
    assert [planted, note] == [*portal.records("contacts"), *portal.records("notes")]
    assert [] == portal.calls
    portal.plant("contacts", email="a@example.com")
    with pytest.raises(ValueError, match="already exists"):
        portal.plant("contacts", email="a@example.com")


def test_reset_empties_all_but_the_settings(portal: Portal, clients: Clients) -> None:
    portal.change(rolling_requests=7)
    contact = {"properties": {"email": "a@example.com"}}
    clients.contacts.create(contact)
    portal.fault(status=500)

    assert 200 == ask(portal, "POST", "/_/reset")[0]

    assert ([], [], 0, 7) == (
        portal.records("contacts"),
        portal.calls,
        portal.cost,
        portal.settings["rolling_requests"],
    )
    assert 0 == clients.contacts_search.do_search({}).total
    _, _, headers = clients.contacts.create_with_http_info(contact)
    assert "6" == headers["X-HubSpot-RateLimit-Remaining"]


def test_the_page_shows_records_newest_first_and_escapes_them(portal: Portal, clients: Clients) -> None:
    for name in ("<script>", "Second"):
        clients.contacts.create({"properties": {"firstname": name}})

    text = urllib3.request("GET", portal.url, retries=False).data.decode()

    assert "<script>" not in text
    assert "<h2>contacts (2)</h2>" in text
    assert text.index("Second") < text.index("&lt;script&gt;")
    assert "_unique" not in text


def test_many_clients_at_once_make_one_contact_of_one_address(portal: Portal) -> None:
    portal.change(rolling_requests=1000)
    contact = {"properties": {"email": "a@example.com"}}

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: ask(portal, "POST", "/crm/v3/objects/contacts", contact)[0], range(100)))

    assert ([201], 99) == ([one for one in statuses if one != 409], statuses.count(409))
    assert 1 == len(portal.records("contacts"))
