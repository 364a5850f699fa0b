"""Real sockets on loopback: a peer that plays each trick, and a door that must name it, in time."""

import contextlib
import re
import socket
import ssl
import struct
import subprocess
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import responses

from bridge.connector import Answer, Call
from bridge.errors import CallFailed, NotBegun
from bridge.outbound import MAX_IDLE_S, Alone, Door

OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"id": "7"}'
SECRET = "s3cr3t"


class Peer:
    """A server on a free port that plays `play(sock, request)` after each request; keeps what it was sent."""

    def __init__(self, play: Callable[[socket.socket, bytes], object], *, tls: ssl.SSLContext | None = None) -> None:
        self._play, self._tls = play, tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/hook"
        self.requests: list[bytes] = []
        self.connections = 0
        self.stop = threading.Event()
        self.closed = threading.Event()  # the peer has closed a connection
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.connections += 1
                self._open.append(sock)
                threading.Thread(target=self._serve, args=[sock], daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError, ssl.SSLError):
            if self._tls:
                sock = self._tls.wrap_socket(sock, server_side=True)
            while request := _read_request(sock):
                self.requests.append(request)
                if self._play(sock, request) == "close":
                    break
        sock.close()
        self.closed.set()

    def close(self) -> None:
        self.stop.set()
        self._listener.close()
        for sock in self._open:
            sock.close()

    def drip(self, sock: socket.socket, data: bytes) -> None:
        """One byte every few milliseconds: never silent, never done."""
        for byte in data:
            sock.sendall(bytes([byte]))
            if self.stop.wait(0.02):
                return


def _read_request(sock: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := sock.recv(65536)):
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    sizes = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while sizes and len(body) < int(sizes[0].split(b":")[1]):
        body += sock.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def peer() -> Iterator[Callable[..., Peer]]:
    peers: list[Peer] = []

    def start(play: Callable[[socket.socket, bytes], object] | bytes, *, tls: ssl.SSLContext | None = None) -> Peer:
        peers.append(Peer(play if callable(play) else lambda sock, _: sock.sendall(play), tls=tls))
        return peers[-1]

    yield start

    for each in peers:
        each.close()


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def door(**settings) -> Door:
    return Door(**{"allow_private_addresses": True, "timeout_s": 5.0} | settings)


def failing(call: Call, url: str, **request) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        call.http.request("POST", url, **{"json": {"a": 1}} | request)
    return caught.value


def timed_out(failed: CallFailed) -> str:
    """What a timeout says of the request, which `uncertain` says too."""
    found = re.fullmatch(r"timeout after \d\.\d s, (.*)", failed.reason)
    assert found, failed.reason
    assert failed.uncertain is (found[1] == "the request had left")
    return found[1]


