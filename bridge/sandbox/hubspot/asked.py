"""A call of the API and its result, apart from HTTP. Both families of paths, v3/v4 and dated, come to the same call."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote

from bridge.sandbox.exchange import Request
from bridge.sandbox.hubspot.errors import Refused, bad_input, no_path

_VERSION = re.compile(r"v\d|\d{4}-\d\d(-beta)?")
_DATED = re.compile(r"\d{4}-\d\d(-beta)?")


@dataclass(frozen=True, slots=True)
class Asked:
    """A call. `parts` are those of the path, decoded, without the version: crm, objects, contacts, 512."""

    method: str
    parts: tuple[str, ...]
    version: str
    query: Mapping[str, list[str]]
    body: Any
    characters: int  # of the body, as it was sent

    def one(self, name: str, default: str = "") -> str:
        """A value of the query, of which there is one."""
        return self.query.get(name, [default])[0]

    def several(self, name: str) -> list[str]:
        """Values of the query: the name repeated, or commas between them."""
        return [part.strip() for value in self.query.get(name, []) for part in value.split(",") if part.strip()]

    def flag(self, name: str) -> bool:
        return self.one(name).lower() == "true"

    def number(self, name: str, default: int, *, most: int) -> int:
        """A whole number of the query, from 0. `Refused` otherwise."""
        return whole(self.one(name) or default, name, most=most)

    def table(self) -> Mapping[str, Any]:
        """The body, which must be a JSON object."""
        if not isinstance(self.body, Mapping):
            raise bad_input("an object is needed")
        return self.body

    def inputs(self, *, most: int) -> list[Mapping[str, Any]]:
        """The rows of a batch. `Refused` unless there are some, and not too many."""
        rows = tables(self.table(), "inputs")
        if not 1 <= len(rows) <= most:
            raise bad_input(f"inputs: there must be 1 to {most}, not {len(rows)}")
        return rows


@dataclass(frozen=True, slots=True)
class Result:
    """What comes of a call; `body` is JSON, or None where there is none."""

    status: int = 200
    body: Any = None
    kind: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def whole(value: Any, name: str, *, most: int) -> int:
    """A whole number from 0 that may stand as text. `Refused` otherwise."""
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,18}", str(value)) or int(value) > most:
        raise bad_input(f"{name} must be a whole number up to {most}, not {value}")
    return int(value)


def text(table: Mapping[str, Any], name: str) -> str:
    """The text under this name; empty where there is none. `Refused` otherwise."""
    value = table.get(name)
    if value is not None and not isinstance(value, str):
        raise bad_input(f"{name} must be a text")
    return value or ""


def texts(table: Mapping[str, Any], name: str) -> list[str]:
    """The texts under this name; none where there are none. `Refused` otherwise."""
    value = table.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise bad_input(f"{name} must be a list of texts")
    return value


def tables(table: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The objects under this name; none where there are none. `Refused` otherwise."""
    value = table.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise bad_input(f"{name} must be a list of objects")
    return value


def asked(request: Request, versions: list[str]) -> Asked:
    """The request as a call. `Refused` where no path or no JSON is; `versions`: those that the portal has."""
    parts = [unquote(part) for part in request.path.split("/") if part]
    at = next((number for number, part in enumerate(parts[:3]) if _VERSION.fullmatch(part)), None)
    if at is None or parts[at] not in versions:
        raise no_path()
    version = parts.pop(at)
    if at != (2 if _DATED.fullmatch(version) and parts[0] == "crm" else 1):  # crm/v3/objects, crm/objects/2026-03
        raise no_path()
    form = "form" in (request.header("Content-Type") or "")
    sent = request.body.decode("utf-8", "replace")
    body = dict(parse_qsl(sent)) if form else _json(request)
    query = parse_qs(request.query, keep_blank_values=True)
    return Asked(request.method, tuple(parts), version, query, body, len(sent))


def _json(request: Request) -> Any:
    if not request.body.strip():
        return None
    kind = request.header("Content-Type") or ""
    if "json" not in kind:
        raise Refused(f"Content type {kind or 'unknown'} is not supported", "UNSUPPORTED_MEDIA_TYPE", status=415)
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Refused(f"Invalid input JSON on line 1, column 1: {str(error)[:80]}") from error
