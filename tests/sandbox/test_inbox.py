"""The inbox: its ledger, its keys, its faults before and after storing, its life and death as a process."""

import http.client
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from bridge.sandbox.exchange import Request
from bridge.sandbox.faults import BadFault, Faults
from bridge.sandbox.inbox import Inbox
from bridge.sandbox.ledger import Tally

PATIENCE_S = 10


def connect(inbox: Inbox | str) -> http.client.HTTPConnection:
    url = inbox if isinstance(inbox, str) else inbox.url
    return http.client.HTTPConnection(url.removeprefix("http://"), timeout=PATIENCE_S)


def call(
    inbox: Inbox | str, method: str, path: str, body: Any = None, *, timeout_s: float = PATIENCE_S, **headers: str
) -> tuple[int, Any]:
    with closing(connect(inbox)) as connection:
        connection.timeout = timeout_s
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        return answer.status, json.loads(text) if answer.getheader("content-type") == "application/json" else text


def deliver(inbox: Inbox | str, key: str, body: Any = None, **options: Any) -> tuple[int, Any]:
    return call(inbox, "POST", "/hook", {"key": key} if body is None else body, **{"Idempotency-Key": key}, **options)


def test_deliveries_become_items_and_rows(inbox: Inbox) -> None:
    assert call(inbox, "POST", "/a?b=1", {"n": 1}, **{"Idempotency-Key": "k1", "X-Some": "é"}) == (
        200,
        {"status": "ok", "id": "1"},
    )
    assert call(inbox, "PUT", "/b", [2])[1]["id"] == "2"
    assert call(inbox, "PATCH", "/c", "three")[1]["id"] == "3"
    assert inbox.items() == [{"n": 1}, [2], "three"]
    first, second, _ = inbox.rows()
    assert (first.seq, first.method, first.path, first.idempotency_key) == (1, "POST", "/a?b=1", "k1")
    assert (first.headers["x-some"], first.body) == ("é", '{"n": 1}')
    assert (first.stored, first.repeat, first.answered_ms, first.status) == (True, False, first.at_ms, 200)
    assert second.idempotency_key is None
    assert inbox.rows(after=1)[0] == second
    assert inbox.counts() == Tally(arrivals=3, stored=3, repeats=0, first_seq=1, stored_seq=1)


def test_bodies_that_are_no_json_stay_text(inbox: Inbox) -> None:
    with closing(connect(inbox)) as connection:
        for body in (b"a=1&b=2", b"", b"\xff", b"[" * 100_000, b"[NaN]"):
            connection.request("POST", "/", body)
            connection.getresponse().read()
    assert inbox.items() == ["a=1&b=2", "", "\ufffd", "[" * 100_000, ["NaN"]]
    assert call(inbox, "GET", "/_/items")[1] == inbox.items()


def test_a_repeated_key_is_answered_the_same_and_not_stored_again(inbox: Inbox) -> None:
    deliver(inbox, "other")
    assert [deliver(inbox, "k") for _ in range(3)] == [(200, {"status": "ok", "id": "2"})] * 3
    assert inbox.keys() == {"other": Tally(1, 1, 0, 1, 1), "k": Tally(3, 1, 2, 2, 2)}
    assert inbox.items() == [{"key": "other"}, {"key": "k"}]
    assert [(row.stored, row.repeat) for row in inbox.rows(after=1)] == [(True, False), (False, True), (False, True)]
    assert inbox.counts().repeats == 2


def test_without_honour_each_arrival_is_an_item() -> None:
    with Inbox(honour_keys=False) as inbox:
        assert [deliver(inbox, "k")[1]["id"] for _ in range(2)] == ["1", "2"]
        assert inbox.keys() == {"k": Tally(2, 2, 1, 1, 1)}
        assert len(inbox.items()) == 2


def refused(inbox: Inbox, key: str) -> None:
    assert deliver(inbox, key)[0] == 503


def unanswered(inbox: Inbox, key: str) -> None:
    with pytest.raises((TimeoutError, ConnectionResetError, http.client.IncompleteRead)):
        deliver(inbox, key, timeout_s=0.1)


