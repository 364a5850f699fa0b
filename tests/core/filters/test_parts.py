"""Parts: what stands before, after, beside a label, in the first line, where a pattern matches."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.filters import FilterError
from tests.core.filters.calling import call, check


@pytest.mark.parametrize(
    ("name", "value", "part", "expected"),
    [
        ("before", "ada@example.com", "@", "ada"),
        ("before", "a@b@c", "@", "a"),
        ("before", "ada", "@", None),
        ("before", "@", "@", ""),
        ("after", "a@b@c", "@", "b@c"),
        ("after", "ada", "@", None),
        ("after", 12.5, ".", "5"),
    ],
)
def test_before_and_after(name: str, value: Any, part: str, expected: str | None) -> None:
    assert expected == call(name, value, part)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Hi\nAda", "Hi"), ("\r\n  \n  Hi \r\nAda", "Hi"), ("one", "one"), (" \n", None), ("a\u2028b", "a")],
)
def test_the_first_line_is_the_first_that_says_something(text: str, expected: str | None) -> None:
    assert expected == call("first_line", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Time: 10:00 AM", "10:00 AM"),
        ("Hi\nTime: 10 AM  \nBudget: 500", "10 AM"),
        ("time:10 AM", "10 AM"),
        ("TIME = 10 AM", "10 AM"),
        ("Time：10 AM", "10 AM"),
        ("Time - 10 AM", "10 AM"),
        ("Time – 10 AM", "10 AM"),
        ("  • Time: 10 AM", "10 AM"),
        ("- Time: 10 AM", "10 AM"),
        ("*Time: 10 AM", "10 AM"),
        ("**Time:** 10 AM", "10 AM"),
        ("- **Time**: 10 AM", "10 AM"),
        ("__Time__: 10 AM", "10 AM"),
        ("Time: **10 AM**", "**10 AM**"),
        ("Time:\nTime: 10 AM\nTime: 11 AM", "10 AM"),
        ("Name: Ada<br>Time: 10 AM<br/>Budget: 500", "10 AM"),
        ("Name: Ada<BR class='x'>Time: 10 AM", "10 AM"),
        ("Name: Ada\r\nTime: 10 AM\r\nBudget: 500", "10 AM"),
        ("Name: Ada\rTime: 10 AM\u2028Budget: 500", "10 AM"),
        ("Name: Ada, Time: 10 AM", None),
        ("Timer: 10 AM", None),
        ("Lunchtime: 10 AM", None),
        ("Time 10 AM", None),
        ("Time-10", None),
        ("Time:", None),
        ("Time:\nBudget: 500", None),
        ("no such line", None),
    ],
)
def test_a_label_is_read_at_the_beginning_of_a_line(text: str, expected: str | None) -> None:
    assert expected == call("label", text, "Time")


@pytest.mark.parametrize("label", ["Preferred time", "preferred  TIME", " Preferred time: "])
def test_a_label_may_have_several_words(label: str) -> None:
    assert "10 AM" == call("label", "Preferred \t time: 10 AM", label)


@given(
    label=st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=10).filter(
        lambda label: label.removesuffix(":")
    )
)
def test_a_label_of_any_signs_is_found_as_it_stands(label: str) -> None:
    assert "said" == call("label", f"before\n{label.removesuffix(':')}: said\nafter", label)


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("Order A-17 and A-18", r"A-\d+", "A-17"),
        ("Order A-17 and A-18", r"A-(\d+)", "17"),
        ("Order", r"A-(\d+)", None),
        ("Order", r"(A)|Order", None),
        ("Order", r"x*", None),
        ("ORDER", r"(?i)order", "ORDER"),
    ],
)
def test_a_pattern_gives_its_first_match_or_group(text: str, pattern: str, expected: str | None) -> None:
    assert expected == call("find", text, pattern)


@pytest.mark.parametrize(
    ("name", "arguments", "wrong"),
    [
        ("before", {"part": ""}, "this argument is empty"),
        ("after", {"part": 1}, "must be a text, not a number"),
        ("label", {"name": " "}, "this label has no word"),
        ("label", {"name": "x" * 101}, "has 101 characters: write one of at most 100"),
        ("find", {"pattern": "("}, r"this is no pattern, missing \)"),
        ("find", {"pattern": "x" * 1025}, "has 1025 characters: write one of at most 1024"),
    ],
)
def test_wrong_arguments_are_told_before_any_event(name: str, arguments: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        check(name, **arguments)


@pytest.mark.parametrize(
    ("name", "argument"), [("before", None), ("after", ""), ("label", "secret" * 99), ("find", "secret(")]
)
def test_a_wrong_argument_of_an_event_is_not_quoted(name: str, argument: Any) -> None:
    with pytest.raises(FilterError) as raised:
        call(name, "text", argument)

    assert "secret" not in str(raised.value)
