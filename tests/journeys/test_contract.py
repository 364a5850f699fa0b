"""The HTTP contract, to the letter, against real processes on both databases."""

import json
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import requests

from bridge.core.signing import sign
from tests.processes import KEY, Bridge, configuration, lead, running, wait_until

SUCCESS = (200, '{"status":"success"}')
TESTED = (200, '{"status":"Success: test request received"}')
REFUSED = (401, '{"status":"error","error":"signature not accepted"}')


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def bridge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    url = request.getfixturevalue("new_postgres")() if request.param == "postgres" else ""
    with running(tmp_path_factory.mktemp("contract"), configuration({}), database_url=url) as found:
        yield found


def said(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.text


def raw(bridge: Bridge, request: bytes, *, then: tuple[bytes, ...] = (), timeout_s: float = 30) -> bytes:
    """What comes back on a plain connection, until the other side closes or has answered."""
    with socket.create_connection(("127.0.0.1", bridge.port), timeout=timeout_s) as connection:
        connection.sendall(request)
        for part in then:
            try:
                connection.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                break
        return connection.recv(65536)


def test_a_signed_event_and_its_duplicate_are_answered_with_success(bridge: Bridge) -> None:
    assert SUCCESS == said(bridge.post(lead(1)))
    assert SUCCESS == said(bridge.post(lead(1)))
    assert SUCCESS == said(bridge.post([lead(1), lead(2)]))


@pytest.mark.parametrize("body", [b"{}", b" { } ", b'{"Type":"Test"}'])
@pytest.mark.parametrize("header", ["", "t=1,v1=00", None])
def test_a_test_request_is_answered_signed_or_not(bridge: Bridge, body: bytes, header: str | None) -> None:
    assert TESTED == said(bridge.post(body, header=header))


def test_a_signed_object_with_nothing_but_a_serial_number_is_a_test_request(bridge: Bridge) -> None:
    empty = dict.fromkeys(lead(), "") | {"SerialNumber": "59001", "SessionID": 0}

    assert TESTED == said(bridge.post(empty))
    assert REFUSED == said(bridge.post(empty, header=""))


@pytest.mark.parametrize(
    "body",
    [
        b"not JSON",
        b"",
        b"[" * 100_000,
        b'{"Type":"Lead","FirstName":NaN}',
        b'{"Type":"Conversation"}',
        b'{"Type":"Lead","Email":{"a":1}}',
        b"\xff\xfe\x00",
        b'"Lead"',
        b"[1, null, [[]]]",
    ],
)
def test_a_signed_body_that_is_no_event_is_answered_with_success_and_kept_once(bridge: Bridge, body: bytes) -> None:
    before = len(bridge.rows("events", "quarantined"))

    assert SUCCESS == said(bridge.post(body))
    assert SUCCESS == said(bridge.post(body))

    elements = 3 if body.startswith(b"[1") else 1
    assert before + elements == len(bridge.rows("events", "quarantined"))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=1",
        "v1=" + "0" * 64,
        "t=1,v1=" + "0" * 64,
        "t=x,v1=" + "0" * 64,
        "t=1,t=1,v1=" + "0" * 64,
        "é" * 20,
        "t=1,v1=" + "a" * 10_000,
        "nonsense",
        pytest.param(sign(b"another body", key=KEY.encode(), at=int(time.time())), id="of another body"),
    ],
)
def test_a_request_that_is_not_the_sources_is_refused_without_a_reason(bridge: Bridge, header: str) -> None:
    assert REFUSED == said(bridge.post(lead(3), header=header.encode().decode("latin-1")))


def test_an_authentic_request_outside_the_window_is_refused_and_counted_by_itself(bridge: Bridge) -> None:
    now = int(time.time())

    assert REFUSED == said(bridge.post(lead(4), at=now - 700))
    assert REFUSED == said(bridge.post(lead(4), at=now + 400))
    assert SUCCESS == said(bridge.post(lead(4), at=now - 590))
    assert SUCCESS == said(bridge.post(lead(4), at=now + 290))

    def reasons() -> set[str]:
        return {row["reason"] for row in bridge.rows("events", "rejected")}

    wait_until(lambda: {"too old", "too far in the future"} <= reasons())


