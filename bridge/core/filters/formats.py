"""Formats: how dates are written in texts, as `strptime` has it, with English names whatever the locale is.

https://docs.python.org/3.11/library/datetime.html#format-codes. Stricter where `strptime` would fill a gap with a
guess: a format must have a whole date, and `%I` its `%p`. Laxer in blanks: `10:00AM` and `10:00 a.m.` are `%I:%M %p`.
"""

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from bridge.core.filters.english import DAYS, MONTHS
from bridge.core.filters.values import a_text

LONGEST = 100  # characters of a format, and of a text that is to be read

Read = Callable[[str], datetime | None]  # naive, or aware where the text names its offset; None if it is not so written

_BLANKS = r"\s+"
_FIELDS = {
    "Y": r"[0-9]{4}",
    "y": r"[0-9]{2}",
    "m": r"1[0-2]|0[1-9]|[1-9]",
    "b": "|".join(name[:3] for name in MONTHS),
    "B": "|".join(MONTHS),
    "d": r"3[01]|[12][0-9]|0[1-9]|[1-9]",
    "j": r"36[0-6]|3[0-5][0-9]|[12][0-9]{2}|0[1-9][0-9]|00[1-9]|[1-9][0-9]|0[1-9]|[1-9]",
    "a": "|".join(name[:3] for name in DAYS),
    "A": "|".join(DAYS),
    "H": r"2[0-3]|[01][0-9]|[0-9]",
    "I": r"1[0-2]|0[1-9]|[1-9]",
    "M": r"[0-5][0-9]|[0-9]",
    "S": r"[0-5][0-9]|[0-9]",
    "f": r"[0-9]{1,6}",
    "p": r"[ap]\.?m\.?",
    "z": r"[+-][0-9]{2}:?[0-5][0-9]|Z",
}
_DIRECTIVE = re.compile(r"%(.?)|(\s+)|([^%\s]+)", re.DOTALL)
_MONTH_NUMBERS = {name[:3].lower(): number for number, name in enumerate(MONTHS, 1)}
# What is said by which of them; each once at the most.
_SAYS = {"the year": "Yy", "the month": "mbB", "the day": "dj", "the hour": "HI", "the zone": "z"}
_INSTEAD = {
    "Z": "write %z for an offset such as -0500, or give tz='America/New_York'",
    "-": "leave the - out: one digit is read too",
    "c": "its meaning depends on the language: write it out, such as %Y-%m-%d %H:%M",
    "x": "its meaning depends on the language: write it out, such as %m/%d/%Y",
    "X": "its meaning depends on the language: write it out, such as %H:%M:%S",
    "s": "write the format 'epoch_s'",
}


def reader(form: Any) -> Read:
    """What reads texts of this format; raises ValueError where it is none or leaves the date to guess.

    Besides `strptime`'s there are `epoch_s` and `epoch_ms`, numbers since 1970.
    """
    return _reader(a_text(form))


def readers(forms: Any) -> tuple[Read, ...]:
    """The readers of one format or of several in a list, in their order; raises ValueError as `reader` does."""
    if not isinstance(forms, list | tuple):
        return (reader(forms),)
    if not forms:
        raise ValueError("this list has no format: write one such as '%Y-%m-%d', or leave the list out")
    return tuple(map(reader, forms))


@lru_cache(maxsize=1024)
def _reader(form: str) -> Read:
    if form in _EPOCHS:
        return _EPOCHS[form]
    if len(form) > LONGEST:
        raise ValueError(f"this format has {len(form)} characters: write one of at most {LONGEST}")
    pattern, fields = _compiled(form)
    _refuse_guesses(fields)

    def read(text: str) -> datetime | None:
        found = pattern.fullmatch(text)
        return _moment(dict(zip(fields, found.groups(), strict=True))) if found else None

    return read