def answered(inbox: Inbox, key: str) -> None:
    assert deliver(inbox, key)[0] == 200


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize(
    ("fault", "client_sees", "status"),
    [
        ({"status": 503}, refused, 503),
        ({"hang": True}, unanswered, None),
        ({"reset": True}, unanswered, None),
        ({"garbage": True}, unanswered, 200),
        ({"latency_s": 3600}, unanswered, 200),
        ({"drip_s": 3600}, unanswered, 200),
        ({"latency_s": 0.01}, answered, 200),
        ({"drip_s": 0.0001}, answered, 200),
    ],
)
def test_each_fault_before_and_after_storing(
    inbox: Inbox, *, fault: dict[str, Any], client_sees: Callable[[Inbox, str], None], status: int | None, stored: bool
) -> None:
    inbox.add_fault(**fault, stored=stored)
    client_sees(inbox, "k")
    assert inbox.wait_for(lambda: (inbox.rows()[0].answered_ms is None) == (client_sees is unanswered), PATIENCE_S)
    [row] = inbox.rows()
    assert (row.stored, row.status) == (stored, status)
    assert inbox.keys()["k"].stored == stored
    assert len(inbox.items()) == stored

    assert deliver(inbox, "k") == (200, {"status": "ok", "id": "1" if stored else "2"})
    assert inbox.keys()["k"] == Tally(2, 1, int(stored), 1, 1 if stored else 2)


@pytest.mark.parametrize(
    ("fault", "stored"),
    [
        ({"status": 503}, False),
        ({"status": 302}, False),
        ({"hang": True}, False),
        ({"reset": True}, False),
        ({"garbage": True}, False),
        ({"status": 202}, True),
        ({"latency_s": 0}, True),
        ({"drip_s": 0, "latency_s": 1.5}, True),
        ({"hang": False, "status": None}, True),
    ],
)
def test_unless_told_only_what_gets_a_good_answer_is_stored(*, fault: dict[str, Any], stored: bool) -> None:
    faults = Faults()
    faults.add(fault)
    assert faults.decide(Request("POST", "/", "", {}, b""), draw="").stored == stored


def test_scripted_faults_are_for_what_matches_and_are_used_up(inbox: Inbox) -> None:
    scripted = {
        "match": {"header": {"idempotency-KEY": "bad"}, "body_contains": "ü", "path": "/h*"},
        "times": 2,
        "status": 429,
        "headers": {"Retry-After": "1"},
        "body": {"error": "slow down"},
        "stored": False,
        "latency_s": 0,
        "hang": False,
        "reset": False,
        "drip_s": 0,
        "garbage": False,
    }
    assert call(inbox, "POST", "/_/faults", scripted) == (200, {"status": "ok"})
    inbox.add_fault(match={"path": "/exact"}, status=500)
    assert deliver(inbox, "good", "ü")[0] == 200
    assert deliver(inbox, "bad", "u")[0] == 200
    with closing(connect(inbox)) as connection:
        for status in (429, 429, 200):
            connection.request("POST", "/hook", "ü".encode(), {"Idempotency-Key": "bad"})
            answer = connection.getresponse()
            answer.read()
            assert (answer.status, answer.getheader("Retry-After")) == (status, "1" if status == 429 else None)
    assert [call(inbox, "POST", path, 1)[0] for path in ("/exact/ly", "/exact?q", "/exact")] == [200, 500, 200]


def test_clearing_and_reset(inbox: Inbox) -> None:
    call(inbox, "POST", "/_/faults", [{"status": 500}, {"status": 501, "times": 9}])
    assert [deliver(inbox, "k")[0] for _ in range(2)] == [500, 501]
    assert call(inbox, "DELETE", "/_/faults")[0] == 200
    assert deliver(inbox, "k")[0] == 200
    inbox.add_fault(status=500, times=9)
    assert call(inbox, "POST", "/_/reset")[0] == 200
    assert (inbox.rows(), inbox.keys(), inbox.counts()) == ([], {}, Tally())
    assert deliver(inbox, "k") == (200, {"status": "ok", "id": "1"})


