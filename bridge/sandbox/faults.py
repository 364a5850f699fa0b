"""Faults: what is to go wrong, and for which request: scripted ones for requests that fit, and seeded random ones.

Both are declared as in JSON, such as {"match": {"path": "/hook"}, "times": 2, "status": 503, "stored": false}.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from hashlib import blake2b
from itertools import accumulate
from typing import Any

from bridge.sandbox.exchange import Fault, Request

MOST_S = 3600  # who wants more, wants `hang`
_NO_FAULT = Fault()


class BadFault(ValueError):
    """A fault that cannot be understood; the text says which part of it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to become of one request: is it stored, what is answered, how is the connection treated."""

    stored: bool = True
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None  # None: what the sandbox answers with this status
    fault: Fault = _NO_FAULT


@dataclass(frozen=True, slots=True)
class Match:
    """Which requests a scripted fault is for: those that have all of this."""

    header: Mapping[str, str] = field(default_factory=dict)
    body_contains: str = ""
    path: str = ""  # the whole path; with a * at its end, all that begin so

    def fits(self, request: Request) -> bool:
        """Is the fault for this request?"""
        start, star, _ = self.path.partition("*")
        return (
            (request.path.startswith(start) if star or not start else request.path == start)
            and all(request.header(name) == value for name, value in self.header.items())
            and self.body_contains.encode(errors="replace") in request.body
        )


WELL = Outcome()


@dataclass(slots=True)
class _Scripted:
    match: Match
    outcome: Outcome
    left: int


class Faults:
    """Decides what is to become of each request. Not for use by several threads at once."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forgets all faults, the scripted and the random ones."""
        self._scripted: list[_Scripted] = []
        self.random([])

    def add(self, declared: Mapping[str, Any]) -> None:
        """Adds a fault for the next `times` (1) requests that match; of several that fit, the oldest is taken.

        `stored` says if the request counts although it fails: unless given, only where a whole 2xx answer leaves.
        """
        parts = _checked(declared, {"match", "times", *_OUTCOME})
        match = Match(**_checked(parts.get("match", {}), _MATCH))
        self._scripted.append(_Scripted(match, _outcome(parts), parts.get("times", 1)))

    def random(self, table: Iterable[Mapping[str, Any]], *, seed: int = 0) -> None:
        """Replaces the random faults: each row is a fault without `match` and `times`, with its `probability`."""
        rows = [_checked(row, {"probability", *_OUTCOME}) for row in table]
        limits = list(accumulate(row.get("probability", 0.0) for row in rows))
        if limits and limits[-1] > 1 + 1e-9:
            raise BadFault("probability: all rows together must not be over 1")
        self._table, self._seed = list(zip(limits, map(_outcome, rows), strict=True)), seed

    def decide(self, request: Request, *, draw: str) -> Outcome:
        """What is to become of this request. With the same seed and table, the same `draw` meets the same fate.

        So a draw made of a key and a count brings the same faults in each run, in whatever order the keys come.
        """
        for scripted in self._scripted:
            if scripted.match.fits(request):
                scripted.left -= 1
                if not scripted.left:
                    self._scripted.remove(scripted)
                return scripted.outcome
        if not self._table:
            return WELL
        drawn = int.from_bytes(blake2b(f"{self._seed} {draw}".encode(), digest_size=8).digest()) / 2**64
        return next((outcome for limit, outcome in self._table if drawn < limit), WELL)


def _outcome(parts: Mapping[str, Any]) -> Outcome:
    fault = Fault(**{name: value for name, value in parts.items() if name in _FAULT})
    status, body = parts.get("status", 200), parts.get("body")
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    stored = parts.get("stored", status // 100 == 2 and not (fault.hang or fault.reset or fault.garbage))
    return Outcome(stored, status, parts.get("headers", {}), None if text is None else text.encode(), fault)


def _checked(declared: Any, names: Iterable[str]) -> dict[str, Any]:
    if not isinstance(declared, Mapping):
        raise BadFault(f"a table of {', '.join(sorted(names))} is needed, not {declared!r:.50}")
    parts = {name: value for name, value in declared.items() if value is not None}
    for name, value in parts.items():
        if name not in names:
            raise BadFault(f"{name}: not known here; known are {', '.join(sorted(names))}")
        fits, needed = _PARTS[name]
        if not fits(value):
            raise BadFault(f"{name}: must be {needed}, not {value!r:.50}")
    return parts


def _between(least: float, most: float, *kinds: type) -> Callable[[Any], bool]:
    return lambda value: type(value) in kinds and least <= value <= most


def _texts(value: Any) -> bool:
    parts = [part for pair in value.items() for part in pair] if isinstance(value, Mapping) else [None]
    return all(isinstance(part, str) and not set(part) & set("\r\n") for part in parts)


_PARTS: dict[str, tuple[Callable[[Any], bool], str]] = {
    **dict.fromkeys(("stored", "hang", "reset", "garbage"), (lambda value: isinstance(value, bool), "true or false")),
    **dict.fromkeys(("latency_s", "drip_s"), (_between(0, MOST_S, int, float), f"seconds, from 0 to {MOST_S}")),
    **dict.fromkeys(("headers", "header"), (_texts, "a table of one-line texts")),
    **dict.fromkeys(("body_contains", "path"), (lambda value: isinstance(value, str), "text")),
    "match": (lambda value: isinstance(value, Mapping), "a table of header, body_contains, path"),
    "times": (_between(1, 10**9, int), "a whole number from 1"),
    "probability": (_between(0, 1, int, float), "a number from 0 to 1"),
    "status": (_between(200, 599, int), "a whole number from 200 to 599"),
    "body": (lambda _: True, "any JSON value"),
}
_MATCH = {part.name for part in fields(Match)}
_FAULT = {part.name for part in fields(Fault)}
_OUTCOME = {"stored", "status", "headers", "body", *_FAULT}
