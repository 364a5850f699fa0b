"""Text filters: case, blanks and length. Those that Jinja has are Jinja's.

https://jinja.palletsprojects.com/en/stable/templates/#list-of-builtin-filters (3.1, read 2026-11)
"""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, filters
from jinja2.nodes import EvalContext

from bridge.core.filters.filter import Filter, FilterError, checks
from bridge.core.filters.values import a_size, a_text, any_text, text_in

LARGEST = 1 << 20  # characters that `replace` may make: what it puts in can be a visitor's long text, many times

_JINJA = Environment(autoescape=False)  # noqa: S701 - what a mapping makes is text, not HTML
_CONTEXT = EvalContext(_JINJA)


def _lower(value: Any, /) -> str:
    return filters.do_lower(text_in(value, "lower"))


def _upper(value: Any, /) -> str:
    return filters.do_upper(text_in(value, "upper"))


def _title(value: Any, /) -> str:
    return filters.do_title(text_in(value, "title"))


def _trim(value: Any, /, chars: str | None = None) -> str:
    text = text_in(value, "trim")
    if chars is not None and not isinstance(chars, str):
        raise FilterError("trim: chars must be a text, such as '.,'")
    return filters.do_trim(text, chars)


def _squeeze(value: Any, /) -> str:
    return " ".join(text_in(value, "squeeze").split())


def _truncate(
    value: Any,
    /,
    length: int = 255,
    killwords: bool = False,  # noqa: FBT001, FBT002 - Jinja's signature
    end: str = "...",
    leeway: int | None = None,
) -> str:
    text = text_in(value, "truncate")
    try:
        _check_truncate({"length": length, "end": end, "leeway": leeway}, {})
    except ValueError:
        raise FilterError("truncate: length and leeway must be whole numbers, and end a shorter text") from None
    return filters.do_truncate(_JINJA, text, length, bool(killwords), end, leeway)


def _a_size_or_null(argument: Any) -> int | None:
    return None if argument is None else a_size(argument)


_truncate_arguments = checks(length=a_size, end=any_text, leeway=_a_size_or_null)


def _check_truncate(arguments: Mapping[str, Any], lookups: Mapping[str, Mapping[str, Any]]) -> None:
    _truncate_arguments(arguments, lookups)
    shortest = len(arguments.get("end", "..."))
    if arguments.get("length", 255) < shortest:
        raise ValueError(f"length is less than that of end: write {shortest} or more, or end=''")


def _replace(value: Any, /, old: str, new: str, count: int | None = None) -> str:
    text = text_in(value, "replace")
    try:
        _replace_arguments({"old": old, "new": new, "count": count}, {})
    except ValueError:
        raise FilterError("replace: old and new must be texts, old not empty, and count a whole number") from None
    if len(new) > len(old) and len(text) + text.count(old) * (len(new) - len(old)) > LARGEST:
        raise FilterError(f"replace: this would become more than {LARGEST} characters: put | truncate before it")
    return str(filters.do_replace(_CONTEXT, text, old, new, count))


_replace_arguments = checks(old=a_text, new=any_text, count=_a_size_or_null)

FILTERS = (
    Filter(
        "lower",
        _lower,
        summary="The text in lower case.",
        example="{{ email | lower }}",
        gives='"ada@example.com"',
    ),
    Filter(
        "upper",
        _upper,
        summary="The text in upper case.",
        example="{{ first_name | upper }}",
        gives='"ADA"',
    ),
    Filter(
        "title",
        _title,
        summary="Each word with a capital, the rest in lower case.",
        example="{{ 'ada LOVELACE' | title }}",
        gives='"Ada Lovelace"',
    ),
    Filter(
        "trim",
        _trim,
        check=checks(chars=lambda chars: None if chars is None else any_text(chars)),
        summary="The text without blanks, or without these characters, at its ends.",
        example="{{ '  Ada ' | trim }}",
        gives='"Ada"',
    ),
    Filter(
        "squeeze",
        _squeeze,
        summary="The text with single blanks, line ends among them, and none at its ends.",
        example="{{ content | squeeze }}",
        gives='"Hi Time: 2023-12-01 10:00 AM Budget: 500"',
    ),
    Filter(
        "truncate",
        _truncate,
        check=_check_truncate,
        summary="At most so many characters, cut between words, with '...' where something was cut. Up to `leeway` "
        "(5) characters more are left as they are.",
        example="{{ page_url | url_path | truncate(6, true, '…', 0) }}",
        gives='"/pric…"',
    ),
    Filter(
        "replace",
        _replace,
        check=_replace_arguments,
        summary="The text with another in the place of each, or of the first `count`, occurrences.",
        example="{{ page_url | replace('https://', '') }}",
        gives='"www.example.com/pricing?utm_source=google"',
    ),
)
