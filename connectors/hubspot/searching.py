"""Searching: finds objects by what cannot be unique. HubSpot's search lags seconds behind and is a guess: what it gives
counts only where it is exactly what was asked for, and only where it is one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bridge.connector import found_at
from connectors.hubspot.objects import CONTACTS, EMAILS, NAMES, addresses_in
from connectors.hubspot.phones import comparable, digits, spellings
from connectors.hubspot.row import Row
from connectors.hubspot.work import OF_ROWS, Found, Work, halves

PHONES = {"phone": "hs_searchable_calculated_phone_number", "mobilephone": "hs_searchable_calculated_mobile_number"}
# A search has at most 3,000 characters and 200 results
# (https://developers.hubspot.com/docs/api-reference/2026-03/crm/search-the-crm: limits, 2026-03-30).
ROOM = 1300  # characters of spellings, at each of two properties; the rest of a search has some 300
LIMIT = 200
LOST_S = 86_400.0  # how long ago an attempt with a lost answer may have made a contact without email and phone


def search(rows: Sequence[Row], work: Work) -> None:
    """Gives each row that is found its id, by the best of its `match` that finds it."""
    by_phone = [row for row in rows if "phone" in _ways(row) and _phone(row)]
    for together in _filled(by_phone):
        _by_phone(together, work)
    for row in rows:
        for name in _ways(row):
            if row.id is None and row.outcome is None and name not in ("email", "phone") and row.properties.get(name):
                _by_values(row, [name], work)
        if row.id is None and row.outcome is None and _has_only_a_name(row) and row.record.uncertain:
            _by_values(row, NAMES, work, since_s=work.now_s - LOST_S)


def in_turn(rows: Sequence[Row]) -> dict[Row, Row]:
    """Those that are to wait, each for an earlier one that is the same object, or will be: by its id, its address, our
    key, or what it is searched by, which no search finds so soon.
    """
    first: dict[tuple[str, str], Row] = {}
    found = {}
    for row in rows:
        names = _names(row)
        if before := next((first[name] for name in names if name in first), None):
            found[row] = before
        first = dict.fromkeys(names, row) | first
    return found


def _names(row: Row) -> list[tuple[str, str]]:
    if row.id is not None:
        return [("id", row.id)]
    if row.email:
        return [("email", row.email)]
    said = {name: row.properties.get(name, "") for name in _ways(row)}
    if "phone" in said:
        said["phone"] = _phone(row)
    return [("key", row.trace), *((name, text) for name, text in said.items() if text)]


def _ways(row: Row) -> tuple[str, ...]:
    return row.record.match or (("phone",) if row.object == CONTACTS else ())


def _has_only_a_name(row: Row) -> bool:
    return row.object == CONTACTS and not any(row.properties.get(name) for name in ("email", *PHONES))


def _phone(row: Row) -> str:
    """Its number to search by; empty where it has none."""
    return comparable(row.properties.get("phone", ""))


def _filled(rows: Sequence[Row]) -> list[list[Row]]:
    """The rows by the search that they share: as many to each as it has room for."""
    found: list[list[Row]] = []
    room = 0
    for row in rows:
        needed = sum(len(one) + len('"",') for one in spellings(row.properties["phone"]))
        if not found or needed > room:
            found.append([])
            room = ROOM
        found[-1].append(row)
        room -= needed
    return found


def _by_phone(rows: Sequence[Row], work: Work) -> None:
    if work.stopped is not None:
        return
    values = sorted({spelling for row in rows for spelling in spellings(row.properties["phone"])})
    groups = [[{"propertyName": name, "operator": "IN", "values": values}] for name in PHONES.values()]
    answer = work.client.search(CONTACTS, groups, properties=[*PHONES, *EMAILS], limit=LIMIT)
    total = found_at(answer.json(), "total")
    if len(rows) > 1 and (answer.status in OF_ROWS or (isinstance(total, int) and total > LIMIT)):
        for half in halves(rows):  # the number of one of them is refused, or is that of so many that all others are cut
            _by_phone(half, work)
        return
    found = work.found(answer, rows, counted=True)
    for row in rows if found is not None else ():
        _take(row, [one for one in found or () if _has_phone(one, row)], "this phone number")


def _has_phone(found: Found, row: Row) -> bool:
    """Whether it is the same number, and not somebody else with an address of their own."""
    _, properties = found
    theirs = {digits(text) for name in PHONES if isinstance(text := properties.get(name), str)}
    return _phone(row) in theirs and row.email in ("", *(addresses_in(properties) or [row.email]))


def _by_values(row: Row, names: Sequence[str], work: Work, *, since_s: float | None = None) -> None:
    if work.stopped is not None:
        return
    wanted = {name: row.properties.get(name, "") for name in names}
    group: list[Mapping[str, Any]] = [
        {"propertyName": name, "operator": "EQ", "value": value} for name, value in wanted.items() if value
    ]
    if since_s is not None:
        group.append({"propertyName": "createdate", "operator": "GTE", "value": str(round(since_s * 1000))})
    if not group:
        return
    asked = [*wanted, *(("email", *PHONES) if since_s is not None else ())]
    answer = work.client.search(row.object, [group], properties=asked, limit=LIMIT)
    found = work.found(answer, [row], counted=True)
    exact = {name: wanted.get(name, "") for name in asked}
    same = [one for one in found or () if all((one[1].get(name) or "") == value for name, value in exact.items())]
    if found is not None:
        _take(row, same, f"this {' and '.join(wanted)}")


def _take(row: Row, found: Sequence[Found], what: str) -> None:
    ids = {id_ for id_, _ in found}
    if len(ids) == 1:
        (row.id,) = ids
    elif ids:
        row.notes.append(f"{len(ids)} {row.object} have {what}: none of them was changed")
