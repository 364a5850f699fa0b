"""Plain: what a field can hold, and so all that an expression may come to. A package's filter is held to it at once, in
every depth: what it gives may be what the next filter takes.
"""

from collections.abc import Callable
from datetime import date, datetime
from math import isfinite
from typing import Any

from bridge.core.filters import FilterError


def plain(value: Any) -> Any:
    """The value, if a field can hold it; raises ValueError, without the value in it. Looks into no list or mapping."""
    if value is None or type(value) in (str, int, bool, dict, list):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float) and not isfinite(value):
        raise ValueError("this is no finite number")
    if isinstance(value, datetime) and value.utcoffset() is None:
        raise ValueError("this is a time without a time zone")
    if isinstance(value, int | float | date | dict | list):
        return value
    raise ValueError(f"this comes to something that no field can hold ({type(value).__name__})")


def giving_plain(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """The filter `call`, whose result is plain in every depth; else it raises FilterError."""

    def held(*args: Any, **kwargs: Any) -> Any:
        found = call(*args, **kwargs)
        try:
            return _throughout(found)
        except ValueError as error:
            raise FilterError(f"{name}: {error}") from error

    return held


def _throughout(value: Any) -> Any:
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise ValueError(f"this has a key that is no text ({type(key).__name__})")
        return {str(key): _throughout(part) for key, part in value.items()}
    return [_throughout(part) for part in value] if isinstance(value, list) else plain(value)
