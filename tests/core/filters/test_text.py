"""Text filters: case, blanks, length; as Jinja has them where it has them."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from bridge.core.filters import FilterError
from tests.core.filters.calling import call, check

JINJA = Environment(autoescape=False)
ANY_TEXT = st.text(st.characters(), max_size=60)


@pytest.mark.parametrize(
    ("name", "value", "args", "expected"),
    [
        ("lower", "ADA É", (), "ada é"),
        ("lower", 5, (), "5"),
        ("upper", True, (), "TRUE"),
        ("upper", date(2023, 12, 1), (), "2023-12-01"),
        ("title", "ada-marie o'NEIL", (), "Ada-Marie O'neil"),
        ("trim", " \t Ada\n", (), "Ada"),
        ("trim", "..Ada,", (".,",), "Ada"),
        ("squeeze", "  Ada \n\t  Lovelace\u00a0", (), "Ada Lovelace"),
        ("squeeze", " ", (), ""),
        ("truncate", "foo bar baz qux", (9,), "foo..."),
        ("truncate", "foo bar baz qux", (9, True), "foo ba..."),
        ("truncate", "foo bar baz qux", (11,), "foo bar baz qux"),
        ("truncate", "foo bar baz qux", (11, False, "…", 0), "foo bar…"),
        ("truncate", "foo", (0, True, "", 0), ""),
        ("replace", "a-b-c", ("-", ""), "abc"),
        ("replace", "a-b-c", ("-", "+", 1), "a+b-c"),
    ],
)
def test_it_becomes(name: str, value: Any, args: tuple[Any, ...], expected: str) -> None:
    assert expected == call(name, value, *args)


@given(text=ANY_TEXT)
@pytest.mark.parametrize(
    ("name", "args"), [("lower", ()), ("upper", ()), ("title", ()), ("trim", ()), ("truncate", (9,)), ("replace", "ab")]
)
def test_it_is_what_jinja_says(name: str, args: tuple[Any, ...], text: str) -> None:
    found = call(name, text, *args)

    assert JINJA.call_filter(name, text, list(args)) == found
    assert type(found) is str


@pytest.mark.parametrize("name", ["lower", "upper", "title", "trim", "squeeze", "truncate"])
@pytest.mark.parametrize(("value", "kind"), [([1], "a list"), ({"a": 1}, "an object")])
def test_a_list_or_an_object_is_no_text(name: str, value: Any, kind: str) -> None:
    with pytest.raises(FilterError, match=rf"^{name} needs a text, this is {kind}: .*put \| json before it"):
        call(name, value)


@pytest.mark.parametrize(
    ("name", "arguments", "wrong"),
    [
        ("trim", {"chars": 5}, "must be a text, not a number: write it in quotes"),
        ("truncate", {"length": 2}, "length is less than that of end: write 3 or more, or end=''"),
        ("truncate", {"length": -1}, "whole number from 0 on"),
        ("truncate", {"length": "20"}, "must be a whole number from 0 on, not a text"),
        ("truncate", {"end": None}, "must be a text, not null"),
        ("truncate", {"leeway": True}, "must be a whole number"),
        ("replace", {"old": ""}, "is empty: write a text"),
        ("replace", {"new": 5}, "must be a text, not a number"),
        ("replace", {"count": "1"}, "must be a whole number"),
    ],
)
def test_wrong_arguments_are_told_before_any_event(name: str, arguments: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        check(name, **arguments)


def test_arguments_that_another_left_out_go_with_its_default() -> None:
    check("truncate", length=3)
    check("truncate", length=0, end="")
    check("truncate", end="…" * 255, leeway=None)


def test_a_text_does_not_grow_without_bounds() -> None:
    with pytest.raises(FilterError, match="more than 1048576 characters"):
        call("replace", "a" * 2000, "a", "b" * 2000)