def _compiled(form: str) -> tuple[re.Pattern[str], str]:
    """The pattern of a format, and the directives of its groups."""
    parts, fields = [], ""
    for directive, blanks, literal in _DIRECTIVE.findall(form.strip()):
        if blanks:
            parts.append(_BLANKS)
        elif literal:
            parts.append(re.escape(literal))
        elif directive == "%":
            parts.append("%")
        elif directive in _FIELDS and directive:
            if directive == "p" and parts and parts[-1] == _BLANKS:
                parts[-1] = r"\s*"
            parts.append(f"({_FIELDS[directive]})")
            fields += directive
        else:
            known = "write one of " + " ".join(f"%{known}" for known in _FIELDS)
            raise ValueError(f"%{directive} cannot be read: {_INSTEAD.get(directive, known)}")
    return re.compile("".join(parts), re.IGNORECASE), fields


def _refuse_guesses(fields: str) -> None:
    if twice := [directive for directive, count in Counter(fields).items() if count > 1]:
        raise ValueError(f"%{twice[0]} stands in this format more than once: leave all but one out")
    for what, directives in _SAYS.items():
        if len(said := [directive for directive in fields if directive in directives]) > 1:
            raise ValueError(f"%{said[0]} and %{said[1]} both say {what}: leave one out")
    if "j" in fields and set(fields) & set("mbB"):
        raise ValueError("%j is the day of the year and needs no month: leave one out, or write %d")
    if missing := [what for what, one_of in _NEEDED.items() if not set(fields) & set(one_of)]:
        directives = ", ".join(f"%{_NEEDED[what][0]}" for what in missing)
        raise ValueError(f"this format does not say {' and '.join(missing)}, which would be a guess: add {directives}")
    if ("I" in fields) != ("p" in fields):
        raise ValueError("%I and %p (AM or PM) need each other: write both, or %H for 0 to 23")
    if set("MSf") & set(fields) and not set("HI") & set(fields):
        raise ValueError("this format has minutes or seconds and no hour: add %H, or %I with %p")


_NEEDED = {"the year": "Yy", "the month": "mbBj", "the day": "dj"}


def _moment(said: dict[str, str]) -> datetime | None:
    """The moment of a text, of which each directive says a part; None where there is no such day or time."""
    try:
        day = _day(said)
        offset = _offset(said["z"]) if "z" in said else None
        micros = int(said["f"].ljust(6, "0")) if "f" in said else 0
        minute, second = int(said.get("M", 0)), int(said.get("S", 0))
        return datetime(day.year, day.month, day.day, _hour(said), minute, second, micros, offset)
    except (ValueError, OverflowError):
        return None


def _day(said: dict[str, str]) -> date:
    year = int(said["Y"]) if "Y" in said else _century(int(said["y"]))
    if "j" in said:
        found = date(year, 1, 1) + timedelta(days=int(said["j"]) - 1)
        return found if found.year == year else date(year, 2, 30)  # the 366th of a common year: a ValueError
    name = said.get("b") or said.get("B")
    return date(year, _MONTH_NUMBERS[name[:3].lower()] if name else int(said["m"]), int(said["d"]))


def _century(year: int) -> int:
    """POSIX: 69 to 99 are of the twentieth century."""
    return year + (2000 if year < 69 else 1900)


def _hour(said: dict[str, str]) -> int:
    if "I" in said:
        return int(said["I"]) % 12 + (12 if said["p"][0] in "pP" else 0)
    return int(said.get("H", 0))


def _offset(said: str) -> timezone:
    if said in "zZ":
        return UTC
    ahead = timedelta(hours=int(said[1:3]), minutes=int(said[-2:]))
    return timezone(-ahead if said[0] == "-" else ahead) if ahead else UTC


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SINCE = re.compile(r"[+-]?[0-9]{1,17}(?:\.[0-9]{1,9})?")


def _since_epoch(unit: timedelta) -> Read:
    def read(text: str) -> datetime | None:
        if not _SINCE.fullmatch(text):
            return None
        try:
            return _EPOCH + unit * (float(text) if "." in text else int(text))
        except OverflowError:
            return None

    return read


_EPOCHS = {"epoch_s": _since_epoch(timedelta(seconds=1)), "epoch_ms": _since_epoch(timedelta(milliseconds=1))}
