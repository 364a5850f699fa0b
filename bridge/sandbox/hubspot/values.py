"""Values of properties: how a portal reads what it is sent, what it does not take, and how it spells moments."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from bridge.sandbox.hubspot.errors import BadValue, bad_input
from bridge.sandbox.hubspot.schema import Property

MOST_CHARACTERS = 65_536
_EMAIL = re.compile(r"[^@\s,;<>()\[\]\"]+@(?:[\w-]+\.)+[a-z]{2,}", re.IGNORECASE)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)")
_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
_MS = re.compile(r"-?\d{1,15}")


def moment_text(moment: datetime) -> str:
    """A moment as a portal spells it: 2026-08-15T17:09:13.648Z, without the fraction where it is 0."""
    moment = moment.astimezone(UTC)
    fraction = f".{moment.microsecond // 1000:03d}" if moment.microsecond >= 1000 else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def moment(text: str) -> datetime | None:
    """The moment that a text means: ISO 8601 with a zone, a day, or milliseconds since 1970; None if it is none."""
    try:
        if _MS.fullmatch(text):
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        return datetime.fromisoformat(text).astimezone(UTC) if _MOMENT.fullmatch(text) else None
    except (ValueError, OverflowError, OSError):
        return None


def text_of(name: str, value: Any) -> str:
    """The value as text. `Refused` for a table or a list, which no property takes."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        raise bad_input(f"properties.{name} must be a text")
    return str(value)


def stored(one: Property, text: str, *, choices: Iterable[str] | None = None) -> str | BadValue:
    """The value as a portal keeps it, or why it does not. `choices`: of a property with options from elsewhere."""
    if not text.strip():
        return ""
    if len(text) > MOST_CHARACTERS:
        message = f"{one.name} has {len(text)} characters, {MOST_CHARACTERS} are allowed"
        return BadValue(one.name, "INVALID_LENGTH", message)
    if one.name in ("email", "hs_additional_emails"):
        return _addresses(one, text)
    if one.externalOptions:
        return text if choices is None else _one_of(one, text, choices)
    reader = _READERS.get(one.type)
    return text if reader is None else reader(one, text)


def _addresses(one: Property, text: str) -> str | BadValue:
    addresses = [part.strip().lower() for part in (text.split(";") if one.name != "email" else [text])]
    bad = next((part for part in addresses if not _EMAIL.fullmatch(part)), None)
    return (
        ";".join(addresses) if bad is None else BadValue(one.name, "INVALID_EMAIL", f"Email address {bad} is invalid")
    )


def _one_of(one: Property, text: str, choices: Iterable[str]) -> str | BadValue:
    allowed = list(choices)
    if text in allowed:
        return text
    message = f"{text} was not one of the allowed options: [{', '.join(allowed)}]"
    return BadValue(one.name, "INVALID_OPTION", message)


def _enumeration(one: Property, text: str) -> str | BadValue:
    allowed = [value for value, _ in one.options]
    several = one.fieldType == "checkbox"
    for part in [part for part in text.split(";") if part] if several else [text]:
        if isinstance(bad := _one_of(one, part, allowed), BadValue):
            return bad
    return text


def _bool(one: Property, text: str) -> str | BadValue:
    return _one_of(one, text.lower(), ["true", "false"])


def _number(one: Property, text: str) -> str | BadValue:
    if _NUMBER.fullmatch(text.strip()):
        return text.strip()
    return BadValue(one.name, "INVALID_INTEGER", f"{text} was not a valid integer.")


def _moment(one: Property, text: str) -> str | BadValue:
    read = moment(text.strip())
    if read is None:
        return BadValue(one.name, "INVALID_LONG", f"{text} was not a valid long.")
    return moment_text(read)


def _day(one: Property, text: str) -> str | BadValue:
    read = moment(text.strip())
    if read is None:
        return BadValue(one.name, "INVALID_DATE", f"{text} was not a valid date.")
    if read.time() != time():
        return BadValue(one.name, "INVALID_DATE", f"{text} is at {read:%H:%M:%S} UTC, not midnight!")
    return f"{read:%Y-%m-%d}"


_READERS: Mapping[str, Callable[[Property, str], str | BadValue]] = {
    "enumeration": _enumeration,
    "bool": _bool,
    "number": _number,
    "datetime": _moment,
    "date": _day,
}