def test_random_faults_are_the_same_for_the_same_seed_in_whatever_order() -> None:
    table = [{"probability": 0.2, "status": 503}, {"probability": 0.1, "status": 500, "stored": True}]

    def fates(*, seed: int, keys: list[str]) -> dict[str, list[int]]:
        with Inbox() as inbox:
            assert call(inbox, "POST", "/_/random", {"table": table, "seed": seed})[0] == 200
            return {key: [deliver(inbox, key)[0] for _ in range(3)] for key in keys}

    keys = [f"key-{n}" for n in range(40)]
    first = fates(seed=1, keys=keys)
    assert fates(seed=1, keys=keys[::-1]) == first
    assert fates(seed=2, keys=keys) != first
    seen = [status for statuses in first.values() for status in statuses]
    assert 10 < seen.count(503) < 40
    assert 2 < seen.count(500) < 25


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/_/faults", {"stat": 503}, "stat: not known"),
        ("/_/faults", {"status": "503"}, "status: must be a whole number"),
        ("/_/faults", {"status": 100}, "status: must be"),
        ("/_/faults", {"times": 0}, "times: must be"),
        ("/_/faults", {"hang": 1}, "hang: must be true or false"),
        ("/_/faults", {"latency_s": -1}, "latency_s: must be"),
        ("/_/faults", {"headers": {"a": "b\r\nc"}}, "headers: must be"),
        ("/_/faults", {"match": {"key": "x"}}, "key: not known"),
        ("/_/faults", [1], "a table of"),
        ("/_/random", {"table": [{"probability": 0.6}, {"probability": 0.6}]}, "not be over 1"),
        ("/_/random", {"table": [{"probability": 0.5, "times": 1}]}, "times: not known"),
        ("/_/random", {"table": 5}, ""),
        ("/_/random", [], ""),
        ("/_/random", {}, "table"),
    ],
)
def test_what_cannot_be_understood_is_refused(inbox: Inbox, path: str, body: Any, says: str) -> None:
    status, answer = call(inbox, "POST", path, body)
    assert status == 400
    assert says in answer["error"]


def test_a_wrong_fault_is_said_in_process_too(inbox: Inbox) -> None:
    with pytest.raises(BadFault, match="statsu"):
        inbox.add_fault(statsu=1)
    with pytest.raises(BadFault, match="probability"):
        inbox.random([{"probability": 2}])


def test_control_pages(inbox: Inbox) -> None:
    deliver(inbox, "a", timeout_s=PATIENCE_S)
    deliver(inbox, "b")
    assert call(inbox, "GET", "/_/healthz") == (200, {"status": "ok"})
    assert call(inbox, "GET", "/_/items") == (200, [{"key": "a"}, {"key": "b"}])
    assert call(inbox, "GET", "/_/keys")[1]["b"] == inbox.keys()["b"]._asdict()
    assert call(inbox, "GET", "/_/ledger")[1] == [row._asdict() for row in inbox.rows()]
    assert [row["seq"] for row in call(inbox, "GET", "/_/ledger?after=1")[1]] == [2]
    assert call(inbox, "GET", "/_/ledger?after=x")[0] == 400
    assert [call(inbox, *asked)[0] for asked in (("GET", "/_x"), ("POST", "/_x"), ("POST", "/_/x"))] == [404] * 3
    assert call(inbox, "GET", "/me") == (200, {"status": "ok", "account": "inbox"})
    assert inbox.counts().arrivals == 2


def test_the_page_escapes_what_was_sent(inbox: Inbox) -> None:
    call(inbox, "POST", "/<i>", "<script>alert('body')</script>", **{"Idempotency-Key": "<b>&"})
    status, page = call(inbox, "GET", "/")
    assert status == 200
    assert "<b>1</b> items from 1 arrivals" in page
    assert "/&lt;i&gt;" in page
    assert "&lt;b&gt;&amp;" in page
    assert "&lt;script&gt;alert(&#x27;body&#x27;)" in page
    assert "<script" not in page


