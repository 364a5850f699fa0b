"""Look: finds what is at the org already: by the link, by our key in an external id field, by the fields that the
operator names, and, where an earlier attempt may have written it, by what was written. SOQL sees what was committed at
once; the search index of SOSL lags.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bridge.connector import Outcome, Reject
from connectors.salesforce.change import mark_of, value_of
from connectors.salesforce.contact import name_at_contact
from connectors.salesforce.errors import outcome_of_look
from connectors.salesforce.org import Org
from connectors.salesforce.said import Said
from connectors.salesforce.soql import Ask
from connectors.salesforce.sought import PHONES, anchor_of, contradicts, holds, is_equal, sought_of, spelled
from connectors.salesforce.work import PREFIXES, Work, refers_to

RECENT = "CreatedDate = LAST_N_DAYS:30"  # longer than an attempt is tried again

_OF_A_LEAD = {"IsConverted", "ConvertedContactId", "Description"}


@dataclass(slots=True)
class Found:
    """What the org has, by object; newest first."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, object_: str, rows: Iterable[dict[str, Any]]) -> None:
        known = self.rows.setdefault(object_, [])
        ids = {row.get("Id") for row in known}
        known += [row for row in rows if isinstance(row.get("Id"), str) and row["Id"] not in ids]
        known.sort(key=lambda row: str(row.get("CreatedDate")), reverse=True)

    def by_id(self, object_: str, id_: str) -> dict[str, Any] | None:
        return next((row for row in self.rows.get(object_, ()) if row["Id"][:15] == id_[:15]), None)


