"""Ids of records: a prefix of 3 characters for the kind of object, 12 more, and a suffix of 3 that holds their case.

Source: https://help.salesforce.com/s/articleView?id=000385585 (18-character ids, 2025).
"""

from collections.abc import Mapping

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_INSTANCE = "5e000000"  # which instance gave the id, and a reserve
STANDARD_PREFIXES: Mapping[str, str] = {
    "Account": "001",
    "Contact": "003",
    "Lead": "00Q",
    "Opportunity": "006",
    "Event": "00U",
    "Task": "00T",
    "User": "005",
    "Group": "00G",
    "Organization": "00D",
}


def new_id(prefix: str, number: int) -> str:
    """The id of 18 characters of the object with this number."""
    digits = ""
    for _ in range(12 - len(_INSTANCE)):
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return lengthened(prefix + _INSTANCE[: 12 - len(digits)] + digits)


def lengthened(short: str) -> str:
    """An id of 15 characters with its suffix: one character for the capitals among each 5."""
    fives = (short[start : start + 5] for start in (0, 5, 10))
    return short + "".join(
        _SUFFIX[sum(1 << place for place, letter in enumerate(five) if "A" <= letter <= "Z")] for five in fives
    )


def full_id(text: object) -> str | None:
    """The id in 18 characters; None if this cannot be one. In 15 its case counts, in 18 the suffix tells it."""
    if not isinstance(text, str) or not (text.isascii() and text.isalnum()):
        return None
    if len(text) == 15:
        return lengthened(text)
    if len(text) != 18 or not set(text[15:].upper()) <= set(_SUFFIX):
        return None
    letters = ""
    for place, letter in enumerate(text[:15]):
        capital = _SUFFIX.index(text[15 + place // 5].upper()) >> place % 5 & 1
        letters += letter.upper() if capital else letter.lower()
    return letters + text[15:].upper()


def prefix_of_custom(number: int) -> str:
    """The prefix of the n-th object that the org has added."""
    return f"a0{_DIGITS[number % len(_DIGITS)]}"
