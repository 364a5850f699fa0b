"""Outbound: the one door out for HTTP. It vets addresses, keeps the deadline, caps the answer and names each fault;
it never retries, follows no redirect, reads no proxy or netrc from the environment and judges no answer.
"""

import io
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http.client import HTTPException, HTTPResponse
from typing import Any, Protocol

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError

from bridge.connector import FetchToken, Token
from bridge.core.addresses import vet
from bridge.core.exchange import Received, as_json, fault, headers_for, place
from bridge.errors import CallEnded, CallFailed, NotBegun
from bridge.model.wire import Place

MAX_LINES = 300  # that an answer may have in a row: of interim answers, headers, trailers; http.client knows no end
MAX_IDLE_S = 50.0  # many load balancers forget a silent connection after 60 s, some without a word

for _name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry"):
    logging.getLogger(_name).setLevel(logging.ERROR)  # below it they log whole URLs, and a query may hold a key


class Shared(Protocol):
    """What all calls to one target share, in whatever thread and process. Raises CallEnded or NotBegun."""

    def token(self, fetch: FetchToken, *, instead_of: Token | None, within_s: float) -> Token: ...
    def spend(self, count: int, *, within_s: float) -> None: ...


class Alone:
    """Nothing is shared with anybody: no rate, and a token is kept for as long as this object."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token: Token | None = None

    def token(self, fetch: FetchToken, *, instead_of: Token | None, within_s: float) -> Token:
        with self._lock:
            if self._token is None or self._token == instead_of:
                found = fetch(self._token)
                if not isinstance(found, Token):
                    raise CallEnded(found)
                self._token = found
            return self._token

    def spend(self, count: int, *, within_s: float) -> None: ...


@dataclass(kw_only=True, eq=False)
class Door:
    """The way out to one target. Threads may share it: each has its own kept-alive connections."""

    connect_s: float = 10.0
    timeout_s: float = 120.0
    max_answer_bytes: int = 1 << 20
    allow_private_addresses: bool = False
    tls: ssl.SSLContext | None = None
    clock: Callable[[], float] = time.monotonic
    now_s: Callable[[], float] = time.time  # since 1970 UTC, as connectors are told
    shared: Shared = field(default_factory=Alone)

    def __post_init__(self) -> None:
        self._mine = _PerThread(self)

    def call(self, deadline_s: float | None = None) -> "DoorCall":
        """One attempt's way out; all its requests together may take `deadline_s`, or else the door's `timeout_s`."""
        return DoorCall(self, self._mine.line, deadline_s=self.timeout_s if deadline_s is None else deadline_s)


class DoorCall:
    """One attempt's `bridge.connector.Call`, and the `Http` in it, for one thread."""

    def __init__(self, door: Door, line: "_Line", *, deadline_s: float) -> None:
        self.door = door
        self.sent = False  # bytes may have reached the peer, of any request of this attempt
        self.left = False  # `sent`, of the request that is under way
        self.place: Place  # where that one leads
        self._line = line
        self._until_s = door.clock() + deadline_s

    @property
    def http(self) -> "DoorCall":
        return self

    @property
    def deadline_s(self) -> float:
        return max(self._until_s - self.door.clock(), 0.0)

    @property
    def now_s(self) -> float:
        return self.door.now_s()

    def token(self, fetch: FetchToken, *, instead_of: Token | None = None) -> Token:
        """See `bridge.connector.Call`. What is sent to get it is no part of what is to be delivered."""
        sent = self.sent
        try:
            return self.door.shared.token(fetch, instead_of=instead_of, within_s=self.deadline_s)
        except NotBegun:
            raise
        except CallFailed as failed:
            raise CallFailed(f"no access token: {failed.reason}") from None
        finally:
            self.sent = sent

    def spend(self, count: int) -> None:
        """See `bridge.connector.Call`. They may have been sent as soon as they are announced."""
        self.door.shared.spend(count, within_s=self.deadline_s)
        self.sent = True

    def rest_s(self) -> float:
        """Seconds left, always more than 0: raises TimeoutError when the time is up."""
        if rest_s := self.deadline_s:
            return rest_s
        raise TimeoutError

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        body: bytes | None = None,
    ) -> Received:
        """The answer, whatever its status. Of two header names that differ in case only, the later counts.

        Raises CallFailed, for all that is wrong with the arguments or goes wrong on the way.
        """
        request = requests.PreparedRequest()  # bare: no session merges cookies, netrc and hooks into it
        self.place = place(url)
        request.method, request.url = method.upper(), self.place.url
        request.body = body if json is None else as_json(json)
        request.headers = CaseInsensitiveDict(headers_for(headers or {}, request.body))
        self.left = False
        self.door.shared.spend(1, within_s=self.deadline_s)
        started_s = self.door.clock()
        try:
            return self._send(request)
        except (requests.RequestException, HTTPError, HTTPException, OSError, ValueError) as error:
            failed = fault(error, left=self.left, took_s=self.door.clock() - started_s)
        raise failed  # out here, so that no traceback drags along the texts of the libraries: they hold the whole URL

    def _send(self, request: requests.PreparedRequest) -> Received:
        self._line.call = self
        answer = self._line.send(request, stream=True).raw
        if answer.status < 200:  # such as 103: http.client takes it for the answer, which is still to come
            answer.close()
            raise HTTPError
        cap = self.door.max_answer_bytes
        body = answer.read(cap + 1, decode_content=True)  # unpacks no more than it is asked for
        if truncated := len(body) > cap:
            answer.close()
        return Received(answer.status, answer.headers, body[:cap], truncated)


