"""JSON: how the values of fields are written in it: compact, in UTF-8, times as ISO 8601."""

import json
from datetime import date
from typing import Any


def iso(moment: date) -> str:
    """A date, or an aware date and time, as ISO 8601: with `Z` for UTC, else with the offset."""
    return moment.isoformat().replace("+00:00", "Z")


def as_json(value: Any) -> bytes:
    """The value as JSON; raises ValueError, TypeError or RecursionError where JSON has no word for it, such as NaN."""
    return _ENCODER.encode(value).encode("utf-8", "replace")


def _time(value: object) -> str:
    if isinstance(value, date):
        return iso(value)
    raise TypeError(type(value).__name__)


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_time)
