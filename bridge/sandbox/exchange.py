"""Exchange: what a sandbox is asked and what it answers, with the fault that is to spoil the answer."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """A request, read to its end. Path and query stand as they came over the wire, still percent-encoded."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]  # by name in lower case; of a repeated name, the values joined by commas
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of this header, in whatever case it is asked for; None where there is none."""
        return self.headers.get(name.lower())


@dataclass(frozen=True, slots=True)
class Fault:
    """How to treat the connection instead of plainly answering: the latency first, then the first of the others."""

    latency_s: float = 0.0
    hang: bool = False  # never answer; the connection stays open until the client leaves
    reset: bool = False  # RST
    garbage: bool = False  # the head of the answer and half of its body, then the end
    drip_s: float = 0.0  # the answer byte by byte, with this pause


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and how to spoil it. `sent` is called on the loop once all of it was handed to the connection.

    `instead` is asked, once the latency is over, for the answer that leaves instead of this one.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    fault: Fault = Fault()
    sent: Callable[[], None] = lambda: None
    instead: "Callable[[], Reply] | None" = None


def json_reply(value: Any, *, status: int = 200) -> Reply:
    """The value as a JSON answer."""
    return Reply(status, {"Content-Type": "application/json"}, json.dumps(value).encode())
