"""Elements: the JSON values of a body, each with its own bytes. Total: what is no JSON raises BadPayload, and what is
nested too deeply for any parser is TOO_DEEP.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from bridge.errors import BadPayload

MOST_ELEMENTS = 100_000  # of one array; a chatbot's day is said to have 10,000 at most

TOO_DEEP = object()  # stands for a value that no parser could hold


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= 400 else digits


def _number(text: str) -> float | str:
    value = float(text)
    return value if abs(value) != float("inf") else text  # 1e400: kept as it was written


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_BRACKETS = re.compile(r'[\[{]+|[\]}]+|"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)  # linear, also where a text has no end

# strict=False: a raw line break inside a text is no JSON, and no reason to keep a lead from its CRM
_DECODER = json.JSONDecoder(strict=False, parse_int=_integer, parse_float=_number, parse_constant=_no_constant)
_scan_once: Callable[[str, int], tuple[Any, int]] = _DECODER.scan_once  # type: ignore[attr-defined]


def elements(body: bytes) -> Iterator[tuple[Any, bytes]]:
    """Each object of the body with its own bytes; a body that is no array has one."""
    text = body.decode("utf-8-sig", "replace")
    start = _past_space(text, 0)
    if text[start : start + 1] != "[":
        value, end = _scan(text, start)
        _must_end(text, end)
        yield value, body
        return
    at = _past_space(text, start + 1)
    count = 0
    while text[at : at + 1] != "]":
        if (count := count + 1) > MOST_ELEMENTS:
            raise BadPayload("", f"an array of more than {MOST_ELEMENTS:,} elements")
        value, end = _scan(text, at)
        yield value, text[at:end].encode("utf-8", "replace")
        at = _past_space(text, end)
        if text[at : at + 1] == ",":
            at = _past_space(text, at + 1)
            if text[at : at + 1] != "]":
                continue
        if text[at : at + 1] != "]":
            raise BadPayload("", f"not JSON: expected , or ] at character {at}")
        if text[at - 1 : at] == ",":
            raise BadPayload("", f"not JSON: nothing after the comma at character {at}")
    _must_end(text, at + 1)


def first_value(text: str) -> Any:
    """The value that the text begins with; what follows it is not looked at."""
    value, _ = _scan(text, _past_space(text, 0))
    return value


def _scan(text: str, at: int) -> tuple[Any, int]:
    try:
        return _scan_once(text, at)
    except StopIteration as stop:
        raise BadPayload("", f"not JSON: nothing readable at character {stop.value}") from None
    except ValueError as bad:
        raise BadPayload("", f"not JSON: {bad}") from None
    except RecursionError:
        return TOO_DEEP, _end_of(text, at)


def _end_of(text: str, at: int) -> int:
    """Where the object or array that begins here ends, found without reading it."""
    depth = 0
    for run in _BRACKETS.finditer(text, at):
        if run[0][0] in "[{":
            depth += len(run[0])
        elif run[0][0] != '"':
            if len(run[0]) >= depth:
                return run.start() + depth
            depth -= len(run[0])
    raise BadPayload("", "not JSON: nested too deeply, and without an end")


def _past_space(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", "\t", "\n", "\r"):
        at += 1
    return at


def _must_end(text: str, at: int) -> None:
    if _past_space(text, at) != len(text):
        raise BadPayload("", f"not JSON: more text after the end, at character {at}")
