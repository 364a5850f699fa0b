"""Numbers: texts as numbers and truths. Null where nothing unambiguous is said; only Jinja's `int` has 0 for that."""

import math
import re
from typing import Any

from jinja2 import filters

from bridge.core.filters.filter import Filter, FilterError, checks, given
from bridge.core.filters.values import is_number, kind_of, text_in, wrong_type

LONGEST = 400  # characters: the largest float has 309 digits, and Python's int takes long over long ones

_WHOLE = re.compile(r"([+-]?[0-9]+)(?:\.0*)?")
_NUMBER = re.compile(r"[+-]?[0-9]+(?P<fraction>\.[0-9]*)?(?P<exponent>[eE][+-]?[0-9]+)?")
_TRUTHS = {
    **dict.fromkeys(("true", "yes", "on", "1", "y"), True),
    **dict.fromkeys(("false", "no", "off", "0", "n"), False),
}
_METHODS = ("common", "ceil", "floor")
_MOST_PLACES = 30


def _to_int(value: Any, /) -> int | None:
    if type(value) is int:
        return value
    text = text_in(value, "to_int").strip()
    found = _WHOLE.fullmatch(text) if len(text) <= LONGEST else None
    return int(found[1]) if found else None


def _to_number(value: Any, /) -> int | float | None:
    if type(value) is int:
        return value
    if type(value) is float:
        return value if math.isfinite(value) else None
    text = text_in(value, "to_number").strip()
    found = _NUMBER.fullmatch(text) if len(text) <= LONGEST else None
    if not found:
        return None
    if not found["fraction"] and not found["exponent"]:
        return int(text)
    number = float(text)
    return number if math.isfinite(number) else None


def _to_bool(value: Any, /) -> bool | None:
    if isinstance(value, bool):
        return value
    return _TRUTHS.get(text_in(value, "to_bool").strip().lower())


def _round(value: Any, /, precision: int = 0, method: str = "common") -> int | float:
    if not is_number(value):
        raise wrong_type("round", "a number", value, "put | to_number before it")
    given(precision, _places, f"round: precision must be a whole number from -{_MOST_PLACES} to {_MOST_PLACES}")
    given(method, _a_method, f"round: method must be one of {', '.join(_METHODS)}")
    try:
        return filters.do_round(value, precision, method)  # type: ignore[arg-type]  # it is one of the three
    except (ValueError, OverflowError):
        raise FilterError("round cannot round a number of this size: leave it out") from None


def _places(argument: Any) -> None:
    if not is_number(argument) or not isinstance(argument, int) or abs(argument) > _MOST_PLACES:
        raise ValueError(
            f"precision must be a whole number from -{_MOST_PLACES} to {_MOST_PLACES}, not {kind_of(argument)}: "
            "write one such as 2"
        )


def _a_method(argument: Any) -> None:
    if argument not in _METHODS:
        raise ValueError(f"unknown method: write one of {', '.join(_METHODS)}")


def _int(value: Any, /, default: Any = 0, base: int = 10) -> Any:
    given(base, _a_base, "int: base must be 0 or a whole number from 2 to 36")
    if isinstance(value, str) and len(value) > LONGEST:
        return default
    try:
        return filters.do_int(value, default, base)
    except OverflowError:  # Jinja has the default for the text "inf", and no answer for the number
        return default


def _a_base(argument: Any) -> None:
    if not isinstance(argument, int) or isinstance(argument, bool) or not (argument == 0 or 2 <= argument <= 36):
        raise ValueError("base must be 0 or a whole number from 2 to 36: write one such as 16")


FILTERS = (
    Filter(
        "to_int",
        _to_int,
        summary="The whole number that the text says; null for all else, `1,234` and `1.5` among it.",
        example="{{ content | label('Budget') | to_int }}",
        gives="500",
    ),
    Filter(
        "to_number",
        _to_number,
        summary="The number that the text says, with a point before the fraction; null for all else.",
        example="{{ '49.90' | to_number }}",
        gives="49.9",
    ),
    Filter(
        "to_bool",
        _to_bool,
        summary="True for true, yes, on, 1, y; false for false, no, off, 0, n, in any case; null for all else.",
        example="{{ 'Yes' | to_bool }}",
        gives="true",
    ),
    Filter(
        "int",
        _int,
        check=checks(base=_a_base),
        summary="Jinja's: a whole number, cut off after the point; 0, or the default given, for what is none. "
        "`to_int` has null for that.",
        example="{{ '42.7' | int }}",
        gives="42",
    ),
    Filter(
        "round",
        _round,
        check=checks(precision=_places, method=_a_method),
        summary="Jinja's: a number with so many decimals, rounded up or down ('common'), or 'ceil', or 'floor'.",
        example="{{ 42.55 | round(1, 'floor') }}",
        gives="42.5",
    ),
)
