"""Phones: what a visitor wrote as E.164, by the numbering plans that `phonenumbers` knows."""

from typing import TYPE_CHECKING, Any

from bridge.core.filters.filter import Filter, checks, given
from bridge.core.filters.values import any_text, text_in
from bridge.model.mapping import Origin

if TYPE_CHECKING:  # costs 30 to 60 ms: loaded only where a phone is read
    from phonenumbers import PhoneNumber

_ON_BAD = ("keep", "null", "strict")
_LONGEST = 250  # characters in which a number is looked for; longer is none that phonenumbers would read
_FEWEST_DIGITS = 3


def _phone(where: Origin, value: Any, /, region: str | None = None, on_bad: str = "keep") -> str | None:
    """E.164 of the first number in the text.

    A number that is possible, that is of a right length, is enough; with on_bad='strict' it must be valid too, that is
    one that may be given out. Where there is none: the trimmed text with 'keep', else null.
    """
    text = text_in(value, "phone").strip()
    given(on_bad, _a_way, "phone: on_bad must be 'keep', 'null' or 'strict'")
    number = _number(text, _region(where, region, "phone"))
    if number is None:
        return (text or None) if on_bad == "keep" else None

    import phonenumbers

    if on_bad == "strict" and not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _phone_ext(where: Origin, value: Any, /, region: str | None = None) -> str | None:
    number = _number(text_in(value, "phone_ext").strip(), _region(where, region, "phone_ext"))
    return (number.extension or None) if number else None


def _region(where: Origin, region: Any, name: str) -> str:
    if region is None:
        return where.phone_region
    return given(region, a_region, f"{name}: its region must be a country's two letters, such as US or DE")


def a_region(argument: Any) -> str:
    """A region as `phonenumbers` has it; ValueError for one that it does not know."""
    import phonenumbers

    region = any_text(argument).upper()
    if region not in phonenumbers.SUPPORTED_REGIONS:
        hint = "did you mean 'GB'?" if region == "UK" else "write a country's two letters, such as US or DE"
        raise ValueError(f"unknown phone region '{argument[:40]}': {hint}")
    return region


def _a_region_or_null(argument: Any) -> str | None:
    return None if argument is None else a_region(argument)


def _a_way(argument: Any) -> None:
    if argument not in _ON_BAD:
        raise ValueError("unknown on_bad: write 'keep', 'null' or 'strict'")


def _number(text: str, region: str) -> "PhoneNumber | None":
    """The number of a text, or the first of several in it; None where none is of a possible length."""
    if not text or len(text) > _LONGEST or sum(map(str.isdecimal, text)) < _FEWEST_DIGITS:
        return None

    import phonenumbers

    try:
        number = phonenumbers.parse(text, region)
        possible = phonenumbers.is_possible_number(number)
    except phonenumbers.NumberParseException:
        possible = False
    # Letters are digits to it, as in 1-800-FLOWERS: "555 call now" has a possible length.
    if possible and (not any(map(str.isalpha, text)) or phonenumbers.is_valid_number(number)):
        return number
    found = phonenumbers.PhoneNumberMatcher(text, region, leniency=phonenumbers.Leniency.POSSIBLE)
    return found.next().number if found.has_next() else None


FILTERS = (
    Filter(
        "phone",
        _phone,
        needs_where=True,
        check=checks(region=_a_region_or_null, on_bad=_a_way),
        summary="The first phone number of the text as E.164, read as in the source's region or in the one given. A "
        "text without one stays, trimmed; with `on_bad='null'` it is null. With `on_bad='strict'` a number must be "
        "valid, not only of a possible length.",
        example="{{ phone | phone('US') }}",
        gives='"+12125550123"',
    ),
    Filter(
        "phone_ext",
        _phone_ext,
        needs_where=True,
        check=checks(region=_a_region_or_null),
        summary="The extension of a phone number; null where it has none.",
        example="{{ '(212) 555-0123 ext. 45' | phone_ext }}",
        gives='"45"',
    ),
)
