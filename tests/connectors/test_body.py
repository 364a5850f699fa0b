"""The bodies of the http connector: the event as it is, as a CloudEvent, or inside constants."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from bridge.connector import Record, Reject
from bridge.outbound import Door
from connectors.http import Http, HttpSettings
from tests.connectors.files import problems

URL = "https://crm.example/hook"
FIELDS = {
    "source": "smarterbot",
    "kind": "lead",
    "first_name": "Ünal",
    "created_at": "2026-01-02T03:04:05Z",
    "received_at": "2026-01-02T03:04:06.789Z",
    "raw": {"a": 1},
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text("ab{ü "),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3),
    max_leaves=8,
)


def deliver(body: Any, fields: dict[str, Any] | None = None, **settings: Any) -> tuple[str, Any]:
    """The content type and the parsed body of what is sent."""
    record = Record("event", "event", "k1", FIELDS if fields is None else fields, "k1-2")
    with responses.RequestsMock() as api:
        api.post(URL, json={})
        Http(HttpSettings(URL, body=body, **settings)).deliver(record, Door().call())
        request = api.calls[0].request
    return request.headers["Content-Type"], json.loads(request.body)


def test_the_event_goes_out_as_it_is_unless_told_otherwise() -> None:
    assert ("application/json", FIELDS) == deliver("event")
    assert "event" == HttpSettings(URL).body


# CloudEvents


def test_a_cloudevent_says_whose_event_it_is_and_carries_it_whole() -> None:
    assert (
        "application/cloudevents+json",
        {
            "specversion": "1.0",
            "id": "k1-2",
            "source": "/sources/smarterbot",
            "type": "webhook-crm-bridge.lead",
            "time": "2026-01-02T03:04:05Z",
            "datacontenttype": "application/json",
            "data": FIELDS,
        },
    ) == deliver("cloudevents")


def test_without_a_time_of_its_own_an_event_has_the_time_when_it_came() -> None:
    assert "2026-01-02T03:04:06.789Z" == deliver("cloudevents", FIELDS | {"created_at": None})[1]["time"]
    assert "time" not in deliver("cloudevents", {"source": "s", "kind": "lead"})[1]


@given(source=st.from_regex(r"[a-z][a-z0-9_-]{0,39}", fullmatch=True), kind=st.sampled_from(["lead", "appointment"]))
def test_a_cloudevent_keeps_the_rules_of_its_specification(source: str, kind: str) -> None:
    """CloudEvents 1.0.2: §3.1 names and required attributes, §3.1.1 their types; JSON format §2 and §3."""
    _, event = deliver("cloudevents", FIELDS | {"source": source, "kind": kind})

    assert all(re.fullmatch(r"[a-z0-9]{1,20}", name) for name in event)
    assert all(isinstance(event[name], str) and event[name] for name in ("id", "source", "specversion", "type"))
    assert (f"/sources/{source}", "", "") == (urlsplit(event["source"]).path, *urlsplit(event["source"])[:2])
    assert event["type"].endswith(f".{kind}")
    assert datetime.fromisoformat(event["time"]).tzinfo


def test_a_configured_content_type_counts_for_every_body() -> None:
    assert "application/x" == deliver("cloudevents", headers={"content-type": "application/x"})[0]


# constants


def test_the_records_object_has_a_place_too() -> None:
    _, sent = deliver({"type": "{{ object }}", "deep": [{"kinds": ["{{object}}"]}], "lead": "{{ event }}"})

    assert {"type": "event", "deep": [{"kinds": ["event"]}], "lead": FIELDS} == sent


@pytest.mark.parametrize("place", ["{{ event }}", "{{event}}", "  {{ event }} "])
def test_the_events_place_may_be_anywhere_in_the_constants(place: str) -> None:
    body = {"list": "web", "n": 1, "no": None, "leads": [{"properties": place}, "x"], "again": place}

    expected = {"list": "web", "n": 1, "no": None, "leads": [{"properties": FIELDS}, "x"], "again": FIELDS}
    assert ("application/json", expected) == deliver(body)


@given(st.dictionaries(st.text("ab"), JSON))
def test_constants_go_out_as_they_are(body: dict[str, Any]) -> None:
    if "{{" not in json.dumps(body):
        assert body == deliver(body)[1]


def test_what_json_has_no_word_for_is_the_events_own_fault() -> None:
    record = Record("event", "event", "k1", {"n": float("nan")}, "k1-2")

    outcome = Http(HttpSettings(URL)).deliver(record, Door().call())

    assert Reject("the body cannot be written as JSON (ValueError)", cause="body") == outcome


# settings


@pytest.mark.parametrize(
    ("body", "path", "message", "hint"),
    [
        ("evnt", "", "must be event or cloudevents", "did you mean 'event'?"),
        (["event"], "", "none of the forms", "event, cloudevents, a mapping"),
        ({"a": {"b": [1, "{{ email }}"]}}, ".a.b[1]", "settings are constants", '"{{ event }}" as a whole value'),
        ({"a": "Lead: {{ event }}"}, ".a", "settings are constants", "as a whole value"),
        ({"a": "{{ event"}, ".a", "settings are constants", "as a whole value"),
        ({"{{ event }}": 1}, ".{{ event }}", "settings are constants", "as a whole value"),
    ],
)
def test_a_body_that_means_nothing_yet_is_refused_at_its_place(
    tmp_path: Path, body: Any, path: str, message: str, hint: str
) -> None:
    (problem,) = problems(tmp_path, body=body)

    assert (f"targets.t.settings.body{path}", 8) == (problem.path, problem.line)
    assert message in problem.message
    assert hint in problem.hint
