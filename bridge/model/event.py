"""Event: one verified, normalised fact, a lead or an appointment."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    LEAD = "lead"
    APPOINTMENT = "appointment"


@dataclass(frozen=True, slots=True)
class Event:
    """A lead or an appointment in the words every connector shares; an empty text means "not said"."""

    source: str
    kind: Kind
    chatbot_id: str = ""
    session_id: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    content: str = ""
    page_url: str = ""
    created_at: datetime | None = None  # aware, UTC
    raw: dict[str, Any] = field(default_factory=dict)  # the vendor's object; its text is repaired once stored
    natural: tuple[str, ...] = ()  # what the source's `key` fields say, where all of them do; not stored, the key is


# What a later record of the same event may add or change; the rest is in the key.
CONTENT_FIELDS = ("first_name", "last_name", "email", "phone", "content", "page_url")


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as the store knows it: what a mapping and a connector may see besides its fields."""

    id: int
    key: str
    revision: int
    received_at: datetime
    event: Event


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A signed body, or one element of an array, that is no event: kept in quarantine."""

    raw: bytes
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What one signed body held."""

    events: list[tuple[Event, bytes]]  # each with its own bytes of the body
    unreadable: list[Unreadable]
    ignored: int = 0  # elements of a type the source is told to ignore, or of a chatbot not on its list
    test: bool = False  # a test request: answered, never stored
