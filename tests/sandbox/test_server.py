"""The sandbox's server: HTTP as clients speak it, and each way to mistreat a connection."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from bridge.sandbox import server as server_module
from bridge.sandbox.exchange import Fault, Reply, Request, json_reply
from bridge.sandbox.server import Server

PATIENCE_S = 10


@contextmanager
def serving(handle: Callable[[Request], Reply], **options: Callable[[], None]) -> Iterator[Server]:
    server = Server(handle, **options)
    server.start()
    try:
        yield server
    finally:
        server.close()


def echo(request: Request) -> Reply:
    return json_reply([request.method, request.path, request.query, request.body.decode()])


def connect(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE_S)


def dial(server: Server) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE_S)


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: object = None, **options) -> tuple:
    connection.request(method, path, body, **options)
    answer = connection.getresponse()
    return answer.status, answer.read()


def until_end(client: socket.socket) -> bytes:
    got = b""
    while part := client.recv(65536):
        got += part
    return got


def failing(fault: Fault, *, body: bytes = b"0123456789") -> Callable[[Request], Reply]:
    """A handler that spoils what is asked of /bad, and nothing else."""
    return lambda request: Reply(200, {}, body, fault if request.path == "/bad" else Fault())


def test_keep_alive() -> None:
    with serving(echo) as server, closing(connect(server)) as connection:
        assert ask(connection, "POST", "/a%20b?c=1&d", b"x") == (200, b'["POST", "/a%20b", "c=1&d", "x"]')
        first = connection.sock
        assert ask(connection, "GET", "/") == (200, b'["GET", "/", "", ""]')
        assert connection.sock is first


def test_headers_are_found_in_any_case_and_repeated_ones_joined() -> None:
    def handle(request: Request) -> Reply:
        return json_reply([request.header("IDEMPOTENCY-key"), request.header("a"), request.header("b")])

    with serving(handle) as server, dial(server) as client:
        client.sendall(b"GET / HTTP/1.1\r\nidempotency-KEY: k\r\nA: 1\r\na: 2\r\nConnection: close\r\n\r\n")
        assert until_end(client).endswith(b'["k", "1, 2", null]')


def test_chunked_body() -> None:
    with serving(echo) as server, closing(connect(server)) as connection:
        status, body = ask(connection, "PUT", "/", iter([b"ab", b"cd" * 50_000, b"e"]), encode_chunked=True)
        assert (status, json.loads(body)[3]) == (200, "ab" + "cd" * 50_000 + "e")


def test_a_request_in_single_bytes() -> None:
    with serving(echo) as server, dial(server) as client:
        for byte in b"POST /x HTTP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi":
            client.sendall(bytes([byte]))
        assert until_end(client).endswith(b'["POST", "/x", "", "hi"]')


def test_pipelined_requests_are_answered_in_order_even_if_the_first_is_slow() -> None:
    def handle(request: Request) -> Reply:
        return Reply(200, {}, request.path.encode(), Fault(latency_s=0.1 if request.path == "/0" else 0))

    with serving(handle) as server, dial(server) as client:
        last = b"GET /500 HTTP/1.1\r\nConnection: close\r\n\r\n"
        client.sendall(b"".join(b"GET /%d HTTP/1.1\r\n\r\n" % n for n in range(500)) + last)
        paths = [part.split(b"HTTP/1.1")[0] for part in until_end(client).split(b"\r\n\r\n")[1:]]
        assert paths == [b"/%d" % n for n in range(501)]


@pytest.mark.parametrize(
    ("lines", "ends_with"),
    [
        (b"GET / HTTP/1.0\r\n\r\n", b"Connection: close"),
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", b"Connection: close"),
        (b"HEAD / HTTP/1.1\r\n\r\n", b"Connection: close"),
    ],
)
def test_closes_where_the_client_cannot_go_on(lines: bytes, ends_with: bytes) -> None:
    with serving(lambda _: Reply()) as server, dial(server) as client:
        client.sendall(lines)
        assert ends_with in until_end(client)


def test_no_content_has_no_body_and_no_length() -> None:
    with serving(lambda _: Reply(204, {}, b"not sent")) as server, dial(server) as client:
        client.sendall(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert until_end(client) == b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


def test_continues_where_the_client_waits_for_it() -> None:
    with serving(echo) as server, dial(server) as client:
        client.sendall(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"hi")
        assert until_end(client).endswith(b'"hi"]')


@pytest.mark.parametrize(
    "lines",
    [
        b"no http at all\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\nab",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nab",
    ],
)
def test_what_is_no_http_is_refused_and_hurts_nobody_else(lines: bytes) -> None:
    with serving(echo) as server, closing(connect(server)) as other, dial(server) as client:
        assert ask(other, "GET", "/")[0] == 200
        client.sendall(lines)
        head = client.recv(100)
        assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b"Connection: close" in head + until_end(client)
        assert ask(other, "GET", "/")[0] == 200


def test_good_requests_before_a_bad_one_are_answered() -> None:
    with serving(echo) as server, dial(server) as client:
        client.sendall(b"GET /good HTTP/1.1\r\n\r\nbad\r\n\r\n")
        got = until_end(client)
        assert got.index(b'"/good"') < got.index(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("chunked", [False, True])
def test_too_large_a_request_is_refused(monkeypatch: pytest.MonkeyPatch, *, chunked: bool) -> None:
    monkeypatch.setattr(server_module, "REQUEST_CAP_BYTES", 1_000_000)
    with serving(echo) as server, closing(connect(server)) as connection:
        body = iter([b"x" * 300_000] * 4) if chunked else b"x" * 1_000_001
        assert ask(connection, "POST", "/", body, encode_chunked=chunked)[0] == 413
        assert ask(connection, "POST", "/", b"x" * 900_000)[0] == 200


def test_a_large_request() -> None:
    with (
        serving(lambda request: Reply(body=b"%d" % len(request.body))) as server,
        closing(connect(server)) as connection,
    ):
        assert ask(connection, "POST", "/", bytes(20_000_000)) == (200, b"20000000")


def test_a_bug_in_the_handler_is_a_500_and_hurts_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    def handle(request: Request) -> Reply:
        raise RuntimeError(request.path)

    with serving(handle) as server, closing(connect(server)) as connection:
        assert ask(connection, "GET", "/first")[0] == 500
        assert ask(connection, "GET", "/second")[0] == 500
    assert "/first" in caplog.text


def test_answers_leave_only_when_settled(caplog: pytest.LogCaptureFixture) -> None:
    settled: list[bool] = []

    def settle() -> None:
        settled.append(True)
        if len(settled) == 2:
            raise OSError("the disk is full")

    def handle(_: Request) -> Reply:
        return Reply(body=b"%d" % len(settled))

    with serving(handle, settle=settle) as server, closing(connect(server)) as connection, dial(server) as unlucky:
        assert ask(connection, "GET", "/") == (200, b"0")
        assert len(settled) == 1
        unlucky.sendall(b"GET / HTTP/1.1\r\n\r\n")
        unlucky.settimeout(0.1)
        with pytest.raises(TimeoutError):
            unlucky.recv(1)
        assert ask(connection, "GET", "/") == (200, b"2")
    assert "the disk is full" in caplog.text


def test_latency_keeps_nobody_else_waiting() -> None:
    sent = threading.Event()

    def handle(request: Request) -> Reply:
        return Reply(fault=Fault(latency_s=0.3), sent=sent.set) if request.path == "/bad" else Reply()

    with serving(handle) as server, closing(connect(server)) as slow, closing(connect(server)) as other:
        start_s = time.monotonic()
        slow.request("GET", "/bad")
        assert ask(other, "GET", "/")[0] == 200
        assert not sent.is_set()
        assert slow.getresponse().status == 200
        assert time.monotonic() - start_s >= 0.29
        assert sent.wait(PATIENCE_S)


def test_an_answer_to_a_client_that_left_is_not_sent() -> None:
    sent = threading.Event()

    def handle(request: Request) -> Reply:
        return Reply(fault=Fault(latency_s=0.1), sent=sent.set) if request.path == "/bad" else Reply(fault=Fault(0.2))

    with serving(handle) as server, closing(connect(server)) as leaves, closing(connect(server)) as stays:
        leaves.request("GET", "/bad")
        leaves.close()
        assert ask(stays, "GET", "/later")[0] == 200
        assert not sent.is_set()


def test_hang_lasts_until_the_client_leaves() -> None:
    with serving(failing(Fault(hang=True))) as server, closing(connect(server)) as other, dial(server) as client:
        client.sendall(b"GET /bad HTTP/1.1\r\n\r\nGET /good HTTP/1.1\r\n\r\n")
        client.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.recv(1)
        assert ask(other, "GET", "/")[0] == 200
        assert len(server.connections) == 2
        client.close()
        for _ in range(50):  # each answer takes the loop round once
            assert ask(other, "GET", "/")[0] == 200
        assert len(server.connections) == 1


def test_reset() -> None:
    with serving(failing(Fault(reset=True))) as server, closing(connect(server)) as other, dial(server) as client:
        client.sendall(b"GET /bad HTTP/1.1\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            client.recv(1)
        assert ask(other, "GET", "/")[0] == 200


def test_drip() -> None:
    with serving(failing(Fault(drip_s=0.001))) as server, closing(connect(server)) as other, dial(server) as client:
        client.sendall(b"GET /bad HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert len(client.recv(1000)) < 5
        assert ask(other, "GET", "/")[0] == 200
        assert until_end(client).endswith(b"\r\n\r\n0123456789")


def test_a_connection_lives_on_after_a_drip() -> None:
    with serving(failing(Fault(drip_s=0.0001))) as server, closing(connect(server)) as connection:
        assert ask(connection, "GET", "/bad") == (200, b"0123456789")
        assert ask(connection, "GET", "/") == (200, b"0123456789")


def test_garbage_is_half_an_answer() -> None:
    with serving(failing(Fault(garbage=True))) as server, closing(connect(server)) as connection:
        connection.request("GET", "/bad")
        with pytest.raises(http.client.IncompleteRead) as error:
            connection.getresponse().read()
        assert (error.value.partial, error.value.expected) == (b"0123", 6)


def test_garbage_without_a_body_is_an_unfinished_head() -> None:
    with serving(failing(Fault(garbage=True), body=b"")) as server, dial(server) as client:
        client.sendall(b"GET /bad HTTP/1.1\r\n\r\n")
        assert not until_end(client).endswith(b"\r\n\r\n")


def test_latency_comes_before_the_other_faults() -> None:
    with serving(failing(Fault(latency_s=0.1, reset=True))) as server, dial(server) as client:
        start_s = time.monotonic()
        client.sendall(b"GET /bad HTTP/1.1\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            client.recv(1)
        assert time.monotonic() - start_s >= 0.09


def test_close_ends_the_thread_and_open_connections_and_frees_the_port() -> None:
    with serving(failing(Fault(hang=True))) as server, closing(connect(server)) as idle, dial(server) as client:
        assert ask(idle, "GET", "/")[0] == 200
        client.sendall(b"GET /bad HTTP/1.1\r\n\r\n")
        server.close()
        assert server.url not in {thread.name for thread in threading.enumerate()}
        with pytest.raises(ConnectionRefusedError):
            dial(server)
        Server(echo, port=int(server.url.rpartition(":")[2])).close()


def test_a_port_in_use_is_said_at_once() -> None:
    with serving(echo) as server, pytest.raises(OSError, match="in use"):
        Server(echo, port=int(server.url.rpartition(":")[2]))
