"""Door: the one door out for HTTP. It vets addresses, keeps the deadline, caps the answer and names each fault;
it never retries, follows no redirect, reads no proxy or netrc from the environment and judges no answer.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from ssl import SSLContext
from typing import Any

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from bridge.connector import FetchToken, Hold, Retry, Token
from bridge.core.exchange import Received, address_of, as_json, date, fault, headers_for
from bridge.errors import CallFailed, NotBegun
from bridge.model.wire import Address
from bridge.outbound.line import Line, PerThread
from bridge.outbound.shared import FETCH_S, Alone, Shared

for _name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry"):
    logging.getLogger(_name).setLevel(logging.ERROR)  # below it they log whole URLs, and a query may hold a key


@dataclass(kw_only=True, eq=False)
class Door:
    """The way out to one target. Threads may share it: each has its own kept-alive connections."""

    connect_s: float = 10.0
    timeout_s: float = 120.0
    max_answer_bytes: int = 1 << 20
    allow_private_addresses: bool = False
    tls: SSLContext | None = None
    clock: Callable[[], float] = time.monotonic
    now_s: Callable[[], float] = time.time  # since 1970 UTC, as connectors are told
    shared: Shared = field(default_factory=Alone)

    def __post_init__(self) -> None:
        self._mine = PerThread(self)

    def call(self, deadline_s: float | None = None, *, may_send: Callable[[], bool] = lambda: True) -> "DoorCall":
        """One attempt's way out; all its requests together may take `deadline_s`, or else the door's `timeout_s`.
        `may_send` is asked before each of them leaves.
        """
        until_s = self.clock() + (self.timeout_s if deadline_s is None else deadline_s)
        return DoorCall(self, self._mine.line, until_s=until_s, may_send=may_send)


class DoorCall:
    """One attempt's `bridge.connector.Call`, and the `Http` in it, for one thread."""

    def __init__(self, door: Door, line: Line, *, until_s: float, may_send: Callable[[], bool]) -> None:
        self.door = door
        self.sent = False  # bytes may have reached the peer, of any request of this attempt
        self.left = False  # `sent`, of the request that is under way
        self.address: Address  # where that one leads
        self._line = line
        self._until_s = until_s
        self._may_send = may_send

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
        sent, until_s = self.sent, self._until_s

        def fetched(last: Token | None) -> Token | Hold | Retry:
            self._until_s = min(until_s, self.door.clock() + FETCH_S)
            return fetch(last)

        try:
            with self._turn():
                return self.door.shared.token(fetched, instead_of=instead_of, within_s=self.deadline_s)
        except CallFailed as failed:
            raise CallFailed(f"no access token: {failed.reason}") from None
        finally:
            self.sent, self._until_s = sent, until_s

    def spend(self, count: int) -> None:
        """See `bridge.connector.Call`. They may have been sent as soon as they are announced."""
        with self._turn():
            self.door.shared.spend(count, within_s=self.deadline_s)
        self.sent = True

    def wait(self, seconds: float) -> None:
        """See `bridge.connector.Call`."""
        with self._turn():
            self.door.shared.wait(seconds, within_s=self.deadline_s)

    def warn(self, text: str) -> None:
        """See `bridge.connector.Call`."""
        self.door.shared.warn(text)

    def rest_s(self) -> float:
        """Seconds left, always more than 0: raises TimeoutError when the time is up."""
        if rest_s := self.deadline_s:
            return rest_s
        raise TimeoutError

    def leave(self) -> None:
        """A request's bytes are about to leave. Raises NotBegun where this attempt may not send any more."""
        if not self.left and not self._may_send():
            raise NotBegun("this worker stood still for so long that others may have taken over")
        self.left = self.sent = True

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

        Raises CallFailed, for all that is wrong with the arguments or goes wrong on the way; NotBegun where it is not
        the turn of the attempt's first request in time.
        """
        request = requests.PreparedRequest()  # bare: no session merges cookies, netrc and hooks into it
        self.address = address_of(url)
        request.method, request.url = method.upper(), self.address.url
        request.body = body if json is None else as_json(json)
        request.headers = CaseInsensitiveDict(headers_for(headers or {}, request.body))
        self.left = False
        with self._turn():
            self.door.shared.spend(1, within_s=self.deadline_s)
        started_s = self.door.clock()
        try:
            with self._turn():
                return self._send(request)
        except (requests.RequestException, HTTPError, HTTPException, OSError, ValueError) as error:
            failed = fault(error, left=self.left, took_s=self.door.clock() - started_s)
        raise failed  # out here, so that no traceback drags along the texts of the libraries: they hold the whole URL

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Not to have begun can be said only before the first request."""
        try:
            yield
        except NotBegun as late:
            if self.sent:
                raise CallFailed(late.reason) from None
            raise

    def _send(self, request: requests.PreparedRequest) -> Received:
        self._line.call = self
        answer = self._line.send(request, stream=True).raw
        if answer.status < 200:  # 101: what follows is no HTTP, and nobody asked for it
            answer.close()
            raise HTTPError
        date(answer.headers, now_s=self.now_s)
        cap = self.door.max_answer_bytes
        body = answer.read(cap + 1, decode_content=True)  # unpacks no more than it is asked for
        if len(body) > cap:
            answer.close()
        return Received(answer.status, answer.headers, body[:cap])
