"""Kept: what a connector holds in itself that belongs to a call."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from bridge.connector import Plan, Record, Secret, Token
from bridge.core.exchange import Received
from bridge.outbound import DoorCall

_OF_A_CALL = (Record, Plan, Token, DoorCall, Received)
_DEEPEST = 6


def kept_of_a_call(connector: object, *, marks: Iterable[str]) -> list[str]:
    """The attributes that hold a part of a call, or a text in which one of the marks stands."""
    return sorted(set(_found(connector, "self", tuple(marks), frozenset())))


def _found(value: Any, at: str, marks: tuple[str, ...], within: frozenset[int]) -> Iterator[str]:
    if isinstance(value, _OF_A_CALL):
        yield f"{at} ({type(value).__name__})"
    elif isinstance(value, str | bytes):
        text = value if isinstance(value, str) else value.decode("utf-8", "replace")
        if any(mark in text for mark in marks):
            yield at
    elif len(within) < _DEEPEST and id(value) not in within:
        for name, item in _parts(value):
            yield from _found(item, f"{at}{name}", marks, within | {id(value)})


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in list(value.items()):
            yield "", key
            yield f"[{key!r:.20}]", item
    elif isinstance(value, list | tuple | set | frozenset):
        for item in list(value):
            yield "[…]", item
    elif isinstance(value, Secret | type):
        return
    elif is_dataclass(value):
        for one in fields(value):
            yield f".{one.name}", getattr(value, one.name, None)
    else:
        for name, item in list(getattr(value, "__dict__", {}).items()):
            yield f".{name}", item