def names_resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """A DNS in which every name has these addresses; returns the names asked for."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_) -> list[tuple]:
        asked.append(host)
        families = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in addresses]
        return [
            (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))
            for family, address in zip(families, addresses, strict=True)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


# what is sent, what comes back


def test_a_request_goes_out_as_it_was_asked_for_and_its_answer_comes_back(peer) -> None:
    there = peer(OK)
    call = door().call()

    answer = call.http.request("POST", there.url + "?q=1", json={"ü": 1.5}, headers={"X-Trace": "7"})

    assert (answer.status, answer.body, answer.json()) == (200, b'{"id": "7"}', {"id": "7"})
    assert answer.headers["content-TYPE"] == "application/json"
    head, _, body = there.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /hook?q=1 HTTP/1.1"
    assert f"Host: 127.0.0.1:{there.port}" in lines
    assert {"X-Trace: 7", "Content-Type: application/json", "Accept-Encoding: identity"} <= set(lines)
    assert any(line.startswith("User-Agent: webhook-crm-bridge/") for line in lines)
    assert '{"ü":1.5}'.encode() == body
    assert call.sent is True


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nno", 500, b"no"),
        (b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", 302, b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", 200, b"abc"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"1;why=%b\r\na\r\n" % (b"y" * 2000) * 900  # lines of more than an answer may have in a row
            + b"0\r\nX-T: 1\r\n\r\n",
            200,
            b"a" * 900,
        ),
    ],
)
def test_every_status_is_an_answer_and_no_redirect_is_followed(peer, answer: bytes, status: int, body: bytes) -> None:
    there = peer(answer)

    received = door().call().http.request("POST", there.url, json={})

    assert (status, body) == (received.status, received.body)
    assert len(there.requests) == 1


@pytest.mark.parametrize(
    ("sent", "date"),
    [
        (b"", "Thu, 01 Jan 2026 00:00:09 GMT"),
        (b"Date: now\r\n", "Thu, 01 Jan 2026 00:00:09 GMT"),
        (b"Date: \r\n", "Thu, 01 Jan 2026 00:00:09 GMT"),
        (b"Date: Sun Nov  6 08:49:37 1994\r\n", "Sun Nov  6 08:49:37 1994"),
        (b"Date: Wed, 31 Dec 2025 00:00:00 GMT\r\n", "Wed, 31 Dec 2025 00:00:00 GMT"),
    ],
)
def test_an_answer_without_a_date_gets_the_time_when_it_came(peer, sent: bytes, date: str) -> None:
    there = peer(b"HTTP/1.1 503 No\r\n%bContent-Length: 0\r\n\r\n" % sent)
    way = door(now_s=lambda: datetime(2026, 1, 1, 0, 0, 9, tzinfo=UTC).timestamp())

    assert way.call().http.request("GET", there.url).headers["date"] == date


def test_an_answer_may_end_with_the_connection(peer) -> None:
    def play(sock: socket.socket, _: bytes) -> str:
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\nall of it")
        return "close"

    assert door().call().http.request("GET", peer(play).url).body == b"all of it"


def test_a_door_and_its_call_and_answer_are_what_connectors_are_promised(peer) -> None:
    call: Call = door().call(3.0)
    answer: Answer = call.http.request("GET", peer(OK).url)

    assert answer.status == 200
    assert 0 < call.deadline_s <= 3.0


def test_nothing_is_read_from_the_environment(peer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    there = peer(OK)
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login me password {SECRET}\n")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("NETRC", str(netrc))

    door().call().http.request("GET", there.url)

    assert b"authorization" not in there.requests[0].lower()


def test_cookies_are_not_kept(peer) -> None:
    there = peer(OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=b\r\n\r\n"))
    way = door()

    way.call().http.request("GET", there.url)
    way.call().http.request("GET", there.url)

    assert b"cookie" not in there.requests[1].lower()


def test_the_adapter_is_seen_by_responses() -> None:
    with responses.RequestsMock() as mock:
        mock.post("https://crm.example/hook", json={"id": 3}, status=201, headers={"Retry-After": "7"})
        answer = Door().call().http.request("POST", "https://crm.example/hook", json={"a": 1}, headers={"X-A": "b"})

        assert (answer.status, answer.json(), answer.headers["retry-after"]) == (201, {"id": 3}, "7")
        assert (mock.calls[0].request.headers["x-a"], mock.calls[0].request.body) == ("b", b'{"a":1}')


# interim answers (RFC 9110 §15.2)

CREATED = b'HTTP/1.1 201 Created\r\nContent-Length: 11\r\n\r\n{"id": "8"}'
NOTHING = b"HTTP/1.1 204 No Content\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nContent-Length: 5\r\nRetry-After: 9\r\n\r\n"


@pytest.mark.parametrize(
    ("interim", "final", "status", "body"),
    [
        (CONTINUE, OK, 200, b'{"id": "7"}'),
        (CONTINUE * 50, OK, 200, b'{"id": "7"}'),
        (HINTS, CREATED, 201, b'{"id": "8"}'),
        (PROCESSING * 3, NOTHING, 204, b""),
        (CONTINUE + PROCESSING + HINTS, CREATED, 201, b'{"id": "8"}'),
        (b"HTTP/1.1 199\r\n\r\n", CREATED, 201, b'{"id": "8"}'),
        (HINTS, b"HTTP/1.1 422 No\r\nContent-Length: 2\r\n\r\nno", 422, b"no"),
        (b"HTTP/1.1 102 Processing\r\nServer: a\r\nDate: b\r\n\r\n" * 2000, CREATED, 201, b'{"id": "8"}'),
    ],
    ids=["100", "many 100", "103", "102 and no body", "one of each", "unknown", "103 and a refusal", "very many 102"],
)
def test_an_interim_answer_is_not_the_answer(peer, interim: bytes, final: bytes, status: int, body: bytes) -> None:
    there = peer(interim + final)
    way = door()

    answers = [way.call().http.request("POST", there.url, json={}) for _ in range(3)]

    assert [(status, body)] * 3 == [(answer.status, answer.body) for answer in answers]
    assert all("Link" not in answer.headers and "Retry-After" not in answer.headers for answer in answers)
    assert (len(there.requests), there.connections) == (3, 1)


def test_an_interim_answer_may_come_byte_by_byte(peer) -> None:
    def play(sock: socket.socket, _: bytes) -> None:
        for byte in HINTS + PROCESSING + CREATED:
            sock.sendall(bytes([byte]))

    there = peer(play)
    way = door()

    assert [201, 201] == [way.call().http.request("POST", there.url).status for _ in range(2)]
    assert there.connections == 1


def test_an_answer_may_come_some_time_after_an_interim_one(peer) -> None:
    def play(sock: socket.socket, _: bytes) -> None:
        for _ in range(3):
            sock.sendall(PROCESSING)
            there.stop.wait(0.1)
        sock.sendall(CREATED)

    there: Peer = peer(play)

    assert door().call().http.request("POST", there.url).status == 201


def test_interim_answers_give_no_more_time(peer) -> None:
    def play(sock: socket.socket, _: bytes) -> None:
        while not there.stop.wait(0.02):
            sock.sendall(PROCESSING)

    there: Peer = peer(play)
    call = door().call(0.4)
    started_s = time.monotonic()

    failed = failing(call, there.url)

    assert 0.4 <= time.monotonic() - started_s < 3.0
    assert timed_out(failed) == "the request had left"


@pytest.mark.parametrize("size_bytes", [0, 60_000])
def test_endless_interim_answers_take_no_more_memory_than_the_cap_allows(peer, size_bytes: int) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: %b\r\n\r\n" % (b"x" * size_bytes)

    def play(sock: socket.socket, _: bytes) -> None:
        while not there.stop.is_set():  # ends sooner by the error of a connection that was given up
            sock.sendall(hints)

    there: Peer = peer(play)
    call = door().call()
    started_s = time.monotonic()

    tracemalloc.start()
    failed = failing(call, there.url)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert failed.reason == "unreadable answer (EndlessAnswer) after the request had left"
    assert time.monotonic() - started_s < 5.0
    assert peak_bytes < 1 << 20


# connections


def test_a_connection_is_kept_alive(peer) -> None:
    there = peer(OK)
    way = door()

    for _ in range(3):
        way.call().http.request("POST", there.url, json={})

    assert (len(there.requests), there.connections) == (3, 1)


def test_each_thread_has_its_own_connection(peer) -> None:
    meet = threading.Barrier(2, timeout=5)

    def play(sock: socket.socket, _: bytes) -> None:
        meet.wait()
        sock.sendall(OK)

    there = peer(play)
    way = door()
    threads = [threading.Thread(target=lambda: way.call().http.request("GET", there.url)) for _ in range(2)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)

    assert (len(there.requests), there.connections) == (2, 2)


def test_a_kept_connection_that_the_peer_has_closed_is_not_used_again(peer) -> None:
    def play(sock: socket.socket, _: bytes) -> str:
        sock.sendall(OK)
        return "close"

    there = peer(play)
    way = door()

    way.call().http.request("GET", there.url)
    assert there.closed.wait(5)
    way.call().http.request("GET", there.url)

    assert (len(there.requests), there.connections) == (2, 2)


def test_a_connection_that_was_silent_for_long_is_not_used_again(peer) -> None:
    there = peer(OK)
    clock = Clock()
    way = door(clock=clock)

    way.call().http.request("GET", there.url)
    clock.now_s += MAX_IDLE_S - 1
    way.call().http.request("GET", there.url)
    clock.now_s += MAX_IDLE_S + 1
    way.call().http.request("GET", there.url)

    assert there.connections == 2


# size


def test_an_oversize_answer_is_cut_and_its_connection_given_up(peer) -> None:
    there = peer(b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + b"x" * 3_000_000)
    way = door(max_answer_bytes=1000, now_s=lambda: 0.0)

    first = way.call().http.request("GET", there.url)
    second = way.call().http.request("GET", there.url)

    assert (first.status, first.body) == (200, b"x" * 1000)
    assert second == first
    assert there.connections == 2


def test_an_answer_of_just_the_cap_is_whole(peer) -> None:
    there = peer(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000)

    way = door(max_answer_bytes=1000)

    answers = [way.call().http.request("GET", there.url) for _ in range(2)]

    assert [1000, 1000] == [len(answer.body) for answer in answers]
    assert there.connections == 1


def test_a_zip_bomb_takes_no_more_memory_than_the_cap_allows(peer) -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(100)) + packer.flush()
    there = peer(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(bomb), bomb))
    way = door(max_answer_bytes=1 << 16)

    tracemalloc.start()
    answer = way.call().http.request("GET", there.url)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert bytes(1 << 16) == answer.body
    assert peak_bytes < 4 << 20


def test_a_packed_answer_that_nobody_asked_for_is_unpacked(peer) -> None:
    packed = zlib.compress(b'{"id": 5}')
    there = peer(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: %d\r\n\r\n%b" % (len(packed), packed)
    )

    assert door().call().http.request("GET", there.url).json() == {"id": 5}


# faults before the request leaves


def test_a_refused_connection_is_certain() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    call = door().call()

    failed = failing(call, f"http://127.0.0.1:{port}/")

    assert (failed.reason, failed.uncertain, call.sent) == ("connect: refused", False, False)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "dns: name not found"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), "dns: name server does not answer"),
        (UnicodeError("label too long"), "dns: not a usable name"),
    ],
)
def test_a_name_that_does_not_resolve_is_certain(monkeypatch, fault: Exception, reason: str) -> None:
    def getaddrinfo(*_, **__) -> None:
        raise fault

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    call = door().call()

    failed = failing(call, "https://crm.example/")

    assert (reason, False, False) == (failed.reason, failed.uncertain, call.sent)


def test_a_peer_that_does_not_take_the_connection_is_given_up_after_the_connect_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, contextlib.ExitStack() as waiting:
        for _ in range(3):  # fills the queue: the kernel lets further ones knock in vain
            knock = waiting.enter_context(socket.socket())
            knock.setblocking(False)
            knock.connect_ex(listener.getsockname())
        call = door(connect_s=0.3).call()

        failed = failing(call, f"http://127.0.0.1:{listener.getsockname()[1]}/")

    assert timed_out(failed) == "the request had not left"
    assert call.sent is False


def test_a_plain_text_peer_spoken_to_with_https_is_certain(peer) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        sock, _ = listener.accept()
        sock.recv(1000)
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        sock.close()

    threading.Thread(target=answer, daemon=True).start()
    call = door().call()

    failed = failing(call, f"https://127.0.0.1:{listener.getsockname()[1]}/")
    listener.close()

    assert (failed.reason, failed.uncertain, call.sent) == ("tls: wrong version number", False, False)


def test_a_peer_that_says_nothing_in_the_tls_handshake_is_given_up_after_the_connect_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        call = door(connect_s=0.3).call()

        failed = failing(call, f"https://127.0.0.1:{listener.getsockname()[1]}/")

    assert timed_out(failed) == "the request had not left"
    assert call.sent is False


def test_time_that_an_earlier_request_used_up_is_gone(peer) -> None:
    there = peer(OK)
    clock = Clock()
    call = door(clock=clock).call(10.0)
    call.http.request("GET", there.url)
    clock.now_s += 11

    failed = failing(call, there.url)

    assert (failed.reason, failed.uncertain) == ("timeout after 0.0 s, the request had not left", False)
    assert call.deadline_s == 0.0
    assert len(there.requests) == 1
    assert call.sent is True  # the earlier one


@pytest.mark.parametrize("request_", [{"headers": {"X-A": f"{SECRET}\r\n"}}, {"json": float("nan")}])
def test_what_cannot_be_sent_is_certain(request_: dict) -> None:
    call = door().call()

    assert failing(call, "http://127.0.0.1:1/", **request_).uncertain is False
    assert call.sent is False


# faults after it


def _reset(sock: socket.socket, _: bytes) -> str:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return "close"


def _half(data: bytes) -> Callable[[socket.socket, bytes], str]:
    def play(sock: socket.socket, _: bytes) -> str:
        sock.sendall(data)
        return "close"

    return play


_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"


def _endless(head: bytes, line: bytes) -> Callable[[socket.socket, bytes], None]:
    def play(sock: socket.socket, _: bytes) -> None:
        sock.sendall(head)
        until_s = time.monotonic() + 10
        while time.monotonic() < until_s:  # ends sooner by the error of a connection that was given up
            sock.sendall(line * 100)

    return play


@pytest.mark.parametrize(
    ("play", "reason"),
    [
        (_reset, "connection reset after the request had left"),
        (_half(b""), "connection closed without an answer after the request had left"),
        (_half(b"HTTP/1.1 200"), "in the middle of the answer after the request"),
        (_half(b"HTTP/1.1 200 OK\r\n"), "in the middle of the answer after the request"),
        (_half(b"HTTP/1.1 200 OK\r\nContent-Le"), "in the middle of the answer after the request"),
        (_half(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"), "in the middle of the answer after the request"),
        (_half(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"), "in the middle of the answer after the request"),
        (_half(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nab"), "in the middle of the answer after"),
        (_half(b"SSH-2.0-OpenSSH_9.6\r\n"), r"unreadable answer \(BadStatusLine\) after the request had left"),
        (_half(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200), r"unreadable answer \(HTTPException\) after"),
        (_half(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nno gzip"), r"unreadable answer \(error\) after"),
        (_endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), r"unreadable answer \(EndlessAnswer\) after"),
        (_endless(_CHUNKED, b"X-Trailer: 1\r\n"), r"unreadable answer \(EndlessAnswer\) after"),
        (
            _endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
            r"unreadable answer \(EndlessAnswer\) after",
        ),
        (_half(b"HTTP/1.1 103 Early Hints\r\n\r\n"), "in the middle of the answer after the request"),
        (_half(b"HTTP/1.1 103 Early Hints\r\nLink: </a"), "in the middle of the answer after the request"),
        (_half(b"HTTP/1.1 103 Early Hints\r\n" + b"A: b\r\n" * 200), r"unreadable answer \(HTTPException\) after"),
        (_half(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\n\r\n"), r"unreadable answer \(HTTPError\) after"),
        (
            _half(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\n\r\n" + OK),
            r"unreadable answer \(HTTPError\) after",
        ),
        (
            _half(PROCESSING + b"SSH-2.0-OpenSSH_9.6\r\n"),
            r"unreadable answer \(BadStatusLine\) after the request had left",
        ),
    ],
)
def test_a_connection_that_breaks_after_the_request_left_is_uncertain(peer, play: Callable, reason: str) -> None:
    call = door().call()

    failed = failing(call, peer(play).url)

    assert failed.uncertain is True
    assert call.sent is True
    with pytest.raises(CallFailed, match=reason):
        raise failed


def test_silence_after_the_request_left_is_uncertain(peer) -> None:
    there = peer(lambda *_: None)
    call = door().call(0.3)

    failed = failing(call, there.url)

    assert timed_out(failed) == "the request had left"
    assert call.sent is True


def _dripping(peer, head: bytes, *, tls: ssl.SSLContext | None = None) -> Peer:
    """A peer that sends `head` at once and then drips for ever."""

    def play(sock: socket.socket, _: bytes) -> None:
        sock.sendall(head)
        there.drip(sock, b"x" * 10_000)

    there: Peer = peer(play, tls=tls)
    return there


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-Long: ",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n",
    ],
    ids=["status line", "header", "body to the end", "sized body"],
)
def test_a_dripping_peer_does_not_outlive_the_deadline(peer, head: bytes) -> None:
    there = _dripping(peer, head)
    call = door().call(0.4)
    started_s = time.monotonic()

    failed = failing(call, there.url)

    assert 0.4 <= time.monotonic() - started_s < 3.0
    assert timed_out(failed) == "the request had left"


def test_a_peer_that_does_not_read_does_not_outlive_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        call = door().call(0.4)

        failed = failing(call, f"http://127.0.0.1:{listener.getsockname()[1]}/", json=None, body=bytes(50 << 20))

    assert timed_out(failed) == "the request had left"


def test_after_a_fault_the_next_call_has_a_fresh_connection(peer) -> None:
    there = peer(lambda sock, _: None if len(there.requests) == 1 else sock.sendall(OK))
    way = door()

    failing(way.call(0.2), there.url)

    assert way.call().http.request("GET", there.url).status == 200
    assert there.connections == 2


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {key} -out {cert} -days 2"
    names = ["-subj", "/CN=crm.example", "-addext", "subjectAltName=DNS:crm.example"]
    try:
        subprocess.run([*command.split(), *names], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no openssl command here")
    return cert, key


@pytest.fixture
def server_tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture
def client_tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate[0]))


def test_tls_asks_for_the_name_though_it_dials_the_address(peer, server_tls, client_tls, monkeypatch) -> None:
    there = peer(OK, tls=server_tls)
    asked = []
    server_tls.sni_callback = lambda _sock, name, _context: asked.append(name)
    names_resolve_to(monkeypatch, "127.0.0.1")
    way = door(tls=client_tls)

    for _ in range(2):
        way.call().http.request("POST", f"https://crm.example:{there.port}/hook", json={})

    assert asked == ["crm.example"]
    assert f"Host: crm.example:{there.port}".encode() in there.requests[0]
    assert (len(there.requests), there.connections) == (2, 1)


@pytest.mark.parametrize(
    ("host", "trusts", "reason"),
    [
        ("crm.example", False, "tls: certificate verify failed: self"),
        ("other.example", True, "tls: certificate verify failed: Hostname mismatch"),
    ],
)
def test_a_certificate_that_does_not_fit_is_certain(
    peer, server_tls, client_tls, monkeypatch, host, trusts, reason
) -> None:
    there = peer(OK, tls=server_tls)
    names_resolve_to(monkeypatch, "127.0.0.1")
    call = door(tls=client_tls if trusts else None).call()

    failed = failing(call, f"https://{host}:{there.port}/")

    assert failed.reason.startswith(reason)
    assert (failed.uncertain, call.sent, there.requests) == (False, False, [])


def test_a_peer_that_drips_over_tls_does_not_outlive_the_deadline(peer, server_tls, client_tls, monkeypatch) -> None:
    there = _dripping(peer, b"HTTP/1.1 200 OK\r\n\r\n", tls=server_tls)
    names_resolve_to(monkeypatch, "127.0.0.1")

    failed = failing(door(tls=client_tls).call(0.5), f"https://crm.example:{there.port}/")

    assert timed_out(failed) == "the request had left"


# addresses


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"])
def test_a_private_address_is_refused_however_it_is_written(peer, host: str) -> None:
    there = peer(OK)
    call = Door().call()

    failed = failing(call, f"http://{host}:{there.port}/")

    assert "is refused (loopback): set allow_private_addresses: true" in failed.reason
    assert (failed.uncertain, call.sent, there.connections) == (False, False, 0)


def test_a_name_with_one_private_address_is_refused(peer, monkeypatch) -> None:
    there = peer(OK)
    names_resolve_to(monkeypatch, "8.8.8.8", "127.0.0.1")

    failed = failing(Door().call(), f"http://crm.example:{there.port}/")

    assert failed.reason.startswith("address 127.0.0.1 is refused (loopback)")
    assert there.connections == 0


def test_a_name_is_looked_up_once_and_the_vetted_address_itself_is_dialled(peer, monkeypatch) -> None:
    there = peer(OK)
    asked = names_resolve_to(monkeypatch, "127.0.0.1")

    door().call().http.request("GET", f"http://crm.example:{there.port}/")

    assert asked == ["crm.example"]
    assert f"Host: crm.example:{there.port}".encode() in there.requests[0]


def test_a_dead_first_address_leaves_time_for_the_second(peer, monkeypatch) -> None:
    there = peer(OK)
    names_resolve_to(monkeypatch, "127.0.0.2", "127.0.0.1")  # nobody listens on the first

    assert door().call().http.request("GET", f"http://crm.example:{there.port}/").status == 200


@pytest.mark.parametrize("url", ["ftp://crm.example/", "https://me:secret@crm.example/"])
def test_a_url_that_is_not_for_this_door_is_refused(url: str) -> None:
    assert failing(Door().call(), url).reason.startswith("url: ")


# secrets


def test_no_fault_and_no_log_holds_a_query_a_header_or_a_body(peer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    way = door()
    request = {"headers": {"Authorization": SECRET}, "json": {"email": SECRET}}
    urls = [f"{peer(play).url}?key={SECRET}" for play in (OK, _reset, _half(b""), _half(SECRET.encode()))]
    bad_header = _half(b"HTTP/1.1 200 OK\r\nnot a header\r\n: empty\r\nContent-Length: 1\r\n\r\nx")

    way.call().http.request("POST", urls[0], **request)
    way.call().http.request("POST", f"{peer(bad_header).url}?key={SECRET}", **request)
    faults = [failing(way.call(), url, **request) for url in [*urls[1:], f"http://127.0.0.1:1/?key={SECRET}"]]

    for fault in faults:
        assert SECRET not in f"{fault!r} {fault} {fault.__dict__}"
        assert fault.__cause__ is None
        assert fault.__context__ is None
    assert SECRET not in caplog.text
    assert SECRET not in repr(way.call())


class OneTurn(Alone):
    """Lets one request out."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 1

    def spend(self, count: int, *, within_s: float) -> None:
        if self.left < count:
            raise NotBegun("waited for the target's rate")
        self.left -= count


def test_not_to_have_begun_is_said_before_the_first_request_alone(peer: Callable[..., Peer]) -> None:
    there = peer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    call = door(shared=OneTurn()).call()
    assert 200 == call.http.request("POST", there.url).status

    failed = failing(call, there.url)

    assert ("waited for the target's rate", False) == (failed.reason, failed.uncertain)
    with pytest.raises(NotBegun):
        door(shared=OneTurn()).call().spend(2)
