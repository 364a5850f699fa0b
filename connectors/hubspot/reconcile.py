"""Reconcile: an earlier attempt may have made an activity whose id nobody heard of: it is looked for among those that
are associated with the same contact, by what it says and when. Associations do not lag, as searches do.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bridge.connector import Answer, found_at, id_from
from connectors.hubspot.objects import ACTIVITIES, CREATE_ONLY, MARKS, object_of
from connectors.hubspot.row import Row
from connectors.hubspot.text import alike, moment
from connectors.hubspot.work import OF_ROWS, Work, chunks

MOST_PAGES = 20  # of 500 associations each
MADE = ("createdate", "hs_createdate")  # when an object was made: each kind has one of them
SOURCE = "hs_object_source"  # how an object came to be; those that an app made say INTEGRATION
NOT_OURS = frozenset({"CRM_UI", "CRM_UI_BULK_ACTION", "MOBILE_IOS", "MOBILE_ANDROID", "IMPORT", "SALESFORCE"})
LOST_S = 8 * 86_400.0  # how long ago the attempt with the lost answer may have been: a delivery is tried for a week


def reconcile(rows: Sequence[Row], work: Work) -> None:
    """Each of these rows of one object that is there already is delivered."""
    near = _together(rows, work) if len(rows) > 1 else {}
    near |= {row.trace: _associated(row, work) for row in rows if row.outcome is None and row.trace not in near}
    ids = sorted({id_ for found in near.values() for id_ in found})
    standing: dict[str, Mapping[str, Any]] = {}
    for chunk in chunks(ids):
        if work.stopped is not None:
            break
        names = {name for row in rows for name in (*MARKS.get(row.object, ()), *row.properties)}
        found = work.read(rows, chunk, properties=[*sorted(names), *MADE, SOURCE])
        standing |= {id_: there for id_, there in found or () if may_be_ours(rows[0].object, there, now_s=work.now_s)}
    if work.stopped is not None:
        for row in rows:
            row.outcome = row.outcome or work.stopped
        return
    taken: set[str] = set()
    for row in rows:
        free = [id_ for id_ in near.get(row.trace, ()) if id_ in standing and id_ not in taken]
        same = [id_ for id_ in free if is_same(row, standing[id_], work)]
        if row.outcome is None and same:
            id_ = max(same, key=lambda id_: _made_s(standing[id_]))  # what was lost is the last that was made
            taken.add(id_)
            row.is_linked = True
            row.deliver(id_, work.page(row.object, id_))


def may_be_ours(object_: str, there: Mapping[str, Any], *, now_s: float) -> bool:
    """Whether an attempt of the same delivery can have made it. An activity's own time says enough."""
    if object_ in ACTIVITIES:
        return True
    made_s = _made_s(there)
    return there.get(SOURCE) not in NOT_OURS and (not made_s or made_s > now_s - LOST_S)


def is_same(row: Row, there: Mapping[str, Any], work: Work) -> bool:
    """Whether what stands there is what the row would have made. A name may be that of several: whatever else the row
    says must not be otherwise there.
    """
    names = MARKS.get(row.object, tuple(row.properties))
    if not all(alike(name, row.properties.get(name), there.get(name)) for name in names):
        return False
    others = row.properties.keys() - {*names, *CREATE_ONLY} if row.object not in ACTIVITIES else ()
    return not any(_differs(name, row, there.get(name), work) for name in others)


def _differs(name: str, row: Row, stands: Any, work: Work) -> bool:
    """Whether both say something, and not the same, however HubSpot writes numbers, times and options."""
    text = row.properties.get(name, "")
    if not text or not isinstance(stands, str) or not stands or _value(text) == _value(stands):
        return False
    meant = work.choice(row, name)
    return meant is None or _value(meant) != _value(stands)


def _value(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        found = moment(text) if "T" in text else text
        return found if isinstance(found, float) else "".join(sorted(found.casefold().replace(";", " ").split()))


def _made_s(there: Mapping[str, Any]) -> float:
    """When it was made, in seconds since 1970; 0 where it does not say."""
    return max((at for name in MADE if isinstance(at := moment(there.get(name) or ""), float)), default=0.0)


def _together(rows: Sequence[Row], work: Work) -> dict[str, list[str]]:
    """As `_associated`, for many rows, by trace, in one request; without those of whom that does not tell all."""
    found: dict[str, list[str]] = {}
    for to in dict.fromkeys(_to(row)[0] for row in rows):
        mine = [row for row in rows if _to(row)[0] == to]
        for chunk in chunks(mine):
            if work.stopped is None:
                ids = list(dict.fromkeys(_to(row)[1] for row in chunk))
                answer = work.client.all_associated(object_of(to), ids, to=rows[0].object)
                if not 200 <= answer.status < 300 and answer.status not in OF_ROWS:
                    work.fail(chunk, work.problem(answer))
                told = _told(answer)
                found |= {row.trace: told[_to(row)[1]] for row in chunk if _to(row)[1] in told}
    return found


def _told(answer: Answer) -> dict[str, list[str]]:
    """Shape: {results: [{from: {id}, to: [{toObjectId}], paging?}], errors: [{category: "OBJECT_NOT_FOUND", context:
    {fromObjectId: [..]}}]}. One of whom it says nothing, or not all, is left out.
    """
    body = answer.json() if 200 <= answer.status < 300 else None
    results, errors = found_at(body, "results"), found_at(body, "errors")
    found: dict[str, list[str]] = {}
    for one in results if isinstance(results, list) else ():
        to = found_at(one, "to")
        if isinstance(to, list) and not found_at(one, "paging.next"):
            found[id_from(found_at(one, "from.id"))] = [id_from(found_at(each, "toObjectId")) for each in to]
    for error in errors if isinstance(errors, list) else ():
        none = found_at(error, "context.fromObjectId") if found_at(error, "category") == "OBJECT_NOT_FOUND" else None
        found |= {id_from(id_): [] for id_ in (none if isinstance(none, list) else ())}
    return found


def _to(row: Row) -> tuple[str, str]:
    """The first that the row leads to: the field and the id."""
    return next(iter(row.to.items()))


def _associated(row: Row, work: Work) -> list[str]:
    """The ids of such objects that are associated with the first that this one leads to."""
    to, id_ = _to(row)
    found: list[str] = []
    after = ""
    for _ in range(MOST_PAGES):
        if work.stopped is not None:
            return []
        answer = work.client.associated(object_of(to), id_, to=row.object, after=after)
        body = answer.json()
        results = found_at(body, "results")
        if answer.status == 404:  # that contact is no more, and so is nothing of ours with it
            return []
        if answer.status != 200 or not isinstance(results, list):
            work.fail([row], work.problem(answer))
            return []
        found += [id_from(found_at(one, "toObjectId")) for one in results]
        after = id_from(found_at(body, "paging.next.after"))
        if not after:
            break
    return [one for one in found if one]
