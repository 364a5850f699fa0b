"""bridge map and bridge test: what an operator sees, also where something is wrong."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from tests.cli.test_show import on_a_terminal
from tests.packages import SOURCES, put
from tests.processes import Bridge, configuration, http_target, lead

RECORDS = [
    {
        "name": "person",
        "fields": {"email": "{{ email | email }}", "at": "{{ created_at }}", "n": "{{ raw.SessionID }}"},
    },
    {"name": "note", "when": {"kind": "appointment"}, "fields": {"of": "{{ records.person.id }}"}},
    {"name": "pay", "when": {"content": {"contains": "pay"}}, "fields": {"n": {"value": None, "required": True}}},
]
SECRET = "a-secret-that-nobody-sees"
SETTINGS = {"auth": {"bearer": SECRET}, "headers": {"X-Key": SECRET}}
GOOD = {
    "name": "a lead",
    "event": lead(1),
    "expect": {
        "crm.person": {
            "fields": {"email": "visitor1@example.com", "n": 1, "at": "2023-11-23T18:36:21.512302Z"},
            "contains": {"email": "@example"},
            "absent": ["phone"],
        },
        "crm.note": "skipped",
    },
}

PLUGIN = """\
import json
from dataclasses import dataclass

@dataclass(frozen=True)
class Settings: ...

class Acme:
    Settings = Settings
    def __init__(self, settings): ...
    def verify(self, request): ...
    def read(self, body):
        yield {"email": json.loads(body)["a"], "kind": "lead", "key": "k"}
