"""Operators: how a value of an event is compared with what a condition expects of it."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any

from bridge.core.expression.language import is_present
from bridge.core.filters import text_of
from bridge.core.filters.patterns import compiled, matches
from bridge.core.text import instant, nearest
from bridge.model.event import Kind


def _same(expected: Any, value: Any) -> bool:
    return text_of(value) == text_of(expected)


def _one_of(expected: Any, value: Any) -> bool:
    return any(_same(one, value) for one in expected)


def _present(expected: Any, value: Any) -> bool:
    return is_present(value) is expected


def _contains(expected: Any, value: Any) -> bool:
    return text_of(expected).casefold() in text_of(value).casefold()


def _starts(expected: Any, value: Any) -> bool:
    return text_of(value).casefold().startswith(text_of(expected).casefold())


def _ends(expected: Any, value: Any) -> bool:
    return text_of(value).casefold().endswith(text_of(expected).casefold())


def _matches(expected: Any, value: Any) -> bool:
    return is_present(value) and matches(expected, text_of(value))


def _ordered(compare: Callable[[Any, Any], bool], expected: Any, value: Any) -> bool:
    limit, found = measure(expected), measure(value)
    return limit is not None and type(found) is type(limit) and compare(found, limit)


def measure(value: Any) -> float | datetime | None:
    """The value as something that can be more or less; null where it cannot."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return instant(value.isoformat())
    if isinstance(value, str) and len(value) <= 64:
        try:
            return float(value) if re.fullmatch(r"\s*[+-]?\d+(\.\d+)?\s*", value, re.ASCII) else instant(value)
        except ValueError:
            return None
    return None


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": _same,
    "one_of": _one_of,
    "present": _present,
    "contains": _contains,  # in any case, as are the next two
    "starts_with": _starts,
    "ends_with": _ends,
    "matches": _matches,
    "above": partial(_ordered, lambda found, limit: found > limit),
    "at_least": partial(_ordered, lambda found, limit: found >= limit),
    "below": partial(_ordered, lambda found, limit: found < limit),
    "at_most": partial(_ordered, lambda found, limit: found <= limit),
}


_ORDERING = ("above", "at_least", "below", "at_most")
_TIMES = ("created_at", "received_at")
_TIME_OF_DAY = re.compile(r"\s*\d{1,2}:\d{2}(:\d{2})?\s*([ap]\.?m\.?)?\s*", re.IGNORECASE)


def unfit(operator: str, expected: Any, name: str, sources: Collection[str]) -> tuple[str, str] | None:
    """Why nothing can be compared with this: what is wrong, and what to write."""
    if operator == "one_of":
        return "one_of is a list of values", "such as one_of: [lead, appointment]"
    if operator == "present":
        return None if isinstance(expected, bool) else ("present is true or false", "such as present: true")
    if isinstance(expected, list | Mapping) or expected is None:
        return f"{operator} needs one value", "put a list under one_of; for nothing at all write present: false"
    if isinstance(expected, str) and "{{" in expected:
        return "a condition compares with constants", "make a var of it, and compare that"
    if operator == "equals" and name == "kind":
        return _unknown("kind", expected, list(Kind))
    if operator == "equals" and name == "source" and sources:
        return _unknown("source", expected, sources)
    if operator == "matches":
        return _no_pattern(expected)
    return _unordered(operator, expected, name) if operator in _ORDERING else None


def _unordered(operator: str, expected: Any, name: str) -> tuple[str, str] | None:
    limit = measure(expected)
    if isinstance(expected, str) and _TIME_OF_DAY.fullmatch(expected):
        hint = "make a var of the hour: {{ received_at | in_tz('America/New_York') | format('%H') | to_int }}"
        return f"{operator} cannot compare a time of day", hint
    if limit is None:
        return f"{operator} needs a number or a time", "such as 5, or 2026-01-31T08:00:00Z"
    if name in _TIMES and not isinstance(limit, datetime):
        return f"{name} is a time, and this is a number", "such as 2026-01-31T08:00:00Z"
    return None


def _unknown(what: str, expected: Any, options: Collection[str]) -> tuple[str, str] | None:
    if expected in options:
        return None
    near = nearest(str(expected), options)
    return f"unknown {what}", f"did you mean '{near}'?" if near else f"one of: {', '.join(options)}"


def _no_pattern(expected: Any) -> tuple[str, str] | None:
    try:
        compiled(str(expected))
    except ValueError as error:
        message, _, hint = str(error).partition(": ")
        return message, hint
    return None
