"""A call of the REST API and its result, apart from HTTP: so a subrequest of a composite is the same as a call."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from bridge.sandbox.salesforce.errors import Refused, refused_request
from bridge.sandbox.salesforce.rows import How

_DUPLICATE_HEADER_SINCE = 52.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A call below /services/data/vNN.N/. `parts` are those of the path, decoded; `headers` in lower case."""

    method: str
    parts: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    api: str

    @property
    def how(self) -> How:
        """What the headers say about writes."""
        assign = self.headers.get("sforce-auto-assign", "true").strip().lower()
        duplicates = re.split("[;,]", self.headers.get("sforce-duplicate-rule-header", "").replace(" ", "").lower())
        allowed = "allowsave=true" in duplicates and float(self.api) >= _DUPLICATE_HEADER_SINCE
        return How(float(self.api), auto_assign=assign != "false", save_duplicates=allowed)

    def table(self) -> Mapping[str, Any]:
        """The body, which must be a JSON object."""
        if not isinstance(self.body, Mapping):
            raise refused_request("JSON_PARSER_ERROR", "The HTTP entity body is required, and must be a JSON object")
        return self.body


@dataclass(frozen=True, slots=True)
class Result:
    """What comes of it; `body` is JSON, or None where there is none. `failed`: with rows that failed."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = ""
    failed: bool = False


def split(target: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """The parts of a path and the query of a target such as /services/data/v59.0/query?q=SELECT+Id+FROM+Lead."""
    path, _, query = target.partition("?")
    parts = tuple(unquote(part) for part in path.split("/") if part)
    return parts, dict(parse_qsl(query, keep_blank_values=True))


def json_body(raw: bytes) -> Any:
    """The body as JSON; None if there is none. `Refused` with JSON_PARSER_ERROR."""
    if not raw.strip():
        return None
    try:
        return json.loads(raw, parse_constant=_no_json)
    except (ValueError, RecursionError) as error:
        message = f"Unexpected character or end of input: {str(error)[:80]}"
        raise refused_request("JSON_PARSER_ERROR", message) from error


def _no_json(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def errors_of(refusal: Refused, *, kind: str = "") -> Result:
    """A refusal as the answer to a single call."""
    return Result(refusal.status, [error.as_single() for error in refusal.errors], kind=kind)
