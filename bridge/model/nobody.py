"""Nobody: what many strangers say, and so tells of none of them who it is: blanks, a masked text, the numbers of those
who have none to tell, and the session of those who are in none.
"""

import re

LONGEST_MASKED = 100  # characters; what is longer is a text, in which stars are an ornament
_MASK = re.compile(r"[*\u2022]{2,}")  # as in d***@example.com
_MASKED_DIGITS = re.compile(r"[*\u2022]{2,}|x{2,}", re.IGNORECASE)  # as in ***-0147 and xxx-xxx-0147
_ADDRESS = re.compile(r"[^\s@]@[^\s@]")
_NOT_DIGITS = re.compile(r"[^0-9]")
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


def is_nobodys_number(phone: str) -> bool:
    """Whether it is masked, or, with or without the US country code, one digit again and again or a run of digits."""
    digits = _NOT_DIGITS.sub("", phone).removeprefix("00")
    if len(digits) == 11 and digits.startswith("1"):
        digits = digits[1:]
    is_run = digits != "" and any(run.startswith(digits) for run in _RUNS)
    return len(set(digits)) == 1 or is_run or _MASKED_DIGITS.search(phone) is not None


def is_nobodys_session(session_id: str) -> bool:
    """Whether it is zero: the platform's SessionID is an integer, and zero is how an integer says "none"."""
    return session_id.strip("0") == ""