class Look:
    """One look at the org, for many records. `contact_has`: the fields of a Contact, see `name_at_contact`."""

    def __init__(self, org: Org, contact_has: frozenset[str] | None) -> None:
        self._org = org
        self._settings = org.settings
        self._contact_has = contact_has
        self.found = Found()

    def at_org(self, works: Iterable[Work]) -> Outcome | None:
        """Asks for all that may be there of these records; gives what keeps it from knowing."""
        asks: dict[tuple[str, bool], Ask] = {}
        for work in works:
            self._add(asks, work)
        asked = [(ask, query) for ask in asks.values() for query in ask.queries()]
        answer = self._org.query([query for _, query in asked])
        if isinstance(answer, Said):
            return outcome_of_look(answer)
        for (ask, _), rows in zip(asked, answer, strict=True):
            self.found.add(ask.object, [_as_asked(row, ask.select) for row in rows])
        return None

    def row_of(self, work: Work) -> tuple[str, dict[str, Any]] | Reject | None:
        """The object and the row that is this record; None: there is none. A converted Lead is the Contact that it
        became, of which the row may have to be looked for: then it has nothing but an `Id`.
        """
        found: tuple[str, dict[str, Any]] | Reject | None
        if work.known and work.known not in work.gone:
            object_ = work.known_object
            row = self.found.by_id(object_, work.known)
            if row is None:
                work.gone.add(work.known)
            elif found := self._followed(work, object_, row):
                return found
        if (key := self._settings.external_ids.get(work.record.object)) is not None:
            mine = [row for row in self.found.rows.get(work.record.object, ()) if row.get(key) == work.record.key]
            if mine and (found := self._followed(work, work.record.object, mine[0])):
                return found
        if found := self._matching(work):
            return found
        return self._written_before(work) if work.record.uncertain and key is None else None

    # -- what is asked

    def _add(self, asks: dict[tuple[str, bool], Ask], work: Work) -> None:
        record = work.record
        if work.known and work.known not in work.gone:
            self._ask(asks, work, work.known_object).add("Id", [work.known])
        if key := self._settings.external_ids.get(record.object):
            self._ask(asks, work, record.object).add(key, [record.key])
        for name, value in sought_of(record):
            for object_, at in self._places(work, name):
                for place, values in spelled(at, value, object_):
                    self._ask(asks, work, object_).add(place, values)
        anchor = anchor_of(record)
        if record.uncertain and anchor and not (key or work.known or refers_to(record.fields)):
            name, text = anchor
            self._ask(asks, work, record.object, recent=True).add(name, [text])

    def _ask(self, asks: dict[tuple[str, bool], Ask], work: Work, object_: str, *, recent: bool = False) -> Ask:
        ask = asks.setdefault((object_, recent), Ask(object_, also=RECENT if recent else ""))
        ask.select |= set(self._names(work, object_))
        if object_ == "Lead":
            ask.select |= _OF_A_LEAD
        if object_ == "Contact":
            ask.select.add("Description")
        if (key := self._settings.external_ids.get(object_)) is not None and object_ == work.record.object:
            ask.select.add(key)
        return ask

    def _names(self, work: Work, object_: str) -> Iterator[str]:
        names = [*work.record.fields, *work.record.match]
        if object_ in PREFIXES.values() and any(name in PHONES for name in names):
            names += PHONES
        for name in names:
            if at := self._named(work, name, object_):
                yield at

    def _named(self, work: Work, name: str, object_: str) -> str | None:
        """The name of the record's field at this object; None where it has none."""
        if object_ == "Contact" and work.record.object == "Lead":
            return name_at_contact(name, has=self._contact_has)
        return name

    def _places(self, work: Work, name: str) -> Iterator[tuple[str, str]]:
        """The objects in which to look for a record by this field of it, and the field's name there."""
        for object_ in self._objects(work):
            if at := self._named(work, name, object_):
                yield object_, at

    def _objects(self, work: Work) -> tuple[str, ...]:
        both = work.record.object == "Lead" and self._settings.match_contacts
        return ("Contact", "Lead") if both else (work.record.object,)

    # -- what is found

    def _matching(self, work: Work) -> tuple[str, dict[str, Any]] | Reject | None:
        """By each match field in turn: a Contact, an open Lead, a converted one. One that an earlier field speaks
        against is somebody else: a family shares a phone, and each has an email address.
        """
        against: list[tuple[str, str]] = []
        for name, value in sought_of(work.record):
            for object_, at in self._places(work, name):
                said = [(there, text) for other, text in against if (there := self._named(work, other, object_))]
                rows = [
                    row
                    for row in self.found.rows.get(object_, ())
                    if row["Id"] not in work.gone
                    and holds(row, at, value)
                    and not any(contradicts(row, there, text) for there, text in said)
                ]
                rows.sort(key=lambda row: bool(row.get("IsConverted")))
                alive = [found for row in rows if (found := self._followed(work, object_, row))]
                if len({found[1]["Id"] for found in alive}) > 1 and self._settings.on_multiple == "reject":
                    ids = ", ".join(found[1]["Id"] for found in alive[:5])
                    return Reject(f"{len(alive)} records match by {name}: {ids}", cause=f"several match by {name}")
                if alive:
                    return alive[0]
            against.append((name, value))
        return None

    def _followed(self, work: Work, object_: str, row: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
        """A converted Lead is the Contact that it became; None where that is gone."""
        if not row.get("IsConverted"):
            return object_, row
        contact = row.get("ConvertedContactId")
        if not isinstance(contact, str) or not contact or contact in work.gone:
            return None
        return "Contact", self.found.by_id("Contact", contact) or {"Id": contact}

    def _written_before(self, work: Work) -> tuple[str, dict[str, Any]] | None:
        """What an earlier attempt of ours made: with our mark where it has one, else with all that we wrote."""
        record = work.record
        if refers_to(record.fields):
            return None  # what it hangs on is not there yet, so neither is it
        signed = [name for name, how in record.writes.items() if how == "append" and record.fields.get(name)]
        for row in self.found.rows.get(record.object, ()):
            if row["Id"] in work.gone:
                continue
            if signed:
                ours = any(mark_of(record) in str(row.get(name)) for name in signed)
            else:
                ours = all(is_equal(row.get(name), value_of(value)) for name, value in record.fields.items())
            if ours and (found := self._followed(work, record.object, row)):
                return found
        return None


def _as_asked(row: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """A row with its fields by the names that were asked for, too: the org reads them in any case, and
    writes them in its own.
    """
    by_lower = {name.lower(): value for name, value in row.items()}
    return row | {name: by_lower[name.lower()] for name in names if name.lower() in by_lower}
