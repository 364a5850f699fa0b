"""Values: what a value is as text, and what a filter says to one of the wrong type."""

import json
from datetime import UTC, date, datetime
from typing import Any

from bridge.core.filters.filter import FilterError


def text_of(value: Any) -> str:
    """What a value is as text.

    Null is empty, a truth `true` or `false`, a number without a fraction its digits, a date and time ISO 8601 with
    `Z` for UTC and the offset else, a date ISO 8601, a list or an object compact JSON. Raises FilterError for what is
    none of these.
    """
    if isinstance(value, str):
        return value if type(value) is str else str.__str__(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _digits(int(value))
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else float.__repr__(value)
    if isinstance(value, datetime):
        return _iso(value)
    if isinstance(value, date):
        return value.isoformat()
    return json_of(value)


def json_of(value: Any) -> str:
    """Compact JSON, other letters than ASCII kept, times as texts; raises FilterError for what JSON has no form for."""
    try:
        return _JSON.encode(value)
    except (TypeError, ValueError, RecursionError):
        raise FilterError(f"{kind_of(value)} that JSON has no form for: take one of its parts") from None


def text_in(value: Any, name: str) -> str:
    """The text that the filter of this name is to work on; FilterError for a list or an object."""
    if type(value) is str:
        return value
    if isinstance(value, _TEXT_LIKE):
        return text_of(value)
    raise wrong_type(name, "a text", value, "name one of its parts, or put | json before it")


def moment_in(value: Any, name: str) -> datetime:
    """The aware date and time that the filter is to work on; FilterError for all else."""
    if isinstance(value, datetime) and value.utcoffset() is not None:
        return value
    raise wrong_type(name, "a date and time", value, "put | datetime before it")


def is_number(value: Any) -> bool:
    """Whether it is a number; a truth is none, though Python has it so."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def a_text(argument: Any) -> str:
    """An argument that has to be a text which says something; else ValueError."""
    if not any_text(argument):
        raise ValueError("this argument is empty: write a text in quotes")
    return str(argument)


def any_text(argument: Any) -> str:
    """An argument that has to be a text; else ValueError."""
    if not isinstance(argument, str):
        raise ValueError(f"this argument must be a text, not {kind_of(argument)}: write it in quotes")
    return argument


def a_size(argument: Any) -> int:
    """An argument that has to be a whole number, not negative; else ValueError."""
    if not isinstance(argument, int) or isinstance(argument, bool) or not 0 <= argument <= _LARGEST_SIZE:
        raise ValueError(
            f"this argument must be a whole number from 0 on, not {kind_of(argument)}: write one such as 80"
        )
    return argument


def wrong_type(name: str, needs: str, value: Any, advice: str) -> FilterError:
    """The error of a filter that got a value of another type than it needs."""
    return FilterError(f"{name} needs {needs}, this is {kind_of(value)}: {advice}")


def kind_of(value: Any) -> str:
    """A value's type, as people say it."""
    if isinstance(value, datetime) and value.utcoffset() is None:
        return "a date and time without a zone"
    return next((kind for types, kind in _KINDS if isinstance(value, types)), f"a {type(value).__name__}")


_LARGEST_SIZE = 1 << 20
_TEXT_LIKE = (str, int, float, date)  # a bool is an int, a datetime a date
_KINDS: list[tuple[Any, str]] = [
    (type(None), "null"),
    (bool, "true or false"),
    (int | float, "a number"),
    (str, "a text"),
    (datetime, "a date and time"),
    (date, "a date"),
    (list | tuple, "a list"),
    (dict, "an object"),
]


def _written(value: Any) -> str:
    if isinstance(value, date):
        return text_of(value)
    raise TypeError


_JSON = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False, default=_written
)


def _iso(value: datetime) -> str:
    text = value.isoformat()
    if value.tzinfo is UTC or value.tzname() == "UTC":
        return text.removesuffix("+00:00") + "Z"
    return text


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # Python writes 4300 digits at most (CVE-2020-10735); no JSON that it reads has more
        raise FilterError("a number of this many digits is no text: leave it out") from None
