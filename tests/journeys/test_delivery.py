"""Deliveries end to end: real processes, a real inbox with faults, both databases where it may matter."""

import json
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from bridge.sandbox.inbox import Inbox
from tests.processes import Bridge, configuration, http_target, lead, running, wait_until


def at_target(inbox: Inbox, *emails: str) -> Callable[[], bool]:
    return lambda: set(emails) <= {item["email"] for item in inbox.items()}


def states(bridge: Bridge) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in bridge.rows("deliveries", "list", "--limit", "10000"):
        found[row["state"]] = found.get(row["state"], 0) + 1
    return found


def target_of(bridge: Bridge, name: str = "inbox") -> dict[str, Any]:
    return next(row for row in bridge.rows("targets", "list") if row["name"] == name)


def attempts_told(bridge: Bridge) -> list[dict[str, Any]]:
    """The log's lines on attempts."""
    lines = [json.loads(line) for line in bridge.log().splitlines() if line.endswith("}")]
    return [line for line in lines if line["event"] == "attempt"]


def child(bridge: Bridge, command: str) -> psutil.Process:
    """The web or the worker process of a running `serve`."""
    serve = psutil.Process(bridge.processes[-1].pid)
    return wait_until(lambda: next((c for c in serve.children() if command in c.cmdline()), None))


def test_each_event_reaches_the_target_once_and_a_lead_before_its_appointment(
    tmp_path: Path, inbox: Inbox, database_url: str
) -> None:
    with running(tmp_path, configuration({"inbox": http_target(inbox.url)}), database_url=database_url) as bridge:
        for number in range(1, 21):
            bridge.post(lead(number))
            bridge.post(lead(number, Type="Appointment", CreateTime="2023-11-23T18:40:00Z"))
            bridge.post(lead(number, SessionID=str(number), CreateTime="2023-11-23T18:36:21Z"))

        assert inbox.wait_for(lambda: len(inbox.items()) == 40, 60)

    assert all(key.arrivals == key.stored == 1 for key in inbox.keys().values())
    kinds: dict[str, list[str]] = {}
    for item in inbox.items():
        kinds.setdefault(item["email"], []).append(item["kind"])
    assert {("lead", "appointment")} == {tuple(order) for order in kinds.values()}


def test_a_target_that_hangs_delays_no_other(tmp_path: Path, inbox: Inbox) -> None:
    with Inbox() as hanging:
        hanging.add_fault(match={}, times=1_000_000, hang=True, stored=False)
        targets = {"sick": http_target(hanging.url, timeout="30s"), "inbox": http_target(inbox.url)}
        with running(tmp_path, configuration(targets)) as bridge:
            for number in range(1, 31):
                bridge.post(lead(number))

            assert inbox.wait_for(lambda: len(inbox.items()) == 30, 20)
            bridge.processes[-1].kill()


def test_a_passing_fault_is_retried_and_a_lost_answer_makes_no_second_record(tmp_path: Path, inbox: Inbox) -> None:
    inbox.add_fault(match={"body_contains": "visitor1@"}, times=2, status=503, stored=False)
    inbox.add_fault(match={"body_contains": "visitor2@"}, times=1, hang=True, stored=True)
    inbox.add_fault(match={"body_contains": "visitor3@"}, times=1, reset=True, stored=True)
    config = configuration({"inbox": http_target(inbox.url, timeout="2s")})
    with running(tmp_path, config) as bridge:
        for number in (1, 2, 3, 4):
            bridge.post(lead(number))
            assert inbox.wait_for(at_target(inbox, f"visitor{number}@example.com"), 30)
        wait_until(lambda: {"delivered": 4} == states(bridge))

        assert [1, 1, 1, 1] == [key.stored for key in inbox.keys().values()]
        assert [1, 2, 2, 3] == sorted(key.arrivals for key in inbox.keys().values())
        twice = bridge.rows("deliveries", "list", "--uncertain", "--state", "delivered")
        assert [3, 2, 1] == [delivery["id"] for delivery in twice], "where no key is honoured, these came twice"
        assert {True} == {delivery["uncertain"] for delivery in twice}
        tries = bridge.rows("deliveries", "show", "2")[0]["attempts_made"]
        assert [("retry", True), ("delivered", False)] == [(a["outcome"], a["uncertain"]) for a in tries]


