"""Forms: another form of a whole value: its digits, a slug, a hash, JSON; and what stands in where nothing is said."""

import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import Any

from bridge.core.filters.filter import Filter, checks, given
from bridge.core.filters.values import json_of, text_in

_NO_DIGIT = re.compile(r"\D+")
_NO_SLUG = re.compile(r"[^a-z0-9]+")
_APOSTROPHES = "'’ʼ"
_LETTERS = dict(
    zip("æœøłđðþı", ("ae", "oe", "o", "l", "d", "d", "th", "i"), strict=True)
)  # Unicode has no parts of them
_ALGORITHMS = ("md5", "sha1", "sha256", "sha512")


def _default(value: Any, /, default_value: Any = "", boolean: bool = False) -> Any:  # noqa: FBT001, FBT002
    """Unlike Jinja's, which replaces what is not defined: null and the empty text, which both say nothing here; never 0
    or false. Jinja's second argument is taken, and means nothing.
    """
    return default_value if value is None or value == "" else value


def _blank_to_null(value: Any, /) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _digits(value: Any, /) -> str | None:
    found = _NO_DIGIT.sub("", text_in(value, "digits"))
    return (found if found.isascii() else "".join(str(int(digit)) for digit in found)) or None


def _slug(value: Any, /) -> str | None:
    text = text_in(value, "slug")
    folded = text.lower().replace("'", "") if text.isascii() else "".join(map(_in_ascii, text))
    return _NO_SLUG.sub("-", folded).strip("-") or None


@lru_cache(maxsize=4096)
def _in_ascii(letter: str) -> str:
    """One letter in lower case and without its accents; a dash for a blank or a sign; empty where ASCII has nothing.

    One at a time: `unicodedata.normalize` takes 2.3 s for 40,000 combining marks in the wrong order.
    """
    if letter in _APOSTROPHES:
        return ""
    parts = unicodedata.normalize("NFKD", letter.casefold())
    return "".join(part if part.isascii() else _LETTERS.get(part, _dash_or_nothing(part)) for part in parts)


def _dash_or_nothing(character: str) -> str:
    return "-" if unicodedata.category(character)[0] in "PSZ" else ""


def _hash(value: Any, /, algorithm: str = "sha256") -> str | None:
    text = text_in(value, "hash")
    given(algorithm, _an_algorithm, f"hash: its algorithm must be one of {', '.join(_ALGORITHMS)}")
    made = hashlib.new(algorithm, text.encode("utf-8", "replace"), usedforsecurity=False)
    return made.hexdigest() if text else None


def _an_algorithm(argument: Any) -> None:
    if argument not in _ALGORITHMS:
        raise ValueError(f"unknown algorithm: write one of {', '.join(_ALGORITHMS)}")


def _json(value: Any, /) -> str:
    return json_of(value)


FILTERS = (
    Filter(
        "default",
        _default,
        takes_null=True,
        summary="Another value where this one is null or an empty text; 0 and false stay.",
        example="{{ raw.Company | default('unknown') }}",
        gives='"unknown"',
    ),
    Filter(
        "blank_to_null",
        _blank_to_null,
        summary="Null for a text of nothing but blanks, all else as it is.",
        example="{{ '  ' | blank_to_null }}",
        gives="null",
    ),
    Filter(
        "digits",
        _digits,
        summary="The digits of the text; null where it has none.",
        example="{{ phone | digits }}",
        gives='"2125550123"',
    ),
    Filter(
        "slug",
        _slug,
        summary="The text in a-z, 0-9 and single dashes, accents left out.",
        example="{{ 'Zoë & Søn, Ltd.' | slug }}",
        gives='"zoe-son-ltd"',
    ),
    Filter(
        "hash",
        _hash,
        check=checks(algorithm=_an_algorithm),
        summary=f"The hash of the text's UTF-8 in hex: {', '.join(_ALGORITHMS)}. Null for an empty text, which says "
        "nothing that could be told apart.",
        example="{{ email | lower | hash('sha256') }}",
        gives='"b5fc85e55755f9e0d030a10ab4429b6b2944855f9a0d60077fe832becbc41d72"',
    ),
    Filter(
        "json",
        _json,
        summary="The value as compact JSON.",
        example="{{ ['Ada', 1, true] | json }}",
        gives='"[\\"Ada\\",1,true]"',
    ),
)
