"""Dates: texts as moments, by ISO 8601 or the formats given; never a guess."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from bridge.core.filters import FilterError, text_of
from bridge.core.filters.zones import zone_names, zone_of
from bridge.model.mapping import Origin
from tests.core.filters.calling import call, check


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-12-01T10:00:00Z", "2023-12-01T10:00:00Z"),
        (" 2023-12-01 10:00 ", "2023-12-01T10:00:00-05:00"),
        ("2023-07-01", "2023-07-01T00:00:00-04:00"),
        ("2023-12-01T10:00:00.1234567+01:00", "2023-12-01T10:00:00.123456+01:00"),
        ("2023-12-01T10:00:00-0330", "2023-12-01T10:00:00-03:30"),
        ("2023-12-01T10:00:00+00:00", "2023-12-01T10:00:00Z"),
        ("2023-02-29", ""),
        ("2023-12-01T10:00:00+99:00", ""),
        ("20231201", ""),
        ("12/01/2023", ""),
        ("tomorrow at 10", ""),
        ("10:00", ""),
    ],
)
def test_a_text_without_a_format_is_iso(text: str, expected: str) -> None:
    assert expected == text_of(call("datetime", text))


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("2023-12-01 10:00 AM", "%Y-%m-%d %I:%M %p", "2023-12-01T10:00:00-05:00"),
        ("2023-12-01 10:00pm", "%Y-%m-%d %I:%M %p", "2023-12-01T22:00:00-05:00"),
        ("2023-12-01 12:30 a.m.", "%Y-%m-%d %I:%M %p", "2023-12-01T00:30:00-05:00"),
        ("  Dec  1, 2023 \n", "%b %d, %Y", "2023-12-01T00:00:00-05:00"),
        ("Friday, december 1 2023", "%A, %B %d %Y", "2023-12-01T00:00:00-05:00"),
        ("1.12.23 9:05", "%d.%m.%y %H:%M", "2023-12-01T09:05:00-05:00"),
        ("20231201T100000+0100", "%Y%m%dT%H%M%S%z", "2023-12-01T10:00:00+01:00"),
        ("2023-12-01 10:00Z", "%Y-%m-%d %H:%M%z", "2023-12-01T10:00:00Z"),
        ("335/2023 100%", "%j/%Y 100%%", "2023-12-01T00:00:00-05:00"),
        ("366/2023", "%j/%Y", ""),
        ("31.11.2023", "%d.%m.%Y", ""),
        ("2023-12-01 13:00 PM", "%Y-%m-%d %I:%M %p", ""),
        ("2023-12-01", ["%d.%m.%Y", "%Y-%m-%d"], "2023-12-01T00:00:00-05:00"),
        ("01.12.2023", ("%d.%m.%Y", "%Y-%m-%d"), "2023-12-01T00:00:00-05:00"),
        ("2023-12-01T10:00:00Z", "%d.%m.%Y", ""),
        ("1701424800", "epoch_s", "2023-12-01T10:00:00Z"),
        (1701424800, "epoch_s", "2023-12-01T10:00:00Z"),
        (1701424800123, "epoch_ms", "2023-12-01T10:00:00.123000Z"),
        ("1701424800.5", ["%Y", "epoch_s"][1], "2023-12-01T10:00:00.500000Z"),
        ("9" * 17, "epoch_s", ""),
        (20231201, "%Y%m%d", "2023-12-01T00:00:00-05:00"),
        ("2023-12-01" + "0" * 300, "%Y-%m-%d", ""),
    ],
)
def test_a_text_is_read_as_its_formats_say(text: Any, form: Any, expected: str) -> None:
    check("datetime", format=form)

    assert expected == text_of(call("datetime", text, form))


def test_a_text_without_an_offset_is_in_the_zone_given_or_in_that_of_the_source() -> None:
    assert "2023-12-01T10:00:00+09:00" == text_of(call("datetime", "2023-12-01 10:00", tz="Asia/Tokyo"))
    assert "2023-12-01T10:00:00Z" == text_of(call("datetime", "2023-12-01 10:00", where=Origin()))
    assert "2023-12-01T10:00:00-05:00" == text_of(call("datetime", "2023-12-01 10:00"))
    assert "2023-12-01T10:00:00+01:00" == text_of(call("datetime", "2023-12-01 10:00+01:00", tz="Asia/Tokyo"))


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2023-11-05 01:30", "2023-11-05T05:30:00Z"),  # comes twice: the first
        ("2023-03-12 02:30", "2023-03-12T07:30:00Z"),  # never comes: what is called 03:30
        ("2023-03-12 03:30", "2023-03-12T07:30:00Z"),
    ],
)
def test_a_local_time_that_comes_twice_or_never_means_one_moment(text: str, utc: str) -> None:
    assert utc == text_of(call("in_tz", call("datetime", text), "UTC"))


def test_a_moment_stays_as_it_is_and_a_date_becomes_its_midnight() -> None:
    tokyo = datetime(2023, 12, 1, 10, tzinfo=timezone(timedelta(hours=9)))

    assert tokyo is call("datetime", tokyo, "%Y-%m-%d")
    assert "2023-12-01T00:00:00-05:00" == text_of(call("datetime", date(2023, 12, 1)))
    assert "2023-12-01T10:00:00-05:00" == text_of(call("datetime", tokyo.replace(tzinfo=None)))


@pytest.mark.parametrize(
    ("value", "args", "expected"),
    [
        (datetime(2023, 12, 1, 23, tzinfo=timezone(timedelta(hours=-5))), (), "2023-12-01"),
        (datetime(2023, 12, 1, 23, tzinfo=UTC), (), "2023-12-01"),
        (date(2023, 12, 1), (), "2023-12-01"),
        ("2023-12-01T23:00:00-05:00", (), "2023-12-01"),
        ("12/01/2023", ("%m/%d/%Y",), "2023-12-01"),
        ("12/01/2023", (["%Y-%m-%d", "%m/%d/%Y"],), "2023-12-01"),
        ("12/01/2023", (), ""),
        ("13/01/2023", ("%m/%d/%Y",), ""),
    ],
)
def test_a_date_is_the_one_that_is_written(value: Any, args: tuple[Any, ...], expected: str) -> None:
    assert expected == text_of(call("date", value, *args))


@pytest.mark.parametrize("name", ["datetime", "date"])
@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        (20231201, r"needs a text, this is a number: say how it is meant, such as \| (datetime|date)\('epoch_s'\)"),
        (True, "needs a text, this is true or false"),
        (["2023-12-01"], "needs a text, this is a list"),
    ],
)
def test_what_could_mean_anything_is_told(name: str, value: Any, wrong: str) -> None:
    with pytest.raises(FilterError, match=wrong):
        call(name, value)


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ("%Y-%m-%d %Z", r"%Z cannot be read: write %z for an offset such as -0500, or give tz='America/New_York'"),
        ("%Y-%m-%-d", "%- cannot be read: leave the - out: one digit is read too"),
        ("%Y-%m-%d %q", "%q cannot be read: write one of %Y %y %m %b %B %d"),
        ("%Y-%m-%d %", "% cannot be read"),
        ("%x", "its meaning depends on the language: write it out, such as %m/%d/%Y"),
        ("%H:%M", "does not say the year and the month and the day, which would be a guess: add %Y, %m, %d"),
        ("%m/%d %H:%M", "does not say the year, which would be a guess: add %Y"),
        ("%B %Y", "does not say the day"),
        ("%Y-%m-%d %Y", "%Y stands in this format more than once"),
        ("%Y %y-%m-%d", "%Y and %y both say the year: leave one out"),
        ("%Y-%m-%d %H %I %p", "%H and %I both say the hour"),
        ("%Y-%m-%d %I:%M", r"%I and %p \(AM or PM\) need each other"),
        ("%Y-%m-%d %H:%M %p", r"%I and %p \(AM or PM\) need each other"),
        ("%j %m %Y", "%j is the day of the year and needs no month"),
        ("%Y-%m-%d :%M", "has minutes or seconds and no hour"),
        ("YYYY-MM-DD", "does not say the year"),
        ("", "this argument is empty"),
        ([], "this list has no format"),
        (["%Y-%m-%d", 5], "must be a text, not a number"),
        ("%Y-%m-%d" + " " * 100, "has 108 characters"),
    ],
)
def test_a_format_that_cannot_be_read_or_leaves_a_gap_is_told_before_any_event(form: Any, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        check("datetime", format=form)
    with pytest.raises(FilterError, match="its format must be one such as"):
        call("datetime", "2023-12-01", form)


@pytest.mark.parametrize(
    ("zone", "wrong"),
    [
        ("New York", "unknown time zone 'New York': did you mean 'America/New_York'"),
        ("europe/berlin", "did you mean 'Europe/Berlin'"),
        ("PST", "unknown time zone 'PST': write one such as America/New_York"),
        ("localtime", "unknown time zone"),  # what it means is the host's affair
        ("America", "unknown time zone"),
        ("../../etc/passwd", "unknown time zone"),
        ("", "is empty"),
        (5, "must be a text, not a number"),
    ],
)
def test_an_unknown_zone_is_told_before_any_event(zone: Any, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        check("datetime", tz=zone)
    with pytest.raises(ValueError, match=wrong):
        check("in_tz", zone=zone)
    with pytest.raises(FilterError, match=r"its time zone must be one such as America/New_York$"):
        call("datetime", "2023-12-01", tz=zone)


def test_every_zone_by_name_is_one() -> None:
    assert {"UTC", "America/New_York", "Europe/Kiev"} <= zone_names()
    assert [name for name in zone_names() if zone_of(name).key != name] == []
