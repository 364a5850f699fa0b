"""Fields: the kinds of values the configuration has (durations, names, time zones) and how each is checked.

Used by the schema. A check raises `wrong(…)`: it says what is wrong and what to write, never the value.
"""

import re
from collections.abc import Callable, Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from bridge.connector import Wrong
from bridge.core.filters.zones import zone_of
from bridge.core.presets import PRESETS
from bridge.core.text import nearest
from bridge.model import wire
from bridge.model.event import Kind
from bridge.model.rules import Rate
from bridge.model.scheme import parts_of

_UNITS = (86400.0, 3600.0, 60.0, 1.0, 0.001)  # as the groups of _DURATION
_DURATION = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_RATE = re.compile(r"(\d{1,9})\s*/\s*(\d{0,9}[a-z]+)", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]{1,18}")


def wrong(message: str, *, hint: str = "", at: tuple[str | int, ...] = ()) -> PydanticCustomError:
    """The error to raise in a check; `at` leads from the checked value to the part that is wrong."""
    return PydanticCustomError("bridge", "{message}", {"message": message, "hint": hint, "at": at})


def faults(found: list[Wrong]) -> PydanticCustomError:
    """The error to raise in a check that found all of these."""
    return PydanticCustomError("faults", "{message}", {"message": found[0].message, "wrong": found})


def meant(word: str, options: Iterable[str], *, otherwise: str = "") -> str:
    """A hint: the option that was probably meant, or all of them."""
    options = sorted(options)
    if near := nearest(word, options):
        return f"did you mean '{near}'?"
    listed = ", ".join(options[:12]) + (", …" if len(options) > 12 else "")
    return otherwise or (f"one of: {listed}" if listed else "")


