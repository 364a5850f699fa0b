"""Written: how dates are written out, as `strftime` has it: the same on every host, with English names.

https://docs.python.org/3.11/library/datetime.html#format-codes, of which `strftime` itself leaves much to the host.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from bridge.core.filters.english import DAYS, MONTHS
from bridge.core.filters.values import a_text

LONGEST = 200  # characters of a pattern

_OF_DATE: dict[str, Callable[[date], str]] = {
    "Y": lambda day: f"{day.year:04}",
    "y": lambda day: f"{day.year % 100:02}",
    "m": lambda day: f"{day.month:02}",
    "-m": lambda day: str(day.month),
    "b": lambda day: MONTHS[day.month - 1][:3],
    "B": lambda day: MONTHS[day.month - 1],
    "d": lambda day: f"{day.day:02}",
    "-d": lambda day: str(day.day),
    "j": lambda day: f"{day.timetuple().tm_yday:03}",
    "a": lambda day: DAYS[day.weekday()][:3],
    "A": lambda day: DAYS[day.weekday()],
    "F": date.isoformat,
}
_OF_TIME: dict[str, Callable[[datetime], str]] = {
    "H": lambda at: f"{at.hour:02}",
    "-H": lambda at: str(at.hour),
    "I": lambda at: f"{at.hour % 12 or 12:02}",
    "-I": lambda at: str(at.hour % 12 or 12),
    "p": lambda at: "PM" if at.hour >= 12 else "AM",
    "M": lambda at: f"{at.minute:02}",
    "S": lambda at: f"{at.second:02}",
    "f": lambda at: f"{at.microsecond:06}",
    "z": lambda at: _offset(at, ""),
    ":z": lambda at: _offset(at, ":"),
    "Z": lambda at: at.tzname() or "",
    "T": lambda at: f"{at.hour:02}:{at.minute:02}:{at.second:02}",
}
_PIECE = re.compile(r"%([-:]?[A-Za-z%]?)|([^%]+)", re.DOTALL)


def writer(pattern: Any, *, needs_time: bool = True) -> Callable[[Any], str]:
    """What writes datetimes, or without `needs_time` dates, in this pattern; raises ValueError where it is none."""
    return _writer(a_text(pattern), needs_time)


@lru_cache(maxsize=1024)
def _writer(pattern: str, with_time: bool) -> Callable[[Any], str]:  # noqa: FBT001 - a key of the cache
    if len(pattern) > LONGEST:
        raise ValueError(f"this format has {len(pattern)} characters: write one of at most {LONGEST}")
    pieces = [_piece(directive, literal, with_time=with_time) for directive, literal in _PIECE.findall(pattern)]
    if "%" not in pattern:
        raise ValueError("this format says nothing of a time: write one such as '%Y-%m-%d'")
    return lambda at: "".join([piece if isinstance(piece, str) else piece(at) for piece in pieces])


def _piece(directive: str, literal: str, *, with_time: bool) -> str | Callable[[Any], str]:
    if literal or directive == "%":
        return literal or "%"
    if directive in _OF_DATE:
        return _OF_DATE[directive]
    if directive not in _OF_TIME:
        known = " ".join(f"%{known}" for known in (*_OF_DATE, *_OF_TIME, "%"))
        raise ValueError(f"%{directive} cannot be written: write one of {known}")
    if not with_time:
        raise ValueError(f"%{directive} is of a time, and a date has none: put | datetime before it")
    return _OF_TIME[directive]


def _offset(at: datetime, colon: str) -> str:
    ahead = at.utcoffset()
    if ahead is None:
        return ""
    minutes = round(ahead.total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{colon}{abs(minutes) % 60:02}"
