"""Values of fields: what a JSON value becomes when an org stores it, or why the org refuses it."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from bridge.sandbox.salesforce.errors import Refused, refused, refused_request
from bridge.sandbox.salesforce.fields import Field
from bridge.sandbox.salesforce.ids import full_id

_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}", re.ASCII)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TOKENS = {bool: "VALUE_TRUE", int: "VALUE_NUMBER_INT", float: "VALUE_NUMBER_FLOAT", dict: "START_OBJECT",
           list: "START_ARRAY"}  # fmt: skip
NUMBERS = ("int", "double", "currency", "percent")
TEXTS = ("string", "textarea", "picklist", "multipicklist", "combobox", "email", "phone", "url")


def stored(field: Field, value: Any) -> Any:
    """The value as an org keeps it; `Refused` if it is of the wrong type, too long, no email, …"""
    if value is None and field.type == "boolean":
        raise refused("INVALID_TYPE_ON_FIELD_IN_RECORD", f"{field.label}: value not of required type: ", field.name)
    if value is None:
        return None
    if field.type in TEXTS:
        return _text(field, value)
    return _READERS[field.type](field, value)


def moment_text(moment: datetime) -> str:
    """A moment as an org spells it, such as 2011-07-07T00:37:00.000+0000; texts of moments sort as they do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"


def moment(text: str) -> datetime | None:
    """The moment that a text with a zone means; None if it is none, or not of the years 1700 to 4000."""
    found = _MOMENT.fullmatch(text)
    if not found:
        return None
    try:
        read = datetime.fromisoformat(f"{found[1]}T{found[2]}{(found[3] or '.0')[:7]:0<7}{found[4]}")
        return read.astimezone(UTC) if 1700 <= read.year <= 4000 else None
    except (ValueError, OverflowError):
        return None


def day(text: str) -> date | None:
    """The day that a text means."""
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) and 1700 <= int(text[:4]) <= 4000 else None
    except ValueError:
        return None


def _text(field: Field, value: Any) -> str | None:
    if isinstance(value, bool | dict | list):
        raise _wrong_type(field.type if field.type in ("email", "phone", "url") else "string", value)
    text = str(value).strip()
    if not text:
        return None
    if field.length and len(text) > field.length:
        message = f"{field.label}: data value too large: {text} (max length={field.length})"
        raise refused("STRING_TOO_LONG", message, field.name)
    if field.type == "email" and not _EMAIL.fullmatch(text):
        raise refused("INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {text}", field.name)
    if field.restricted and field.name.endswith(("State", "Country")) and text not in field.picklist:
        raise refused("FIELD_INTEGRITY_EXCEPTION", _no_such_place(field), field.name)
    if field.restricted and text not in field.picklist:
        message = f"{field.label}: bad value for restricted picklist field: {text}"
        raise refused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, field.name)
    return text


def _no_such_place(field: Field) -> str:
    """What an org with picklists of states and countries says."""
    what, several = ("state", "states") if field.name.endswith("State") else ("country", "countries")
    said = f"There's a problem with this {what}, even though it may appear correct."
    return f"{said} Please select a {what} from the list of valid {several}.: {field.label}"  # noqa: S608 - no SQL


def _boolean(_: Field, value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise _wrong_type("boolean", value)
    return value


def _number(field: Field, value: Any) -> int | float | None:
    if isinstance(value, bool | dict | list) or value == "":
        raise _wrong_type(_SPOKEN.get(field.type, field.type), value)
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise _wrong_type(_SPOKEN.get(field.type, field.type), value) from None
    if field.type == "int" and number != int(number if abs(number) < 1e300 else 0):
        raise _wrong_type("int", value)
    if not abs(number) < (1e9 if field.type == "int" else 1e18):
        message = f"{field.label}: value outside of valid range on numeric field: {value}"
        raise refused("NUMBER_OUTSIDE_VALID_RANGE", message, field.name)
    return int(number) if field.type == "int" else number


def _moment(_: Field, value: Any) -> str:
    read = moment(value) if isinstance(value, str) else None
    if read is None and isinstance(value, str) and (whole := day(value)):
        read = datetime(whole.year, whole.month, whole.day, tzinfo=UTC)
    if read is None:
        raise _wrong_type("datetime", value)
    return moment_text(read.replace(microsecond=0))


def _day(_: Field, value: Any) -> str:
    text = value[:10] if isinstance(value, str) and moment(value) else value
    if not isinstance(text, str) or day(text) is None:
        raise _wrong_type("date", value)
    return text


def _reference(field: Field, value: Any) -> str | None:
    if value == "":
        return None
    key = full_id(value)
    if key is None:
        raise refused("MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", field.name)
    return key


def _wrong_type(wanted: str, value: Any) -> Refused:
    token = "VALUE_STRING" if isinstance(value, str) else _TOKENS.get(type(value), "VALUE_NULL")
    shown = f" value {value}" if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    return refused_request(
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {wanted} from {token}{shown} or request may be missing a required field "
        "at [line:1, column:2]",
    )


_SPOKEN = {"percent": "double"}
_READERS: Mapping[str, Callable[[Field, Any], Any]] = {
    "boolean": _boolean,
    **dict.fromkeys(NUMBERS, _number),
    "datetime": _moment,
    "date": _day,
    "reference": _reference,
    "id": _reference,
}
