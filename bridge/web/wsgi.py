"""Wsgi: a request that granian has read, as a WSGI application wants it, and the application's answer."""

import io
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Reply = tuple[int, list[tuple[str, str]], bytes]  # status, headers, content


class Headers(Mapping[str, bytes]):
    """The headers of a WSGI request, by lower-case name. Only what is asked for is looked at."""

    __slots__ = ("_environ",)

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._environ = environ

    def get(self, name: str, default: Any = None) -> Any:
        value = self._environ.get(_key(name))
        return default if value is None else value.encode("latin-1", "replace")

    def __getitem__(self, name: str) -> bytes:
        return self._environ[_key(name)].encode("latin-1", "replace")  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[str]:
        for key in self._environ:
            if key.startswith("HTTP_") or key in _UNPREFIXED:
                yield key.removeprefix("HTTP_").lower().replace("_", "-")

    def __len__(self) -> int:
        return sum(1 for _ in self)


_UNPREFIXED = ("CONTENT_TYPE", "CONTENT_LENGTH")


@lru_cache(maxsize=1024)
def _key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in _UNPREFIXED else f"HTTP_{key}"


def environment_of(scope: Any, body: bytes) -> dict[str, Any]:
    """The WSGI environment (PEP 3333) of a request and its body. Repeated headers are joined: none hides another."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": "bridge",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": scope.client.rpartition(":")[0],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "bridge.body": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if name == "content-type":
            environ["CONTENT_TYPE"] = value
        elif name not in ("content-length", "transfer-encoding"):
            key = "HTTP_" + name.upper().replace("-", "_")
            environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


def answer_of(app: WsgiApp, environ: dict[str, Any]) -> Reply:
    """What the application says to a request."""
    found: list[tuple[int, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
        found[:] = [(int(status[:3]), headers)]

    parts = app(environ, start_response)
    try:
        content = b"".join(parts)
    finally:
        if close := getattr(parts, "close", None):
            close()
    status, headers = found[0]
    return status, lower(headers), content


def lower(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers with their names as granian wants them."""
    return [(name.lower(), value) for name, value in headers]
