"""A mapping in a real bridge: what `bridge map` shows is what arrives, and a mended mapping applies on replay."""

import json
from pathlib import Path
from typing import Any

from bridge.sandbox.inbox import Inbox
from tests.processes import configuration, http_target, lead, running, wait_until

VARS = {"start": "{{ content | label('Time') | datetime('%Y-%m-%d %I:%M %p') }}"}
RECORDS = [
    {
        "name": "person",
        "object": "contacts",
        "keyed_by": "person",
        "fields": {
            "name": "{{ full_name }}",
            "email": "{{ email | email }}",
            "phone": {"value": "{{ phone | phone }}", "nulls": "send"},
            "chat": "{{ raw.SessionID }}",
            "tags": ["web", "{{ kind }}"],
            "said": "{{ content }}",
        },
    },
    {
        "name": "meeting",
        "when": {"kind": "appointment", "vars.start": {"present": True}},
        "fields": {"of": "{{ records.person.id }}", "at": "{{ vars.start }}", "text": "see {{ records.person.id }}"},
    },
]
NASTY = "{{ 7 * 7 }} {% raw %} <b>=cmd|' /C calc'!A0 ' OR 1=1 -- 1e5 ${HOME} \\u0000"
CHANGING = ("user-agent", "accept", "accept-encoding", "content-length", "host", "connection")


def appointment(**more: Any) -> dict[str, Any]:
    return lead(1, Type="Appointment", PhoneNumber="(212) 555-0147", Content="Time: 2023-12-01 10:00 AM", **more)


def comparable(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() not in CHANGING}


def test_what_map_shows_is_what_arrives_byte_for_byte(tmp_path: Path) -> None:
    with Inbox() as inbox:
        mapped = http_target(inbox.url) | {"records": RECORDS}
        plain = http_target(inbox.url)
        with running(tmp_path, configuration({"crm": mapped, "all": plain}, vars=VARS)) as bridge:
            bridge.post(appointment(FirstName=NASTY))
            assert inbox.wait_for(lambda: inbox.counts().stored == 3, 30)
            (stored,) = bridge.rows("events", "list")
            shown = bridge.rows("map", str(stored["id"]))
        arrived = {row.headers["idempotency-key"]: row for row in inbox.rows()}

    assert ["person", "meeting", "event"] == [one["record"] for one in shown]
    for one in shown:
        request = one["request"]
        row = arrived[request["headers"]["Idempotency-Key"]]
        assert request["body"].replace("(id of person)", arrived_id(row)) == row.body
        assert comparable(request["headers"]) == comparable(row.headers)
    person = json.loads(shown[0]["request"]["body"])
    assert ("+12125550147", 1, ["web", "appointment"]) == (person["phone"], person["chat"], person["tags"])
    assert f"{NASTY} Garcia" == person["name"]


def arrived_id(row: Any) -> str:
    """The id that the inbox gave the record that this one refers to."""
    return str(json.loads(row.body).get("of", ""))


def test_a_file_is_mapped_as_the_event_would_be_once_it_is_stored(tmp_path: Path) -> None:
    with Inbox() as inbox:
        config = configuration({"crm": http_target(inbox.url) | {"records": RECORDS[:1]}})
        with running(tmp_path, config) as bridge:
            event = lead(1, Content="Hi")
            (tmp_path / "event.json").write_text(json.dumps([event]))
            bridge.post(event)
            assert inbox.wait_for(lambda: inbox.counts().stored == 1, 30)
            (shown,) = bridge.rows("map", "event.json")
        (arrived,) = inbox.rows()

    assert shown["request"]["body"] == arrived.body


def test_an_event_that_cannot_be_mapped_is_dead_says_why_and_goes_out_mended_on_replay(tmp_path: Path) -> None:
    broken = [{"name": "person", "fields": {"kind": "{{ content | lookup('kinds') }}"}}]
    with Inbox() as inbox:
        lookups = {"kinds": {"a": "A"}}
        config = configuration({"crm": http_target(inbox.url) | {"records": broken}}, lookups=lookups)
        with running(tmp_path, config) as bridge:
            bridge.post(lead(1, Content="a secret word"))
            (dead,) = wait_until(lambda: bridge.rows("deliveries", "list", "--state", "dead"))
            assert 0 == inbox.counts().stored
            assert dead["reason"].startswith("mapping: person.kind: ")
            assert "{{ content | lookup('kinds') }}" in dead["reason"]
            assert "secret" not in dead["reason"] + bridge.log()

            mended = {"kinds": {"a": "A", "*": "other"}}
            (tmp_path / "config.yaml").write_text(
                configuration({"crm": http_target(inbox.url) | {"records": broken}}, lookups=mended)
            )
            bridge.stop()
            bridge.serve()
            bridge.wait_ready()
            assert 0 == bridge.run("replay", str(dead["id"])).returncode
            assert inbox.wait_for(lambda: inbox.counts().stored == 1, 30)
        (row,) = inbox.rows()

    assert {"kind": "other"} == json.loads(row.body)


def test_a_delivery_that_a_condition_discarded_goes_out_on_replay_once_the_condition_is_mended(tmp_path: Path) -> None:
    with Inbox() as inbox:
        target = http_target(inbox.url) | {"records": [{"name": "person", "fields": {"email": "{{ email }}"}}]}
        config = configuration({"crm": target | {"when": {"content": {"contains": "offer"}}}})
        with running(tmp_path, config) as bridge:
            bridge.post(lead(1, Content="a price"))
            (discarded,) = wait_until(lambda: bridge.rows("deliveries", "list", "--state", "discarded"))
            assert 0 == inbox.counts().stored

            mended = target | {"when": {"content": {"contains": "price"}}}
            (tmp_path / "config.yaml").write_text(configuration({"crm": mended}))
            bridge.stop()
            bridge.serve()
            assert 0 == bridge.run("replay", str(discarded["id"])).returncode
            assert inbox.wait_for(lambda: inbox.counts().stored == 1, 30)
        (row,) = inbox.rows()

    assert {"email": "visitor1@example.com"} == json.loads(row.body)