def test_a_target_that_refuses_everything_is_held_as_suspect_and_the_rest_waits(tmp_path: Path, inbox: Inbox) -> None:
    inbox.add_fault(match={}, times=1_000_000, status=404, stored=False)
    with running(tmp_path, configuration({"inbox": http_target(inbox.url, concurrency=1)})) as bridge:
        for number in range(1, 13):
            bridge.post(lead(number))

        wait_until(lambda: target_of(bridge)["state"] == "held")

        assert "suspect" in target_of(bridge)["why"]
        assert {"dead": 5, "queued": 7} == states(bridge)
        requests.delete(f"{inbox.url}/_/faults", timeout=5)
        assert 0 == bridge.call("targets", "resume", "inbox").returncode
        wait_until(lambda: {"dead": 5, "delivered": 7} == states(bridge))
        assert 0 == bridge.call("replay", "--dead", "--yes").returncode
        wait_until(lambda: {"delivered": 12} == states(bridge))
    assert {1} == {key.stored for key in inbox.keys().values()}


def test_the_log_says_what_became_of_a_delivery_and_not_only_what_the_target_said(tmp_path: Path, inbox: Inbox) -> None:
    inbox.add_fault(match={}, times=8, status=404, stored=False, latency_s=0.3)
    with running(tmp_path, configuration({"inbox": http_target(inbox.url, concurrency=8)})) as bridge:
        assert 0 == bridge.call("targets", "pause", "inbox").returncode
        for number in range(8):
            bridge.post(lead(number))
        assert 0 == bridge.call("targets", "resume", "inbox").returncode  # all go out at once

        wait_until(lambda: len(attempts_told(bridge)) == 8)
        told = attempts_told(bridge)

        assert {"dead": 5, "queued": 3} == states(bridge)
        assert {"reject"} == {line["outcome"] for line in told}
        assert [("dead", None)] * 5 == [(line["state"], line.get("kept")) for line in told[:5]]
        kept = "its target is held for that: no attempt is used up"
        assert [("queued", kept)] * 3 == [(line["state"], line["kept"]) for line in told[5:]]


@pytest.mark.parametrize(("status", "headers"), [(401, {}), (302, {}), (429, {"Retry-After": "4"})])
def test_a_refusal_that_is_the_targets_own_holds_it_and_uses_up_no_attempt(
    tmp_path: Path, inbox: Inbox, status: int, headers: dict[str, str]
) -> None:
    inbox.add_fault(match={}, times=1, status=status, headers=headers, stored=False)
    with running(tmp_path, configuration({"inbox": http_target(inbox.url, concurrency=1)})) as bridge:
        bridge.post(lead(1))
        bridge.post(lead(2))

        wait_until(lambda: target_of(bridge)["state"] == "held")

        if not headers:
            bridge.call("targets", "resume", "inbox")
        wait_until(lambda: {"delivered": 2} == states(bridge))
        assert [1, 1] == [row["attempts"] for row in bridge.rows("deliveries", "list")]


def test_a_target_that_is_down_is_held_and_drained_when_it_is_back(tmp_path: Path) -> None:
    with Inbox() as gone:
        url = gone.url
    with running(tmp_path, configuration({"inbox": http_target(url, concurrency=2)})) as bridge:
        for number in range(1, 9):
            bridge.post(lead(number))
        wait_until(lambda: target_of(bridge)["state"] == "held")
        assert "down" in target_of(bridge)["why"]
        assert max(row["attempts"] for row in bridge.rows("deliveries", "list")) <= 1

        with Inbox(port=int(url.rpartition(":")[2].strip("/"))) as back:
            bridge.call("targets", "resume", "inbox")

            assert back.wait_for(lambda: len(back.items()) == 8, 60)


