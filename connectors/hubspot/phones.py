"""Phones: what a phone number is compared by, and by what digits HubSpot's search may know it.

HubSpot reads numbers and lets them be searched "by area code and local number" only, without the country's code
(https://developers.hubspot.com/docs/api-reference/2026-03/crm/search-the-crm: limits, 2026-03-30).
"""

from bridge.connector import is_nobodys_number

SHORTEST, LONGEST = 4, 20  # digits of what can be a phone number: "none" and "-" are those of many
TRUNKS = ("0", "8")  # what is dialled before a number within a country, at times with more behind it: 06, 015


def digits(phone: str) -> str:
    """A number to compare: without signs, without 00 or + before the country; of one with the US country code, without
    it, as numbers are written there. Only ten digits of another country keep a +: +47 22 12 34 56 is not 472-212-3456.
    """
    signs = phone.strip()
    found = "".join(sign for sign in signs if sign in "0123456789")
    named = _names_country(signs)
    found = found.removeprefix("00") if named else found
    if len(found) == 11 and found.startswith("1"):
        return found[1:]
    return f"+{found}" if named and len(found) == 10 else found


def comparable(phone: str) -> str:
    """The number to compare, empty where it is none: too short, masked, or what people type who have none to tell."""
    found = digits(phone)
    return "" if is_nobodys_number(phone) or not SHORTEST <= len(found) <= LONGEST else found


def spellings(phone: str) -> set[str]:
    """The digits by which HubSpot may know a number that compares like this one: all of them, where it could not read
    it, and those behind the country's code. That code has up to three digits, and so has what is dialled before a
    number: where neither tells how many, it may be any of them.
    """
    compared = comparable(phone)
    named = _names_country(phone.strip())
    if named and len(compared) == 10 and compared[0] not in "01":
        return {compared}  # of +1, where area codes begin with 2 to 9
    number = compared.removeprefix("+")
    is_dialled = not named and number.startswith(TRUNKS)
    found = None if is_dialled else _behind_country(number)
    found = found or {number[cut:] for cut in range(1, 4)}
    return {one for one in {number, *found} if len(one) >= SHORTEST}


def _names_country(signs: str) -> bool:
    return signs.startswith(("+", "00"))


def _behind_country(number: str) -> set[str] | None:
    """The digits behind the country's code, as they are, and as that country means them: +44 (0)20 is +44 20. None: no
    country has such a code, or so long numbers.
    """
    import phonenumbers  # here: it costs 50 ms, and many records have no phone number

    try:
        read = phonenumbers.parse(f"+{number}")
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(read) == phonenumbers.ValidationResult.TOO_LONG:
        return None
    return {number[len(str(read.country_code)) :], str(read.national_number)}
