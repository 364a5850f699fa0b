"""HTTP date: the texts in which HTTP says when. Pure."""

from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime


def read(text: str) -> datetime | None:
    """The time that a text says, in any of the three forms of RFC 9110 §5.6.7, or as mail has it; None where it says
    none. Without a zone, as in asctime's form, it is UTC. Of years with two digits, 69 is 1969 and 68 is 2068.
    """
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter where the year has too many digits
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def write(at_s: float) -> str:
    """The text that says this time, in seconds since 1970 UTC."""
    return formatdate(at_s, usegmt=True)