"""


@pytest.fixture
def bridge(tmp_path: Path) -> Bridge:
    target = http_target("https://crm.example.com/x", settings=SETTINGS) | {"records": RECORDS}
    other = http_target("https://other.example.com/x") | {"when": {"kind": "appointment"}}
    return Bridge(tmp_path, configuration({"crm": target, "other": other}, tests=[GOOD]))


def with_tests(bridge: Bridge, *tests: Any) -> None:
    found = json.loads((bridge.folder / "config.yaml").read_text())
    (bridge.folder / "config.yaml").write_text(json.dumps(found | {"tests": list(tests)}, indent=1))


def event(bridge: Bridge, body: Any) -> str:
    (bridge.folder / "event.json").write_text(body if isinstance(body, str) else json.dumps(body))
    return str(bridge.folder / "event.json")


def written(done: Any) -> list[dict[str, Any]]:
    """What `map` says of records that would be written."""
    return [row for row in map(json.loads, done.stdout.splitlines()) if "skipped" not in row]


def test_map_shows_each_record_and_request_without_a_secret(bridge: Bridge) -> None:
    done = bridge.call("map", event(bridge, lead(1)))

    (row,) = written(done)
    assert 0 == done.returncode
    assert ("crm", "person") == (row["target"], row["record"])
    assert {"email": "visitor1@example.com", "at": "2023-11-23T18:36:21.512302Z", "n": 1} == row["fields"]
    request = row["request"]
    assert ("POST", "https://crm.example.com/x") == (request["method"], request["url"])
    assert ["***", "***"] == [request["headers"][name] for name in ("Authorization", "X-Key")]
    assert row["fields"] == json.loads(request["body"])
    assert SECRET not in done.stdout + done.stderr


def test_map_shows_a_target_that_would_not_get_it_where_it_is_asked_for(bridge: Bridge) -> None:
    (row,) = map(json.loads, bridge.call("map", event(bridge, lead(1)), "--target", "other").stdout.splitlines())

    assert ("other", "event") == (row["target"], row["record"])


def test_map_takes_what_a_sender_posts_also_many_and_from_standard_input(bridge: Bridge) -> None:
    rows = written(bridge.call("map", event(bridge, [lead(1), lead(2, Type="Appointment")])))

    assert [(1, "person"), (2, "person"), (2, "note"), (2, "event")] == [(row["event"], row["record"]) for row in rows]


def test_map_says_what_is_skipped_and_why(bridge: Bridge) -> None:
    path = event(bridge, lead(1))
    rows = [row for row in map(json.loads, bridge.call("map", path).stdout.splitlines()) if "skipped" in row]

    pay = "its `when` does not hold: content: {contains: pay}"
    no_meeting = "its `when` does not hold: kind: appointment"
    assert [("crm", "note", no_meeting), ("crm", "pay", pay), ("other", None, no_meeting)] == [
        (row["target"], row.get("record"), row["why"]) for row in rows
    ]


def test_map_takes_the_time_at_which_an_event_comes_in(bridge: Bridge) -> None:
    found = json.loads((bridge.folder / "config.yaml").read_text())
    found["targets"]["crm"] |= {"when": {"received_at": {"above": "2030-01-01T00:00:00Z"}}}
    (bridge.folder / "config.yaml").write_text(json.dumps(found))
    path = event(bridge, lead(1))

    assert ["person"] == [row["record"] for row in written(bridge.call("map", path, "--now", "2030-01-01T12:00:00Z"))]
    assert [] == written(bridge.call("map", path, "--now", "2029-01-01T12:00:00Z"))
    assert "--now: this is no time" in bridge.call("map", path, "--now", "noon").stderr


def test_a_file_is_read_by_its_sources_plugin_as_what_it_posts_is_and_its_time_is_in_utc(tmp_path: Path) -> None:
    put(tmp_path, "acme", SOURCES, "acme = acme:Acme", source=PLUGIN)
    records = [{"name": "a", "fields": {"mail": "{{ email }}", "at": "{{ received_at }}"}}]
    found = json.loads(configuration({"crm": http_target("https://crm.example.com/x") | {"records": records}}))
    trial = {
        "name": "t",
        "source": "acme",
        "event": {"a": "b@example.com"},
        "expect": {"crm.a": {"fields": {"mail": "b@example.com"}}},
    }
    config = found | {"sources": {"acme": {"plugin": "acme"}}, "tests": [trial]}
    bridge = Bridge(tmp_path, json.dumps(config), environment={"TZ": "America/New_York"})

    mapped = bridge.run("map", event(bridge, {"a": "b@example.com"}), "--now", "2030-01-01T12:00:00-05:00")
    tested = bridge.run("test")

    assert [{"mail": "b@example.com", "at": "2030-01-01T17:00:00Z"}] == [row["fields"] for row in written(mapped)], (
        mapped.stderr
    )
    assert "1 passed, 0 failed\n" in tested.stdout, tested.stdout + tested.stderr


def test_map_says_what_would_kill_the_delivery_and_ends_with_1(bridge: Bridge) -> None:
    done = bridge.call("map", event(bridge, lead(1, Content="I pay")))

    row, *_ = map(json.loads, done.stdout.splitlines())
    assert 1 == done.returncode
    assert row["error"].startswith("pay.n: required, and this event has nothing for it")


@pytest.mark.parametrize(
    ("arguments", "body", "told"),
    [
        (["none.json"], None, "none.json cannot be read: No such file"),
        (["EVENT"], "{", "holds no event of source smarterbot"),
        (["EVENT"], {"Type": "Order"}, "Type: unknown Type"),
        (["EVENT"], {}, "a test request"),
        (["EVENT", "--target", "cmr"], lead(1), "no target 'cmr': the configuration has crm, other"),
        (["EVENT", "--source", "nobody"], lead(1), "no source 'nobody': the configuration has smarterbot"),
    ],
)
def test_map_says_what_cannot_be_mapped(bridge: Bridge, arguments: list[str], body: Any, told: str) -> None:
    path = event(bridge, body) if body is not None else ""

    done = bridge.call("map", *[path if one == "EVENT" else one for one in arguments])

    assert 1 == done.returncode
    assert told in done.stderr


def test_map_looks_for_a_stored_event_by_its_id(bridge: Bridge) -> None:
    assert "no database" in bridge.call("map", "12").stderr
    assert 0 == bridge.call("migrate").returncode

    done = bridge.call("map", "12")

    assert (1, True) == (done.returncode, "no event 12: `bridge events list` shows" in done.stderr)


def test_tests_that_pass(bridge: Bridge) -> None:
    done = bridge.call("test")

    assert ("", 0) == (done.stderr, done.returncode)
    assert ["passed  a lead", "1 passed, 0 failed"] == done.stdout.splitlines()


@pytest.mark.parametrize(
    ("expect", "what", "expected", "found"),
    [
        ({"crm.person": {"fields": {"email": "x"}}}, "crm.person.email", '"x"', '"visitor1@example.com"'),
        ({"crm.person": {"fields": {"n": "1"}}}, "crm.person.n", '"1"', "1"),  # a text is no number
        ({"crm.person": {"fields": {"x": None}}}, "crm.person.x", "null", "absent"),
        ({"crm.person": {"absent": "email"}}, "crm.person.email", "absent", '"visitor1@example.com"'),
        ({"crm.person": {"contains": {"email": "@y"}}}, "crm.person.email", 'a text with "@y"', '"visitor1@'),
        (
            {"crm.person": {"exactly": {"n": 1, "at": "2023-11-23T18:36:21.512302Z"}}},
            "crm.person.email",
            "absent",
            '"v',
        ),
        ({"crm.person": "skipped"}, "crm.person", "skipped", "a record is written"),
        ({"crm.note": {"fields": {}}}, "crm.note", "a record", "skipped: its `when` does not hold: kind: appointment"),
        ({"crm": "skipped"}, "crm", "skipped", "a record is written"),
        ({"other.event": {}}, "other.event", "a record", "skipped: its `when` does not hold: kind: appointment"),
        ({"crm": {"error": "no such"}}, "crm", "an error with 'no such'", "records: person"),
    ],
)
def test_a_test_that_fails_shows_the_difference_and_its_line(
    bridge: Bridge, expect: Any, what: str, expected: str, found: str
) -> None:
    with_tests(bridge, GOOD | {"name": "wrong", "expect": expect})

    done = bridge.call("test")

    assert 1 == done.returncode
    first, place, wanted, is_, total = done.stdout.splitlines()
    line = next(
        n for n, text in enumerate((bridge.folder / "config.yaml").read_text().splitlines(), 1) if '"wrong"' in text
    )
    assert first.startswith("failed  wrong  (")
    assert first.endswith(f"config.yaml:{line})")
    assert place.split("  (")[0].strip() == what
    assert f"- expected {expected}" in wanted
    assert f"+ is       {found}" in is_
    assert "0 passed, 1 failed" == total


@pytest.mark.parametrize(("no_color", "styled"), [("1", False), ("", True)])
def test_a_terminal_gets_colours_unless_it_wants_none(bridge: Bridge, no_color: str, styled: bool) -> None:
    bridge.environment["NO_COLOR"] = no_color

    shown = on_a_terminal(bridge, "test")

    assert "passed" in shown
    assert styled is ("\x1b[" in shown)


def test_a_test_may_expect_that_an_event_cannot_be_mapped(bridge: Bridge) -> None:
    dead = GOOD | {"event": lead(1, Content="pay"), "expect": {"crm": {"error": "pay.n: required"}}}
    with_tests(bridge, dead, dead | {"expect": {"crm.person": {"fields": {}}}})

    done = bridge.call("test")

    assert "1 passed, 1 failed" == done.stdout.splitlines()[-1]


def test_an_event_that_is_none_fails_its_test(bridge: Bridge) -> None:
    with_tests(bridge, GOOD | {"event": {"Type": "Order"}})

    assert "+ is       unknown Type" in bridge.call("test").stdout


def test_tests_stand_in_files_of_their_own_too_and_the_results_are_written_for_a_build_server(bridge: Bridge) -> None:
    folder = bridge.folder / "tests"
    folder.mkdir()
    (folder / "more.yaml").write_text(
        json.dumps({"tests": [GOOD | {"name": "more \u0001", "expect": {"crm": "skipped"}}]})
    )

    done = bridge.call("test", "--junit", str(bridge.folder / "junit.xml"))

    assert "1 passed, 1 failed" == done.stdout.splitlines()[-1]
    suite = Xml.parse(bridge.folder / "junit.xml").getroot()[0]
    assert ("2", "1") == (suite.get("tests"), suite.get("failures"))
    assert ["a lead", "more �"] == [case.get("name") for case in suite]
    assert "crm" in (suite[1][0].text or "")


@pytest.mark.parametrize(
    ("test", "told"),
    [
        (GOOD | {"expect": {"cmr.person": "skipped"}}, "unknown target 'cmr' (did you mean 'crm'?)"),
        (GOOD | {"expect": {"crm.persn": "skipped"}}, "unknown record 'persn' (did you mean 'person'?)"),
        (GOOD | {"expect": {"crm": {"fields": {}}}}, "which record of it? (write crm.person"),
        (GOOD | {"expect": {"crm.person": "skiped"}}, "this must be skipped (did you mean 'skipped'?)"),
        (GOOD | {"expect": {}}, "nothing is expected"),
        (GOOD | {"source": "smrterbot"}, "unknown source (did you mean 'smarterbot'?)"),
        (GOOD | {"now": "noon"}, "this is no time"),
        (GOOD | {"evnt": {}}, "unknown key 'evnt' (did you mean 'event'?)"),
        (GOOD | {"expect": {"crm.person": {"field": {}}}}, "unknown key 'field' (did you mean 'fields'?)"),
    ],
)
def test_a_mistake_in_a_test_is_told_at_its_place_in_either_file(bridge: Bridge, test: Any, told: str) -> None:
    (bridge.folder / "more.yaml").write_text(json.dumps({"tests": [test]}, indent=1))
    done = bridge.call("test", str(bridge.folder / "more.yaml"))
    assert (1, True) == (done.returncode, told in done.stderr), done.stderr

    with_tests(bridge, test)
    done = bridge.call("check")
    assert (1, True) == (done.returncode, told in done.stderr), done.stderr
    assert "config.yaml:" in done.stderr


def test_without_tests_it_says_where_to_write_them(bridge: Bridge) -> None:
    with_tests(bridge)

    done = bridge.call("test")

    assert (1, True) == (done.returncode, "there are no tests: write some under `tests:`" in done.stderr)
