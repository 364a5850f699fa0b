"""Written: what one attempt has written so far, and what later records take from it."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from bridge.errors import MappingError
from bridge.model.delivery import Claim
from bridge.model.record import LEFT_OUT, Delivered, Later, Link, Record, Ref, Skipped


class Written:
    """What one attempt has written so far."""

    def __init__(self) -> None:
        self.links: list[Link] = []
        self.degraded: list[str] = []
        self._known: dict[str, dict[str, str]] = {}  # by the record's name: its id and url
        self._not_taken: dict[str, dict[str, Any]] = {}  # by the record's name: the fields that it went without
        self._last = Delivered()
        self._keeps_all = False  # also links of records without an id
        self._applies = False
        self._before: list[Record] = []  # written by earlier attempts of this delivery

    def begin(self, records: list[Record], claim: Claim) -> list[Record]:
        """Those still to be written: not what an earlier attempt of this delivery wrote, nor what is only to be created
        and is known to be there.
        """
        self._applies = bool(records)
        self._keeps_all = len(records) > 1 or any(record.mode == "create" for record in records)
        missing = []
        for record in records:
            at = record.key, record.object
            if at not in claim.done and (record.mode != "create" or at not in claim.links):
                missing.append(record)
                continue
            link = claim.links[at]
            if link.crm_id:
                self._known[record.name] = {"id": link.crm_id, "url": link.url}
            if at in claim.done:
                self._before.append(record)
                self._went_without(record, link.not_taken)
        return missing

    def add(self, record: Record, outcome: Delivered) -> None:
        """A record without an id is noted all the same where others follow: so that it is not written again. One
        that was changed by its id keeps that, where the answer names none.
        """
        id_ = outcome.id or record.known_id or ""
        if id_ or self._keeps_all:
            self.links.append(Link(record.object, record.key, id_, outcome.url, outcome.not_taken))
        if id_:
            self._known[record.name] = {"id": id_, "url": outcome.url}
        if outcome.degraded:
            self.degraded.append(outcome.degraded)
        self._went_without(record, outcome.not_taken)
        self._last = outcome

    def renewed(self, rejected: Record) -> list[Record]:
        """Those that the rejected one refers to, and that an earlier attempt wrote: they may be gone by now (deleted,
        merged), of which nobody hears who does not write them again. Each is given once.
        """
        asked = {name for value in rejected.fields.values() for name in _names_in(value)}
        found = [record for record in self._before if record.known_id and record.name in asked]
        for record in found:
            self._before.remove(record)
            self._known.pop(record.name, None)
            self._not_taken.pop(record.name, None)
        return found

    def resolved(self, record: Record) -> Record:
        """The record with the ids of earlier ones in its fields; raises MappingError where one has none."""
        found = self._resolved(record)
        for name, value in found.fields.items():
            if isinstance(value, Ref):
                raise MappingError(f"{record.name}.{name}", f"the target named no id for record {value.record!r}")
        return found

    def resolved_so_far(self, record: Record, *, beside: Collection[str]) -> Record | None:
        """The same where the records `beside` it are written in one call: a `Ref` to one of them stays. None: something
        must be computed from what the call brings, so the record has to wait for it.
        """
        asked = [value.records for value in record.fields.values() if isinstance(value, Later)]
        if any(records & set(beside) for records in asked):
            return None
        found = self._resolved(record)
        refs = {value.record for value in found.fields.values() if isinstance(value, Ref)}
        return found if refs <= set(beside) else self.resolved(record)  # which raises

    def ended(self) -> Delivered | Skipped:
        """What came of it, where all that was missing is written."""
        return self._last if self._applies else Skipped()

    def _went_without(self, record: Record, names: Collection[str]) -> None:
        values = {name: self._value(value, name) for name, value in record.fields.items() if name in names}
        if found := {name: value for name, value in values.items() if value is not LEFT_OUT}:
            self._not_taken[record.name] = found

    def _resolved(self, record: Record) -> Record:
        if self._not_taken:
            record = replace(record, not_taken=dict(self._not_taken))
        if not any(isinstance(value, Ref | Later) for value in record.fields.values()):
            return record
        found = {name: self._value(value, f"{record.name}.{name}") for name, value in record.fields.items()}
        return replace(record, fields={name: value for name, value in found.items() if value is not LEFT_OUT})

    def _value(self, value: object, at: str) -> object:
        if isinstance(value, Ref):
            return self._known[value.record]["id"] if value.record in self._known else value
        if not isinstance(value, Later):
            return value
        for name in value.records - self._known.keys():
            raise MappingError(at, f"the target named no id for record {name!r}")
        return value.compute(self._known)


def _names_in(value: object) -> Collection[str]:
    """The records that a field's value refers to."""
    return {value.record} if isinstance(value, Ref) else value.records if isinstance(value, Later) else ()
