"""Nobody: what many strangers say, and so tells of none of them who it is: blanks, a masked text, the numbers of those
who have none to tell, and the session of those who are in none.
"""

import re
from unicodedata import decimal

LONGEST_MASKED = 100  # characters; what is longer is a text, in which stars are an ornament
_MASK = re.compile(r"[*\u2022]{2,}")  # as in d***@example.com
_MASKED_DIGITS = re.compile(r"[*\u2022]{2,}|x{2,}", re.IGNORECASE)  # as in ***-0147 and xxx-xxx-0147
_ADDRESS = re.compile(r"[^\s@]@[^\s@]")
_NOT_DIGITS = re.compile(r"[^0-9]")
_EXTENSION = re.compile(r"[a-z#;]", re.IGNORECASE)
LEAST_DIGITS, LEAST_ABROAD = 7, 10  # of a number, and of one behind a country code: 1234 5678 may be somebody's there
_RUNS = ("01234567890123456789", "12345678901234567890", "98765432109876543210")


def is_blank(value: object) -> bool:
    """Whether it is a text that says nothing, and is not empty on purpose: most APIs would empty the field by it."""
    return isinstance(value, str) and value != "" and all(sign.isspace() or not sign.isprintable() for sign in value)


def is_masked(value: object) -> bool:
    """Whether it is a text of which somebody before us made a part unreadable."""
    return isinstance(value, str) and len(value) <= LONGEST_MASKED and _MASK.search(value) is not None


def is_nobodys_email(email: str) -> bool:
    """Whether it is masked, or no address at all, such as `none`, `n/a` or `-` in a field that had to be filled in."""
    return is_masked(email) or _ADDRESS.search(email) is None


def ascii_digits(text: str) -> str:
    """The text with its digits as ASCII has them, whatever script they are of."""
    return text if text.isascii() else "".join(str(decimal(sign, sign)) for sign in text)


def is_nobodys_number(phone: str) -> bool:
    """Whether it is masked, or, with or without a country code and an extension, one digit again and again or a run of
    digits, in whatever script.
    """
    if _MASKED_DIGITS.search(phone):
        return True
    text = ascii_digits(phone)
    number = _NOT_DIGITS.sub("", _EXTENSION.split(text, maxsplit=1)[0])
    digits = number if len(number) >= LEAST_DIGITS else _NOT_DIGITS.sub("", text)
    digits = digits.removeprefix("00")
    if text.lstrip().startswith(("+", "00")) and len(digits) > LEAST_ABROAD:
        return any(_is_made_up(digits[code:]) for code in (1, 2, 3) if len(digits) - code >= LEAST_ABROAD)
    return _is_made_up(digits[1:] if len(digits) == 11 and digits.startswith("1") else digits)


def _is_made_up(digits: str) -> bool:
    return len(set(digits)) == 1 or (digits != "" and any(run.startswith(digits) for run in _RUNS))


def is_nobodys_session(session_id: str) -> bool:
    """Whether it says "none" as an integer does (0 or -1; the platform's SessionID is one), or in a program's words."""
    return session_id.strip("0.") == "" or session_id.lower() in ("-1", "null", "none", "undefined", "nan")
