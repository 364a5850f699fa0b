"""What a JavaScript receiver makes of a JSON text: the bytes of JSON.stringify(JSON.parse(text)).

Some vendors sign that instead of the bytes they send. Its place: the vendor's keys are tried one at a time
over the re-serialised body, and only when the raw bytes did not match.
"""

import json
import re
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final

DEEPEST: Final = 500
"""Half of CPython's default recursion limit, which the C scanner and encoder share with their caller."""


def restringify(text: bytes, *, max_depth: int = DEEPEST) -> bytes | None:
    """`JSON.stringify(JSON.parse(text))` as UTF-8, or None where JSON.parse throws or nesting is too deep.

    The text is read as Express' body-parser reads it: UTF-8, one leading byte order mark dropped, malformed
    sequences replaced by U+FFFD. A scalar at the top is as good as an object (ECMA-262 25.5.1 JSON.parse,
    25.5.2 JSON.stringify).
    """
    if _nests_deeper_than(max_depth, text):
        return None
    try:
        written = _ENCODER.encode(_parse(text))
    except (ValueError, RecursionError):
        return None
    numbers_bare = written.replace(f'"{_BARE}', "").replace(f'{_BARE}"', "")
    # UnicodeEncodeError is met by lone surrogates only; Python's escape for them is the very one that
    # ECMA-262 25.5.2.3 QuoteJSONString asks for: lower-case \udxxx.
    return numbers_bare.encode("utf-8", "backslashreplace")


# The C encoder agrees with QuoteJSONString on every escape once non-ASCII is left alone; a tree that came out
# of the parser has no circles to look for.
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":"))

# Wraps a string which is to be written without its quotes. No parsed string can hold it: a high surrogate
# followed by a low one always leaves the parser joined into one character.
_BARE: Final = "\udbff\udfff"


def _nests_deeper_than(limit: int, text: bytes) -> bool:
    """Whether objects and arrays of this (valid) JSON text stand in one another more than `limit` times."""
    if text.count(b"[") + text.count(b"{") <= limit:
        return False
    steps = _brackets(text).replace(b"\x01\xff", b"")  # without the innermost ones: fewer to walk through
    return max(accumulate(memoryview(steps).cast("b")), default=0) >= limit


_STEPS: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b'[{]}"'))


def _brackets(text: bytes) -> bytes:
    """The brackets outside strings in their order, as signed bytes: +1 for each that opens, -1 that closes."""
    unescaped = text.replace(rb"\\", b"").replace(rb"\"", b"") if b"\\" in text else text
    # A quote takes us into a string or out of it; two of them side by side change nothing and can go.
    marks = unescaped.translate(_STEPS, _NO_BRACKETS).replace(b'""', b"")
    return b"".join(marks.split(b'"')[::2]) if b'"' in marks else marks


def _parse(text: bytes) -> Any:
    """The value of the text, made so that the C encoder writes it as JavaScript would; ValueError if none.

    A hook costs a Python call for each object or integer, so each is only set for a text in which something
    looks as if it needed one; a false alarm (digits inside a string) costs time, never the right answer.
    """
    digits_alike = text.translate(_DIGITS_ALIKE, b" \t\n\r")
    decoder = json.JSONDecoder(
        parse_float=_fraction,
        parse_int=_integer if _SIXTEEN_DIGITS in digits_alike else None,
        parse_constant=_refuse_constant,
        object_hook=_in_property_order if _has_index_keys(digits_alike) else None,
    )
    return decoder.decode(text.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace"))


_DIGITS_ALIKE: Final = bytes.maketrans(b"123456789", b"0" * 9)
_SIXTEEN_DIGITS: Final = b"0" * 16  # with fewer, an integer is below 2**53 and its own exact double
_INDEX_KEY: Final = re.compile(rb'"[0u\\]+":')  # plain digits, or escaped ones such as \u0031


def _has_index_keys(digits_alike: bytes) -> bool:
    """Whether a key may be all digits, in a text of which every digit is a 0 and white space is gone."""
    return b'0":' in digits_alike and _INDEX_KEY.search(digits_alike) is not None


def _refuse_constant(name: str) -> None:
    """Never a value: NaN and the infinities are Python's JSON, not ECMA-404's."""
    raise ValueError(name)


def _in_property_order(members: dict[str, Any]) -> dict[str, Any]:
    """The object with its array indices first and ascending (ECMA-262 10.1.11.1 OrdinaryOwnPropertyKeys)."""
    if len(members) < 2:
        return members
    indices = [
        key for key in members if key.isdecimal() and _CANONICAL(key) and (len(key) < 10 or int(key) < _NO_INDEX)
    ]
    if not indices:
        return members
    if len(indices) > 1:
        indices.sort(key=int)
    ordered = {key: members[key] for key in indices}
    ordered.update(members)
    return ordered


# An array index is a canonical decimal below 2**32 - 1 (ECMA-262 6.1.7 The Object Type).
_CANONICAL: Final = re.compile("0|[1-9][0-9]{0,9}").fullmatch
_NO_INDEX: Final = 2**32 - 1


def _integer(token: str) -> int | float | None:
    """The number an integer literal stands for, to be written the JavaScript way; None for an infinity."""
    if len(token) < 16:
        return int(token)
    return _double(float(token))


def _fraction(token: str) -> int | float | str | None:
    """The number a literal with a fraction or an exponent stands for; None for an infinity."""
    value = float(token)
    if -1e-6 < value < 1e-6 and (value >= 1e-9 or value <= -1e-9):
        return _BARE + repr(value).replace("-0", "-") + _BARE  # Python pads the exponent
    if value >= 1e-4 or value <= -1e-4:
        return _double(value) if value.is_integer() or value - value else value  # an infinity less itself is NaN: true
    return _small(value) if value else 0


def _double(value: float) -> int | float | None:
    """A double without a fraction as what Python writes like ECMA-262 6.1.6.1.20 Number::toString.

    JavaScript writes it as an integer, -0 as 0, up to 1e21, but with zeros after the shortest digits that
    tell it from its neighbours; from 1e21 on both write alike. JSON.stringify writes an infinity as null.
    """
    size = abs(value)
    if size >= 1e21:
        return None if value - value else value
    return int(value) if size < 1e16 else _large(value)


@lru_cache(maxsize=1024)  # a body with very many of them has short ones, the same over and over
def _large(value: float) -> int:
    """A double from 1e16 to 1e21 as the integer of its shortest digits, then zeros."""
    digits, _, exponent = repr(value).replace(".", "").partition("e+")
    return int(digits.ljust(int(exponent) + (2 if value < 0 else 1), "0"))


def _small(value: float) -> float | str:
    """A double below 1e-4, not 0 and no exponent to pad, as what gets written like Number::toString."""
    size = abs(value)
    if size < 1e-9:  # e-10 and beyond: both write it alike
        return value
    digits, places = repr(size).replace(".", "").split("e-0")
    return f"{_BARE}{'-' if value < 0 else ''}0.{'0' * (int(places) - 1)}{digits}{_BARE}"
