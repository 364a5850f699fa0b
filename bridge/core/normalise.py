"""Normalise: a verified body becomes Events. Total: for any bytes it returns a Reading, and what cannot be read
as an event is in it as Unreadable, with its place and reason. One bad element of an array harms only itself.

Of a source with declared fields, core/declared reads each event. Else field names follow the platform's page; the
family's data API spells some differently (`Name`, `Phone`), so names are matched in any case and by these aliases.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from bridge.core.declared import declared_event, kind_of, natural_key, spread, text_of
from bridge.core.elements import TOO_DEEP, elements, first_value
from bridge.core.text import moment, page, split_name, storable
from bridge.errors import BadPayload
from bridge.model.event import Event, Kind, Reading, Unreadable
from bridge.model.rules import SourceRule

MOST_UNREADABLE = 1000  # of them kept one by one; beyond it the body is kept whole
MOST_OF_TEST = 65_536  # bytes of a test request: whoever sends it needs no key
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
_EMPTY = re.compile(rb"\s*\{\s*\}\s*")
_EXACT = {alias: name for name, aliases in _ALIASES.items() for alias in aliases}


def normalise(body: bytes, *, source: SourceRule) -> Reading:
    """What a signed body holds: events, unreadable parts, or a test request."""
    try:
        found = list(elements(body))
        if source.fields and source.fields.events:
            found = [part for value, raw in found for part in spread(_shallow(value, raw), source.fields.events)]
    except BadPayload as bad:
        return Reading([], [Unreadable(body, bad.path, bad.reason)])
    if source.is_platform and len(found) == 1 and is_signed_test(found[0][0]):
        return Reading([], [], test=True)
    return read_all(found, body, source=source, from_envelope=bool(source.fields and source.fields.events))


def read_all(
    found: Iterable[tuple[Any, bytes]], body: bytes, *, source: SourceRule, from_envelope: bool = False
) -> Reading:
    """The events of the vendor's objects, each with its own bytes of the body. `from_envelope`: an object alone could
    not be read again, so the whole body is kept for one that is unreadable.
    """
    events, unreadable, ignored = [], [], 0
    found = list(found)
    for index, (value, raw) in enumerate(found):
        try:
            event = _event(_shallow(value, raw), source)
        except BadPayload as bad:
            path = f"[{index}].{bad.path}".rstrip(".") if len(found) > 1 else bad.path
            unreadable.append(Unreadable(body if from_envelope else raw, path, bad.reason))
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
    if len(body) > MOST_OF_TEST or (len(body) > 64 and not _TEST_TYPE.search(body) and not _EMPTY.fullmatch(body)):
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
        repaired = _repaired(first_value(raw.decode("utf-8-sig", "replace")))
    except BadPayload:
        return {}
    return repaired if isinstance(repaired, dict) else {}


def _shallow(value: Any, raw: bytes) -> Any:
    """The value; raises BadPayload where it is nested more deeply than anything a source sends."""
    if value is TOO_DEEP:
        raise BadPayload("", "nested too deeply")
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH:
        _repaired(value)
    return value


def _event(value: Any, source: SourceRule) -> Event | None:
    """The event of one vendor object; None where the source is told to pass it over."""
    if not isinstance(value, dict):
        raise BadPayload("", f"expected an object, found {kind_of(value)}")
    event = declared_event(value, source, source.fields) if source.fields else _aliased(value, source)
    if event is None or (source.chatbots and event.chatbot_id not in source.chatbots):
        return None
    return replace(event, natural=natural_key(value, source.key)) if source.key else event


def _aliased(value: dict[str, Any], source: SourceRule) -> Event | None:
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
        kind=_kind(said["kind"], source),
        chatbot_id=said["chatbot_id"].strip(),
        session_id=said["session_id"].strip(),
        first_name=first,
        last_name=last,
        email=said["email"].strip(),
        phone=said["phone"].strip(),
        content=said["content"].strip(),
        page_url=page(said["page_url"]),
        created_at=_created(said["created_at"]),
        raw=value,
    )


def _said(value: dict[str, Any]) -> dict[str, str]:
    said = dict.fromkeys(_ALIASES, "")
    for name, item in value.items():
        field = _EXACT.get(name.lower())
        if field and not said[field].strip():
            said[field] = text_of(item, path=name)
    return said


def _created(text: str) -> datetime | None:
    """None also for the first day of the calendar: so some platforms write that there is no time."""
    found = moment(text)
    return found if found and found.year > 1 else None


def _kind(text: str, source: SourceRule) -> Kind:
    if not source.is_platform and not text.strip():
        return Kind.LEAD
    try:
        return Kind(text.strip().lower())
    except ValueError:
        raise BadPayload("Type", "unknown Type" if text.strip() else "no Type") from None


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
