# ruff: noqa: DTZ001, DTZ007 - the zone is what a format says or leaves out
"""Formats: what Python's own strptime and strftime say (in the C locale), for any moment and format."""

import re
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.filters.formats import reader
from bridge.core.filters.written import writer

OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1000, 1, 1), timezones=OFFSETS)
SEPARATORS = st.sampled_from(["-", "/", ". ", ", ", " ", " at ", "T"])
DATES = st.sampled_from(
    [["%Y", "%m", "%d"], ["%B", "%d", "%Y"], ["%a", "%d", "%b", "%Y"], ["%j", "%Y"], ["%A", "%m", "%d", "%y"]]
)
TIMES = st.sampled_from([[], ["%H", "%M"], ["%I", "%M", "%p"], ["%H", "%M", "%S", "%f"], ["%H", "%M", "%z"]])


@st.composite
def formats(draw: st.DrawFn) -> str:
    separator = draw(SEPARATORS)
    return separator.join(draw(st.permutations(draw(DATES))) + draw(TIMES))


def by_strptime(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)
    except ValueError:
        return None


@given(at=MOMENTS, form=formats())
def test_what_strftime_writes_is_read_as_strptime_reads_it(at: datetime, form: str) -> None:
    text = at.strftime(form)

    assert datetime.strptime(text, form) == reader(form)(text)
    assert datetime.strptime(text, form) == reader(form)(text.lower() if "%z" not in form else text)


@given(at=MOMENTS, form=formats(), blank=st.sampled_from([" ", "  ", "\t\n"]))
def test_without_zeros_and_with_more_blanks_it_is_read_as_strptime_reads_it(
    at: datetime, form: str, blank: str
) -> None:
    text = re.sub(r"\b0([1-9]\b)", r"\1", at.strftime(form)).replace(" ", blank)

    assert by_strptime(text, form) == reader(form)(text)


@given(at=MOMENTS, form=formats(), cut=st.integers(1, 4), more=st.sampled_from(["", "x", "0", " "]))
def test_what_lacks_an_end_or_has_another_is_not_guessed(at: datetime, form: str, cut: int, more: str) -> None:
    text = at.strftime(form)[:-cut] + more

    assert by_strptime(text, form) == reader(form)(text)


@given(text=st.text(st.characters(), max_size=100), form=formats())
def test_any_other_text_is_none(text: str, form: str) -> None:
    found = reader(form)(text)

    assert found is None or any(map(str.isdecimal, text))


@pytest.mark.parametrize("directive", list("YymbBdjaAHIpMSfzZ%"))
@given(at=MOMENTS)
def test_a_directive_writes_what_strftime_writes(directive: str, at: datetime) -> None:
    assert f"<{at:%{directive}}>" == writer(f"<%{directive}>")(at)


@given(at=MOMENTS)
def test_directives_that_differ_between_hosts_are_the_same_here(at: datetime) -> None:
    expected = f"{at.month}/{at.day} {at.hour}|{at.hour % 12 or 12} {at.date().isoformat()} {at:%H:%M:%S}"

    assert expected == writer("%-m/%-d %-H|%-I %F %T")(at)
    assert at.isoformat()[-6:] == writer("%:z")(at)
