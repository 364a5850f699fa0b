"""Conditions of queries: what a comparison says about a value, by the type of its field."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bridge.sandbox.salesforce.dates import days
from bridge.sandbox.salesforce.errors import Refused, refused_request
from bridge.sandbox.salesforce.fields import Field
from bridge.sandbox.salesforce.ids import full_id
from bridge.sandbox.salesforce.soql import Comparison, Literal, unescaped
from bridge.sandbox.salesforce.values import NUMBERS, TEXTS, moment, moment_text

Test = Callable[[Any], bool]


def test_of(field: Field, comparison: Comparison, *, today: date) -> Test:
    """Tells of a value of this field if the comparison is true of it. `Refused` where the two do not go together."""
    operator = comparison.operator
    if operator == "LIKE":
        return _like(field, comparison.values[0])
    if field.type in ("date", "datetime"):
        ranges = [_range(field, literal, today=today) for literal in comparison.values]
        return _in_range(operator, ranges)
    values = [_value(field, literal) for literal in comparison.values]
    if operator in ("=", "IN"):
        return lambda value: _folded(value) in values
    if operator in ("!=", "NOT IN"):
        return lambda value: _folded(value) not in values
    if field.type == "boolean" or values[0] is None:
        raise refused_request("INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {field.type} field")
    return _ordered(operator, values[0])


def _ordered(operator: str, limit: Any) -> Test:
    tests: Mapping[str, Callable[[Any], bool]] = {
        "<": lambda value: value < limit,
        "<=": lambda value: value <= limit,
        ">": lambda value: value > limit,
        ">=": lambda value: value >= limit,
    }
    return lambda value: value is not None and tests[operator](_folded(value))


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _value(field: Field, literal: Literal) -> Any:
    word = literal.text.lower() if literal.type == "word" else ""
    if word == "null":
        return False if field.type == "boolean" else None
    if field.type == "boolean":
        if word not in ("true", "false"):
            raise _wrong_literal(field, "boolean and should not be enclosed in quotes")
        return word == "true"
    if field.type in NUMBERS:
        if literal.type != "number":
            raise _wrong_literal(field, f"{field.type} and should not be enclosed in quotes")
        return float(literal.text)
    return _folded(text_value(field, literal))


def text_value(field: Field, literal: Literal) -> str | None:
    """The text, or the id in 18 characters, that a literal means; None for null and for no text."""
    if literal.type == "word" and literal.text.lower() == "null":
        return None
    if literal.type != "text":
        raise _wrong_literal(field, "string and should be enclosed in quotes")
    text = unescaped(literal.text)
    if field.type in ("id", "reference"):
        if text and full_id(text) is None:
            raise refused_request("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}")
        return full_id(text)
    return text or None


def _like(field: Field, literal: Literal) -> Test:
    if field.type not in TEXTS:
        raise refused_request("INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {field.type} field")
    if literal.type != "text":
        raise _wrong_literal(field, "string and should be enclosed in quotes")
    parts = re.findall(r"\\(.)|([%_])|(.)", unescaped(literal.text, like=True), re.DOTALL)
    pattern = "".join(
        {"%": ".*", "_": "."}[wild] if wild else re.escape((escaped or plain).casefold())
        for escaped, wild, plain in parts
    )
    compiled = re.compile(pattern, re.DOTALL)
    return lambda value: value is not None and compiled.fullmatch(value.casefold()) is not None


def _range(field: Field, literal: Literal, *, today: date) -> tuple[str, str] | None:
    """First and last text of the values that are equal to the literal; None for null."""
    if literal.type == "word" and literal.text.lower() == "null":
        return None
    if field.type == "datetime" and literal.type == "moment" and (read := moment(literal.text)):
        return moment_text(read), moment_text(read)
    if field.type == "date" and literal.type == "day":
        return literal.text, literal.text
    named = days(literal.text, today=today) if literal.type == "word" else None
    if named is None:
        raise _wrong_literal(field, f"{'dateTime' if field.type == 'datetime' else 'date'} and should not be enclosed "
                             "in quotes")  # fmt: skip
    if field.type == "date":
        return named[0].isoformat(), date.fromordinal(named[1].toordinal() - 1).isoformat()
    first, after = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in named)
    return moment_text(first), moment_text(after - timedelta(milliseconds=1))


def _in_range(operator: str, ranges: Sequence[tuple[str, str] | None]) -> Test:
    filled = [limits for limits in ranges if limits is not None]

    def within(value: Any) -> bool:
        return any(low <= value <= high for low, high in filled)

    if operator in ("=", "IN"):
        return lambda value: None in ranges if value is None else within(value)
    if operator in ("!=", "NOT IN"):
        return lambda value: None not in ranges if value is None else not within(value)
    if not filled:
        raise refused_request("INVALID_QUERY_FILTER_OPERATOR", "invalid operator for null")
    low, high = filled[0]
    return {
        "<": lambda value: value is not None and value < low,
        "<=": lambda value: value is not None and value <= high,
        ">": lambda value: value is not None and value > high,
        ">=": lambda value: value is not None and value >= low,
    }[operator]


def _wrong_literal(field: Field, wanted: str) -> Refused:
    message = f"value of filter criterion for field '{field.name}' must be of type {wanted}"
    return refused_request("INVALID_FIELD", message)
