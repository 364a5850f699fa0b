"""Map: an Event becomes the Records that a target gets. Late, so that a repaired mapping applies on replay.

Without a mapping a target gets one record: the whole canonical event, in the words that every connector shares.
"""

from datetime import datetime
from typing import Any

from bridge.model.delivery import Claim
from bridge.model.event import StoredEvent
from bridge.model.record import Record


def records_for(claim: Claim) -> list[Record]:
    """The records of one delivery, in the order in which they are to be written."""
    stored = claim.stored
    return [
        Record(
            name="event",
            object="event",
            key=stored.key,
            fields=whole_event(stored),
            idempotency_key=idempotency_key(claim),
            uncertain=claim.uncertain,
            if_empty=claim.if_empty,
        )
    ]


def idempotency_key(claim: Claim) -> str:
    """Key and revision: the same on every attempt and replay, another for other content or `replay --as-new`."""
    copy = f"-{claim.copy}" if claim.copy else ""
    return f"{claim.stored.key}-{claim.stored.revision}{copy}"


def whole_event(stored: StoredEvent) -> dict[str, Any]:
    """The canonical event as one JSON object."""
    event = stored.event
    return {
        "id": stored.id,
        "key": stored.key,
        "revision": stored.revision,
        "source": event.source,
        "kind": event.kind.value,
        "chatbot_id": event.chatbot_id,
        "session_id": event.session_id,
        "first_name": event.first_name,
        "last_name": event.last_name,
        "email": event.email,
        "phone": event.phone,
        "content": event.content,
        "page_url": event.page_url,
        "created_at": _iso(event.created_at),
        "received_at": _iso(stored.received_at),
        "raw": event.raw,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
