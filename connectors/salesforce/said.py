"""Said: what the REST API answered, whatever shape its errors have: a list, one object, or a page of HTML.

Single calls and composite subrequests spell the code of an error `errorCode`, rows of a collection `statusCode`; OAuth
has `error` and `error_description`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.connector import Hold, Retry, quotable


@dataclass(frozen=True, slots=True)
class Fault:
    """One error as Salesforce names it."""

    code: str
    message: str
    fields: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)  # all that stood with it

    @property
    def told(self) -> str:
        """For a reason: on one line, not too long."""
        named = [name for name in self.fields if name not in self.message]
        text = quotable(f"{self.code}: {self.message}")
        return f"{text} [{', '.join(named)}]" if named else text


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: of a whole call, of one subrequest, or of one row (status 200, 400 or 0). `unanswered`: what comes of
    it where there was none.
    """

    status: int
    content: Any  # parsed JSON; text where it is none; None where there is nothing
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    unanswered: Retry | Hold | None = None

    @property
    def is_fine(self) -> bool:
        return 200 <= self.status < 300

    @property
    def faults(self) -> list[Fault]:
        found = self.content if isinstance(self.content, list) else [self.content]
        return [fault for one in found if (fault := _fault(one))]

    @property
    def told(self) -> str:
        """For a reason."""
        if faults := self.faults:
            return f"HTTP {self.status}: {'; '.join(fault.told for fault in faults)}"
        text = quotable(re.sub(r"<[^>]*>", " ", self.content)) if isinstance(self.content, str) else ""
        return f"HTTP {self.status}: {text}" if text else f"HTTP {self.status}"

    def at(self, name: str) -> Any:
        """What stands at a key, if the content is an object."""
        return self.content.get(name) if isinstance(self.content, dict) else None


def row_said(row: Any) -> Said:
    """One row of a collection's answer, as if it had been answered by itself; status 0 where it cannot be read."""
    if isinstance(row, dict) and row.get("success") is True:
        return Said(200, row)
    refused = Said(400, row.get("errors") if isinstance(row, dict) else None)
    return refused if refused.faults else Said(0, None)


def _fault(one: Any) -> Fault | None:
    if not isinstance(one, dict):
        return None
    code = one.get("errorCode") or one.get("statusCode") or one.get("error")
    if not isinstance(code, str):
        return None
    message = one.get("message") or one.get("error_description") or ""
    named = one.get("fields")
    fields = tuple(name for name in named if isinstance(name, str)) if isinstance(named, list) else ()
    return Fault(code, str(message), fields, one)
