"""Send: writes what was decided: one lead's records in one transaction (composite), or one record each of many leads in
few calls (sObject collections), in which each row stands for itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any
from urllib.parse import quote

from bridge.connector import Ref, Reject
from connectors.salesforce.errors import outcome_of
from connectors.salesforce.org import Org
from connectors.salesforce.said import Said, row_said
from connectors.salesforce.work import Work, ids_of, resolved

ROWS_IN_ONE = 200  # that a collection call takes
KINDS_IN_ONE = 10  # stretches of one object that it takes, in a row

ASSIGNED = ("Lead", "Case")  # objects that have assignment rules


def in_one(org: Org, works: Sequence[Work], all_works: Sequence[Work]) -> Said | list[Said]:
    """Writes these records of one delivery, all of them or none: what came of each, or of the call as a whole."""
    ids = ids_of(all_works)
    return org.composite([_subrequest(org, work, ids) for work in works], together=True)


def in_rows(org: Org, works: Sequence[Work]) -> Iterator[tuple[Work, Said]]:
    """Writes one record each of many deliveries, and gives what came of each. A call that the org refuses as a whole,
    for something in it, is made again in two halves.
    """
    for group in _groups(org, works):
        yield from _collection(org, group)


def by_itself(org: Org, work: Work) -> Said:
    """Writes one record in a call of its own, whose answer says more than a row's."""
    method, path = _address(work)
    return org.ask(method, path, work.fields, headers=headers_for(org, work))


def headers_for(org: Org, work: Work) -> dict[str, str]:
    """A new Lead goes through assignment rules, if the operator wants it; a changed one never does: the rules would
    give a visitor who comes back to somebody else.
    """
    headers = {}
    if work.object in ASSIGNED:
        rule = org.settings.assignment
        headers["Sforce-Auto-Assign"] = "FALSE" if work.id else rule if isinstance(rule, str) else str(rule).upper()
    if work.allow_save:
        headers["Sforce-Duplicate-Rule-Header"] = "allowSave=true"
    return headers


def reads_references(fields: Mapping[str, Any]) -> bool:
    """Whether a visitor's text would be read as a reference to another record: in a composite call, and there alone,
    Salesforce looks for `@{…}` in every value, and knows no way to say that none is meant.
    """
    texts = chain.from_iterable(one.values() if isinstance(one, dict) else [one] for one in fields.values())
    return any(isinstance(text, str) and "@{" in text for text in texts)


def _subrequest(org: Org, work: Work, ids: Mapping[str, str]) -> dict[str, Any]:
    fields = {
        name: f"@{{{value.record}.id}}" if isinstance(value, Ref) else value
        for name, value in resolved(work.fields, ids).items()
    }
    method, path = _address(work)
    return {
        "method": method,
        "url": f"{org.data}/{path}",
        "referenceId": work.record.name,
        "body": fields,
        "httpHeaders": headers_for(org, work),
    }


def _address(work: Work) -> tuple[str, str]:
    """Method and path of the record's own resource."""
    path = f"sobjects/{work.object}"
    if work.id:
        return "PATCH", f"{path}/{quote(work.id, safe='')}"
    if work.external:
        return "PATCH", f"{path}/{work.external}/{quote(work.record.key, safe='')}"
    return "POST", path


def _groups(org: Org, works: Sequence[Work]) -> Iterator[list[Work]]:
    """What can go in one call: the same kind of write with the same headers. No two are one record: see `one_each`."""
    kinds: dict[tuple[Any, ...], list[Work]] = {}
    for work in sorted(works, key=lambda work: work.object):
        how = ("change",) if work.id else ("upsert", work.object, work.external) if work.external else ("make",)
        kinds.setdefault((*how, *headers_for(org, work).items()), []).append(work)
    for alike in kinds.values():
        group, objects = list[Work](), set[str]()
        for work in alike:
            if len(group) == ROWS_IN_ONE or len(objects | {work.object}) > KINDS_IN_ONE:
                yield group
                group, objects = [], set()
            group.append(work)
            objects.add(work.object)
        yield group


def _collection(org: Org, group: Sequence[Work]) -> Iterator[tuple[Work, Said]]:
    first = group[0]
    rows = [{"attributes": {"type": work.object}, **work.fields} | _identified(work) for work in group]
    path = f"composite/sobjects/{first.object}/{first.external}" if first.external else "composite/sobjects"
    method = "PATCH" if first.id or first.external else "POST"
    content = {"allOrNone": False, "records": rows}
    said = org.ask(method, path, content, headers=headers_for(org, first))
    found = said.content
    if said.is_fine and isinstance(found, list) and len(found) == len(group):
        yield from zip(group, map(row_said, found), strict=True)  # rows are answered in their order
    elif len(group) > 1 and isinstance(outcome_of(said), Reject):
        for half in (group[: len(group) // 2], group[len(group) // 2 :]):
            yield from _collection(org, half)
    else:
        yield from ((work, said) for work in group)


def _identified(work: Work) -> dict[str, str]:
    if work.id:
        return {"id": work.id}
    return {work.external: work.record.key} if work.external else {}
