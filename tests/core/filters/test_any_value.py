"""Any value: whatever comes, a filter gives a value or raises FilterError, without quoting it, in linear time."""

import inspect
import time
from datetime import UTC, date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.filters import FILTERS, FilterError, bound, text_of
from tests.core.filters.calling import call

LARGEST = 256 * 1024  # bytes of a value

TEXTS = (
    st.text(st.characters(), max_size=80)  # lone surrogates and NUL among them
    | st.text("0123456789+-.,:/ eExX()%?&=@#[]<>\"'\n", max_size=60)
    | st.sampled_from(["2023-12-01T10:00:00Z", "0001-01-01", "9999-12-31T23:59:59-12:00", "1e999", "nan", "9" * 5000])
    | st.builds("{}@{}".format, st.text(st.characters(), max_size=9), st.text(st.characters(), max_size=9))
)
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -(10**4000)])
TIMES = st.dates() | st.datetimes() | st.datetimes(timezones=st.timezones() | st.just(UTC))
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS | TIMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
# What each filter that needs some is called with; the other way is any value at all.
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "replace": ("a", "b"),
    "truncate": (5,),
    "before": ("@",),
    "after": ("@",),
    "label": ("Time",),
    "find": (r"(\d+)",),
    "lookup": ("countries",),
    "in_tz": ("America/New_York",),
    "format": ("%Y-%m-%d",),
    "query": ("q",),
}


def nested(depth: int) -> Any:
    found: Any = []
    for _ in range(depth):
        found = [found]
    return found


def outcome(name: str, value: Any, /, *args: Any, **kwargs: Any) -> Any:
    """What the filter gives, or the FilterError that it raises."""
    try:
        return call(name, value, *args, **kwargs)
    except FilterError as wrong:
        return wrong


def is_fit(found: Any) -> bool:
    """Whether it is a value of the language with a plain text, or an error with advice."""
    if isinstance(found, FilterError):
        return ": " in str(found)
    return found is None or type(found) is str or isinstance(found, int | float | date | list | dict)


@pytest.mark.parametrize("name", FILTERS)
@given(value=VALUES)
def test_any_value_gives_a_value_or_a_filter_error(name: str, value: Any) -> None:
    assert is_fit(outcome(name, value, *ARGUMENTS.get(name, ())))


@pytest.mark.parametrize("name", sorted(FILTERS.keys() - {"default", "lookup"}))
@given(data=st.data(), value=VALUES)
def test_any_argument_gives_a_value_or_a_filter_error(name: str, data: st.DataObject, value: Any) -> None:
    known = FILTERS[name]
    takes = list(inspect.signature(known.call).parameters)[2 if known.needs_where else 1 :]
    arguments = bound(known, (), {parameter: data.draw(VALUES) for parameter in takes})

    found = outcome(name, value, **arguments)

    assert is_fit(found) or found is arguments.get("default")


@pytest.mark.parametrize(
    "value",
    [nested(100_000), {"a": nested(5000)}, 10**5000, object(), {1, 2}, b"x"],
    ids=["deep list", "deep object", "huge number", "object", "set", "bytes"],
)
@pytest.mark.parametrize("name", FILTERS)
def test_what_no_json_holds_gives_a_value_or_a_filter_error(name: str, value: Any) -> None:
    found = outcome(name, value, *ARGUMENTS.get(name, ()))

    assert is_fit(found) or (name in {"default", "blank_to_null"} and found is value)


@given(value=VALUES)
def test_any_value_has_a_text_or_is_told(value: Any) -> None:
    try:
        found = text_of(value)
    except FilterError as wrong:
        found = str(wrong)

    assert type(found) is str


@pytest.mark.parametrize("name", FILTERS)
@given(secret=st.text("xyz", min_size=8, max_size=20))
def test_an_error_never_quotes_the_value(name: str, secret: str) -> None:
    for value in (secret, [secret], {secret: secret}):
        found = outcome(name, value, *ARGUMENTS.get(name, ()))

        assert not isinstance(found, FilterError) or secret not in str(found)


UNITS = {
    "blanks": " ",
    "lines": "\n",
    "digits": "9",
    "open tags": "<a ",
    "open quotes": "<a '",
    "mixed quotes": "<a \" <a \" ' <a ' ",
    "comments": "<!--",
    "sections": "<![",
    "scripts": "<script ",
    "breaks": "<br ",
    "entities": "&#9",
    "marks": "\u0301\u0323",
    "labels": "Time:\n",
    "almost labels": "Time \t",
    "bullets": "* ",
    "pairs": "q&",
    "percents": "%4",
    "slashes": "/",
    "at signs": "a@",
    "dots": "a.",
    "dashes": "1-",
    "letters": "é",
    "halves": "\ud83d",
    "minutes": "2023-12-01 10:00 ",
}


@pytest.mark.parametrize("unit", UNITS.values(), ids=list(UNITS))
def test_a_large_value_takes_linear_time(unit: str) -> None:
    value = unit * (LARGEST // len(unit.encode("utf-8", "surrogatepass")))
    took_s = {}

    for name in FILTERS:
        began = time.process_time()
        outcome(name, value, *ARGUMENTS.get(name, ()))
        took_s[name] = time.process_time() - began

    # What is quadratic takes minutes: 33 s for 60 KB with `html.parser`.
    assert {} == {name: took for name, took in took_s.items() if took > 1}
