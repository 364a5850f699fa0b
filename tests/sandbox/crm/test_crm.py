"""What the sandboxes of CRMs share, by the example of an org: control paths, settings, page, ledger, life and death."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from bridge.sandbox.crm.calls import Call
from bridge.sandbox.salesforce.org import Org
from tests.processes import Bridge, configuration

LEAD = {"LastName": "Lovelace", "Company": "Analytical"}
PATIENCE_S = 10


@pytest.fixture
def org() -> Iterator[Org]:
    with Org() as org:
        yield org


def ask(org: Org | str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    url = org if isinstance(org, str) else org.url
    headers = {"Authorization": "Bearer 00Dsandbox!given"}
    answer = requests.request(method, url + path, json=body, headers=headers, timeout=PATIENCE_S)
    return answer.status_code, answer.json()


def create(org: Org | str, **fields: Any) -> str:
    status, body = ask(org, "POST", "/services/data/v59.0/sobjects/Lead", {**LEAD, **fields})
    assert 201 == status
    return str(body["id"])


def test_records_are_shown_by_object(org: Org) -> None:
    key = create(org)

    assert [key] == [lead["Id"] for lead in ask(org, "GET", "/_/records?object=Lead")[1]["Lead"]]
    assert {"Organization", "User", "Group", "Lead"} == ask(org, "GET", "/_/records")[1].keys()
    assert {"Contact": []} == ask(org, "GET", "/_/records?object=Contact")[1]


def test_records_are_planted_past_all_rules(org: Org) -> None:
    fields = {"LastName": "x", "CreatedDate": "2020-01-01T00:00:00.000+0000", "Email": "none"}

    status, planted = ask(org, "POST", "/_/records", {"Lead": [fields]})

    assert 201 == status
    assert fields.items() <= planted["Lead"][0].items()
    assert planted["Lead"] == org.records("Lead")


def test_calls_are_shown_after_a_number(org: Org) -> None:
    create(org)
    ask(org, "GET", "/services/data/v59.0/limits?x=1")

    first, second = [Call(**row) for row in ask(org, "GET", "/_/calls")[1]]

    assert org.calls == [first, second]
    assert ("POST", "/services/data/v59.0/sobjects/Lead", "create", 1, True, 201) == (
        *(first.method, first.path, first.kind, first.cost, first.done),
        first.status,
    )
    assert LEAD == json.loads(first.body)
    assert "Bearer 00Dsandbox!given" == first.headers["authorization"]
    assert ("/services/data/v59.0/limits?x=1", second.at_ms) == (second.path, second.answered_ms)
    assert [second.seq] == [row["seq"] for row in ask(org, "GET", "/_/calls?after=1")[1]]


def test_a_late_answer_is_noted_when_it_has_left(org: Org) -> None:
    ask(org, "POST", "/_/faults", {"latency_s": 0.01})
    create(org)

    assert org.wait_for(lambda: org.calls[0].answered_ms is not None, PATIENCE_S)
    [call] = org.calls
    assert call.answered_ms is not None
    assert call.answered_ms - call.at_ms >= 10


def test_settings_are_shown_and_changed(org: Org) -> None:
    assert (
        "ok"
        == ask(org, "PATCH", "/_/org", {"daily_requests": 7, "assignment_rules": {"Lead": "Web leads"}})[1]["status"]
    )
    ask(org, "PATCH", "/_/org", {"assignment_rules": {"Case": "x"}})

    settings = ask(org, "GET", "/_/org")[1]
    assert (7, {"Lead": "Web leads", "Case": "x"}) == (settings["daily_requests"], settings["assignment_rules"])
    assert org.settings == settings
    ask(org, "PATCH", "/_/org", {"daily_requests": None})
    assert 100_000 == org.settings["daily_requests"]


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("PATCH", "/_/org", {"daily_request": 1}, "daily_request: no such setting; did you mean daily_requests?"),
        ("PATCH", "/_/org", {"daily_requests": "1"}, "daily_requests: '1' is of another kind than its default"),
        ("PATCH", "/_/org", {"objects": {"Foo": {}}}, "Foo is no object of the sandbox"),
        ("PATCH", "/_/org", {"objects": {"Lead": {"fields": {"Foo": {}}}}}, "must end with __c"),
        ("PATCH", "/_/org", {"objects": {"Lead": {"fields": {"F__c": {"size": 1}}}}}, "size not known"),
        ("POST", "/_/faults", {"as": "x"}, "as: must be one of expired_session"),
        ("POST", "/_/faults", {"status": "x"}, "status: must be a whole number"),
        ("POST", "/_/records", {"Foo": [{}]}, "Foo: no such object"),
        ("POST", "/_/records", {"Lead": [{"Foo": 1}]}, "Lead: no field Foo"),
        ("POST", "/_/random", {"table": [{"probability": 2}]}, "probability: must be a number from 0 to 1"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_and_changes_nothing(org: Org, method: str, path: str, body: Any, said: str) -> None:
    before = org.settings

    status, answer = ask(org, method, path, body)

    assert 400 == status
    assert said in answer["error"]
    assert before == org.settings
    create(org)


def test_settings_that_are_wrong_from_the_start_leave_no_port_open() -> None:
    with pytest.raises(ValueError, match="no such setting"):
        Org(nothing=1)


def test_a_control_path_that_there_is_not(org: Org) -> None:
    assert (404, {"error": "there is no GET /_/nothing"}) == ask(org, "GET", "/_/nothing")
    assert (200, {"status": "ok"}) == ask(org, "GET", "/_/healthz")


def test_faults_come_and_go(org: Org) -> None:
    ask(org, "POST", "/_/faults", [{"status": 500}, {"as": "quota", "times": 9}])

    assert [500, 403] == [ask(org, "GET", "/services/data/v59.0/limits")[0] for _ in range(2)]
    ask(org, "DELETE", "/_/faults")
    assert 200 == ask(org, "GET", "/services/data/v59.0/limits")[0]


def test_random_faults_are_the_same_for_the_same_calls() -> None:
    def fates() -> list[int]:
        with Org() as org:
            org.random([{"probability": 0.5, "as": "quota"}], seed=7)
            return [ask(org, "GET", f"/services/data/v59.0/limits?n={n % 10}")[0] for n in range(40)]

    first = fates()
    assert first == fates()
    assert {200, 403} == set(first)


def test_reset_empties_all_but_the_settings(org: Org) -> None:
    org.change(daily_requests=7)
    first = create(org)
    org.fault(status=500)

    ask(org, "POST", "/_/reset")

    assert ([], [], 0) == (org.records("Lead"), org.calls, org.cost)
    assert 7 == org.settings["daily_requests"]
    assert first == create(org)
    assert 1 == len(org.records("User"))


def test_the_page_shows_records_newest_first_and_escapes_them(org: Org) -> None:
    create(org, FirstName="<script>")
    create(org, FirstName="Second")

    answer = requests.get(org.url, timeout=PATIENCE_S)

    assert "text/html; charset=utf-8" == answer.headers["Content-Type"]
    assert "<script>" not in answer.text
    assert "<h2>Lead (2)</h2>" in answer.text
    assert answer.text.index("Second") < answer.text.index("&lt;script&gt;")
    assert "2 calls, which count as 2" in answer.text


@contextmanager
def process(*options: str) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """The sandbox as a process of its own, its address, and what else it has printed."""
    command = [sys.executable, "-m", "bridge", "sandbox", "salesforce", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        lines = [running.stdout.readline().rstrip("\n") for _ in range(14)]
        try:
            yield running, lines[0].removeprefix("salesforce: "), lines[1:]
        finally:
            if running.poll() is None:
                running.terminate()
                running.wait(PATIENCE_S)


def test_nothing_that_was_answered_is_lost_by_a_kill(tmp_path: Path) -> None:
    options = ("--records", str(tmp_path / "org.db"))
    with process(*options) as (running, url, _):
        ask(url, "PATCH", "/_/org", {"daily_requests": 77, "rotate_refresh_tokens": True})
        form = {"grant_type": "refresh_token", "client_id": "sandbox-client", "refresh_token": "sandbox-refresh"}
        token = requests.post(f"{url}/services/oauth2/token", form, timeout=PATIENCE_S).json()
        keys = [create(url, FirstName=str(number)) for number in range(20)]
        os.kill(running.pid, signal.SIGKILL)
        running.wait(PATIENCE_S)

    with process(*options) as (_, url, _):
        leads = ask(url, "GET", "/_/records?object=Lead")[1]["Lead"]
        assert keys == [lead["Id"] for lead in leads]
        assert 21 == len(ask(url, "GET", "/_/calls")[1])
        assert create(url) not in keys
        bearer = {"Authorization": f"Bearer {token['access_token']}"}
        limits = requests.get(f"{url}/services/data/v59.0/limits", headers=bearer, timeout=PATIENCE_S)
        assert {"Max": 77, "Remaining": 77 - 21} == limits.json()["DailyApiRequests"]
        assert 400 == requests.post(f"{url}/services/oauth2/token", form, timeout=PATIENCE_S).status_code


def test_the_command_prints_a_target_to_paste(tmp_path: Path) -> None:
    (tmp_path / "org.json").write_text('{"client_secret": "other: #\\\\ \\""}')

    with process("--org", str(tmp_path / "org.json")) as (running, url, lines):
        assert "# username: integration@sandbox.example" in lines
        printed = yaml.safe_load("\n".join(lines))
        bridge = Bridge(tmp_path, configuration(printed["targets"]))
        bridge.call("migrate")
        checked = bridge.call("check", "--connect")
        assert 0 == checked.returncode, checked.stderr
        assert "login" in {call["kind"] for call in ask(url, "GET", "/_/calls")[1]}
        running.send_signal(signal.SIGTERM)
        assert 0 == running.wait(PATIENCE_S)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--org", "list.json"], "must be a JSON object"),
        (["--org", "none.json"], "are no JSON"),
        (["--org", "typo.json"], "did you mean daily_requests?"),
        (["--records", "nowhere/x"], "the records nowhere/x cannot be used"),
        (["--records", "list.json"], "the records list.json cannot be used"),
    ],
)
def test_a_command_that_cannot_start_is_one_line_of_advice(tmp_path: Path, options: list[str], said: str) -> None:
    for name, text in [("list.json", "[]"), ("none.json", "{"), ("typo.json", '{"daily_request": 1}')]:
        (tmp_path / name).write_text(text)

    command = [sys.executable, "-m", "bridge", "sandbox", "salesforce", *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)

    assert (1, 1) == (done.returncode, len(done.stderr.splitlines()))
    assert said in done.stderr


def test_a_port_that_is_taken_is_one_line_of_advice(org: Org) -> None:
    port = org.url.rpartition(":")[2]

    command = [sys.executable, "-m", "bridge", "sandbox", "salesforce", "--port", port]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert (1, 1) == (done.returncode, len(done.stderr.splitlines()))
    assert "in use" in done.stderr


def test_many_clients_at_once_get_ids_of_their_own(org: Org) -> None:

    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda number: create(org, FirstName=str(number)), range(200)))

    assert 200 == len(set(keys)) == len(org.records("Lead"))
