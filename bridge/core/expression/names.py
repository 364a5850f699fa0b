"""Names: what an expression may ask for."""

from collections.abc import Mapping
from typing import Any

from bridge.model.event import StoredEvent

# The event's own, with what each is, for people.
NAMES: dict[str, str] = {
    "kind": "lead or appointment",
    "chatbot_id": "text: the chatbot's SerialNumber",
    "session_id": "text: the chat that it comes from",
    "first_name": "text",
    "last_name": "text",
    "full_name": "text: first and last name",
    "email": "text",
    "phone": "text: as the visitor wrote it",
    "content": "text: what was said",
    "page_url": "text: where the visitor was",
    "created_at": "date and time, UTC; null where it is not known",
    "received_at": "date and time, UTC: when the bridge got it",
    "event_id": "whole number: the event in the bridge, as `bridge events show` knows it",
    "key": "text: the event's natural identity, the same however often it comes",
    "revision": "whole number: 1, and one more with each piece of news about the same event",
    "source": "text: the name of the source in this file",
    "event": "mapping: the whole event, as a target without `records` gets it",
    "raw": "mapping: the sender's own object; raw.SerialNumber is a field of it",
}

GROUPS = ("raw", "vars", "records")  # names that have names in them
OF_A_RECORD = ("id", "url")


def names_of(stored: StoredEvent) -> dict[str, Any]:
    """What the event says, under each of NAMES but `event`."""
    event = stored.event
    return {
        "kind": event.kind.value,
        "chatbot_id": event.chatbot_id,
        "session_id": event.session_id,
        "first_name": event.first_name,
        "last_name": event.last_name,
        "full_name": f"{event.first_name} {event.last_name}".strip(),
        "email": event.email,
        "phone": event.phone,
        "content": event.content,
        "page_url": event.page_url,
        "created_at": event.created_at,
        "received_at": stored.received_at,
        "event_id": stored.id,
        "key": stored.key,
        "revision": stored.revision,
        "source": event.source,
        "raw": event.raw,
    }


def item(value: Any, name: Any) -> Any:
    """What stands under a name in a mapping, or at a place of a list; null where nothing does. Never an attribute."""
    if isinstance(value, Mapping):
        return value.get(name) if isinstance(name, str) else None
    if isinstance(value, list | tuple) and isinstance(name, int) and -len(value) <= name < len(value):
        return value[name]
    return None