def test_what_cannot_be_stored_as_text_is_repaired(bridge: Bridge) -> None:
    body = json.dumps(lead(5, FirstName="a\x00b\ud83d", Content="\U0001f600")).encode() + b" " * 3

    assert SUCCESS == said(bridge.post(body))

    event = next(row for row in bridge.rows("events", "list") if row["email"] == "visitor5@example.com")
    assert "ab\ufffd Garcia" == event["name"]
    whole = bridge.rows("events", "show", str(event["id"]))[0]
    assert body.decode() == whole["raw"]
    assert "\U0001f600" == whole["fields"]["content"]


def test_ten_thousand_events_in_one_body_are_stored(bridge: Bridge) -> None:
    assert SUCCESS == said(bridge.post([lead(n) for n in range(100_000, 110_000)], timeout_s=90))
    newest = bridge.rows("events", "list", "--limit", "10000")
    assert {f"visitor{n}@example.com" for n in range(100_000, 110_000)} == {row["email"] for row in newest}


def test_unknown_paths_sources_and_methods_get_json_errors(bridge: Bridge) -> None:
    no_source = requests.post(f"{bridge.url}/webhooks/nobody", data=b"x", timeout=10)
    no_path = requests.get(f"{bridge.url}/nowhere", timeout=10)
    no_method = requests.get(f"{bridge.url}/webhooks/smarterbot", timeout=10)
    no_source_to_get = requests.get(f"{bridge.url}/webhooks/nobody", timeout=10)
    no_options = requests.options(f"{bridge.url}/webhooks/smarterbot", timeout=10)
    two_slashes = requests.post(f"{bridge.url}/webhooks//smarterbot", data=b"{}", allow_redirects=False, timeout=10)

    assert (404, "no such source") == (no_source.status_code, no_source.json()["error"])
    assert (404, "error") == (no_path.status_code, no_path.json()["status"])
    assert (405, "error") == (no_method.status_code, no_method.json()["status"])
    assert (405, "error") == (no_options.status_code, no_options.json()["status"])
    assert ["POST"] * 2 == [answer.headers["Allow"] for answer in (no_method, no_options)]
    assert (404, "no such source") == (no_source_to_get.status_code, no_source_to_get.json()["error"])
    assert (404, "error") == (two_slashes.status_code, two_slashes.json()["status"])


@pytest.mark.parametrize("length", [500, 200_000])
def test_a_body_that_is_cut_short_is_told_so(bridge: Bridge, length: int) -> None:
    with socket.create_connection(("127.0.0.1", bridge.port), timeout=30) as connection:
        connection.sendall(b"POST /webhooks/smarterbot HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\nabc" % length)
        connection.shutdown(socket.SHUT_WR)

        assert b"400" in connection.recv(4096).split(b"\r\n")[0]


def test_large_bodies_share_one_budget_and_leads_are_no_part_of_it(bridge: Bridge) -> None:
    head = b"POST /webhooks/smarterbot HTTP/1.1\r\nHost: x\r\nContent-Length: 16777216\r\n\r\n"
    web = psutil.Process(bridge.processes[-1].pid).children()
    before = max(process.memory_info().rss for process in web)
    held = [socket.create_connection(("127.0.0.1", bridge.port), timeout=30) for _ in range(24)]
    try:
        refused = 0
        for connection in held:
            try:
                connection.sendall(head + b"x" * (15 << 20))
            except (BrokenPipeError, ConnectionResetError):
                refused += 1

        assert SUCCESS == said(bridge.post(lead(60)))

        assert refused >= 16
        assert max(process.memory_info().rss for process in web) - before < 200 << 20
    finally:
        for connection in held:
            connection.close()


