"""Exchange: the pure parts of an HTTP exchange: where a URL leads, what a request may look like, the answer, and the
words for what went wrong. No text made here holds a query, a header's value or a body: they may be secrets.
"""

import json
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http.client import IncompleteRead, RemoteDisconnected
from typing import Any, NamedTuple

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from bridge import __version__
from bridge.errors import CallFailed

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2
_PORTS = {"http": 80, "https": 443}


class Place(NamedTuple):
    """Where a URL leads; `host` without brackets, `path` with the query, all as they go over the wire."""

    url: str
    scheme: str
    host: str
    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Received:
    """A `bridge.connector.Answer`, read up to the door's cap; `truncated` where there was more."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    truncated: bool = False

    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@lru_cache(maxsize=256)
def place(url: str) -> Place:
    """Where this URL leads; raises CallFailed where the door leads nowhere."""
    try:
        parts = parse_url(url.strip())
    except LocationParseError:
        raise CallFailed("url: not a usable address: it must look like https://host/path") from None
    if parts.scheme not in _PORTS or not parts.host:
        raise CallFailed("url: must begin with https:// or http:// and name a host")
    if parts.auth is not None:
        raise CallFailed("url: has credentials in it: move them to `auth`")
    port = parts.port or _PORTS[parts.scheme]
    return Place(parts._replace(fragment=None).url, parts.scheme, parts.host.strip("[]"), port, parts.request_uri)


def as_json(value: Any) -> bytes:
    """The value as compact UTF-8; raises CallFailed where JSON has no word for it (NaN, a date)."""
    try:
        return _ENCODER.encode(value).encode("utf-8", "replace")
    except (TypeError, ValueError, RecursionError) as error:
        raise CallFailed(f"body: cannot be written as JSON ({type(error).__name__})") from None


def headers_for(given: Mapping[str, str], body: bytes | None) -> dict[str, str]:
    """All headers of a request but `Host`. Of two names that differ in case only, the later counts.

    Raises CallFailed where a name or value cannot be sent. Asks for an unpacked answer: the size cap counts bytes.
    """
    named = {
        "user-agent": ("User-Agent", f"webhook-crm-bridge/{__version__}"),
        "accept": ("Accept", "*/*"),
        "accept-encoding": ("Accept-Encoding", "identity"),
    }
    if body is not None:
        named["content-type"] = ("Content-Type", "application/json")
    for name, value in given.items():
        named[name.lower()] = (name, _vetted(name, value))
    if body is not None:
        named["content-length"] = ("Content-Length", str(len(body)))
    return dict(named.values())


def fault(error: BaseException, *, left: bool, took_s: float) -> CallFailed:
    """What an operator reads of a library's fault: its cause in our own words. `left`: the request had left."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    if isinstance(error, TimeoutError):
        return CallFailed(f"timeout after {took_s:.1f} s, the request had {'' if left else 'not '}left", uncertain=left)
    if left:
        return CallFailed(f"{_named_after(error)} after the request had left", uncertain=True)
    return CallFailed(_named_before(error))


def _vetted(name: str, value: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise CallFailed("header: a name has characters that no header name may have")
    if name.lower() in ("content-length", "transfer-encoding"):
        raise CallFailed(f"header {name}: is the bridge's to set")
    if "\r" in value or "\n" in value or "\0" in value:
        raise CallFailed(f"header {name}: the value has a line break or a NUL in it")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        raise CallFailed(f"header {name}: the value has characters outside Latin-1") from None
    return value


def _named_before(error: BaseException) -> str:
    match error:
        case socket.gaierror():
            unknown = error.errno in (socket.EAI_NONAME, socket.EAI_NODATA)
            return "dns: name not found" if unknown else "dns: name server does not answer"
        case UnicodeError():
            return "dns: not a usable name"
        case ssl.SSLCertVerificationError():
            return f"tls: certificate verify failed: {error.verify_message}"
        case ssl.SSLError():
            return _tls(error)
        case ConnectionRefusedError():
            return "connect: refused"
        case OSError():
            return f"connect: {(error.strerror or type(error).__name__).lower()}"
        case _:
            return f"connect: {type(error).__name__}"


def _named_after(error: BaseException) -> str:
    match error:
        case RemoteDisconnected():
            return "connection closed without an answer"
        case IncompleteRead():
            return "connection closed in the middle of the answer"
        case ssl.SSLError():
            return _tls(error)
        case ConnectionError():
            return "connection reset"
        case _:
            return f"unreadable answer ({type(error).__name__})"


def _tls(error: ssl.SSLError) -> str:
    return f"tls: {(error.reason or 'handshake failed').replace('_', ' ').lower()}"
