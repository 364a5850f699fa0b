"""Dates: texts as dates and times. Never a guess: what is not written in an expected form is null, never today.

A date and time always has a zone. Of a local time that comes twice, when the clock is put back, the first is meant;
one that never comes, when it is put forward, has the offset from before: 02:30 is the moment that is called 03:30 then.
Both are PEP 495's fold=0.
"""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

from bridge.core.filters.filter import Filter, checks, given
from bridge.core.filters.formats import LONGEST, readers
from bridge.core.filters.values import is_number, text_in, wrong_type
from bridge.core.filters.zones import zone_of
from bridge.core.text import local_time
from bridge.model.mapping import Origin

_DAY = timedelta(days=1)
_FORMATS = "its format must be one such as '%Y-%m-%d', or a list of them"
_ZONE = "its time zone must be one such as America/New_York"


def _datetime(where: Origin, value: Any, /, format: Any = None, tz: str | None = None) -> datetime | None:  # noqa: A002
    """A text as an aware date and time: ISO 8601, or in the first of these formats that fits.

    A text that names its offset keeps it; one that does not is in `tz`, or in the source's zone.
    """
    if isinstance(value, datetime):
        return value if value.utcoffset() is not None else value.replace(tzinfo=_zone(where, tz, "datetime"))
    if isinstance(value, date):
        return datetime.combine(value, time(), _zone(where, tz, "datetime"))
    text = _text_of_date(value, format, "datetime")
    found = _iso(text) if format is None else _read(text, format, "datetime")
    if found is None or found.tzinfo is not None:
        return found
    return found.replace(tzinfo=_zone(where, tz, "datetime"))


def _date(value: Any, /, format: Any = None) -> date | None:  # noqa: A002
    """The date of a date and time in its own zone, or of a text as it is written there."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = _text_of_date(value, format, "date")
    found = _iso(text) if format is None else _read(text, format, "date")
    return found.date() if found else None


def _text_of_date(value: Any, form: Any, name: str) -> str:
    if isinstance(value, bool) or (form is None and is_number(value)):
        advice = f"say how it is meant, such as | {name}('epoch_s')" if is_number(value) else "leave it out"
        raise wrong_type(name, "a text", value, advice)
    text = text_in(value, name).strip()
    return text if len(text) <= LONGEST else ""


def _iso(text: str) -> datetime | None:
    found = local_time(text)
    if found is None:
        return None
    local, ahead = found
    if ahead is None:
        return local
    if not ahead:
        return local.replace(tzinfo=UTC)
    return local.replace(tzinfo=timezone(ahead)) if abs(ahead) < _DAY else None


def _read(text: str, form: Any, name: str) -> datetime | None:
    for read in given(form, readers, f"{name}: {_FORMATS}"):
        if found := read(text):
            return found
    return None


def _zone(where: Origin, name: Any, filter_name: str) -> Any:
    return given(where.timezone if name is None else name, zone_of, f"{filter_name}: {_ZONE}")


def _formats_or_null(argument: Any) -> Any:
    return None if argument is None else readers(argument)


def _zone_or_null(argument: Any) -> Any:
    return None if argument is None else zone_of(argument)


FILTERS = (
    Filter(
        "datetime",
        _datetime,
        needs_where=True,
        check=checks(format=_formats_or_null, tz=_zone_or_null),
        summary="A text as a date and time: ISO 8601, or written as in this format, or in the first of a list of "
        "formats that fits; null for all else. One that names no offset is in `tz`, or in the time zone of the source. "
        "Numbers since 1970 have the formats `epoch_s` and `epoch_ms`.",
        example="{{ content | label('Time') | datetime('%Y-%m-%d %I:%M %p') }}",
        gives="2023-12-01T10:00:00-05:00",
    ),
    Filter(
        "date",
        _date,
        check=checks(format=_formats_or_null),
        summary="The date of a date and time, in the zone that it has, or of a text that is ISO 8601 or written as in "
        "this format.",
        example="{{ '12/01/2023' | date('%m/%d/%Y') }}",
        gives="2023-12-01",
    ),
)
