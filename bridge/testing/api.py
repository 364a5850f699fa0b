"""Api: a small HTTP server of this process that plays the target's API, and fails as it is told."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, Self

HANG_S = 60.0


@dataclass(frozen=True, slots=True)
class Request:
    """What the connector sent. Header names are in lower case; `path` is with its query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Response:
    """What the API answers; `body` is sent as it is, or as JSON."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Api(Protocol):
    """A stand-in for the target's API, as small as the connector allows. One is made for each test."""

    def answer(self, request: Request) -> Response:
        """The answer; what the request writes is written. Called by many threads, one at a time."""

    def count(self) -> int:
        """How many records there are."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, with each request, or with those that make a record (`writes_only`) or do not (`reads_only`).

    `stored`: the API does what it is asked, and only the answer is lost.
    """

    answer: Response | None = None  # in the place of the API's own
    cut: int | None = None  # bytes of the answer that arrive before the connection is reset; 0: none
    hang: bool = False
    stored: bool = False
    writes_only: bool = False
    reads_only: bool = False
    logins: bool = False  # also with requests that get an access token
    echo: bool = False  # the answer's body is what was sent: some APIs quote what they refuse


class Server:
    """Serves the API on a free port of 127.0.0.1, until the end of the `with`."""

    def __init__(self, api: Api, *, is_login: Callable[[Request], bool]) -> None:
        self.api = api
        self._is_login = is_login
        self.fault: Fault | None = None
        self.slow_s = 0.0  # before each answer
        self.requests: list[Request] = []
        self.logins: list[Response] = []  # what was answered to those that get an access token
        self._turn = threading.Lock()
        self._ended = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, request: Request) -> tuple[Response, Fault | None]:
        """The answer to one request, and what is to go wrong with it."""
        with self._turn:
            self.requests.append(request)
            is_login = self._is_login(request)
            fault = self.fault if self.fault and (self.fault.logins or not is_login) else None
            if fault and not (fault.stored or fault.writes_only or fault.reads_only):
                return fault.answer or Response(200), fault
            before = self.api.count()
            answer = self.api.answer(request)
            if is_login:
                self.logins.append(answer)
            wrote = self.api.count() != before
            if fault is None or (fault.writes_only and not wrote) or (fault.reads_only and wrote):
                return answer, None
            return fault.answer or answer, fault

    def wait(self, seconds: float) -> None:
        """Returns after so long, or when the server ends."""
        self._ended.wait(seconds)


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except (ConnectionError, ValueError):
                self.close_connection = True

        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer, fault = server.take(Request(self.command, self.path, headers, body))
            server.wait(HANG_S if fault and fault.hang else server.slow_s)
            content = "\n".join(headers.values()).encode() + body if fault and fault.echo else answer.content()
            head = f"HTTP/1.1 {answer.status} Answer\r\nContent-Length: {len(content)}\r\n"
            named = {"Content-Type": "application/json"} | dict(answer.headers)
            head += "".join(f"{name}: {value}\r\n" for name, value in named.items())
            whole = head.encode() + b"\r\n" + content
            if fault is None or fault.cut is None:
                self.wfile.write(whole)
                return
            self.wfile.write(whole[: fault.cut])
            self.wfile.flush()
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
            self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = respond  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002

    return Handler
