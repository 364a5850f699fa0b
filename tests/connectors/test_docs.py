"""docs/http-target.md cannot lie: each example is sent to a live inbox, and must arrive as the page shows it."""

import json
import re
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bridge.config.load import load
from bridge.connector import Delivered, Hold, Record, Usable
from bridge.core.mapping import records_for, whole_event
from bridge.engine.rehearse import stored_claim
from bridge.engine.written import Written
from bridge.model.event import Event, Kind, StoredEvent
from bridge.outbound import Door
from bridge.sandbox.inbox import Inbox
from connectors.http import Http, HttpSettings, Probe, Sign, Success

WHOLE = (Path(__file__).parents[2] / "docs" / "http-target.md").read_text(encoding="utf-8")
RECORDS = re.compile(r"<!-- records -->\n```yaml\n(.*?)```\n((?:\n```http\n.*?```\n)+)", re.S)
PAGE = RECORDS.sub("", WHOLE)  # its other examples are settings, each with one request
API = "https://crm.example.com"
HEAD = 'version: 1\nsources: {main: {signing_keys: ["a long signing key"]}}\ntargets:\n  t:\n    connector: http\n'
NOW_S = 1_772_357_405.0
STORED = StoredEvent(
    id=17,
    key="9c1185a5c5e9fc54",
    revision=1,
    received_at=datetime(2026, 3, 1, 9, 30, 2, tzinfo=UTC),
    event=Event(
        source="smarterbot",
        kind=Kind.LEAD,
        chatbot_id="A1B2C3",
        session_id="31305",
        first_name="Ada",
        last_name="King",
        email="ada@example.com",
        content="Call me",
        page_url="https://example.com/",
        created_at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
        raw={"Type": "Lead"},
    ),
)
EVENT = whole_event(STORED)
RECORD = Record("event", "event", "9c1185a5c5e9fc54", EVENT, "9c1185a5c5e9fc54-1")
ENVIRONMENT = {
    "CRM_TOKEN": "secret-token",
    "CRM_PASSWORD": "secret-password",
    "CRM_API_KEY": "secret-api-key",
    "WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "SIGNING_KEY": "new-signing-key",
    "OLD_SIGNING_KEY": "old-signing-key",
}


class Example(NamedTuple):
    settings: str
    kind: str  # of the block that follows it: http, text, or none
    shown: str


def examples() -> list[Example]:
    blocks = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.S)
    follows = [*blocks[1:], ("", "")]
    return [
        Example(text, *(after if after[0] != "yaml" else ("", "")))
        for (kind, text), after in zip(blocks, follows, strict=True)
        if kind == "yaml"
    ]


def of(kind: str) -> list[Any]:
    return [
        pytest.param(one, id=f"{n} {one.settings.splitlines()[-1]}")
        for n, one in enumerate(examples())
        if one.kind == kind
    ]


def settings_of(folder: Path, text: str, *, url: str = API) -> HttpSettings:
    lines = text.replace(API, url).splitlines()
    lines += ["allow_private_addresses: true"] * (url != API)
    path = folder / "config.yaml"
    path.write_text(HEAD + "    settings:\n" + "".join(f"      {line}\n" for line in lines), encoding="utf-8")
    found: HttpSettings = load(path, environment=ENVIRONMENT, connectors={"http": Http}).rules.targets["t"].settings
    return found


def deliver(settings: HttpSettings) -> Any:
    door = Door(allow_private_addresses=True, now_s=lambda: NOW_S)
    return Http(settings).deliver(RECORD, door.call())


def assert_arrived(row: Any, shown: str) -> None:
    """What the inbox got is the request that the page shows."""
    head, _, body = shown.partition("\n\n")
    first, *headers = head.splitlines()
    assert first == f"{row.method} {row.path}"
    assert headers == [f"{name}: {row.headers[name.lower()]}" for name, _ in (line.split(": ", 1) for line in headers)]
    if body:
        assert json.loads(body.replace("EVENT", json.dumps(EVENT))) == json.loads(row.body)


@pytest.mark.parametrize("example", of("http"))
def test_a_request_arrives_as_the_page_shows_it(tmp_path: Path, inbox: Inbox, example: Example) -> None:
    assert Delivered(id="1") == deliver(settings_of(tmp_path, example.settings, url=inbox.url))

    (row,) = inbox.rows()
    assert_arrived(row, example.shown)


def test_the_records_of_the_page_arrive_as_it_shows_them(tmp_path: Path, inbox: Inbox) -> None:
    ((target, shown),) = RECORDS.findall(WHOLE)
    lines = target.replace(API, inbox.url).replace("records:", "  allow_private_addresses: true\nrecords:").splitlines()
    path = tmp_path / "config.yaml"
    path.write_text(HEAD + "".join(f"    {line}\n" for line in lines), encoding="utf-8")
    rule = load(path, environment={}, connectors={"http": Http}).rules.targets["t"]
    claim = stored_claim(STORED, "a-person")

    written, door = Written(), Door(allow_private_addresses=True, now_s=lambda: NOW_S)
    for record in written.begin(records_for(claim, rule.mapping), claim):
        outcome = Http(rule.settings).deliver(written.resolved(record), door.call())
        assert isinstance(outcome, Delivered)
        written.add(record, outcome)

    requests = re.findall(r"```http\n(.*?)```", shown, re.S)
    for row, request in zip(inbox.rows(), requests, strict=True):
        assert_arrived(row, request)
    assert 2 == len(requests)


@pytest.mark.parametrize("example", of("text"))
def test_an_answer_means_what_the_page_says(tmp_path: Path, inbox: Inbox, example: Example) -> None:
    settings = settings_of(tmp_path, example.settings, url=inbox.url)
    for line in example.shown.splitlines():
        answer, expected = line.split("  →  ")
        inbox.add_fault(body=answer)

        outcome = deliver(settings)

        assert expected == " ".join(filter(None, [type(outcome).__name__, getattr(outcome, "id", "")]))


@pytest.mark.parametrize("example", of(""))
def test_the_other_examples_load(tmp_path: Path, example: Example) -> None:
    assert settings_of(tmp_path, example.settings).url.endswith("/leads")


def test_the_probe_of_the_page_is_answered(tmp_path: Path, inbox: Inbox) -> None:
    (example,) = [one for one in examples() if "probe:" in one.settings]
    settings = settings_of(tmp_path, example.settings, url=inbox.url)
    door = Door(allow_private_addresses=True)

    assert Usable() == Http(settings).probe(door.call())

    there_is_none = settings_of(tmp_path, example.settings.replace("healthz", "nothing"), url=inbox.url)
    assert Hold('probe: HTTP 404: {"error": "there is no GET /_/nothing"}') == Http(there_is_none).probe(door.call())


def test_every_setting_stands_on_the_page() -> None:
    names = {each.name for kind in (HttpSettings, Sign, Success, Probe) for each in fields(kind)}
    options = {"standard-webhooks", "timestamp", "sha256", "cloudevents", "event", "reject", "retry", "hold"}

    assert set() == {name for name in names | options if not re.search(rf"(?<![\w-]){name}(?![\w-])", PAGE)}
    assert 14 <= len(examples())
