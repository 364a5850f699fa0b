"""Revisions: is an event with this key new, known, or the same again with something to add?"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection

from bridge.core.identity import adds_nothing, content_of, digests_of, merged
from bridge.model.event import Event
from bridge.store import bulk
from bridge.store.arrival import Candidate, decode_event, encode_fields
from bridge.store.codec import Codec


class _Row(NamedTuple):
    id: int
    key: str
    revision: int
    signed_at: int
    stale: bool
    person: str
    fields: bytes | None
    raw: bytes | None
    digests: str | None
    source: str
    kind: str
    chatbot_id: str


_OF_KEYS = f"SELECT {', '.join(_Row._fields)} FROM events WHERE key {{among}} ORDER BY revision"  # noqa: S608


@dataclass(slots=True)
class _Known:
    """One known revision; its digests are made when somebody compares."""

    id: int  # 0: of this transaction
    number: int
    signed_at: int
    stale: bool
    person: str
    event: Event | None  # None once the payload is purged, or where it cannot be read
    digests: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A revision to store. `person` is that of the first one: whatever is learnt later, the lane stays."""

    number: int
    stale: bool  # signed before the newest known one: kept, not delivered
    person: str  # empty for a first revision
    event: Event  # with all that is known
    fields: bytes  # of it, encoded
    older: tuple[int, ...] = ()  # ids of the stored events under its key


class Revisions:
    """The keys that one transaction meets, with all that is known under them."""

    def __init__(self, connection: Connection, keys: Iterable[str], *, salt: bytes, codec: Codec) -> None:
        self._salt = salt
        self._codec = codec
        self._known: dict[str, list[_Known]] = {}
        for row in map(_Row._make, bulk.among(connection, _OF_KEYS, keys)):
            event = _readable(row, codec)
            digests = json.loads(row.digests) if row.digests else None
            found = _Known(row.id, row.revision, row.signed_at, bool(row.stale), row.person, event, digests)
            self._known.setdefault(row.key, []).append(found)

    def persons(self) -> set[str]:
        """Whom the known events are about."""
        return {one.person for known in self._known.values() for one in known}

    def judge(self, candidate: Candidate) -> Verdict | None:
        """What to store of the candidate; None where it says nothing new.

        A revision carries everything that is known: what only the newest known one said is filled in.
        """
        known = self._known.get(candidate.key)
        if not known:
            return Verdict(1, stale=False, person="", event=candidate.event, fields=candidate.fields)
        newest = max((one for one in known if not one.stale), key=lambda one: (one.signed_at, one.number))
        stale = candidate.signed_at < newest.signed_at
        # What was only ever kept as stale was never delivered: newly signed, it is news.
        seen = self._all_digests([one for one in known if stale or not one.stale], candidate.region)
        if adds_nothing(self._digests(candidate.event, candidate.region), seen):
            return None
        event, fields = candidate.event, candidate.fields
        if newest.event and not stale:
            event = merged(event, newest.event)
            fields = encode_fields(event, self._codec)
        number = max(one.number for one in known) + 1
        older = tuple(one.id for one in known if one.id)
        return Verdict(number, stale=stale, person=known[0].person, event=event, fields=fields, older=older)

    def add(self, candidate: Candidate, verdict: Verdict, *, person: str) -> None:
        """Later candidates of the same transaction are compared with this one too."""
        found = _Known(0, verdict.number, candidate.signed_at, verdict.stale, person, verdict.event, None)
        self._known.setdefault(candidate.key, []).append(found)

    def _all_digests(self, known: list[_Known], region: str) -> list[dict[str, str]]:
        for revision in known:
            if revision.digests is None:
                revision.digests = self._digests(revision.event, region) if revision.event else {}
        return [revision.digests or {} for revision in known]

    def _digests(self, event: Event, region: str) -> dict[str, str]:
        return digests_of(content_of(event, region=region), salt=self._salt)


def _readable(row: _Row, codec: Codec) -> Event | None:
    try:
        return decode_event(row, codec) if row.fields is not None else None
    except ValueError:  # it must not keep out all that comes under its key: what it said is unknown, and is said again
        return None
