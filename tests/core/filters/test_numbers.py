"""Numbers: what is unambiguous is read, all else is null; `int` and `round` are Jinja's."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from bridge.core.filters import FilterError
from tests.core.filters.calling import call, check

JINJA = Environment(autoescape=False)
HUGE = "9" * 300_000


@pytest.mark.parametrize(
    ("value", "whole", "number"),
    [
        ("500", 500, 500),
        (" +7 ", 7, 7),
        ("-7.0", -7, -7.0),
        ("7.", 7, 7.0),
        ("7.5", None, 7.5),
        ("1e5", None, 100000.0),
        ("1,234", None, None),
        ("1.234,5", None, None),
        ("1_000", None, None),
        ("500 USD", None, None),
        ("0x10", None, None),
        ("nan", None, None),
        ("1e999", None, None),
        ("", None, None),
        (7, 7, 7),
        (7.0, 7, 7.0),
        (7.5, None, 7.5),
        (True, None, None),
        (float("nan"), None, None),
        (float("inf"), None, None),
        (HUGE, None, None),
    ],
)
def test_only_what_is_unambiguous_is_a_number(value: Any, whole: int | None, number: float | None) -> None:
    found = call("to_int", value), call("to_number", value)

    assert (whole, number) == found
    assert (type(whole), type(number)) == (type(found[0]), type(found[1]))


@given(number=st.integers(-(10**300), 10**300))
def test_a_whole_number_is_read_back(number: int) -> None:
    assert number == call("to_int", str(number)) == call("to_number", str(number))


@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_a_fraction_is_read_back(number: float) -> None:
    assert number == call("to_number", repr(number))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *[(text, True) for text in ("true", "Yes", "ON", "1", " y ", True, 1, 1.0)],
        *[(text, False) for text in ("false", "No", "OFF", "0", "N", False, 0)],
        *[(text, None) for text in ("", "maybe", "2", 2, "ja", HUGE)],
    ],
)
def test_a_truth_is_read_or_null(value: Any, expected: bool | None) -> None:
    assert expected is call("to_bool", value)


@pytest.mark.parametrize("name", ["to_int", "to_number", "to_bool"])
def test_a_list_is_no_number(name: str) -> None:
    with pytest.raises(FilterError, match=f"{name} needs a text, this is a list"):
        call(name, [1])


@given(value=st.text(max_size=10) | st.integers() | st.floats() | st.booleans() | st.lists(st.none()))
def test_int_is_jinjas(value: Any) -> None:
    try:
        expected = JINJA.call_filter("int", value)
    except OverflowError:  # of an infinity
        expected = 0

    assert expected == call("int", value)


@pytest.mark.parametrize(
    ("value", "args", "expected"),
    [
        ("42.7", (), 42),
        ("x", (), 0),
        ("x", (7,), 7),
        ("ff", (0, 16), 255),
        (HUGE, (), 0),
        (float("inf"), (), 0),
        ("inf", (), 0),
    ],
)
def test_int_has_a_default(value: Any, args: tuple[Any, ...], expected: int) -> None:
    assert expected == call("int", value, *args)


@pytest.mark.parametrize("precision", [-2, 0, 1, 3])
@pytest.mark.parametrize("method", ["common", "ceil", "floor"])
@given(value=st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9))
def test_round_is_jinjas(value: float, precision: int, method: str) -> None:
    assert JINJA.call_filter("round", value, [precision, method]) == call("round", value, precision, method)


@pytest.mark.parametrize(
    ("value", "kind"),
    [("42.5", "a text"), (True, "true or false"), (datetime.now(UTC), "a date and time"), ([1], "a list")],
)
def test_only_a_number_is_rounded(value: Any, kind: str) -> None:
    with pytest.raises(FilterError, match=rf"round needs a number, this is {kind}: put \| to_number before it"):
        call("round", value)


@pytest.mark.parametrize(
    ("name", "arguments", "wrong"),
    [
        ("round", {"precision": 10**9}, "precision must be a whole number from -30 to 30"),
        ("round", {"precision": 1.5}, "precision must be a whole number"),
        ("round", {"method": "up"}, "unknown method: write one of common, ceil, floor"),
        ("int", {"base": 1}, "base must be 0 or a whole number from 2 to 36"),
    ],
)
def test_wrong_arguments_are_told_before_any_event(name: str, arguments: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        check(name, **arguments)
    with pytest.raises(FilterError, match=f"^{name}: "):
        call(name, 1, **arguments)