def test_forged_large_bodies_are_told_to_wait_and_leads_are_not(bridge: Bridge) -> None:
    body = b"[" + b"[" * 400 + b"]" * 400 + b",1" * 500_000 + b"]"
    with ThreadPoolExecutor(12) as pool:
        forged = [pool.submit(bridge.post, body, header=f"t={int(time.time())},v1={'0' * 64}") for _ in range(12)]
        leads = [said(bridge.post(lead(number))) for number in range(70, 90)]
        answers = {answer.result().status_code for answer in forged}

    assert [SUCCESS] * 20 == leads
    assert answers <= {401, 503}


def test_a_signed_array_with_very_many_wrong_elements_is_kept_whole(bridge: Bridge) -> None:
    wrong = b"[" + b"0," * 70_000 + json.dumps(lead(91)).encode() + b"]"

    assert SUCCESS == said(bridge.post(wrong))

    assert "70,000 elements cannot be read" in bridge.rows("events", "quarantined", "--limit", "1")[0]["reason"]
    assert "visitor91@example.com" in {row["email"] for row in bridge.rows("events", "list")}


def test_a_body_over_the_cap_is_refused_with_or_without_a_length(bridge: Bridge) -> None:
    head = b"POST /webhooks/smarterbot HTTP/1.1\r\nHost: x\r\n"
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"

    assert b"413" in raw(bridge, head + b"Content-Length: 99999999\r\n\r\nabc").split(b"\r\n")[0]
    chunked = raw(bridge, head + b"Transfer-Encoding: chunked\r\n\r\n", then=(chunk,) * 300)
    assert b"413" in chunked.split(b"\r\n")[0]


@pytest.mark.parametrize("bridge", ["sqlite"], indirect=True)  # no database has a part in it, and the deadline is long
def test_slow_bodies_keep_nobody_waiting_and_end_at_their_deadline(bridge: Bridge) -> None:
    head = b"POST /webhooks/smarterbot HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\nabc"
    slow = [socket.create_connection(("127.0.0.1", bridge.port), timeout=60) for _ in range(200)]
    try:
        for connection in slow:
            connection.sendall(head)

        assert SUCCESS == said(bridge.post(lead(6), timeout_s=5))

        assert b"408" in slow[0].recv(4096).split(b"\r\n")[0]
    finally:
        for connection in slow:
            connection.close()


def test_health_readiness_and_metrics_tell_the_state(bridge: Bridge) -> None:
    assert {"status": "ok"} == requests.get(f"{bridge.url}/healthz", timeout=10).json()
    ready = requests.get(f"{bridge.url}/readyz", timeout=10).json()
    assert ("ready", 0) == (ready["status"], ready["sources_without_key"])
    bridge.post(lead(7))
    metrics = metrics_of(bridge)
    assert 'bridge_received_total{result="stored",source="smarterbot"}' in metrics


def test_metrics_tell_when_each_worker_last_beat(tmp_path: Path) -> None:
    with running(tmp_path, configuration({})) as bridge:
        bridge.start("worker")

        (beat,) = wait_until(lambda: re.findall(r"\nbridge_worker_beat_timestamp_seconds{.*} (.+)", metrics_of(bridge)))

        assert abs(time.time() - float(beat)) < 60


def metrics_of(bridge: Bridge) -> str:
    return requests.get(f"{bridge.url}/metrics", timeout=10).text


def test_before_its_key_is_there_a_source_answers_tests_and_keeps_the_rest(tmp_path: Path) -> None:
    with running(tmp_path, configuration({}), TEST_SIGNING_KEY="") as bridge:
        assert TESTED == said(bridge.post(b"{}", header=""))
        answer = bridge.post(lead(8))
        assert 503 == answer.status_code
        assert "Retry-After" in answer.headers
        assert 1 == requests.get(f"{bridge.url}/readyz", timeout=10).json()["sources_without_key"]
        assert 503 == bridge.post(lead(9), key="not the key that will come").status_code
        bridge.stop()
        bridge.environment["TEST_SIGNING_KEY"] = "a-key-that-was-mistyped"
        bridge.serve()
        wait_until(lambda: "do not fit the key" in bridge.log())
        bridge.stop()
        bridge.environment["TEST_SIGNING_KEY"] = KEY

        bridge.serve()

        wait_until(lambda: ["visitor8@example.com"] == [row["email"] for row in bridge.rows("events", "list")])
