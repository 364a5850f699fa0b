"""Declared: one event out of a payload whose fields a source declares, by the paths to them. Total: what cannot be read
raises BadPayload. Who decides what is read is core/normalise.
"""

import json
from collections.abc import Iterator
from typing import Any

from bridge.core.text import moment, page, split_name, storable
from bridge.errors import BadPayload
from bridge.model.event import Event, Kind
from bridge.model.fields import TEXTS, Fields, KindOf, Path
from bridge.model.paths import at
from bridge.model.rules import SourceRule

MOST_EVENTS = 100_000  # of one list


def declared_event(value: dict[str, Any], source: SourceRule, fields: Fields) -> Event | None:
    """The event that the object holds; None where the source is told to pass its type over."""
    kind = _kind(value, fields.kind, source)
    if kind is None:
        return None
    said = {name: _first(value, fields.texts.get(name, ())) for name in TEXTS}
    if not any(said.values()):
        raise BadPayload("", "none of the declared fields says anything")
    first, last = said["first_name"], said["last_name"]
    if not first and not last and said["name"]:
        first, last = split_name(said["name"])
    return Event(
        source=source.name,
        kind=kind,
        chatbot_id=said["chatbot_id"],
        session_id=said["session_id"],
        first_name=first,
        last_name=last,
        email=said["email"],
        phone=said["phone"],
        content=said["content"],
        page_url=page(said["page_url"]),
        created_at=moment(said["created_at"]),
        raw=value,
    )


def natural_key(value: dict[str, Any], paths: tuple[Path, ...]) -> tuple[str, ...]:
    """What stands at all of the paths; empty where one of them says nothing: half a key would make two events one."""
    found = tuple([text_of(at(value, path), path=".".join(path)).strip() for path in paths])
    return found if all(found) else ()


def spread(value: Any, path: Path) -> Iterator[tuple[Any, bytes]]:
    """Each event of the list at the path, with its own JSON."""
    found = at(value, path)
    if not isinstance(found, list):
        raise BadPayload(".".join(path), f"expected the list of events, found {kind_of(found)}")
    if len(found) > MOST_EVENTS:
        raise BadPayload(".".join(path), f"a list of more than {MOST_EVENTS:,} events")
    return ((item, json.dumps(item, separators=(",", ":")).encode()) for item in found)


def text_of(item: Any, *, path: str) -> str:
    """The text of a JSON value; raises BadPayload for one that is neither a text nor a number."""
    if isinstance(item, str):
        return storable(item)
    if item is None:
        return ""
    if isinstance(item, bool) or not isinstance(item, int | float):
        raise BadPayload(storable(path), f"expected text or a number, found {kind_of(item)}")
    return str(int(item)) if isinstance(item, float) and item.is_integer() else str(item)


def kind_of(value: Any) -> str:
    """What a JSON value is, as people say it."""
    names = {dict: "an object", list: "an array", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _first(value: dict[str, Any], paths: tuple[Path, ...]) -> str:
    for path in paths:
        if text := text_of(at(value, path), path=".".join(path)).strip():
            return text
    return ""


def _kind(value: dict[str, Any], declared: KindOf, source: SourceRule) -> Kind | None:
    if not declared.path:
        return Kind(declared.always)
    path = ".".join(declared.path)
    word = text_of(at(value, declared.path), path=path).strip().lower()
    if word in source.ignore_types:
        return None
    kind = declared.values.get(word) or declared.values.get("*")
    if kind is None:
        raise BadPayload(path, "a kind of event that is not declared" if word else "no kind of event")
    return Kind(kind)
