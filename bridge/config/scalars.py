"""Scalars: what a plain word in the file means, by fewer rules than YAML 1.1 has.

Pure, first step of reading. Nothing is guessed: `NO`, `On`, `01234`, dates and `+49…` stay what was written.
"""

import math
import re

Scalar = str | int | float | bool | None

_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_FRACTION = re.compile(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,18}([eE][-+]?[0-9]{1,3})?")


def plain(text: str) -> Scalar:
    """The value of an unquoted scalar: true/false, null, a plain decimal number, or the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _FRACTION.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text
