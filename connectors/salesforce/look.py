"""Look: finds what is at the org already: by the link, by our key in an external id field, by the fields that the
operator names, and, where an earlier attempt may have written it, by what was written. SOQL sees what was committed at
once; the search index of SOSL lags.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bridge.connector import Reject
from connectors.salesforce.change import mark_of, sent
from connectors.salesforce.contact import name_at_contact
from connectors.salesforce.org import Org
from connectors.salesforce.reference import key_of, path_of
from connectors.salesforce.said import Said
from connectors.salesforce.soql import Ask
from connectors.salesforce.sought import PHONES, anchor_of, contradicts, holds, is_equal, sought_of, spelled
from connectors.salesforce.work import PREFIXES, Work, refers_to

RECENT = "CreatedDate = LAST_N_DAYS:30"  # longer than an attempt is tried again

_OF_A_LEAD = {"IsConverted", "ConvertedContactId", "Description"}


@dataclass(frozen=True, slots=True)
class Row:
    """A record at the org. `fields`: what stands in them; None where it is only known by its id, and has to be looked
    for by that.
    """

    object: str
    id: str
    fields: dict[str, Any] | None = None


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
    """One look at the org, for many records. `contact_has`: the fields of a Contact, see `name_at_contact`;
    `sees_contact`: whether our user may see one.
    """

    def __init__(self, org: Org, contact_has: frozenset[str] | None, *, sees_contact: bool) -> None:
        self._org = org
        self._settings = org.settings
        self._contact_has = contact_has
        self._sees_contact = sees_contact
        self.found = Found()

    def at_org(self, works: Iterable[Work]) -> Said | None:
        """Asks for all that may be there of these records; gives the answer that keeps it from knowing."""
        asks: dict[tuple[str, bool], Ask] = {}
        for work in works:
            self._add(asks, work)
        asked = [(ask, query) for ask in asks.values() for query in ask.queries()]
        answer = self._org.query([query for _, query in asked])
        if isinstance(answer, Said):
            return answer
        for (ask, _), rows in zip(asked, answer, strict=True):
            self.found.add(ask.object, [_as_asked(row, ask.select) for row in rows])
        return None

    def has_lost(self, work: Work) -> bool:
        """Whether the record that is known by its id is not there."""
        is_known = work.known and work.known not in work.gone
        return bool(is_known) and self.found.by_id(work.known_object, work.known) is None

    def row_of(self, work: Work) -> Row | Reject | None:
        """The row that is this record; None: there is none."""
        found: Row | Reject | None
        if work.known and work.known not in work.gone:
            object_ = work.known_object
            row = self.found.by_id(object_, work.known)
            if row and (found := self._followed(work, object_, row)):
                return found
            work.gone.add(work.known)
        mine = self.with_key(work)
        if mine and (found := self._followed(work, work.record.object, mine)):
            return found
        if found := self._matching(work):
            return found
        return self._written_before(work) if self.may_be_written(work) else None

    def may_be_written(self, work: Work) -> bool:
        """Whether an earlier attempt may have made it, so that it can only be known again by what was written."""
        is_known = work.known and work.known not in work.gone
        is_keyed = self._key(work) and not work.keyless
        return work.record.uncertain and not (is_known or is_keyed or refers_to(work.record.fields))

    def with_key(self, work: Work) -> dict[str, Any] | None:
        """The row that has our key, whatever became of it."""
        key, rows = self._key(work), self.found.rows.get(work.record.object, ())
        return next((row for row in rows if row.get(key) == work.record.key), None) if key else None

    def _add(self, asks: dict[tuple[str, bool], Ask], work: Work) -> None:
        record = work.record
        if work.known and work.known not in work.gone:
            self._ask(asks, work, work.known_object).add("Id", [work.known])
        if key := self._key(work):
            self._ask(asks, work, record.object).add(key, [record.key])
        for name, value in sought_of(record):
            for object_, at in self._places(work, name):
                for place, values in spelled(at, value, object_):
                    self._ask(asks, work, object_).add(place, values)
        if self.may_be_written(work):
            work.mark_sought = True
            if anchor := anchor_of(record, strayed=work.strayed):
                name, text = anchor
                self._ask(asks, work, record.object, recent=True).add(name, [text])

    def _ask(self, asks: dict[tuple[str, bool], Ask], work: Work, object_: str, *, recent: bool = False) -> Ask:
        ask = asks.setdefault((object_, recent), Ask(object_, also=RECENT if recent else ""))
        ask.select |= set(self._names(work, object_))
        if object_ == "Lead":
            ask.select |= _OF_A_LEAD if self._sees_contact else _OF_A_LEAD - {"ConvertedContactId"}
        if object_ == "Contact" and name_at_contact("Description", has=self._contact_has):
            ask.select.add("Description")
        if (key := self._settings.external_ids.get(object_)) is not None and object_ == work.record.object:
            ask.select.add(key)
        return ask

    def _names(self, work: Work, object_: str) -> Iterator[str]:
        names = [*work.record.fields, *work.record.match]
        if object_ in PREFIXES.values() and any(name in PHONES for name in names):
            names += PHONES
        for name in names:
            at = self._named(work, name, object_)
            if at and key_of(name, value := work.record.fields.get(name)):
                at = path_of(at, value)
            if at:
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
        both = work.record.object == "Lead" and self._settings.match_contacts and self._sees_contact
        return ("Contact", "Lead") if both else (work.record.object,)

    def _key(self, work: Work) -> str | None:
        """The external id field of the record's object."""
        return self._settings.external_ids.get(work.record.object)

    def _matching(self, work: Work) -> Row | Reject | None:
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
                if len({found.id for found in alive}) > 1 and self._settings.on_multiple == "reject":
                    ids = ", ".join(found.id for found in alive[:5])
                    return Reject(f"{len(alive)} records match by {name}: {ids}", cause=f"several match by {name}")
                if alive:
                    return alive[0]
            against.append((name, value))
        return None

    def _followed(self, work: Work, object_: str, row: dict[str, Any]) -> Row | None:
        """A converted Lead is the Contact that it became; None where that is gone, or not for us to see."""
        if not row.get("IsConverted"):
            return Row(object_, row["Id"], row)
        work.unfollowed |= not self._sees_contact
        contact = row.get("ConvertedContactId")
        if not isinstance(contact, str) or not contact or contact in work.gone or not self._sees_contact:
            return None
        return Row("Contact", contact, self.found.by_id("Contact", contact))

    def _written_before(self, work: Work) -> Row | None:
        """What an earlier attempt of ours made: with our mark where it has one, else with all that we wrote."""
        record = work.record
        signed = [name for name, how in record.writes.items() if how == "append" and record.fields.get(name)]
        told = {name: value for name, value in record.fields.items() if not (work.strayed and name == "WhoId")}
        ours = []
        for row in self.found.rows.get(record.object, ()):
            if row["Id"] in work.gone:
                continue
            if signed:
                is_ours = any(mark_of(record) in str(row.get(name)) for name in signed)
            else:
                is_ours = all(is_equal(row.get(name), sent(name, value)) for name, value in told.items())
            if is_ours and (found := self._followed(work, record.object, row)):
                ours.append(found)
        is_told = signed or not work.strayed or len(ours) == 1  # without a mark, and whose it is: if there is one alone
        return ours[0] if ours and is_told else None


def _as_asked(row: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """A row with its fields by the names that were asked for, too: the org reads them in any case, and
    writes them in its own.
    """
    by_lower = {name.lower(): value for name, value in row.items()}
    asked = [name.partition(".")[0] for name in names]
    return row | {name: by_lower[name.lower()] for name in asked if name.lower() in by_lower}