def test_a_paused_target_gets_nothing_until_it_is_resumed(tmp_path: Path, inbox: Inbox) -> None:
    with running(tmp_path, configuration({"inbox": http_target(inbox.url)})) as bridge:
        assert 0 == bridge.call("targets", "pause", "inbox", "--why", "maintenance").returncode
        bridge.post(lead(1))
        wait_until(lambda: {"queued": 1} == states(bridge))
        assert ("paused", "maintenance") == (target_of(bridge)["state"], target_of(bridge)["why"])
        assert [] == inbox.items()

        bridge.call("targets", "resume", "inbox")

        assert inbox.wait_for(at_target(inbox, "visitor1@example.com"), 20)


def test_a_killed_worker_loses_nothing_and_doubles_nothing(tmp_path: Path, inbox: Inbox, database_url: str) -> None:
    inbox.add_fault(match={"body_contains": "visitor1@"}, times=1, latency_s=30, stored=True)
    config = configuration({"inbox": http_target(inbox.url, timeout="60s")})
    with running(tmp_path, config, database_url=database_url) as bridge:
        bridge.post(lead(1))
        assert inbox.wait_for(at_target(inbox, "visitor1@example.com"), 20)

        child(bridge, "worker").kill()

        wait_until(lambda: {"delivered": 1} == states(bridge))
        (key,) = inbox.keys().values()
        assert (2, 1) == (key.arrivals, key.stored)


def test_stopping_waits_for_what_is_in_flight(tmp_path: Path, inbox: Inbox) -> None:
    inbox.add_fault(match={}, times=1, latency_s=2, stored=True)
    with running(tmp_path, configuration({"inbox": http_target(inbox.url)})) as bridge:
        bridge.post(lead(1))
        assert inbox.wait_for(lambda: len(inbox.items()) == 1, 20)

        bridge.processes[-1].send_signal(signal.SIGTERM)

        assert 0 == bridge.processes[-1].wait(timeout=30)
        assert {"delivered": 1} == states(bridge)
    assert [1] == [key.arrivals for key in inbox.keys().values()]


def test_a_stranger_who_never_ends_a_request_holds_up_no_stop(tmp_path: Path) -> None:
    head = b"POST /webhooks/smarterbot HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\na"
    with (
        running(tmp_path, configuration({})) as bridge,
        socket.create_connection(("127.0.0.1", bridge.port)) as stranger,
    ):
        stranger.sendall(head)
        bridge.post(lead(1))  # by now the other's is being read
        bridge.processes[-1].send_signal(signal.SIGTERM)

        assert b"408" in stranger.recv(4096).split(b"\r\n")[0]
        assert 0 == bridge.processes[-1].wait(timeout=15)


def test_no_process_outlives_its_supervisor(tmp_path: Path) -> None:
    with running(tmp_path, configuration({})) as bridge:
        children = psutil.Process(bridge.processes[-1].pid).children(recursive=True)
        assert len(children) >= 2

        bridge.processes[-1].kill()

        _, alive = psutil.wait_procs(children, timeout=30)
        assert [] == alive


def test_a_killed_web_process_is_back_within_the_senders_patience(tmp_path: Path, inbox: Inbox) -> None:
    with running(tmp_path, configuration({"inbox": http_target(inbox.url)})) as bridge:
        bridge.post(lead(1))
        started = time.monotonic()

        child(bridge, "web").kill()

        bridge.wait_ready()
        assert 200 == bridge.post(lead(2)).status_code
        assert time.monotonic() - started < 60
        assert inbox.wait_for(at_target(inbox, "visitor1@example.com", "visitor2@example.com"), 20)


def test_a_revision_reaches_the_target_as_one_with_all_that_is_known(tmp_path: Path, inbox: Inbox) -> None:
    with running(tmp_path, configuration({"inbox": http_target(inbox.url)})) as bridge:
        bridge.post(lead(1, Content="call me"))
        assert inbox.wait_for(lambda: len(inbox.items()) == 1, 20)

        bridge.post(lead(1, Content="", PhoneNumber="+1 212 555 0147"))

        assert inbox.wait_for(lambda: len(inbox.items()) == 2, 20)
    first, second = inbox.items()
    assert first["key"] == second["key"]
    assert (2, "call me", "+1 212 555 0147") == (second["revision"], second["content"], second["phone"])


