"""bridge check --connect against an org: what of a mapping does not fit is told at its line, with what to change,
before the first lead comes.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bridge.connector import Hold
from bridge.sandbox.salesforce.org import Org
from tests.connectors.salesforce.orgs import KEY_FIELD, Way, settings_for

RATED = {"fields": {"Rating": {"restricted": True}, "Branch__c": {"nillable": False}}}
FIRST_NAME = {"value": "{{ first_name }}", "max_length": 80}
PLANTED: list[dict[str, Any]] = [
    {
        "name": "person",
        "object": "Lead",
        "fields": {
            "LastNme": "{{ last_name }}",
            "Name": "x",
            "FirstName": FIRST_NAME,
            "Rating": "Scorching",
            "City": "a name that is longer than the forty characters of it",
            "Company": "x",
        },
    },
    {"name": "event", "object": "Event", "fields": {"ShowAs": "Asleep", "StartDateTime": "{{ created_at }}"}},
    {"name": "visit", "object": "Visit__c", "fields": {"Name": "x"}},
]
NO_SUCH = "the org has no object Visit__c, or its user may not see it"
SECRET = "a wrong secret of ours"


def check(folder: Path, org: Org, records: Sequence[Any] = (), **settings: Any) -> tuple[int, str]:
    """How the command ends, and what it says."""
    target = {"connector": "salesforce", "settings": settings_for(org.url, **settings)}
    if records:
        target["records"] = records
    source = {"signing_keys": ["a long signing key"]}
    config = {"version": 1, "sources": {"smarterbot": source}, "targets": {"crm": target}}
    (folder / "config.yaml").write_text(json.dumps(config, indent=1))
    environment = {name: value for name, value in os.environ.items() if name not in ("BRIDGE_CONFIG", "DATABASE_URL")}
    command = [sys.executable, "-m", "bridge", "check", "--connect"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_the_standard_records_fit_a_new_org_and_nothing_is_written(tmp_path: Path, org: Org) -> None:
    code, told = check(tmp_path, org)

    assert 0 == code, told
    assert "target crm: takes Lead, Event, Task as they are mapped" in told
    assert {"login", "composite", "describe"} >= {call.kind for call in org.calls}
    assert [] == org.records("Lead")


def test_each_mistake_of_a_mapping_is_told_with_what_to_change(tmp_path: Path, org: Org) -> None:
    org.change(objects={"Lead": RATED})

    code, told = check(tmp_path, org, PLANTED)

    assert 1 == code
    person, event = "targets.crm.records[0].fields", "targets.crm.records[1].fields"
    for text in (
        f"{person}: Lead needs LastName (add LastName: … under fields)",
        f"{person}: Lead needs Branch__c (add Branch__c: … under fields)",
        f"{person}.LastNme: Lead has no field 'LastNme' (did you mean LastName?)",
        f"{person}.Name: Lead.Name cannot be written (ask for the right to it, or leave it out)",
        f"{person}.FirstName.max_length: the field takes 40 characters (write 40 or less)",
        f"{person}.City: 'a name that is longer than the",
        f"{person}.Rating.value: the field does not take 'Scorching' (it takes: Hot, Warm, Cold)",
        f"{event}.ShowAs.value: the field does not take 'Asleep' (it takes: Busy, OutOfOffice, Free)",
        f"the fields of Visit__c cannot be told: {NO_SUCH}",
    ):
        assert text.replace(".value", "") in told.replace(".value", ""), text
    assert 8 == sum(line.startswith("config.yaml:") for line in told.splitlines()), told


def test_a_lookup_can_be_mapped_by_the_name_of_its_relationship_too(tmp_path: Path, org: Org) -> None:
    org.change(objects={"Lead": {"fields": {"Hotel__c": {"references": ["Account"]}}}})
    fields = {"LastName": "x", "Company": "x", "Hotel__r": {"Code__c": "{{ raw.Hotel }}"}}
    record = {"name": "person", "object": "Lead", "fields": fields}

    code, told = check(tmp_path, org, [record])

    assert 0 == code, told
    code, told = check(tmp_path, org, [record | {"fields": fields | {"Hotle__r": {"Code__c": "x"}}}])
    assert "Lead has no field 'Hotle__r' (did you mean Hotel__r?)" in told


def test_a_secret_that_is_refused_is_told_and_not_shown(tmp_path: Path, org: Org) -> None:
    wrong = {"client_credentials": {"consumer_key": "sandbox-client", "consumer_secret": SECRET}}

    code, told = check(tmp_path, org, auth=wrong)

    assert 1 == code
    assert "target crm cannot be used: login refused: invalid_client: invalid client credentials" in told
    assert SECRET not in told


def test_an_api_that_is_off_is_told(tmp_path: Path, org: Org) -> None:
    org.change(api_enabled=False)

    code, told = check(tmp_path, org)

    assert 1 == code
    assert "API_DISABLED_FOR_ORG: API is not enabled for this Organization or Partner" in told


def described(org: Org, name: str, **settings: Any) -> Any:
    way = Way(org, settings=settings)
    return way.connector.describe(name, way.caller.door.call())


@pytest.mark.parametrize(("right", "word"), [("createable", "Create"), ("updateable", "Edit")])
def test_an_object_that_may_not_be_made_or_changed_is_told(org: Org, right: str, word: str) -> None:
    org.change(objects={"Event": {right: False}})

    wanted = f"the user lacks {word} on Event: give its profile or permission set {word} on it"
    assert Hold(wanted) == described(org, "Event")


@pytest.mark.parametrize(
    ("field", "told"),
    [
        (None, "Lead has no field Chat_Key__c, or its user may not see it"),
        (
            {"length": 64},
            "Lead.Chat_Key__c is not unique: it has to be a text field, unique, an external id",
        ),
        (
            KEY_FIELD | {"createable": False, "updateable": False},
            "Lead.Chat_Key__c is not writable for its user: it has to be a text field, unique, an external id",
        ),
    ],
)
def test_a_field_that_cannot_hold_our_key_is_told(org: Org, field: dict[str, Any] | None, told: str) -> None:
    org.change(objects={"Lead": {"fields": {"Chat_Key__c": field}}} if field else {})

    assert Hold(f"external_ids: {told}") == described(org, "Lead", external_ids={"Lead": "Chat_Key__c"})


def test_a_field_that_can_hold_our_key_is_good(org: Org) -> None:
    org.change(objects={"Lead": {"fields": {"Chat_Key__c": KEY_FIELD}}})

    found = described(org, "Lead", external_ids={"Lead": "Chat_Key__c"})

    assert "Chat_Key__c" in [field.name for field in found]


def test_what_changed_at_the_org_is_seen_by_the_next_who_asks(org: Org) -> None:
    way = Way(org)
    before = way.connector.describe("Lead", way.caller.door.call())
    org.change(objects={"Lead": {"fields": {"Branch__c": {}}}})

    after = way.connector.describe("Lead", way.caller.door.call())

    assert {"Branch__c"} == {field.name for field in after} - {field.name for field in before}  # type: ignore[union-attr]
