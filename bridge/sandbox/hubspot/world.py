"""What everything in a portal works on: records, settings, properties, unique values, what search has found so far.

Kinds of the store that begin with _ are the sandbox's own: _unique (who has a value), _association, _merged, _property.
"""

import json
import math
import time
from collections import ChainMap, deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bridge.sandbox.crm.records import Record, Records
from bridge.sandbox.hubspot.errors import Refused
from bridge.sandbox.hubspot.schema import KINDS, Kind, Property, Schema, changed_property

_FIRST_ID = 501


class World:
    """One portal. `settings` and `schema` are replaced when settings change."""

    def __init__(self, records: Records, settings: Mapping[str, Any], schema: Schema) -> None:
        self.records, self.settings, self.schema = records, settings, schema
        self._journal: deque[tuple[float, str, str, Record]] = deque()  # changes that search has yet to see
        self.restart()

    def restart(self) -> None:
        """Takes over what is in the store, all of it as found by search."""
        every = [record for kind in KINDS for record in self.records.all(kind)]
        self._last_id = max((int(record["id"]) for record in every), default=_FIRST_ID - 1)
        self._found: dict[str, dict[str, Record]] = {
            kind: {record["id"]: record for record in self.records.all(kind)} for kind in KINDS
        }
        self._journal.clear()
        self.define()

    def define(self) -> None:
        """Takes over the properties that were made through the API."""
        self._made: dict[str, dict[str, Property]] = {kind: {} for kind in KINDS}
        for record in self.records.all("_property"):
            made = changed_property(record["kind"], record["name"], record["parts"])
            self._made[record["kind"]][made.name] = made

    def properties(self, kind: Kind) -> Mapping[str, Property]:
        """All properties of this kind by name; to be read only."""
        return ChainMap(self._made[kind.name], self.schema[kind.name])

    @property
    def now(self) -> datetime:
        """The moment in UTC, to the millisecond."""
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    @property
    def portal_id(self) -> int:
        return int(self.settings["portal_id"])

    def next_id(self) -> str:
        """An id that no record of any kind has had."""
        self._last_id += 1
        return str(self._last_id)

    def mark(self) -> tuple[int, int]:
        """The point to which `undo` may go back, until the call has ended."""
        return self.records.mark(), len(self._journal)

    def undo(self, mark: tuple[int, int]) -> None:
        """Takes back all changes since the mark."""
        self.records.undo(mark[0])
        while len(self._journal) > mark[1]:
            self._journal.pop()
        self.define()

    def write(self, kind: Kind, record: Record) -> None:
        """The record as it now is; its unique values become its own. `Refused` if another record has one of them."""
        key, old = record["id"], self.records.get(kind.name, record["id"])
        had = self._claims(kind, old) if old else {}
        has = self._claims(kind, record)
        for (name, value), shown in has.items():
            holder = self.records.get("_unique", _claim(kind, name, value))
            if holder is not None and holder["id"] != key:
                raise self._clash(kind, name, shown, key, holder["id"])
        for claim in had.keys() - has.keys():
            self.records.put("_unique", _claim(kind, *claim), None)
        for claim in has.keys() - had.keys():
            self.records.put("_unique", _claim(kind, *claim), {"id": key})
        self.records.put(kind.name, key, record)
        self._journal.append((time.monotonic(), kind.name, key, record))

    def holder(self, kind: Kind, name: str, value: str) -> Record | None:
        """Which record has this unique value: its id, and since which merge, if by one."""
        return self.records.get("_unique", _claim(kind, name, value.strip().lower()))

    def get(self, kind: Kind, key: str, *, archived: bool = False) -> Record | None:
        """The record with this id, or, after a merge, that it has become part of, as the setting `merged_ids` says."""
        merged = self.records.get("_merged", f"{kind.name}/{key}")
        if merged is not None and self.settings["merged_ids"] == "follow":
            return self.get(kind, merged["into"], archived=archived)
        record = self.records.get(kind.name, key)
        return record if record is not None and record["archived"] is archived else None

    def found(self, kind: Kind) -> list[Record]:
        """The records as search knows them: as they were `search_lag_s` ago."""
        self.catch_up(until=time.monotonic() - self.settings["search_lag_s"])
        return [record for record in self._found[kind.name].values() if not record["archived"]]

    def find_at_once(self, kind: Kind, record: Record) -> None:
        """Search knows this record already."""
        self._found[kind.name][record["id"]] = record

    def begin(self) -> tuple[int, int]:
        """A call begins: the point to which `undo` may go back. What search may see by now is no longer remembered."""
        self.catch_up(until=time.monotonic() - self.settings["search_lag_s"])
        return self.mark()

    def catch_up(self, *, until: float = math.inf) -> None:
        """Search now finds everything as it was at that moment of the monotonic clock; never amid a call."""
        while self._journal and self._journal[0][0] <= until:
            _, name, key, record = self._journal.popleft()
            self._found[name][key] = record

    def _claims(self, kind: Kind, record: Record) -> dict[tuple[str, str], str]:
        """The unique values of a record in lower case, each with how it is shown."""
        if record["archived"]:
            return {}
        values: dict[str, str] = record["properties"]
        made = [name for name, made in self._made[kind.name].items() if made.hasUniqueValue]
        names = [name for name, one in self.schema[kind.name].items() if one.hasUniqueValue]
        claims = {(name, values[name].lower()): values[name] for name in {*names, *made} if values.get(name)}
        if kind.name == "contacts":
            claims |= {("email", address): address for address in additional(record)}
        return claims

    def _clash(self, kind: Kind, name: str, value: str, key: str, holder: str) -> Refused:
        if (kind.name, name) == ("contacts", "email"):
            return Refused(f"Contact already exists. Existing ID: {holder}", "CONFLICT", status=409)
        place = f"portalId={self.portal_id}, objectTypeId=ObjectTypeId{{legacyObjectType={kind.legacy}}}"
        message = (
            f"Cannot set PropertyValueCoordinates{{{place}, propertyName={name}, value={value}}} on {key}. "
            f"{holder} already has that value."
        )
        status = int(self.settings["unique_clash_status"])
        return Refused(message, "CONFLICT" if status == 409 else "VALIDATION_ERROR", status=status)


def additional(record: Record) -> list[str]:
    """The further e-mail addresses of a contact."""
    return [one for one in str(record["properties"].get("hs_additional_emails") or "").split(";") if one]


def _claim(kind: Kind, name: str, value: str) -> str:
    return f"{kind.name}/{name}/{json.dumps(value)}"  # a value may have what no database takes