@pytest.mark.parametrize("session", [0, "0", "", None])
def test_strangers_in_no_session_are_two_events_even_in_the_same_second(
    tmp_path: Path, inbox: Inbox, session: int | str | None
) -> None:
    with running(tmp_path, configuration({"inbox": http_target(inbox.url)})) as bridge:
        bridge.post(lead(1, SessionID=session))
        bridge.post(lead(2, SessionID=session))

        assert inbox.wait_for(at_target(inbox, "visitor1@example.com", "visitor2@example.com"), 20)
    assert [1, 1] == [item["revision"] for item in inbox.items()]
    assert 2 == len({item["key"] for item in inbox.items()})


def test_who_is_in_no_session_is_one_event_however_the_phone_is_written(tmp_path: Path, inbox: Inbox) -> None:
    with running(tmp_path, configuration({"inbox": http_target(inbox.url)})) as bridge:
        for phone in ("(212) 555-0147", "+1 212 555 0147", "12125550147"):
            bridge.post(lead(1, SessionID="", PhoneNumber=phone))
        bridge.post(lead(2))

        assert inbox.wait_for(at_target(inbox, "visitor1@example.com", "visitor2@example.com"), 20)
        assert {"delivered": 2} == wait_until(lambda: states(bridge) if set(states(bridge)) == {"delivered"} else None)


def test_replay_keeps_the_key_and_as_new_makes_another(tmp_path: Path, inbox: Inbox) -> None:
    with running(tmp_path, configuration({"inbox": http_target(inbox.url)})) as bridge:
        bridge.post(lead(1))
        wait_until(lambda: {"delivered": 1} == states(bridge))

        unasked = bridge.call("replay", "1")
        assert 2 == unasked.returncode
        assert "a target that ignores the idempotency key will have it twice" in unasked.stderr
        assert {"delivered": 1} == states(bridge)

        assert "1 on the way again, 0 left alone\n" == bridge.call("replay", "1", "--yes").stdout
        assert inbox.wait_for(lambda: [2] == [key.arrivals for key in inbox.keys().values()], 20)
        wait_until(lambda: {"delivered": 1} == states(bridge))
        bridge.call("replay", "1", "--as-new", "--yes")

        assert inbox.wait_for(lambda: len(inbox.items()) == 2, 20)
        assert 2 == len(inbox.keys())


def test_an_unrouted_event_is_listed_and_finds_its_way_when_a_target_wants_it(tmp_path: Path, inbox: Inbox) -> None:
    wants_appointments = http_target(inbox.url) | {"when": {"kind": "appointment"}}
    with running(tmp_path, configuration({"inbox": wants_appointments})) as bridge:
        bridge.post(lead(1))
        assert ["visitor1@example.com"] == [row["email"] for row in bridge.rows("events", "list", "--unrouted")]
        bridge.stop()
        (tmp_path / "config.yaml").write_text(configuration({"inbox": http_target(inbox.url)}))
        bridge.serve()

        assert 0 == bridge.call("replay", "--event", "1").returncode

        assert inbox.wait_for(at_target(inbox, "visitor1@example.com"), 20)
        assert [] == bridge.rows("events", "list", "--unrouted")


def test_no_secret_and_no_visitor_stands_in_the_log(tmp_path: Path, inbox: Inbox) -> None:
    auth = {"auth": {"bearer": "the-targets-token"}}
    inbox.add_fault(match={}, times=1, status=500, stored=False)
    with running(tmp_path, configuration({"inbox": http_target(inbox.url, settings=auth)})) as bridge:
        bridge.post(lead(1, PhoneNumber="+12125550147", Content="a private remark"))
        bridge.post(b'{"Type": "Lead", "FirstName": "Unreadable')
        wait_until(lambda: {"delivered": 1} == states(bridge))
        bridge.stop()

        log = bridge.log()

    for secret in ("the-targets-token", "a-signing-key-for-tests", "visitor1", "2125550147", "private", "Unreadable"):
        assert secret not in log
