"""Moments: another zone, later, written out, counted."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.filters import FilterError, text_of
from bridge.core.filters.zones import zone_names
from tests.core.filters.calling import call, check

NOON = datetime(2023, 11, 28, 12, tzinfo=UTC)
BEFORE_THE_CLOCK_CHANGES = datetime(2023, 3, 11, 12, tzinfo=ZoneInfo("America/New_York"))
DAY = date(2023, 11, 28)
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.timezones())  # noqa: DTZ001


@given(at=MOMENTS, zone=st.sampled_from(sorted(zone_names())))
def test_another_zone_is_the_same_moment(at: datetime, zone: str) -> None:
    found = call("in_tz", at, zone)

    assert at.astimezone(UTC) == found.astimezone(UTC)
    assert ZoneInfo(zone) == found.tzinfo


@pytest.mark.parametrize(
    ("at", "by", "expected"),
    [
        (NOON, {"minutes": 30}, "2023-11-28T12:30:00Z"),
        (NOON, {"weeks": 1, "days": -1, "hours": 1.5, "seconds": 1}, "2023-12-04T13:30:01Z"),
        (BEFORE_THE_CLOCK_CHANGES, {"days": 1}, "2023-03-12T12:00:00-04:00"),
        (BEFORE_THE_CLOCK_CHANGES, {"hours": 24}, "2023-03-12T13:00:00-04:00"),
        (DAY, {"days": 3}, "2023-12-01"),
        (DAY, {"weeks": -1}, "2023-11-21"),
        (NOON, {}, "2023-11-28T12:00:00Z"),
    ],
)
def test_time_is_added(at: date, by: dict[str, Any], expected: str) -> None:
    check("add", **by)

    assert expected == text_of(call("add", at, **by))


@given(at=MOMENTS, hours=st.integers(-9999, 9999), days=st.integers(-9999, 9999))
def test_hours_pass_and_days_are_of_the_calendar(at: datetime, hours: int, days: int) -> None:
    assert at.astimezone(UTC) + timedelta(hours=hours) == call("add", at, hours=hours).astimezone(UTC)
    assert at.replace(tzinfo=None) + timedelta(days=days) == call("add", at, days=days).replace(tzinfo=None)


@pytest.mark.parametrize(
    ("at", "by", "wrong"),
    [
        (NOON, {"days": 10**9}, "before the year 1 or after 9999"),
        (NOON, {"hours": -1e300}, "before the year 1 or after 9999"),
        (DAY, {"hours": 1}, "a date has no time, only whole weeks and days go"),
        (DAY, {"days": 0.5}, "a date has no time, only whole weeks and days go"),
        (NOON, {"minutes": "30"}, r"must be numbers: put \| to_number"),
        (NOON, {"minutes": True}, "must be numbers"),
        (NOON, {"minutes": float("nan")}, "must be numbers"),
    ],
)
def test_what_cannot_be_added_is_told(at: date, by: dict[str, Any], wrong: str) -> None:
    with pytest.raises(FilterError, match=wrong):
        call("add", at, **by)


@pytest.mark.parametrize(
    ("at", "pattern", "expected"),
    [
        (NOON, "%Y-%m-%dT%H:%M:%S%z", "2023-11-28T12:00:00+0000"),
        (NOON, "%-m/%-d/%y %-I:%M %p", "11/28/23 12:00 PM"),
        (BEFORE_THE_CLOCK_CHANGES, "%A %B %Z %:z", "Saturday March EST -05:00"),
        (DAY, "%a, %b %d", "Tue, Nov 28"),
        (NOON, "100%%", "100%"),
    ],
)
def test_a_moment_is_written_out(at: date, pattern: str, expected: str) -> None:
    check("format", pattern=pattern)

    assert expected == call("format", at, pattern)


@pytest.mark.parametrize(
    ("pattern", "wrong"),
    [
        ("%c", "%c cannot be written: write one of %Y %y %m %-m"),
        ("%s", "%s cannot be written"),
        ("%-y", "%-y cannot be written"),
        ("50%", "% cannot be written"),
        ("x" * 201, "has 201 characters"),
        ("", "is empty"),
        (["%Y"], "must be a text, not a list"),
    ],
)
def test_a_pattern_is_checked_before_any_event(pattern: Any, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        check("format", pattern=pattern)
    with pytest.raises(FilterError, match="format: its pattern must be one such as '%Y-%m-%d'"):
        call("format", NOON, pattern)


def test_a_date_has_no_time_to_write() -> None:
    with pytest.raises(FilterError, match="without a time for a date"):
        call("format", DAY, "%H:%M")


@pytest.mark.parametrize(
    ("at", "iso", "ms", "s"),
    [
        (NOON, "2023-11-28T12:00:00Z", 1701172800000, 1701172800),
        (NOON.replace(microsecond=999999), "2023-11-28T12:00:00.999999Z", 1701172800999, 1701172800),
        (NOON.astimezone(timezone(timedelta(hours=-5))), "2023-11-28T07:00:00-05:00", 1701172800000, 1701172800),
        (datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), "1969-12-31T23:59:59Z", -1000, -1),
    ],
)
def test_a_moment_is_counted_and_written_as_iso(at: datetime, iso: str, ms: int, s: int) -> None:
    assert (iso, ms, s) == (call("iso", at), call("epoch_ms", at), call("epoch_s", at))


def test_a_date_is_written_as_iso() -> None:
    assert "2023-11-28" == call("iso", DAY)


@pytest.mark.parametrize(
    ("name", "args"),
    [("in_tz", ("UTC",)), ("add", ()), ("format", ("%Y",)), ("iso", ()), ("epoch_ms", ()), ("epoch_s", ())],
)
@pytest.mark.parametrize(("value", "kind"), [("2023-12-01", "a text"), (5, "a number"), ([], "a list")])
def test_a_text_is_no_moment(name: str, args: tuple[Any, ...], value: Any, kind: str) -> None:
    with pytest.raises(
        FilterError, match=rf"^{name} needs a date and time, this is {kind}: put \| datetime before it$"
    ):
        call(name, value, *args)


@pytest.mark.parametrize("name", ["epoch_ms", "epoch_s", "iso"])
def test_a_moment_without_a_zone_is_none(name: str) -> None:
    with pytest.raises(FilterError, match="this is a date and time without a zone"):
        call(name, NOON.replace(tzinfo=None))
