"""Line: one thread's kept-alive connections to one target, by way of urllib3, without what `requests` does for each
request: proxies, certificates, cookies.
"""

import socket
import ssl
import threading
from functools import lru_cache
from http.client import HTTPResponse
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError

from bridge.outbound.answers import Reader, Whole
from bridge.outbound.attempted import Attempted, Doorway
from bridge.outbound.dial import dial

MAX_IDLE_S = 50.0  # many load balancers forget a silent connection after 60 s, some without a word


class PerThread(threading.local):
    """Each thread that looks gets a line of its own."""

    def __init__(self, door: Doorway) -> None:
        self.line = Line(door)


class Line(HTTPAdapter):
    """One thread's kept-alive connections, without what HTTPAdapter does for each: proxies, certificates, cookies."""

    def __init__(self, door: Doorway) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1)
        self.call: Attempted  # which the request under way belongs to
        self._door = door
        self._pools: dict[tuple[str, str, int], HTTPConnectionPool] = {}

    def get_connection_with_tls_context(self, *_args: Any, **_kwargs: Any) -> HTTPConnectionPool:
        _, scheme, host, port, _ = self.call.address
        pool = self._pools.get((scheme, host, port))
        if pool is None and scheme == "https":
            pool = HTTPSConnectionPool(host, port, ssl_context=self._door.tls or _public_tls(), line=self)
            pool.ConnectionCls = TlsWire
        elif pool is None:
            pool = HTTPConnectionPool(host, port, line=self)
            pool.ConnectionCls = Wire
        self._pools[scheme, host, port] = pool
        return pool

    def cert_verify(self, *_args: Any, **_kwargs: Any) -> None:
        """Nothing: the pool's TLS context verifies."""

    def request_url(self, *_args: Any, **_kwargs: Any) -> str:
        return self.call.address.path

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        response = requests.Response()
        response.request, response.raw = req, resp
        response.status_code, response.headers = resp.status, resp.headers
        return response


@lru_cache(maxsize=1)
def _public_tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)  # 30 ms and a megabyte: once for all doors


class Wire(HTTPConnection):
    """A connection that dials vetted addresses only, notes when bytes leave and keeps to the time left."""

    def __init__(self, *args: Any, line: Line, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._line = line
        self._used_s = 0.0

    def _new_conn(self) -> socket.socket:
        try:
            return dial(self._dns_host, self.port, call=self._line.call)
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
        call.leave()
        super().send(data)
        self._used_s = call.door.clock()

    def response_class(self, sock: socket.socket, **kwargs: Any) -> HTTPResponse:  # type: ignore[override]
        return Whole(Reader(sock, self._line.call), **kwargs)  # type: ignore[arg-type]


class TlsWire(Wire, HTTPSConnection):
    """The same, over TLS."""
