"""Phones: the spellings in which a CRM may hold a number. SOQL compares phone fields as texts, sign by sign."""

from functools import lru_cache

from bridge.connector import is_nobodys_number

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
    if is_nobodys_number(text) or not FEWEST_DIGITS <= len(digits) <= 15:
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
