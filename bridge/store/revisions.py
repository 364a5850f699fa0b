"""Revisions: is an event with this key new, known, or the same again with something to add?"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection

from bridge.core.identity import adds_nothing, content_of, digests_of, merged, telling, without_known_name
from bridge.model.event import Event
from bridge.store import bulk
from bridge.store.arrival import Candidate, decode_fields, encode_fields
from bridge.store.codec import Codec


class _Row(NamedTuple):
    id: int
    key: str
    revision: int
    signed_at: int
    stale: bool
    person: str
    fields: bytes | None
    digests: str | None
    source: str
    kind: str
    chatbot_id: str


_OF_KEYS = f"SELECT {', '.join(_Row._fields)} FROM events WHERE key {{among}} ORDER BY revision"  # noqa: S608


class Verdict(NamedTuple):
    """A revision to store. `person` is that of the first one: whatever is learnt later, the lane stays."""

    number: int
    stale: bool  # signed before the newest known one: kept, not delivered
    person: str  # empty for a first revision
    fields: bytes  # with all that is known, encoded
    signed_at: int  # seconds
    older: tuple[int, ...] = ()  # ids of the stored events under its key


@dataclass(slots=True)
class _Known:
    """One known revision; what it said is decoded when somebody compares, which nobody does with most of them."""

    id: int  # 0: of this transaction
    number: int
    signed_at: int
    stale: bool
    person: str
    said: _Row | Candidate
    digests: dict[str, str] | None


class Revisions:
    """The keys that one transaction meets, with all that is known under them."""

    def __init__(self, connection: Connection, keys: Iterable[str], *, salt: bytes, codec: Codec) -> None:
        self._salt = salt
        self._codec = codec
        self._known: dict[str, list[_Known]] = {}
        for row in map(_Row._make, bulk.among(connection, _OF_KEYS, keys)):
            digests = json.loads(row.digests) if row.digests else None
            found = _Known(row.id, row.revision, row.signed_at, bool(row.stale), row.person, row, digests)
            self._known.setdefault(row.key, []).append(found)

    def persons(self) -> set[str]:
        """Whom the known events are about."""
        return {one.person for known in self._known.values() for one in known}

    def judge(self, candidate: Candidate) -> Verdict | None:
        """What to store of the candidate; None where it says nothing new.

        A revision carries everything that is known: what only the newest known one said is filled in. What was said
        before that one, and comes signed anew, only fills its gaps; what tells nothing (a masked address) replaces
        nothing.
        """
        known = self._known.get(candidate.key)
        if not known:
            return Verdict(1, stale=False, person="", fields=candidate.fields, signed_at=candidate.signed_at)
        newest = max((one for one in known if not one.stale), key=lambda one: (one.signed_at, one.number))
        # Where the sender says no time, what comes later is newer, whatever has become of our clock.
        signed_at = candidate.signed_at if candidate.told else max(candidate.signed_at, newest.signed_at)
        stale = signed_at < newest.signed_at
        # What was only ever kept as stale was never delivered: newly signed, it is news.
        heard = known if stale else [one for one in known if not one.stale]
        event, fields = telling(decode_fields(candidate, self._codec)), candidate.fields
        said = self._digests(event, candidate.region)
        if adds_nothing(said, self._all_digests(heard, candidate.region)):
            return None
        if not stale and (before := self._event_of(newest)):
            event = without_known_name(event, before)
            if adds_nothing(said, self._all_digests(known, candidate.region)):
                event = self._with_gaps_filled(before, known, event)
            if adds_nothing(self._digests(event, candidate.region), self._all_digests([newest], candidate.region)):
                return None
            fields = encode_fields(merged(event, before), self._codec)
        number = max(one.number for one in known) + 1
        older = tuple(one.id for one in known if one.id)
        return Verdict(number, stale, known[0].person, fields, signed_at, older)

    def add(self, candidate: Candidate, verdict: Verdict, *, person: str) -> None:
        """Later candidates of the same transaction are compared with this one too."""
        said = candidate if verdict.number == 1 else candidate._replace(fields=verdict.fields)
        found = _Known(0, verdict.number, verdict.signed_at, verdict.stale, person, said, None)
        self._known.setdefault(candidate.key, []).append(found)

    def _with_gaps_filled(self, newest: Event, known: list[_Known], again: Event) -> Event:
        """The newest event with what only stale ones said, and `again`, which says what one of them did: it is told
        late, and changes nothing that was told since.
        """
        told = newest
        for one in sorted(known, key=lambda one: one.signed_at, reverse=True):
            if one.stale and (event := self._event_of(one)):
                told = merged(told, event)
        return merged(told, again)

    def _all_digests(self, known: list[_Known], region: str) -> list[dict[str, str]]:
        for revision in known:
            if revision.digests is None:
                event = self._event_of(revision)
                revision.digests = self._digests(event, region) if event else {}
        return [revision.digests or {} for revision in known]

    def _digests(self, event: Event, region: str) -> dict[str, str]:
        return digests_of(content_of(event, region=region), salt=self._salt)

    def _event_of(self, known: _Known) -> Event | None:
        """None once the payload is purged, or where it cannot be read: that must not keep out all that comes under its
        key. What it said is unknown, and is said again.
        """
        try:
            return decode_fields(known.said, self._codec) if known.said.fields is not None else None
        except ValueError:
            return None
