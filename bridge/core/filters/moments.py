"""Moments: what becomes of a date and time: another zone, later or earlier, written out, counted since 1970."""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bridge.core.filters.filter import Filter, FilterError, checks, given
from bridge.core.filters.values import is_number, kind_of, moment_in, text_of, wrong_type
from bridge.core.filters.written import writer
from bridge.core.filters.zones import zone_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_SUCH_YEAR = "this is before the year 1 or after 9999: leave it out"


def _in_tz(value: Any, /, zone: str) -> datetime:
    at = moment_in(value, "in_tz")
    there = given(zone, zone_of, "in_tz: its time zone must be one such as America/New_York")
    try:
        return at.astimezone(there)
    except OverflowError:
        raise FilterError(f"in_tz: {_NO_SUCH_YEAR}") from None


def _add(
    value: Any,
    /,
    *,
    weeks: float = 0,
    days: float = 0,
    hours: float = 0,
    minutes: float = 0,
    seconds: float = 0,
) -> date:
    """Later, or earlier with negative numbers. Weeks and days keep the time of day in the value's zone, also where the
    clock changes; hours, minutes and seconds are time that passes. A date takes weeks and days only.
    """
    for number in (weeks, days, hours, minutes, seconds):
        given(number, _a_number, "add: weeks, days, hours, minutes and seconds must be numbers: put | to_number")
    if not isinstance(value, date):
        raise wrong_type("add", "a date and time", value, "put | datetime before it")
    try:
        by_calendar = timedelta(weeks=weeks, days=days)
        passing = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        if not isinstance(value, datetime):
            if passing or by_calendar.seconds or by_calendar.microseconds:
                raise FilterError("add: a date has no time, only whole weeks and days go: put | datetime before it")
            return value + by_calendar
        later = moment_in(value, "add")
        if by_calendar:  # adding nothing would lose the fold: which of two equal local times it is
            later += by_calendar
        return (later.astimezone(UTC) + passing).astimezone(later.tzinfo) if passing else later
    except OverflowError:
        raise FilterError(f"add: {_NO_SUCH_YEAR}") from None


def _a_number(argument: Any) -> None:
    if not is_number(argument) or (isinstance(argument, float) and not math.isfinite(argument)):
        raise ValueError(f"this must be a number, not {kind_of(argument)}: write one such as 30")


def _format(value: Any, /, pattern: str) -> str:
    if not isinstance(value, date):
        raise wrong_type("format", "a date and time", value, "put | datetime before it")
    advice = "format: its pattern must be one such as '%Y-%m-%d', and without a time for a date"
    write = given(pattern, writer if isinstance(value, datetime) else _date_writer, advice)
    return write(value)


def _date_writer(pattern: Any) -> Callable[[Any], str]:
    return writer(pattern, needs_time=False)


def _iso(value: Any, /) -> str:
    return text_of(value if type(value) is date else moment_in(value, "iso"))


def _epoch_ms(value: Any, /) -> int:
    return (moment_in(value, "epoch_ms") - _EPOCH) // timedelta(milliseconds=1)


def _epoch_s(value: Any, /) -> int:
    return (moment_in(value, "epoch_s") - _EPOCH) // timedelta(seconds=1)


FILTERS = (
    Filter(
        "in_tz",
        _in_tz,
        check=checks(zone=zone_of),
        summary="The same moment as it is called in another time zone.",
        example="{{ created_at | in_tz('America/New_York') }}",
        gives="2023-11-28T07:00:00-05:00",
    ),
    Filter(
        "add",
        _add,
        check=checks(**dict.fromkeys(("weeks", "days", "hours", "minutes", "seconds"), _a_number)),
        summary="A later time, or an earlier one with negative numbers: `weeks`, `days` (which keep the time of day), "
        "`hours`, `minutes`, `seconds`.",
        example="{{ created_at | add(days=1, minutes=30) }}",
        gives="2023-11-29T12:30:00Z",
    ),
    Filter(
        "format",
        _format,
        check=checks(pattern=writer),
        summary="A date and time, or a date, written out in this pattern, with English names; `%-d`, `%-m`, `%-H` and "
        "`%-I` without the zero before.",
        example="{{ created_at | in_tz('America/New_York') | format('%A, %B %-d at %-I:%M %p') }}",
        gives='"Tuesday, November 28 at 7:00 AM"',
    ),
    Filter(
        "iso",
        _iso,
        summary="A date and time, or a date, as ISO 8601 text: `Z` for UTC, else the offset.",
        example="{{ created_at | iso }}",
        gives='"2023-11-28T12:00:00Z"',
    ),
    Filter(
        "epoch_ms",
        _epoch_ms,
        summary="The milliseconds from 1970 (UTC) on.",
        example="{{ created_at | epoch_ms }}",
        gives="1701172800000",
    ),
    Filter(
        "epoch_s",
        _epoch_s,
        summary="The seconds from 1970 (UTC) on.",
        example="{{ created_at | epoch_s }}",
        gives="1701172800",
    ),
)
