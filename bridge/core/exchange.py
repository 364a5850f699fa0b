"""Exchange: the pure parts of an HTTP exchange: what a request may look like (`model.wire` knows), the answer, and the
words for what went wrong. No text made here holds a query, a header's value or a body: they may be secrets.
"""

import json
import socket
import ssl
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from http.client import IncompleteRead, RemoteDisconnected
from typing import Any

from bridge import __version__
from bridge.errors import CallFailed
from bridge.model import http_date, json_text, wire
from bridge.model.wire import Address


@dataclass(frozen=True, slots=True)
class Received:
    """A `bridge.connector.Answer`, read up to the door's cap."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


def address_of(url: str) -> Address:
    """Where this URL leads; raises CallFailed where the door leads nowhere."""
    try:
        return wire.address_of(url)
    except ValueError as error:
        raise CallFailed(f"url: {error}") from None


def as_json(value: Any) -> bytes:
    """The value as compact UTF-8; raises CallFailed where JSON has no word for it (NaN, an object)."""
    try:
        return json_text.as_json(value)
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


def date(headers: MutableMapping[str, str], *, now_s: float) -> None:
    """Gives an answer's headers a `Date`, where it came without one that can be read: when it came (RFC 9110 §6.6.1).
    `now_s`: since 1970 UTC.
    """
    if http_date.read(headers.get("Date", "")) is None:
        headers["Date"] = http_date.write(now_s)


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
    try:
        wire.vet_name(name)
    except ValueError as error:
        who = f"header {name}:" if name.lower() in wire.RESERVED else "header: a name"
        raise CallFailed(f"{who} {error}") from None
    try:
        wire.vet_value(value)
    except ValueError as error:
        raise CallFailed(f"header {name}: the value {error}") from None
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
