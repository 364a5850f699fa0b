"""The unique properties that the settings name: made by a command, and missed by a probe."""

import json
from pathlib import Path
from typing import Any

import pytest

from bridge.connector import Delivered, Hold, Record, Usable
from bridge.testing.api import Server
from tests.connectors.hubspot.standin import Refused, Standing, invalid
from tests.connectors.hubspot.test_portal import HAS_UNIQUE
from tests.connectors.hubspot.trying import at, contact, trying
from tests.processes import Bridge, configuration

UNIQUE = {"contact": "chat_visitor_key", "activity": "bridge_event_id"}
MADE = [
    "made the property chat_visitor_key of contacts",
    *(f"made the property bridge_event_id of {name}" for name in ("meetings", "notes", "tasks")),
]


def target(url: str, **settings: Any) -> dict[str, Any]:
    given = {"access_token": "pat-na1-a-token-for-tests", "base_url": url, "allow_private_addresses": True}
    return {"connector": "hubspot", "settings": given | settings}


def test_the_command_makes_them_and_twice_is_once(tmp_path: Path) -> None:
    with Server(Standing(), is_login=lambda _: False) as server:
        bridge = Bridge(tmp_path, configuration({"crm": target(server.url, unique=UNIQUE)}))

        first, again = bridge.call("connectors", "prepare", "crm"), bridge.call("connectors", "prepare", "crm")

        assert (0, MADE) == (first.returncode, first.stdout.splitlines()), first.stderr
        assert [f"{line.removeprefix('made ')} is there" for line in MADE] == again.stdout.splitlines()
        made = [json.loads(one.body) for one in server.requests if one.method == "POST"]
        assert {"string", "text", True} == {
            value for one in made for value in (one["type"], one["fieldType"], one["hasUniqueValue"])
        }


def test_the_command_says_why_it_cannot(tmp_path: Path) -> None:
    with Server(Standing(), is_login=lambda _: False) as server:
        targets = {"crm": target(server.url), "web": {"connector": "http", "settings": {"url": "https://example.com"}}}
        bridge = Bridge(tmp_path, configuration(targets))

        nothing, other, unknown = (bridge.call("connectors", "prepare", name) for name in ("crm", "web", "crn"))

        assert "the settings name no unique properties" in nothing.stdout
        assert "connector http has nothing to prepare" in other.stderr
        assert "no target 'crn': there are crm, web" in unknown.stderr


def test_scopes_that_making_them_needs_are_named() -> None:
    with trying(unique=UNIQUE) as hubspot:
        context = {"context": {"requiredGranularScopes": ["crm.schemas.contacts.write"]}}
        hubspot.fail(403, {"status": "error", "category": "MISSING_SCOPES", "message": "no", "errors": [context]})

        found = hubspot.hubspot.prepare(hubspot.call())

        assert Hold("HTTP 403: the app lacks scopes (crm.schemas.contacts.write): no") == found


def test_a_probe_misses_what_is_not_there_or_not_unique() -> None:
    with trying(unique=UNIQUE) as hubspot:
        hubspot.api.add("contacts", chat_visitor_key="1")

        found = hubspot.hubspot.probe(hubspot.call())

        assert isinstance(found, Hold)
        assert "chat_visitor_key of contacts is there, and its values are not unique" in found.reason
    names = dict.fromkeys(("notes", "meetings", "tasks"), "bridge_event_id")
    with trying(Standing(unique={"contacts": "chat_visitor_key"} | names), unique=UNIQUE) as hubspot:
        assert Usable(account="4711") == hubspot.hubspot.probe(hubspot.call())


def test_a_visitor_cannot_hold_the_target_by_naming_our_property() -> None:
    with at({"unique": UNIQUE}, properties=HAS_UNIQUE) as hubspot:
        records = [contact("k1", lastname="A", email="chat_visitor_key@"), contact("k2", lastname="B")]

        outcomes = hubspot.write(*records)

        assert [Delivered, Delivered] == [type(one) for one in outcomes]


@pytest.mark.parametrize(
    "told",
    [
        invalid("CONFLICTING_UNIQUE_VALUE", "bridge_event_id"),
        Refused("CONFLICT", "another object has this value of bridge_event_id"),
    ],
)
def test_a_value_that_is_taken_is_read_where_hubspot_does_not_say_by_whom(told: Refused) -> None:
    api = Standing(unique={"notes": "bridge_event_id"})

    def refuse(object_: str, properties: dict[str, str]) -> None:
        if object_ == "notes" and properties.get("bridge_event_id") in [
            one["bridge_event_id"] for one in api.of(object_)
        ]:
            raise told

    api.refuse = refuse
    with trying(api, unique={"activity": "bridge_event_id"}) as hubspot:
        person = api.add("contacts", email="ada@example.com")
        note = Record(
            "note", "notes", "n1", {"to_contact": person, "hs_timestamp": "1700000000000", "hs_note_body": "Hi"}
        )
        (first,) = hubspot.write(note)

        (again,) = hubspot.write(note)

        assert isinstance(first, Delivered)
        assert (first, 1) == (again, len(api.of("notes")))
