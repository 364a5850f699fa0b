"""Arrival: what one verified request brings, hashed and encoded by the thread that answers it, so that the one
thread that writes has little left to do.
"""

import marshal
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from bridge.core.identity import Alias, aliases_of, key_of, keyed_hash
from bridge.core.normalise import vendor_object
from bridge.core.text import storable
from bridge.model.event import Event, Kind, Reading
from bridge.model.rules import SourceRule
from bridge.store.codec import Codec


class Candidate(NamedTuple):
    """One event on its way into the store, as its row will say it; `decode_fields` gives the event."""

    source: str
    kind: str
    chatbot_id: str
    created_at: int | None  # ms
    received_at: int  # ms
    signed_at: int  # seconds
    fields: bytes  # encoded
    raw: bytes  # encoded
    key: str
    region: str
    told: bool  # whether `signed_at` is the sender's word, and no clock of ours
    aliases: tuple[Alias, ...]


@dataclass(slots=True)
class Arrival:
    """What one request brings."""

    source: str
    candidates: list[Candidate]
    unreadable: list[dict[str, Any]] = field(default_factory=list)  # rows of quarantine
    ignored: int = 0
    size_bytes: int = 0  # of what came


def prepare(
    reading: Reading,
    *,
    source: SourceRule,
    signed_at: int,
    received_at: int,
    salt: bytes,
    codec: Codec,
    told: bool = True,
) -> Arrival:
    """The arrival of what was read. `signed_at` in seconds, `told` by its sender or not; `received_at` in ms."""
    candidates = [
        Candidate(
            event.source,
            event.kind.value,
            event.chatbot_id,
            ms_of(event.created_at),
            received_at,
            signed_at,
            encode_fields(event, codec),
            codec.encode(raw),
            key_of(event, region=source.phone_region, salt=salt),
            source.phone_region,
            told,
            aliases_of(event, region=source.phone_region, salt=salt),
        )
        for event, raw in reading.events
    ]
    unreadable = [
        {
            "source": source.name,
            "hash": keyed_hash(salt, "quarantine", source.name, part.raw.hex()),
            "received_at": received_at,
            "signed_at": signed_at,
            "path": storable(part.path),  # a plugin may say anything
            "reason": storable(part.reason),
            "raw": codec.encode(part.raw),
        }
        for part in reading.unreadable
    ]
    size_bytes = sum([len(raw) for _, raw in reading.events]) + sum([len(part.raw) for part in reading.unreadable])
    return Arrival(source.name, candidates, unreadable, reading.ignored, size_bytes)


def packed(arrival: Arrival) -> bytes:
    """The arrival for another process of the same program: plain tuples, by the quickest way that Python knows."""
    candidates = [tuple(candidate) for candidate in arrival.candidates]
    return marshal.dumps((arrival.source, candidates, arrival.unreadable, arrival.ignored, arrival.size_bytes))


def unpacked(data: bytes) -> Arrival:
    """The arrival again. Raises ValueError, TypeError or EOFError for what has another shape."""
    source, candidates, unreadable, ignored, size_bytes = marshal.loads(data)  # noqa: S302  from our own process
    return Arrival(source, [Candidate._make(one) for one in candidates], unreadable, ignored, size_bytes)


def encode_fields(event: Event, codec: Codec) -> bytes:
    """The event's canonical fields as they are stored; what stands in columns of its row is left out."""
    return codec.encode_json(
        {
            "session_id": event.session_id,
            "first_name": event.first_name,
            "last_name": event.last_name,
            "email": event.email,
            "phone": event.phone,
            "content": event.content,
            "page_url": event.page_url,
            "created_at": event.created_at.isoformat() if event.created_at else None,
        }
    )


def decode_event(row: Any, codec: Codec) -> Event:
    """The event of a row of `events`; one without its fields where the payload was purged. Raises ValueError for one
    that this version cannot read.
    """
    return _decoded(row, codec, vendor_object(codec.decode(row.raw)) if row.raw is not None else {})


def decode_fields(row: Any, codec: Codec) -> Event:
    """The same without the vendor's object, which nobody who compares asks for: the row need not have it."""
    return _decoded(row, codec, {})


def _decoded(row: Any, codec: Codec, raw: dict[str, Any]) -> Event:
    try:
        said = codec.decode_json(row.fields) if row.fields is not None else {}
        created_at = datetime.fromisoformat(text) if (text := said.pop("created_at", None)) else None
        if not all(isinstance(value, str) for value in said.values()):
            raise TypeError("a field that is no text")
        return Event(
            source=row.source, kind=Kind(row.kind), chatbot_id=row.chatbot_id, created_at=created_at, raw=raw, **said
        )
    except (AttributeError, TypeError) as error:
        raise ValueError("not the fields that this version knows: written by a newer version?") from error


def blank_event(row: Any) -> Event:
    """What stands in for an event that cannot be read, where nobody asks what it says."""
    return Event(source=row.source, kind=Kind.LEAD)


def ms_of(moment: datetime | None) -> int | None:
    """Milliseconds since 1970, as the tables keep time."""
    return round(moment.timestamp() * 1000) if moment else None
