"""Answers: what an HTTP answer means, and what stands in it."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bridge.connector.protocols import Answer
from bridge.errors import CallEnded, CallFailed, NoAnswer
from bridge.model import http_date
from bridge.model.paths import at
from bridge.model.record import LONGEST_WISH_S, Delivered, Hold, Outcome, Reject, Retry

MAX_ID = 200

_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_ONE = re.compile(r"(?:\s*(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,)?[^,]+", re.I)  # of a list, where a date has a comma


def judge(answer: Answer) -> Outcome:
    """The outcome that an HTTP answer means where the API says nothing better: see `judge_status`."""
    return judge_status(answer.status, answer.headers)


def judge_status(status: int, headers: Mapping[str, str]) -> Outcome:
    """The outcome that a status and its headers mean.

    2xx Delivered; 408, 425 Retry; 5xx Retry, uncertain (the request may have been processed); 429, and 503 with
    `Retry-After`, Hold until then; 401, 403, 3xx Hold; any other 4xx Reject.
    """
    after_s = retry_after_s(headers)
    if 200 <= status < 300:
        return Delivered()
    if status == 429 or (status == 503 and after_s is not None):
        return Hold(f"HTTP {status}: asked to wait", for_s=after_s)
    if status in (408, 425):
        return Retry(f"HTTP {status}", after_s=after_s)
    if status >= 500:
        return Retry(f"HTTP {status}", uncertain=True, after_s=after_s)  # a 5xx does not say "not done"
    if 300 <= status < 400:
        return Hold(f"HTTP {status}: the address has moved; redirects are not followed")
    if status in (401, 403):
        return Hold(f"HTTP {status}: the target refuses our credentials")
    return Reject(f"HTTP {status}", cause=f"http {status}")


def came_to(failed: NoAnswer) -> Retry | Hold:
    """What comes of a record whose request was not answered: what the bridge makes of it where nobody catches it. For
    connectors that write many in a few requests, of which the earlier ones were answered.
    """
    match failed:
        case CallFailed():
            return Retry(failed.reason, uncertain=failed.uncertain)
        case CallEnded(outcome=Retry() | Hold() as outcome):
            return outcome
        case _:
            return Retry("the connector's way to a token gave neither a token nor a Hold or Retry")


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that `Retry-After` asks for (RFC 9110 §10.2.3): a number, or a date, which counts from the answer's own
    `Date` (an answer of `call.http` always has one). Where it stands there more than once, the longest.

    None where it is absent or unreadable; never negative, at most two days: nobody is heard with more.
    """
    now = http_date.read(headers.get("Date", ""))
    asked = [_asked_s(one.strip(), now=now) for one in _ONE.findall(headers.get("Retry-After", ""))]
    longest_s = max((one_s for one_s in asked if one_s is not None), default=None)
    return None if longest_s is None else min(max(longest_s, 0.0), LONGEST_WISH_S)


def _asked_s(text: str, *, now: datetime | None) -> float | None:
    if _SECONDS.fullmatch(text):
        return float(text)  # inf where it has hundreds of digits
    until = http_date.read(text) if now else None
    return (until - now).total_seconds() if until and now else None


def found_at(value: Any, path: str) -> Any:
    """What stands in a JSON value at a path of keys, and numbers for the elements of a list, with dots between them,
    such as `data.0.id`; None where nothing does.
    """
    return at(value, path.split("."))


def id_from(found: Any) -> str:
    """The id that an API gave what it made, as text; empty where it is none that can be kept."""
    if not isinstance(found, str | int | float) or isinstance(found, bool):
        return ""
    text = str(found)
    return text if len(text) <= MAX_ID and text.isprintable() else ""