def test_the_page_shows_the_last_hundred(inbox: Inbox) -> None:
    with closing(connect(inbox)) as connection:
        for number in range(105):
            connection.request("POST", "/", f"body-{number}")
            connection.getresponse().read()
    page = call(inbox, "GET", "/")[1]
    assert page.count("<pre>") == 100
    assert page.index("body-104") < page.index("body-5<")
    assert "body-4<" not in page


def test_wait_for(inbox: Inbox) -> None:
    assert not inbox.wait_for(lambda: bool(inbox.items()), 0.02)
    client = threading.Thread(target=lambda: [deliver(inbox, str(n)) for n in range(3)])
    client.start()
    assert inbox.wait_for(lambda: len(inbox.items()) == 3, PATIENCE_S)
    client.join()


def test_pipelined_deliveries_with_one_key_are_stored_once(inbox: Inbox) -> None:
    with closing(connect(inbox)) as connection:
        connection.connect()
        assert connection.sock is not None
        connection.sock.sendall(b"POST /h HTTP/1.1\r\nIdempotency-Key: k\r\nContent-Length: 2\r\n\r\n{}" * 50)
        assert inbox.wait_for(lambda: inbox.counts().arrivals == 50, PATIENCE_S)
    assert inbox.keys()["k"].stored == 1


def test_a_ledger_is_found_again(tmp_path: Path) -> None:
    with Inbox(tmp_path / "ledger.db") as inbox:
        inbox.add_fault(status=503)
        for key in ("a", "a", "a", "b"):
            deliver(inbox, key)
        rows, keys, counts, items = inbox.rows(), inbox.keys(), inbox.counts(), inbox.items()
        assert keys["a"] == Tally(3, 1, 1, 1, 2)
    with Inbox(tmp_path / "ledger.db") as inbox:
        assert (inbox.rows(), inbox.keys(), inbox.counts(), inbox.items()) == (rows, keys, counts, items)
        assert deliver(inbox, "a")[1]["id"] == "2"
        assert deliver(inbox, "c")[1]["id"] == "6"


@contextmanager
def inbox_process(ledger: Path, *, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], str]]:
    code = "import sys; from bridge.sandbox.inbox import main; main(int(sys.argv[1]), sys.argv[2])"
    command = [sys.executable, "-c", code, str(port), str(ledger)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().split()[-1]
        finally:
            process.kill()


def test_no_answered_delivery_is_lost_by_kill_9(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    enough = threading.Event()

    def send(url: str, name: int) -> None:
        try:
            with closing(connect(url)) as connection:
                for number in range(100_000):
                    key = f"{name}-{number}"
                    connection.request("POST", "/hook", "{}", {"Idempotency-Key": key})
                    if connection.getresponse().read():
                        acknowledged.append(key)
                    if len(acknowledged) >= 500:
                        enough.set()
        except (OSError, http.client.HTTPException):
            return

    with inbox_process(tmp_path / "ledger.db") as (process, url):
        clients = [threading.Thread(target=send, args=(url, name)) for name in range(4)]
        for client in clients:
            client.start()
        assert enough.wait(PATIENCE_S)
        process.kill()
        for client in clients:
            client.join()
    assert process.returncode == -signal.SIGKILL

    with inbox_process(tmp_path / "ledger.db", port=int(url.rpartition(":")[2])) as (process, again):
        assert again == url
        keys = call(url, "GET", "/_/keys")[1]
        assert set(acknowledged) <= set(keys)
        assert len(keys) <= len(acknowledged) + len(clients)
        assert deliver(url, acknowledged[0])[1]["id"] == str(keys[acknowledged[0]]["first_seq"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_ends_cleanly_on_a_signal_even_with_clients(tmp_path: Path, number: signal.Signals) -> None:
    with inbox_process(tmp_path / "ledger.db") as (process, url), closing(connect(url)) as hung:
        call(url, "POST", "/_/faults", {"hang": True, "stored": True})
        hung.request("POST", "/", "{}")
        assert call(url, "GET", "/_/healthz")[0] == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, out, err) == (0, "", "")
    with Inbox(tmp_path / "ledger.db") as inbox:
        assert inbox.counts().stored == 1
