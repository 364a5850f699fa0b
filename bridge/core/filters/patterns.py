"""Patterns: regular expressions of the configuration on texts of visitors. A search that takes too long is given up.

The `regex` library reads what `re` reads, and can stop: `re` took 8.9 s on 29 characters with a nested quantifier.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bridge.core.filters.filter import FilterError

if TYPE_CHECKING:  # large: loaded only where a pattern is used
    from regex import Match, Pattern

LONGEST = 1024  # characters of a pattern
TIMEOUT_S = 0.1
_MOST_PARTS = 20_000  # about 6 MB
_PART = re.compile(r"\\.|\[\]?(?:\\.|[^\]\\])*\]|\{(?P<times>[0-9]+)(?:,[0-9]*)?\}|.", re.DOTALL)


def compiled(pattern: Any) -> "Pattern[str]":
    """The pattern, compiled once; raises ValueError with what is wrong with it."""
    if not isinstance(pattern, str):
        raise ValueError("a pattern must be a text: write it in quotes")
    if len(pattern) > LONGEST:
        raise ValueError(f"this pattern has {len(pattern)} characters: write one of at most {LONGEST}")
    return _compiled(pattern)


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern is found anywhere in the text; raises as `compiled` and `first` do."""
    return first(pattern, text) is not None


def first(pattern: str, text: str) -> "Match[str] | None":
    """The first place where the pattern matches; FilterError where the search takes more than `TIMEOUT_S`."""
    try:
        return compiled(pattern).search(text, timeout=TIMEOUT_S)
    except TimeoutError:
        raise FilterError(
            f"this pattern took more than {TIMEOUT_S} s on a text of {len(text)} characters: "
            "write it without a repetition inside a repetition, such as (a+)+"
        ) from None
    except MemoryError:
        raise FilterError("this pattern needs too much memory on this text: write a simpler one") from None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> "Pattern[str]":
    import regex

    if _parts(pattern) > _MOST_PARTS:
        raise ValueError(f"its counts make more than {_MOST_PARTS} parts of this pattern: write smaller ones")
    try:
        return regex.compile(pattern)
    except regex.error as wrong:
        raise ValueError(f"this is no pattern, {wrong}: write a regular expression such as [0-9]+") from None
    except (ValueError, OverflowError, RecursionError) as wrong:
        raise ValueError(f"this is no pattern, {wrong}: write a simpler one") from None


def _parts(pattern: str) -> int:
    """How many parts the pattern is once it is compiled: `regex` writes out what has to be there so many times, and
    ((a{1000}){1000}){1000} took all memory.
    """
    groups, last = [0], 0
    for part in _PART.finditer(pattern):
        if part[0] == "(":
            groups.append(0)
            last = 0
        elif part[0] == ")" and len(groups) > 1:
            last = groups.pop()
            groups[-1] += last
        elif part["times"]:
            groups[-1] += last * (int(part["times"][:9]) - 1)
            last *= int(part["times"][:9])
        else:
            last = 1
            groups[-1] += last
    return sum(groups)
