"""Patterns: found anywhere, compiled once, given up where they take too long."""

import time

import pytest

from bridge.core.filters import FilterError
from bridge.core.filters.patterns import TIMEOUT_S, compiled, first, matches


def test_a_pattern_matches_anywhere_unless_it_says_where() -> None:
    assert matches("da", "Ada")
    assert not matches("^da", "Ada")
    assert not matches("da$", "Adam")


def test_a_pattern_is_compiled_once() -> None:
    assert compiled("[a-z]+x") is compiled("[a-z]+x")


def test_a_search_that_takes_too_long_is_given_up_and_the_text_not_quoted() -> None:
    began = time.perf_counter()

    with pytest.raises(FilterError, match=rf"took more than {TIMEOUT_S} s on a text of 41 characters") as raised:
        first(r"(?:(?:s|ss)+)+$", "s" * 40 + "!")

    assert time.perf_counter() - began < 20 * TIMEOUT_S
    assert "sss" not in str(raised.value)


@pytest.mark.parametrize("pattern", ["((a{1000}){1000}){1000}", "(ab){20000}", "a{99999999999999}"])
def test_a_pattern_that_would_take_all_memory_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="write smaller ones"):
        compiled(pattern)


@pytest.mark.parametrize("pattern", [r"[0-9]{3}-[0-9]{4}", r"(?:\w{8}-){3}", r"[](){}]{2}", r"\({3}", "a{,5}", "a{2,}"])
def test_counts_that_people_write_are_taken(pattern: str) -> None:
    assert pattern == compiled(pattern).pattern


@pytest.mark.parametrize(
    "pattern", ["(", "[a", "(?P<n>a)(?P<n", "*", r"\p{Nonsense}", "(" * 500 + ")" * 500, "(?a)(?L)a"]
)
def test_what_is_no_pattern_is_told(pattern: str) -> None:
    with pytest.raises(ValueError, match="this is no pattern"):
        compiled(pattern)
