"""Apart: what must not be written side by side. Two visitors may be one person at the org: a look found the same record
for both, or one gave the address of the other, of whom nothing is there yet. The later of them waits, and is then
looked for anew: what he says is added to what the earlier one wrote, as if he had come by himself.
"""

from collections.abc import Sequence

from connectors.salesforce.phones import digits_of
from connectors.salesforce.sought import PHONES, holds, sought_of
from connectors.salesforce.work import Work

_Sign = tuple[str, str, str]  # by which two works may be the same record


def one_each(works: Sequence[Work]) -> tuple[list[Work], list[Work]]:
    """Those that can be written now, and, undecided, those that have to wait."""
    now: list[Work] = []
    later: list[Work] = []
    seen: dict[_Sign, list[Work]] = {}
    for work in works:
        signs = _signs(work) if work.is_open else set()
        if any(_may_be_one(work, other) for sign in signs for other in seen.get(sign, ())):
            work.undecide()
            later.append(work)
            continue
        now.append(work)
        for sign in signs:
            seen.setdefault(sign, []).append(work)
    return now, later


def _signs(work: Work) -> set[_Sign]:
    if work.id:
        return {("id", work.object, work.id[:15])}
    signs = {(work.object, name, _folded(name, value)) for name, value in sought_of(work.record)}
    return signs | ({("key", work.object, work.record.key)} if work.external else set())


def _folded(name: str, value: str) -> str:
    return digits_of(value)[-7:] if name in PHONES else value.casefold()


def _may_be_one(work: Work, other: Work) -> bool:
    """Whether a look for the one would find the other, if that were there."""
    if work.id or (work.external and work.record.key == other.record.key):
        return True
    for name, value in sought_of(work.record):
        stands = other.record.fields
        if holds(stands, name, value):
            return True
        if stands.get(name):
            return False
    return False