def seconds(value: Any) -> float:
    """The length in seconds of a duration such as 500ms, 5s, 10m, 2h, 1d or 1h30m."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise wrong("a duration needs a unit", hint=f"write {value}s or {value}m")
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        raise wrong("a duration needs a unit", hint="write 5s or 5m")  # it may be a variable's: not quoted
    if match is None or not any(match.groups()):
        raise wrong("this is no duration", hint="write 500ms, 5s, 10m, 2h, 1d or 1h30m")
    return sum(int(count) * unit for count, unit in zip(match.groups(), _UNITS, strict=True) if count)


def between(least: str, most: str) -> Callable[[Any], float]:
    """A check for durations from `least` to `most`."""

    def check(value: Any) -> float:
        result = seconds(value)
        if not seconds(least) <= result <= seconds(most):
            raise wrong(f"this duration must be between {least} and {most}")
        return result

    return check


def read_rate(value: Any) -> Rate:
    """How many requests in how long: 20/s, 100/10s, 600/m, 5000/1h."""
    match = _RATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise wrong("this is no rate", hint="write 20/s, 100/10s or 600/m: so many requests in so long")
    count, length = int(match[1]), match[2]
    per_s = seconds(length if length[0].isdigit() else f"1{length}")
    if not (1 <= count <= 100_000 and 1 <= per_s <= 86400):
        raise wrong("this rate cannot be kept", hint="from 1 to 100000 requests in 1s to 1d")
    return Rate(count, per_s)


def coerce_whole(value: Any) -> Any:
    """A text of digits (from a variable, or in quotes) as the number; all else as it is."""
    return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value.strip()) else value


def coerce_fraction(value: Any) -> Any:
    """A text that is a decimal number as the number; all else as it is."""
    decimal = isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", value.strip())
    return float(value) if decimal else value


def coerce_bool(value: Any) -> Any:
    """The text true or false (from a variable, or in quotes) as the truth; all else as it is."""
    return {"true": True, "false": False}.get(value.strip(), value) if isinstance(value, str) else value


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        hint = "it stands in URLs: begin with a-z, go on with a-z, 0-9, - and _, at most 40 characters"
        raise wrong("this is no usable name", hint=hint)
    return value


def _time_zone(value: str) -> str:
    try:
        zone_of(value)  # the zones that filters know, on any host
    except ValueError as error:
        _, _, hint = str(error).partition(": ")
        raise wrong("unknown time zone", hint=hint) from None
    return value


def _phone_region(value: str) -> str:
    if value == "US":
        return value  # the default is a good one

    import phonenumbers  # large: loaded only where a region is given

    if value not in phonenumbers.SUPPORTED_REGIONS:
        upper = value.upper()
        near = f"did you mean '{upper}'?" if upper in phonenumbers.SUPPORTED_REGIONS else ""
        raise wrong("unknown phone region", hint=near or "write two capital letters such as US or DE")
    return value


def _one_of(kind: str, *, otherwise: str = "") -> Callable[[str, ValidationInfo], str]:
    def check(value: str, info: ValidationInfo) -> str:
        context = info.context or {}
        options = context.get(kind, ())
        known = value in options  # imports it, if it is a plugin
        if fault := context.get("broken", {}).get(kind, {}).get(value):
            raise wrong(fault, hint="its author has to mend it, or remove that package")
        if not known:
            raise wrong(f"unknown {kind}", hint=meant(value, options, otherwise=otherwise))
        return value

    return check


def _signing_key(value: str) -> str:
    """The key without the line end that a file or a shell left on it."""
    key = value.rstrip("\r\n")
    if key.strip() and key != key.strip():
        raise wrong("this signing key begins or ends with white space, so nothing would verify", hint="remove it")
    return key


def _preset(value: str) -> str:
    if value not in PRESETS:
        otherwise = "docs/sources.md lists them; what is not there is declared under signature"
        raise wrong("unknown preset", hint=meant(value, PRESETS, otherwise=otherwise))
    return value


def _vetted(vet: Callable[[str], object], value: str, *, subject: str = "") -> None:
    """Raises what `vet` finds wrong with the value; its words are `message: hint`."""
    try:
        vet(value)
    except ValueError as error:
        message, _, hint = str(error).partition(": ")
        raise wrong(f"{subject}{message}", hint=hint) from None


def _header_name(value: str) -> str:
    _vetted(wire.vet_name, value, subject="this ")
    return value.lower()


def _public_url(value: str) -> str:
    _vetted(wire.address_of, value, subject="this ")
    if "?" in value or "#" in value or value != value.strip():
        raise wrong("this must be the address alone", hint="leave out what follows a ? or a #, and white space")
    return value


def _template(value: str) -> str:
    _vetted(parts_of, value)
    return value


def _field_path(value: str) -> str:
    if not all(path_of(value)):
        raise wrong("this is no path", hint=r"write keys with dots between them: data.lead.email; \. is a dot in a key")
    return value


def path_of(value: str) -> tuple[str, ...]:
    """The steps of a path such as data.lead.email."""
    return tuple(step.replace("\\.", ".") for step in re.split(r"(?<!\\)\.", value))


def _ignorable(value: str) -> str:
    word = value.strip().lower()
    if word in set(Kind):
        hint = "to keep them from a target, use its `when`"
        raise wrong(f"this would throw away every {word}", hint=hint)
    return word


def _text(**more: Any) -> WithJsonSchema:
    """What an editor is told of a text, besides what it is for."""
    return WithJsonSchema({"type": "string", **more})


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Name = Annotated[str, AfterValidator(_name), _text(pattern=f"^{_NAME.pattern}$")]
TimeZone = Annotated[str, AfterValidator(_time_zone), _text(examples=["UTC", "America/New_York"])]
PhoneRegion = Annotated[str, AfterValidator(_phone_region), _text(pattern="^[A-Z]{2}$", examples=["US", "DE"])]
ConnectorName = Annotated[str, AfterValidator(_one_of("connector"))]
SigningKey = Annotated[str, AfterValidator(_signing_key), _text(writeOnly=True, description="a secret: best a ${VAR}")]
Ignorable = Annotated[str, AfterValidator(_ignorable)]
PresetName = Annotated[str, AfterValidator(_preset), _text(enum=sorted(PRESETS))]
PluginName = Annotated[str, AfterValidator(_one_of("plugin", otherwise="install the package that brings it"))]
HeaderName = Annotated[str, AfterValidator(_header_name)]  # becomes lower case
PublicUrl = Annotated[str, AfterValidator(_public_url)]
Template = Annotated[str, AfterValidator(_template)]
FieldPath = Annotated[str, AfterValidator(_field_path)]
Whole = Annotated[int, BeforeValidator(coerce_whole)]


class OrText(BeforeValidator):
    """A check before which one text may stand for the whole."""

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [handler(schema), {"type": "string"}]}


Listed = OrText(_listed)  # one text may stand for a list of one
