"""Text as people write it, made comparable and storable. Repairs, never refuses."""

import difflib
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from unicodedata import normalize

from bridge.model.nobody import ascii_digits

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SPACES = re.compile(r"\s+")
_NOT_DIGITS = re.compile(r"[^0-9]")
_SCHEME = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*:")
_HTTP = re.compile(r"^https?://", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{5,17}(\.[0-9]{1,9})?")  # four digits are a year
_MILLISECONDS = 1e11  # a number of seconds would be in the year 5138
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?)?"
    r"\s*(?:([Zz]|UTC|GMT)|([+-])(\d{2}):?(\d{2})?)?"
)


def nearest(word: str, options: Iterable[str]) -> str | None:
    """The option that was probably meant."""
    known = {option.lower(): option for option in options}
    found = difflib.get_close_matches(word.lower()[:80], known, n=1, cutoff=0.6)
    return known[found[0]] if found else None


def storable(text: str) -> str:
    """The text without what a database cannot keep: NUL goes, a lone surrogate (half an emoji) becomes U+FFFD."""
    if text.isascii() and "\x00" not in text:
        return text
    return _UNSTORABLE.sub(lambda m: "" if m[0] == "\x00" else "�", text)


def squeezed(text: str) -> str:
    """The text in one case, with single spaces: what "the same name" means."""
    return one_case(_SPACES.sub(" ", text).strip())


def one_case(text: str) -> str:
    """The text without the difference of capitals, and of letters that are put together from parts. Not `casefold`: to
    it `straße.de` and `strasse.de`, which are two domains, are one.
    """
    return text.lower() if text.isascii() else normalize("NFC", text.lower())


def local_time(text: str) -> tuple[datetime, timedelta | None] | None:
    """An ISO 8601 time as it is written (any number of decimals): the naive local time, and how far its zone is ahead
    of UTC; None there where it names no zone; None if it is no such time.
    """
    match = _ISO.fullmatch(text.strip())
    if not match:
        return None
    year, month, day, hour, minute, second, fraction, utc, sign, zone_h, zone_m = match.groups()
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    clock = (int(hour or 0), int(minute or 0), int(second or 0), micros)
    try:
        local = datetime(int(year), int(month), int(day), *clock)  # noqa: DTZ001 - the zone stands beside it
    except ValueError:
        return None
    if not (utc or sign):
        return local, None
    return local, timedelta(hours=int(zone_h or 0), minutes=int(zone_m or 0)) * (-1 if sign == "-" else 1)


def instant(text: str) -> datetime | None:
    """An ISO 8601 time as an aware UTC datetime (no zone: UTC; any number of decimals); None if it is none."""
    found = local_time(text)
    if not found:
        return None
    local, ahead = found
    try:
        return (local - ahead if ahead else local).replace(tzinfo=UTC)
    except OverflowError:
        return None


def moment(text: str) -> datetime | None:
    """A time as an `instant`, or as a number of seconds or milliseconds since 1970; None if it is none."""
    if not _NUMBER.fullmatch(text.strip()):
        return instant(text)
    number = float(text)
    try:
        return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS else number, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def page(text: str) -> str:
    """A page address with a scheme: chat widgets report `www.example.com/x`."""
    text = text.strip()
    if text.startswith("//"):
        return "https:" + text
    return text if not text or (_SCHEME.match(text) and not _is_host_with_port(text)) else "https://" + text


def same_page(text: str) -> str:
    """What "the same page" means: without scheme and closing slash, and whatever capitals its host is written with."""
    host, slash, path = _HTTP.sub("", text.strip()).rstrip("/").partition("/")
    return host.lower() + slash + path


def split_name(name: str) -> tuple[str, str]:
    """First and last name of a full one: the last word is the last name, also where it is the only one."""
    first, _, last = _SPACES.sub(" ", name).strip().rpartition(" ")
    return first, last


@lru_cache(maxsize=4096)
def same_phone(text: str, region: str) -> str:
    """What "the same phone" means: E.164 where it can be told, with its extension, else its digits; empty where there
    are too few.
    """
    text = ascii_digits(text if text.isascii() else normalize("NFKC", text))
    digits = _NOT_DIGITS.sub("", text)
    if len(digits) < 5:
        return ""
    import phonenumbers  # costs 60 ms, and many leads carry no phone

    if text.lstrip().startswith("00"):  # no number begins so: it is the way out of most countries
        text = "+" + text.lstrip()[2:]
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return digits
    if not phonenumbers.is_possible_number(number):
        return digits
    whole = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{whole};ext={number.extension}" if number.extension else whole


def _is_host_with_port(text: str) -> bool:
    """`example.com:8080/x` looks like a scheme to a URL parser, and is none."""
    head, _, tail = text.partition(":")
    return "." in head or head == "localhost" if tail[:1].isdigit() else False
