"""Date literals of SOQL, such as TODAY or LAST_N_DAYS:3: the days they mean. Days are those of UTC."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

_DAY = timedelta(days=1)


def days(literal: str, *, today: date) -> tuple[date, date] | None:
    """The first day of the literal and the first one after it; None if it is none."""
    name, _, number = literal.upper().partition(":")
    if number and name in _WITH_NUMBER:
        return _WITH_NUMBER[name](today, min(int(number), 3650))
    return _PLAIN[name](today) if not number and name in _PLAIN else None


def _month(day: date, ahead: int = 0) -> date:
    months = day.year * 12 + day.month - 1 + ahead
    return date(months // 12, months % 12 + 1, 1)


def _week(day: date, ahead: int = 0) -> tuple[date, date]:
    start = day - _DAY * ((day.weekday() + 1) % 7) + timedelta(weeks=ahead)  # begins on Sunday
    return start, start + timedelta(weeks=1)


_PLAIN: Mapping[str, Callable[[date], tuple[date, date]]] = {
    "TODAY": lambda day: (day, day + _DAY),
    "YESTERDAY": lambda day: (day - _DAY, day),
    "TOMORROW": lambda day: (day + _DAY, day + 2 * _DAY),
    "THIS_WEEK": lambda day: _week(day),
    "LAST_WEEK": lambda day: _week(day, -1),
    "NEXT_WEEK": lambda day: _week(day, 1),
    "THIS_MONTH": lambda day: (_month(day), _month(day, 1)),
    "LAST_MONTH": lambda day: (_month(day, -1), _month(day)),
    "NEXT_MONTH": lambda day: (_month(day, 1), _month(day, 2)),
    "LAST_90_DAYS": lambda day: (day - 90 * _DAY, day + _DAY),
    "NEXT_90_DAYS": lambda day: (day + _DAY, day + 91 * _DAY),
    "THIS_YEAR": lambda day: (date(day.year, 1, 1), date(day.year + 1, 1, 1)),
    "LAST_YEAR": lambda day: (date(day.year - 1, 1, 1), date(day.year, 1, 1)),
}
_WITH_NUMBER: Mapping[str, Callable[[date, int], tuple[date, date]]] = {
    "LAST_N_DAYS": lambda day, n: (day - n * _DAY, day + _DAY),
    "NEXT_N_DAYS": lambda day, n: (day + _DAY, day + (n + 1) * _DAY),
    "N_DAYS_AGO": lambda day, n: (day - n * _DAY, day - (n - 1) * _DAY),
}
