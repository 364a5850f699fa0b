"""Problem: what HubSpot says is wrong: with a whole request, or with one row of a batch. Reads whatever comes; decides
nothing.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bridge.connector import Answer, Hold, Retry, found_at, quotable, retry_after_s
from connectors.hubspot.unanswered import Unanswered

MAX_READ = 1 << 16  # characters of a message, to find names in

ROW_STATUS = {  # of a row's error, which has no status of its own
    "CONFLICT": 409,
    "OBJECT_NOT_FOUND": 404,
    "MISSING_SCOPES": 403,
    "RATE_LIMITS": 429,
    "INTERNAL_ERROR": 500,
    "LOCKED": 423,
}

_TAKEN_BY = (  # "Contact already exists. Existing ID: 12345"; "… 12345 already has that value."
    re.compile(r"existing id:\s*(\d{1,30})", re.I),
    re.compile(r"(\d{1,30}) already has that value", re.I),
)


# "Cannot set PropertyValueCoordinates{…, propertyName=customer_no, value=4711} on 12. 34 already has that value."
_CLASH = re.compile(r"propertyName=(\w{1,100}), value=")


@dataclass(frozen=True, slots=True)
class Bad:
    """A property that HubSpot does not take, and its word for why."""

    property: str
    code: str


@dataclass(frozen=True, slots=True)
class Problem:
    status: int
    category: str = ""  # HubSpot's: VALIDATION_ERROR, CONFLICT …
    policy: str = ""  # of a 429: TEN_SECONDLY_ROLLING, SECONDLY, DAILY
    message: str = ""  # on one line, without a secret
    bad: tuple[Bad, ...] = ()
    scopes: tuple[str, ...] = ()  # that we lack
    existing_id: str = ""  # of the object that has already what ours was to have
    wait_s: float | None = None  # as `Retry-After` says
    of_row: bool = False  # says nothing of the other rows of the batch
    unanswered: Retry | Hold | None = None  # what comes of it where HubSpot says nothing at all

    @property
    def said(self) -> str:
        return f": {self.message}" if self.message else ""

    @property
    def cause(self) -> str:
        """The same for every event that fails for this reason: no value of this one."""
        named = [f"{bad.property} {bad.code}".strip() for bad in self.bad]
        return " ".join(filter(None, [f"http {self.status}", self.category, *sorted(named)]))


def problem_of(answer: Answer, *, secrets: Iterable[str]) -> Problem:
    """What an answer says that is no success; `secrets` are masked in it."""
    if isinstance(answer, Unanswered):
        return Problem(answer.status, unanswered=answer.outcome)
    body = answer.json()
    found = body if isinstance(body, Mapping) else {}
    return _problem(answer.status, found, secrets, wait_s=retry_after_s(answer.headers))


def row_problem(error: Any, *, secrets: Iterable[str]) -> Problem:
    """What the error of one row says."""
    found = error if isinstance(error, Mapping) else {}
    return replace(_problem(ROW_STATUS.get(str(found.get("category")), 400), found, secrets), of_row=True)


def _problem(status: int, found: Mapping[str, Any], secrets: Iterable[str], *, wait_s: float | None = None) -> Problem:
    said = found.get("message")
    said = said if isinstance(said, str) else ""
    message = said[:MAX_READ]
    return Problem(
        status,
        category=_word(found.get("category")) or _word(found.get("errorType")),
        policy=_word(found.get("policyName")),
        message=quotable(said, hidden=secrets),
        bad=tuple(dict.fromkeys(_bad(found, message))),
        scopes=tuple(dict.fromkeys(_scopes(found))),
        existing_id=next((match[1] for one in _TAKEN_BY if (match := one.search(message))), ""),
        wait_s=wait_s,
    )


def _bad(found: Mapping[str, Any], message: str) -> Iterator[Bad]:
    """The properties that are named in the list in the text, in `errors`, or in `context`."""
    for one in _listed(message):
        if isinstance(one, Mapping) and isinstance(one.get("name"), str):
            yield Bad(one["name"], _word(one.get("error")) or _word(one.get("code")))
    if "already has that value" in message and (clash := _CLASH.search(message)):  # before what a visitor wrote
        yield Bad(clash[1], "CONFLICTING_UNIQUE_VALUE")
    errors = found.get("errors")
    for one in [found, *(errors if isinstance(errors, list) else [])]:
        for key in ("propertyName", "properties"):
            names = found_at(one, f"context.{key}")
            for name in names if isinstance(names, list) else []:
                if isinstance(name, str):
                    yield Bad(name, _word(found_at(one, "code")) or _word(found_at(one, "subCategory")))


def _listed(message: str) -> list[Any]:
    """The JSON list in "Property values were not valid: [{…}]"."""
    begins = message.find("[{")
    if begins < 0:
        return []
    try:
        found, _ = json.JSONDecoder().raw_decode(message[begins:])
    except (ValueError, RecursionError):
        return []
    return found if isinstance(found, list) else []


def _scopes(found: Mapping[str, Any]) -> Iterator[str]:
    errors = found.get("errors")
    for one in [found, *(errors if isinstance(errors, list) else [])]:
        context = found_at(one, "context")
        for key, names in context.items() if isinstance(context, Mapping) else ():
            if "scope" in str(key).lower():
                yield from (_word(name) for name in (names if isinstance(names, list) else [names]))


def _word(found: Any) -> str:
    return found[:100] if isinstance(found, str) and found.isprintable() else ""
