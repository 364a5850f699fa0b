"""Parts: what stands somewhere in a text: before, after, beside a label, where a pattern matches. Null where nothing
does. Linear in the text.
"""

import re
from functools import lru_cache
from typing import Any

from bridge.core.filters.filter import Filter, checks, given
from bridge.core.filters.patterns import compiled, first
from bridge.core.filters.values import a_text, text_in

LONGEST_LABEL = 100  # characters

_LINE_END = re.compile(r"<br\b[^<>]*>|\r\n?|[\v\f\x85\u2028\u2029]", re.IGNORECASE)
_BLANK = r"[^\S\n]"
_SEPARATOR = rf"{_BLANK}*(?:[:：=]|{_BLANK}[-–—]{_BLANK})"


def _before(value: Any, /, part: str) -> str | None:
    text = text_in(value, "before")
    found, there, _ = text.partition(given(part, a_text, "before: its part must be a text that is not empty"))
    return found if there else None


def _after(value: Any, /, part: str) -> str | None:
    text = text_in(value, "after")
    _, there, found = text.partition(given(part, a_text, "after: its part must be a text that is not empty"))
    return found if there else None


def _first_line(value: Any, /) -> str | None:
    lines = text_in(value, "first_line").lstrip().splitlines()
    return lines[0].rstrip() if lines else None


def _label(value: Any, /, name: str) -> str | None:
    text = text_in(value, "label")
    pattern = given(name, _label_pattern, f"label: its name must be a text of 1 to {LONGEST_LABEL} characters")
    found = pattern.search(_LINE_END.sub("\n", text))
    return found["said"].rstrip() if found else None


def _label_pattern(name: Any) -> re.Pattern[str]:
    """What finds the label, and what it says, at the beginning of a line; ValueError for what can be no label."""
    if len(a_text(name)) > LONGEST_LABEL:
        raise ValueError(f"this label has {len(name)} characters: write one of at most {LONGEST_LABEL}")
    return _compiled_label(name)


@lru_cache(maxsize=1024)
def _compiled_label(name: str) -> re.Pattern[str]:
    words = name.strip().removesuffix(":").split()
    if not words:
        raise ValueError("this label has no word: write it as it stands in the text, such as 'Time'")
    label = rf"{_BLANK}+".join(map(re.escape, words))
    return re.compile(
        rf"^{_BLANK}*(?:[-*•]{_BLANK}*)?(?P<bold>\*\*|__|)"  # chatbots write **Time:** and **Time**: as well
        rf"{label}(?:(?P=bold){_SEPARATOR}|{_SEPARATOR}(?P=bold)){_BLANK}*(?P<said>\S.*)",
        re.IGNORECASE | re.MULTILINE,
    )


def _find(value: Any, /, pattern: str) -> str | None:
    text = text_in(value, "find")
    given(pattern, compiled, "find: its pattern must be a regular expression, such as '[0-9]+'")
    found = first(pattern, text)
    return (found[1 if found.re.groups else 0] or None) if found else None


FILTERS = (
    Filter(
        "before",
        _before,
        check=checks(part=a_text),
        summary="The text before the first occurrence of another; null where it does not occur.",
        example="{{ email | before('@') }}",
        gives='"ada"',
    ),
    Filter(
        "after",
        _after,
        check=checks(part=a_text),
        summary="The text after the first occurrence of another; null where it does not occur.",
        example="{{ page_url | after('://') }}",
        gives='"www.example.com/pricing?utm_source=google"',
    ),
    Filter(
        "first_line",
        _first_line,
        summary="The first line that says something.",
        example="{{ content | first_line }}",
        gives='"Hi"',
    ),
    Filter(
        "label",
        _label,
        check=checks(name=_label_pattern),
        summary="What stands after a label such as `Time:` up to the end of its line. The label is found in any case "
        "at the beginning of a line, bulleted or bold or not, with `:`, `=` or ` - ` after it; the first one that says "
        "something counts. `<br>` ends a line too.",
        example="{{ content | label('Time') }}",
        gives='"2023-12-01 10:00 AM"',
    ),
    Filter(
        "find",
        _find,
        check=checks(pattern=compiled),
        summary="The first match of a regular expression, or of its first group where it has one; null where there is "
        "none.",
        example="{{ content | find('Budget: ([0-9]+)') }}",
        gives='"500"',
    ),
)
