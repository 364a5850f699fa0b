"""Normalise: a verified body becomes Events. Total: for any bytes it returns a Reading, and what cannot be read
as an event is in it as Unreadable, with its place and reason. One bad element of an array harms only itself.

Field names follow the vendor's page; the family's data API spells some differently (`Name`, `Phone`), so names
are matched in any case and by these aliases.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from bridge.core.text import instant, page, split_name, storable
from bridge.errors import BadPayload
from bridge.model.event import Event, Kind, Reading, Unreadable
from bridge.model.rules import SourceRule

MOST_ELEMENTS = 100_000  # of one array; a chatbot's day is said to have 10,000 at most
MOST_UNREADABLE = 1000  # of them kept one by one; beyond it the body is kept whole
MAX_DEPTH = 200  # of the vendor's objects; deeper is nothing a chatbot sends, and would hurt whoever reads it next

_ALIASES = {
    "chatbot_id": ("serialnumber",),
    "kind": ("type",),
    "first_name": ("firstname",),
    "last_name": ("lastname",),
    "name": ("name", "fullname"),
    "email": ("email",),
    "phone": ("phonenumber", "phone"),
    "content": ("content",),
    "session_id": ("sessionid",),
    "page_url": ("uri", "url"),
    "created_at": ("createtime", "createdat"),
}
_TEST_TYPE = re.compile(rb'"type"\s*:\s*"\s*test', re.IGNORECASE)
_EXACT = {alias: name for name, aliases in _ALIASES.items() for alias in aliases}


def normalise(body: bytes, *, source: SourceRule) -> Reading:
    """What a signed body holds: events, unreadable parts, or a test request."""
    try:
        found = list(_elements(body))
    except BadPayload as bad:
        return Reading([], [Unreadable(body, bad.path, bad.reason)])
    if len(found) == 1 and is_signed_test(found[0][0]):
        return Reading([], [], test=True)
    events, unreadable, ignored = [], [], 0
    for index, (value, raw) in enumerate(found):
        try:
            if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH:
                _repaired(value)  # raises where it is nested too deeply
            event = _event(value, source)
        except BadPayload as bad:
            path = f"[{index}].{bad.path}".rstrip(".") if len(found) > 1 else bad.path
            unreadable.append(Unreadable(raw, path, bad.reason))
            continue
        if event is None:
            ignored += 1
        else:
            events.append((event, raw))
    if len(unreadable) > MOST_UNREADABLE:
        first = unreadable[0]
        reason = f"{len(unreadable):,} elements cannot be read, this one first: {first.reason}"
        unreadable = [Unreadable(body, first.path, reason)]
    return Reading(events, unreadable, ignored)


def is_unsigned_test(body: bytes) -> bool:
    """Whether this is the platform's test request: an empty object, or one whose Type is Test.

    Asked before any key is known: the signing key is made only after the URL was saved, and tested.
    """
    if len(body) > 64 and (len(body) > 4096 or not _TEST_TYPE.search(body)):
        return False  # nearly every request ends here
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and (not value or str(value.get("Type")).strip().lower() == "test")


def is_signed_test(value: Any) -> bool:
    """Whether a signed object is a test request: also one in which all but the SerialNumber is empty."""
    if not isinstance(value, dict):
        return False
    if value.get("Type") in ("Lead", "Appointment"):
        return False  # nearly every object ends here
    said = {name.lower(): item for name, item in value.items() if item not in ("", 0, None, [], {})}
    return str(said.get("type", "")).strip().lower() == "test" or not said.keys() - {"serialnumber"}


def vendor_object(raw: bytes) -> dict[str, Any]:
    """The vendor's object in the stored bytes of an event, its text repaired; empty where there is none."""
    try:
        value, _ = _scan(text := raw.decode("utf-8-sig", "replace"), _past_space(text, 0))
        repaired = _repaired(value)
    except BadPayload:
        return {}
    return repaired if isinstance(repaired, dict) else {}


def _elements(body: bytes) -> Iterator[tuple[Any, bytes]]:
    """Each object of the body with its own bytes; a body that is no array has one."""
    text = body.decode("utf-8-sig", "replace")
    start = _past_space(text, 0)
    if text[start : start + 1] != "[":
        value, end = _scan(text, start)
        _must_end(text, end)
        yield value, body
        return
    at = _past_space(text, start + 1)
    count = 0
    while text[at : at + 1] != "]":
        if (count := count + 1) > MOST_ELEMENTS:
            raise BadPayload("", f"an array of more than {MOST_ELEMENTS:,} elements")
        value, end = _scan(text, at)
        yield value, text[at:end].encode("utf-8", "replace")
        at = _past_space(text, end)
        if text[at : at + 1] == ",":
            at = _past_space(text, at + 1)
            if text[at : at + 1] != "]":
                continue
        if text[at : at + 1] != "]":
            raise BadPayload("", f"not JSON: expected , or ] at character {at}")
        if text[at - 1 : at] == ",":
            raise BadPayload("", f"not JSON: nothing after the comma at character {at}")
    _must_end(text, at + 1)


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= 400 else digits