class _PerThread(threading.local):
    """Each thread that looks gets a line of its own."""

    def __init__(self, door: Door) -> None:
        self.line = _Line(door)


class _Line(HTTPAdapter):
    """One thread's kept-alive connections, without what HTTPAdapter does for each: proxies, certificates, cookies."""

    def __init__(self, door: Door) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1)
        self.call: DoorCall  # which the request under way belongs to
        self._door = door
        self._pools: dict[tuple[str, str, int], HTTPConnectionPool] = {}

    def get_connection_with_tls_context(self, *_args: Any, **_kwargs: Any) -> HTTPConnectionPool:
        _, scheme, host, port, _ = self.call.place
        pool = self._pools.get((scheme, host, port))
        if pool is None and scheme == "https":
            pool = HTTPSConnectionPool(host, port, ssl_context=self._door.tls or _public_tls(), line=self)
            pool.ConnectionCls = _TlsWire
        elif pool is None:
            pool = HTTPConnectionPool(host, port, line=self)
            pool.ConnectionCls = _Wire
        self._pools[scheme, host, port] = pool
        return pool

    def cert_verify(self, *_args: Any, **_kwargs: Any) -> None:
        """Nothing: the pool's TLS context verifies."""

    def request_url(self, *_args: Any, **_kwargs: Any) -> str:
        return self.call.place.path

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        response = requests.Response()
        response.request, response.raw = req, resp
        response.status_code, response.headers = resp.status, resp.headers
        return response


@lru_cache(maxsize=1)
def _public_tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)  # 30 ms and a megabyte: once for all doors


class _Wire(HTTPConnection):
    """A connection that dials vetted addresses only, notes when bytes leave and keeps to the time left."""

    def __init__(self, *args: Any, line: _Line, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._line = line
        self._used_s = 0.0

    def _new_conn(self) -> socket.socket:
        try:
            return _dial(self._dns_host, self.port, call=self._line.call)
        except OSError as error:
            raise NewConnectionError(self, "no connection") from error  # a bare ECONNRESET, urllib3 would swallow

    @property
    def is_connected(self) -> bool:
        return self._line.call.door.clock() - self._used_s < MAX_IDLE_S and super().is_connected

    def send(self, data: Any) -> None:
        call = self._line.call
        if self.sock is None:
            self.connect()
        self.sock.settimeout(call.rest_s())
        call.left = call.sent = True
        super().send(data)
        self._used_s = call.door.clock()

    def response_class(self, sock: socket.socket, **kwargs: Any) -> HTTPResponse:  # type: ignore[override]
        return HTTPResponse(_Reader(sock, self._line.call), **kwargs)  # type: ignore[arg-type]


class _TlsWire(_Wire, HTTPSConnection):
    """The same, over TLS."""


class _Reader(io.RawIOBase):
    """A socket's bytes; each read gets only the time that is left, so that no dripping server outlives the deadline."""

    def __init__(self, sock: socket.socket, call: DoorCall) -> None:
        self._sock = sock
        self._call = call
        self._raw = sock.makefile("rb", buffering=0)

    def makefile(self, _mode: str) -> io.BufferedReader:  # what `HTTPResponse` asks of a socket
        return _Lines(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._call.rest_s())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class EndlessAnswer(HTTPException):
    """The peer sends line after line and no body."""


class _Lines(io.BufferedReader):
    """The bytes of an answer, which must have a body between not too many lines: `readline` is for all the others."""

    _lines = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        self._lines += 1
        if self._lines > MAX_LINES:
            raise EndlessAnswer
        return super().readline(size)

    def read(self, size: int | None = -1, /) -> bytes:
        self._lines = 0
        return super().read(size)


def _dial(host: str, port: int, *, call: DoorCall) -> socket.socket:
    """A socket connected to a vetted address itself: what DNS says a moment later cannot matter any more."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if not call.door.allow_private_addresses:
        vet(str(address[0]) for *_, address in found)
    clock = call.door.clock
    until_s = clock() + min(call.door.connect_s, call.rest_s())
    failed = OSError("no address")
    for tried, (*kind, _, address) in enumerate(found):
        share_s = (until_s - clock()) / (len(found) - tried)  # so that a dead first address leaves time for the next
        try:
            sock = _connected(kind, address, timeout_s=share_s)
            sock.settimeout(max(until_s - clock(), 0.001))  # what is left for the TLS handshake
            return sock
        except OSError as error:
            failed = error
    raise failed


def _connected(kind: list[Any], address: Any, *, timeout_s: float) -> socket.socket:
    sock = socket.socket(*kind)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(max(timeout_s, 0.001))
        sock.connect(address)
    except OSError:
        sock.close()
        raise
    return sock
