"""Work: one record on its way to the org, with what was found out about it on the way."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.connector import Delivered, Outcome, Record, Ref, Retry

# A field of no object: a record that has it is only changed, where it is there, and never made. Its text is what
# `degraded` says.
ONLY_CHANGE = "only_change"

PREFIXES = {"003": "Contact", "00Q": "Lead"}  # of ids: what a lead's person may be


@dataclass(slots=True, eq=False)
class Work:
    """`object`, `id`, `external` and `fields` say what is to be written, once it is `decided`: with an id it is
    changed, with the name of an external id field it is upserted by our key, with neither it is made.
    """

    record: Record
    object: str = ""
    id: str = ""
    external: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    there: Mapping[str, Any] | None = None  # what the org has in its fields, if it was asked; empty: nothing
    decided: bool = False
    outcome: Outcome | None = None  # what came of it; with a Delivered, others may refer to it
    degraded: list[str] = field(default_factory=list)
    known: str = ""  # the id that a link, or the org itself, names
    gone: set[str] = field(default_factory=set)  # ids that were named and are no longer there
    healings: int = 0
    looked_again: bool = False
    keyless: bool = False  # a record that cannot be used any more has our key
    mark_sought: bool = False  # by which what an earlier attempt made is known again
    allow_save: bool = False  # over the objection of a duplicate rule
    alone: bool = False  # in a call of its own: a collection's rows say too little
    rehung: bool = False  # the Lead that it hung on was converted, and took along what was there of it
    unfollowed: bool = False  # the person's Lead was converted, to a Contact that is not to be seen
    only_change: str = ""  # why it is only changed, where it is there, and never made

    def __post_init__(self) -> None:
        if text := self.record.fields.get(ONLY_CHANGE):
            self.only_change = str(text)
            fields = {name: value for name, value in self.record.fields.items() if name != ONLY_CHANGE}
            self.record = replace(self.record, fields=fields)
        self.object = self.record.object
        self.known = self.record.known_id or ""

    @property
    def is_open(self) -> bool:
        return self.outcome is None

    @property
    def known_object(self) -> str:
        """The object that the known id is one of."""
        return (
            PREFIXES.get(self.known[:3], self.record.object)
            if self.record.object in PREFIXES.values()
            else self.record.object
        )

    @property
    def strayed(self) -> bool:
        """Whether it is not to be seen whom it hangs on by now."""
        return self.rehung and PREFIXES.get(str(self.record.fields.get("WhoId"))[:3]) == "Lead"

    def undecide(self) -> None:
        """Everything about it has to be found out again."""
        self.object, self.id, self.external, self.fields, self.there = self.record.object, "", "", {}, None
        self.decided, self.healings, self.allow_save = False, 0, False
        self.degraded = []

    def delivered(self, id_: str, url: str) -> None:
        self.id = id_
        why = [] if self.record.if_empty else [self.only_change]
        self.outcome = Delivered(id_, url, "; ".join(filter(None, [*why, *self.degraded])))

    def pass_over(self) -> None:
        """It is not there to be changed, and is not made."""
        self.decided, self.outcome = True, Delivered()


def refers_to(fields: Mapping[str, Any]) -> set[str]:
    """The names of the records that these fields refer to."""
    return {value.record for value in fields.values() if isinstance(value, Ref)}


def ids_of(works: Iterable[Work]) -> dict[str, str]:
    """The ids that are known, by the record's name."""
    return {work.record.name: work.id for work in works if work.id}


def resolved(fields: Mapping[str, Any], ids: Mapping[str, str]) -> dict[str, Any]:
    """The fields with the ids of earlier records in them, as far as they are known."""
    return {name: ids.get(value.record, value) if isinstance(value, Ref) else value for name, value in fields.items()}


def resolve(work: Work, works: Iterable[Work]) -> None:
    """Puts the ids that are known into the work's fields."""
    ids = ids_of(works)
    work.record = replace(work.record, fields=resolved(work.record.fields, ids))
    work.fields = resolved(work.fields, ids)


def give_up(works: Iterable[Work]) -> None:
    """An outcome for what is open after all tries."""
    for work in works:
        if work.is_open:
            work.outcome = Retry("the org refused it again and again, each time for something else")
