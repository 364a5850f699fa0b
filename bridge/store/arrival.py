"""Arrival: what one verified request brings, hashed and encoded by the thread that answers it, so that the one
thread that writes has little left to do.
"""

import marshal
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bridge.core.identity import Alias, aliases_of, key_of, keyed_hash
from bridge.core.normalise import vendor_object
from bridge.model.event import Event, Kind, Reading
from bridge.model.rules import SourceRule
from bridge.store.codec import Codec


@dataclass(slots=True)
class Candidate:
    """One event on its way into the store."""

    event: Event
    raw: bytes  # encoded
    fields: bytes  # encoded
    key: str
    aliases: tuple[Alias, ...]
    region: str
    signed_at: int  # seconds
    received_at: int  # ms


@dataclass(slots=True)
class Arrival:
    """What one request brings."""

    source: str
    candidates: list[Candidate]
    unreadable: list[dict[str, Any]] = field(default_factory=list)  # rows of quarantine
    ignored: int = 0
    size_bytes: int = 0  # of what came


def prepare(
    reading: Reading, *, source: SourceRule, signed_at: int, received_at: int, salt: bytes, codec: Codec
) -> Arrival:
    """The arrival of what was read. `signed_at` in seconds, `received_at` in ms."""
    candidates = [
        Candidate(
            event=event,
            raw=codec.encode(raw),
            fields=encode_fields(event, codec),
            key=key_of(event, salt=salt),
            aliases=aliases_of(event, region=source.phone_region, salt=salt),
            region=source.phone_region,
            signed_at=signed_at,
            received_at=received_at,
        )
        for event, raw in reading.events
    ]
    unreadable = [
        {
            "source": source.name,
            "hash": keyed_hash(salt, "quarantine", source.name, part.raw.hex()),
            "received_at": received_at,
            "signed_at": signed_at,
            "path": part.path,
            "reason": part.reason,
            "raw": codec.encode(part.raw),
        }
        for part in reading.unreadable
    ]
    size_bytes = sum([len(raw) for _, raw in reading.events]) + sum([len(part.raw) for part in reading.unreadable])
    return Arrival(source.name, candidates, unreadable, reading.ignored, size_bytes)


def packed(arrival: Arrival) -> bytes:
    """The arrival for another process of the same program: plain tuples, by the quickest way that Python knows."""
    candidates = [
        (
            (e.source, e.kind.value, e.chatbot_id, e.session_id, e.first_name, e.last_name, e.email, e.phone, e.content,
             e.page_url, e.created_at.isoformat() if e.created_at else None),
            c.raw, c.fields, c.key, [(alias.hash, alias.rank) for alias in c.aliases], c.region, c.signed_at,
            c.received_at,
        )
        for c in arrival.candidates
        for e in [c.event]
    ]  # fmt: skip
    return marshal.dumps((arrival.source, candidates, arrival.unreadable, arrival.ignored, arrival.size_bytes))


def unpacked(data: bytes) -> Arrival:
    """The arrival again; its events have no vendor's object, which nobody who stores asks for. Raises ValueError,
    TypeError or EOFError for what is none.
    """
    source, candidates, unreadable, ignored, size_bytes = marshal.loads(data)  # noqa: S302  from our own process
    return Arrival(
        source,
        [
            Candidate(
                _event(said),
                raw,
                fields,
                key,
                tuple([Alias(*one) for one in aliases]),
                *rest,
            )
            for said, raw, fields, key, aliases, *rest in candidates
        ],
        unreadable,
        ignored,
        size_bytes,
    )


def _event(said: tuple[Any, ...]) -> Event:
    source, kind, *texts, created_at = said
    values = [source, Kind(kind), *texts, datetime.fromisoformat(created_at) if created_at else None]
    return Event(*values)


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
    try:
        return _decoded(row, codec)
    except (AttributeError, TypeError) as error:
        raise ValueError("not the fields that this version knows: written by a newer version?") from error


def _decoded(row: Any, codec: Codec) -> Event:
    said = codec.decode_json(row.fields) if row.fields is not None else {}
    created_at = datetime.fromisoformat(text) if (text := said.pop("created_at", None)) else None
    if not all(isinstance(value, str) for value in said.values()):
        raise TypeError("a field that is no text")
    raw = vendor_object(codec.decode(row.raw)) if row.raw is not None else {}
    return Event(
        source=row.source, kind=Kind(row.kind), chatbot_id=row.chatbot_id, created_at=created_at, raw=raw, **said
    )


def blank_event(row: Any) -> Event:
    """What stands in for an event that cannot be read, where nobody asks what it says."""
    return Event(source=row.source, kind=Kind.LEAD)


def ms_of(moment: datetime | None) -> int | None:
    """Milliseconds since 1970, as the tables keep time."""
    return round(moment.timestamp() * 1000) if moment else None