def _number(text: str) -> float | str:
    value = float(text)
    return value if abs(value) != float("inf") else text  # 1e400: kept as it was written


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_TOO_DEEP = object()  # stands for a value that no parser could hold
_BRACKETS = re.compile(r'[\[{]+|[\]}]+|"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)

# strict=False: a raw line break inside a text is no JSON, and no reason to keep a lead from its CRM
_DECODER = json.JSONDecoder(strict=False, parse_int=_integer, parse_float=_number, parse_constant=_no_constant)
_scan_once: Callable[[str, int], tuple[Any, int]] = _DECODER.scan_once  # type: ignore[attr-defined]


def _scan(text: str, at: int) -> tuple[Any, int]:
    try:
        return _scan_once(text, at)
    except StopIteration as stop:
        raise BadPayload("", f"not JSON: nothing readable at character {stop.value}") from None
    except ValueError as bad:
        raise BadPayload("", f"not JSON: {bad}") from None
    except RecursionError:
        return _TOO_DEEP, _end_of(text, at)


def _end_of(text: str, at: int) -> int:
    """Where the object or array that begins here ends, found without reading it."""
    depth = 0
    for run in _BRACKETS.finditer(text, at):
        if run[0][0] in "[{":
            depth += len(run[0])
        elif run[0][0] != '"':
            if len(run[0]) >= depth:
                return run.start() + depth
            depth -= len(run[0])
    raise BadPayload("", "not JSON: nested too deeply, and without an end")


def _past_space(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", "\t", "\n", "\r"):
        at += 1
    return at


def _must_end(text: str, at: int) -> None:
    if _past_space(text, at) != len(text):
        raise BadPayload("", f"not JSON: more text after the end, at character {at}")


def _event(value: Any, source: SourceRule) -> Event | None:
    """The event of one vendor object; None where the source is told to pass it over."""
    if value is _TOO_DEEP:
        raise BadPayload("", "nested too deeply")
    if not isinstance(value, dict):
        raise BadPayload("", f"expected an object, found {_kind_of(value)}")
    said = _said(value)
    if said["kind"].strip().lower() in source.ignore_types:
        return None
    if source.chatbots and said["chatbot_id"].strip() not in source.chatbots:
        return None
    first, last = said["first_name"].strip(), said["last_name"].strip()
    if not first and not last and said["name"]:
        first, last = split_name(said["name"])
    return Event(
        source=source.name,
        kind=_kind(said["kind"]),
        chatbot_id=said["chatbot_id"].strip(),
        session_id=said["session_id"].strip(),
        first_name=first,
        last_name=last,
        email=said["email"].strip(),
        phone=said["phone"].strip(),
        content=said["content"].strip(),
        page_url=page(said["page_url"]),
        created_at=instant(said["created_at"]),
        raw=value,
    )


def _said(value: dict[str, Any]) -> dict[str, str]:
    said = dict.fromkeys(_ALIASES, "")
    for name, item in value.items():
        field = _EXACT.get(name.lower())
        if field and not said[field].strip():
            said[field] = _text(name, item)
    return said


def _text(name: str, item: Any) -> str:
    if isinstance(item, str):
        return storable(item)
    if item is None:
        return ""
    if isinstance(item, bool) or not isinstance(item, int | float):
        raise BadPayload(storable(name), f"expected text or a number, found {_kind_of(item)}")
    return str(int(item)) if isinstance(item, float) and item.is_integer() else str(item)


def _kind(text: str) -> Kind:
    try:
        return Kind(text.strip().lower())
    except ValueError:
        raise BadPayload("Type", "unknown Type" if text.strip() else "no Type") from None


def _kind_of(value: Any) -> str:
    names = {dict: "an object", list: "an array", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _repaired(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return storable(value)
    if depth > MAX_DEPTH:
        raise BadPayload("", "nested too deeply")
    if isinstance(value, dict):
        return {storable(name): _repaired(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_repaired(item, depth + 1) for item in value]
    return value
