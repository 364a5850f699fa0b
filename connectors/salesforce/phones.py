"""Phones: the spellings in which a CRM may hold a number. SOQL compares phone fields as texts, sign by sign."""

import re
from functools import lru_cache

_RUNS = ("0123456789012345", "1234567890123456", "9876543210987654")  # what people type who have none to tell
_MASK = re.compile(r"[*\u2022]{2,}|x{2,}", re.IGNORECASE)  # as in ***-555-0147 and xxx-555-0147

KEPT = 4096  # numbers: each of a batch is compared with each that a look found

FEWEST_DIGITS = 7  # fewer are no number by which to tell a person


def digits_of(text: object) -> str:
    """The digits, by which two spellings of one number are compared; of one with the US country code, without it."""
    return _digits(str(text or ""))


@lru_cache(maxsize=KEPT)
def digits_of_all(text: str) -> frozenset[str]:
    """The digits of each spelling: whoever has a number of these has this one."""
    return frozenset(map(digits_of, spellings(text)))


def spellings(text: str) -> list[str]:
    """As it is written, and as Salesforce and its users write such a number; none where it is no number."""
    digits = digits_of(text)
    is_made_up = len(set(digits)) == 1 or (digits != "" and any(run.startswith(digits) for run in _RUNS))
    if is_made_up or _MASK.search(text) or not FEWEST_DIGITS <= len(digits) <= 15:
        return []
    found = [text.strip(), digits]
    if len(digits) == 10:  # as in North America: Salesforce's pages write (212) 555-0123
        area, office, line = digits[:3], digits[3:6], digits[6:]
        found += [
            f"({area}) {office}-{line}",
            f"{area}-{office}-{line}",
            f"{area}.{office}.{line}",
            f"{area} {office} {line}",
        ]
        found += [f"+1{digits}", f"1{digits}", f"+1 {area}-{office}-{line}", f"1-{area}-{office}-{line}"]
        found += [f"+1 ({area}) {office}-{line}", f"+1 {area} {office} {line}"]
    if text.strip().startswith("+"):
        found += _international(text.strip())
    return list(dict.fromkeys(found))


def _international(text: str) -> list[str]:
    """A number with its country code as the people of that country write it."""
    import phonenumbers  # here: it costs 50 ms, and not every lead has a phone number

    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return [f"+{digits_of(text)}"]
    forms = phonenumbers.PhoneNumberFormat
    written = [phonenumbers.format_number(number, form) for form in (forms.E164, forms.INTERNATIONAL, forms.NATIONAL)]
    return [*written, "".join(sign for sign in written[2] if sign.isdigit()), f"00{written[0][1:]}"]


@lru_cache(maxsize=KEPT)
def _digits(text: str) -> str:
    digits = "".join(sign for sign in text if sign.isdigit() and sign.isascii())
    return digits[1:] if len(digits) == 11 and digits.startswith("1") else digits
