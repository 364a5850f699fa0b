"""Looking: whether an object is there already, before anything is written: by its id, a unique property, a search, or
among what is associated with its contact. It writes nothing; where it cannot look, the row gets its outcome.
"""

from collections.abc import Iterable, Sequence

from bridge.connector import Reject
from connectors.hubspot.objects import ACTIVITIES, CONTACTS, EMAILS, addresses_in
from connectors.hubspot.reconcile import reconcile
from connectors.hubspot.row import Row
from connectors.hubspot.searching import search
from connectors.hubspot.standing import heed
from connectors.hubspot.work import Found, Work, chunks

MERGED = ("hs_all_contact_vids", "hs_merged_object_ids")  # the ids that a contact has had, with ; between them


def look(rows: Sequence[Row], work: Work) -> None:
    """Finds what is there of these rows of one object; each has an outcome afterwards, or can be written."""
    for row in rows:
        row.looked = True
    _by_unique_value(rows, work)
    _by_search(rows, work)
    _by_contact(rows, work)
    _what_stands(rows, work)
    for row in _open(rows):
        if row.id and row.there is not None and not heed(row, row.there):
            row.deliver(row.id, work.page(row.object, row.id))


def unique_of(row: Row, work: Work) -> str:
    """The property that is unique to the row's key; empty: none is configured."""
    unique = work.settings.unique
    if row.object == CONTACTS:
        return unique.contact
    return unique.activity if row.object in ACTIVITIES else ""


def _by_unique_value(rows: Sequence[Row], work: Work) -> None:
    """By email address or our own key, where an upsert or a unique value does not do it."""
    by_email = [row for row in _unknown(rows) if row.email and (row.needs_look or set(row.record.match) - {"email"})]
    for chunk in chunks(by_email):
        for row, found in _read(chunk, [row.email for row in chunk], work, by="email"):
            row.id, row.there = found
    mine = [row for row in _unknown(rows) if not row.email and _asks_for_key(row, work)]
    for chunk in chunks(mine):
        by = unique_of(chunk[0], work)
        for row, found in _read(chunk, [row.record.key for row in chunk], work, by=by):
            row.id, row.there = found


def _asks_for_key(row: Row, work: Work) -> bool:
    is_upserted = row.object == CONTACTS
    return bool(unique_of(row, work)) and (row.needs_look or (row.record.uncertain and not is_upserted))


def _by_search(rows: Sequence[Row], work: Work) -> None:
    search([row for row in _unknown(rows) if row.record.match or (row.object == CONTACTS and not row.email)], work)


def _by_contact(rows: Sequence[Row], work: Work) -> None:
    """What an attempt before may have made, among what is associated with its contact."""
    lost = [row for row in _unknown(rows) if row.record.uncertain and row.object != CONTACTS]
    lost = [row for row in lost if not (unique_of(row, work) or row.only_change) and row.correct("reconcile")]
    for row in [row for row in lost if not row.to and not any(map(row.properties.get, row.record.match))]:
        reason = f"it may be in HubSpot already, and these {row.object} have no association by which to look"
        row.outcome = Reject(
            f"{reason}: look there, and replay as new what is missing", cause="uncertain, no way to look"
        )
    reconcile([row for row in lost if row.to], work)


def _what_stands(rows: Sequence[Row], work: Work) -> None:
    asked = [row for row in _open(rows) if row.id and row.needs_look and row.there is None]
    for chunk in chunks(asked):
        for row, found in _read(chunk, [row.id or "" for row in chunk], work):
            row.id, row.there = found
        for row in _open(chunk) if work.stopped is None else ():
            if row.there is None:
                row.aim(None)
                row.looked = not row.correct("gone")


def _read(rows: Sequence[Row], ids: Sequence[str], work: Work, *, by: str = "") -> list[tuple[Row, Found]]:
    """Each row with what is there of it."""
    if work.stopped is not None or not rows:
        return []
    asked = {*EMAILS, *MERGED} if rows[0].object == CONTACTS else set()
    names = sorted({name for row in rows for name in row.properties} | asked | ({by} - {""}))
    found = work.read(rows, ids, properties=names, by=by)
    if found is None:
        return []
    if len(rows) == 1 and not by:  # one that was merged answers with the id of the one that is left
        return [(rows[0], one) for one in found[:1]]
    known = {value: one for one in found for value in _values(one, by)} | {one[0]: one for one in found if not by}
    return [(row, known[id_]) for row, id_ in zip(rows, ids, strict=True) if id_ in known]


def _values(found: Found, by: str) -> list[str]:
    """By which values of the property the object is found; without one: by which ids of others, merged into it."""
    _, properties = found
    if by == "email":
        return addresses_in(properties)
    texts = [text for name in ((by,) if by else MERGED) if isinstance(text := properties.get(name), str)]
    return texts if by else [one for text in texts for one in text.split(";")]


def _open(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.outcome is None]


def _unknown(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.outcome is None and row.id is None]
