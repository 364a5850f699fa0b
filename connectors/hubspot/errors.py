"""Errors: whose fault an answer of HubSpot is, in one table. The first line that fits counts.

Sources: https://developers.hubspot.com/docs/api/error-handling, …/docs/api/usage-details; bodies as recorded in the
issues of HubSpot's clients.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, assert_never
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bridge.connector import Hold, Outcome, Reject, Retry
from connectors.hubspot.problem import Problem

LOOK_S = 3600.0  # between looks at a daily quota, where the account's time zone is not known


class Meaning(StrEnum):
    RETRY = "a passing fault, nothing was done"
    UNCERTAIN = "a passing fault, it may have been done"
    HOLD = "the account is not ready: the target rests"
    REJECT = "this record's fault"
    HEAL = "properties are refused: without them, or with another value, it may pass"
    EXISTS = "another object has the value that must be unique"
    GONE = "the object is not there any more: merged or deleted"


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the table: what a status, and a word of the body, mean; `rest_s`: of a Hold that says no time."""

    status: range
    meaning: Meaning
    word: str = ""  # the category or the policy
    why: str = ""
    rest_s: float | None = None
    crowded: bool = False  # too many at once: the target gets fewer afterwards


def _at(status: int, meaning: Meaning, word: str = "", **more: Any) -> Case:
    return Case(range(status, status + 1), meaning, word, **more)


CASES = (
    _at(400, Meaning.HEAL, "VALIDATION_ERROR"),
    _at(400, Meaning.EXISTS, "CONFLICT"),
    _at(400, Meaning.HEAL),
    _at(401, Meaning.HOLD, "EXPIRED_AUTHENTICATION", why="the access token is over"),
    _at(401, Meaning.HOLD, why="the access token is refused"),
    _at(403, Meaning.HOLD, "MISSING_SCOPES", why="the app lacks scopes"),
    _at(403, Meaning.HOLD, why="access is refused"),
    _at(404, Meaning.GONE),
    _at(405, Meaning.REJECT),
    _at(408, Meaning.RETRY),
    _at(409, Meaning.EXISTS),
    _at(413, Meaning.REJECT, why="the request is too large"),
    _at(414, Meaning.REJECT),
    _at(415, Meaning.REJECT),
    _at(423, Meaning.HOLD, why="the objects are locked", rest_s=2.0, crowded=True),
    _at(425, Meaning.RETRY),
    _at(429, Meaning.HOLD, "TEN_SECONDLY_ROLLING", why="too many requests in ten seconds", rest_s=10.0, crowded=True),
    _at(429, Meaning.HOLD, "SECONDLY", why="too many requests in a second", rest_s=1.0, crowded=True),
    _at(429, Meaning.HOLD, "DAILY", why="the account's requests of the day are used up", rest_s=LOOK_S),
    _at(429, Meaning.HOLD, why="too many requests", rest_s=10.0),
    _at(477, Meaning.HOLD, why="HubSpot moves the account to another place", rest_s=LOOK_S),
    Case(range(200, 300), Meaning.UNCERTAIN, why="the answer cannot be read"),
    Case(range(300, 400), Meaning.HOLD, why="the address has moved; redirects are not followed"),
    Case(range(400, 500), Meaning.REJECT),
    _at(521, Meaning.RETRY),
    _at(522, Meaning.HOLD, why="HubSpot cannot be reached behind its own front", rest_s=60.0),
    _at(523, Meaning.RETRY),
    _at(525, Meaning.HOLD, why="HubSpot's TLS fails behind its own front", rest_s=60.0),
    _at(526, Meaning.HOLD, why="HubSpot's certificate is invalid behind its own front", rest_s=60.0),
    Case(range(500, 600), Meaning.UNCERTAIN),
)
_OTHER = Case(range(0), Meaning.UNCERTAIN)


def case_of(problem: Problem) -> Case:
    words = (problem.category, problem.policy)
    fits = (case for case in CASES if problem.status in case.status and case.word in ("", *words))
    return next(fits, _OTHER)


def outcome_of(problem: Problem, *, now_s: float, zone: str = "") -> Outcome:
    """What becomes of a delivery where nothing better can be done about it. `zone`: the account's time zone."""
    if problem.unanswered:
        return problem.unanswered
    case = case_of(problem)
    reason = f"HTTP {problem.status}{f': {case.why}' if case.why else ''}{_scopes(problem)}{problem.said}"
    match case.meaning:
        case Meaning.RETRY:
            return Retry(reason, after_s=problem.wait_s)
        case Meaning.UNCERTAIN:
            return Retry(reason, uncertain=True, after_s=problem.wait_s)
        case Meaning.HOLD:
            return Hold(reason, for_s=_rest_s(problem, case, now_s=now_s, zone=zone), crowded=case.crowded)
        case Meaning.REJECT | Meaning.HEAL | Meaning.EXISTS | Meaning.GONE:
            return Reject(f"{reason}{_properties(problem)}", cause=problem.cause)
        case _:
            assert_never(case.meaning)


def _scopes(problem: Problem) -> str:
    return f" ({', '.join(problem.scopes)})" if problem.scopes else ""


def _properties(problem: Problem) -> str:
    """The properties that it is about and that the message does not name, such as one that the account requires."""
    names = dict.fromkeys(bad.property for bad in problem.bad if bad.property not in problem.message)
    return f" ({', '.join(names)})" if names else ""


def _rest_s(problem: Problem, case: Case, *, now_s: float, zone: str) -> float | None:
    if problem.wait_s is not None and problem.status in (429, 477):
        return problem.wait_s
    if case.word == "DAILY":
        return _until_midnight_s(now_s, zone) or case.rest_s
    return case.rest_s


def _until_midnight_s(now_s: float, zone: str) -> float | None:
    """Seconds until the day of the account ends, when HubSpot counts anew; None: its time zone is not known."""
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    now = datetime.fromtimestamp(now_s, place)
    midnight = datetime(now.year, now.month, now.day, tzinfo=place) + timedelta(days=1)
    return max(midnight.timestamp() - now_s, 1.0)
