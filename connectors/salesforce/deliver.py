"""Deliver: what becomes of records: looked for, decided, written, and what the org refuses mended, once.

One delivery goes in one transaction: the person and what hangs on it are there together or not at all. Many go stage by
stage: first all persons, then what refers to them, up to 200 rows in a call.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, starmap, takewhile

from bridge.connector import Delivered, Hold, Outcome, Plan, Record, Reject, Retry, is_blank
from connectors.salesforce.apart import one_each
from connectors.salesforce.decide import Decide
from connectors.salesforce.describe import Describes
from connectors.salesforce.errors import NEVER_BY_THESE, outcome_of
from connectors.salesforce.mend import Mend
from connectors.salesforce.org import Org
from connectors.salesforce.reference import key_of, names_nobody
from connectors.salesforce.said import Fault, Said
from connectors.salesforce.send import by_itself, in_one, in_rows, reads_references
from connectors.salesforce.work import Work, give_up, resolve

MOST_TRIES = 6  # of one write, each with something mended: every kind of mending happens once
SOON_S = 1.0

_NO_FAULT = Fault("", "")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class Deliver:
    """One call's deliveries."""

    def __init__(self, org: Org, describes: Describes) -> None:
        self._org = org
        self._time_s = org.call.deadline_s
        self._decide = Decide(org, describes)
        self._mend = Mend(org, describes)

    def plans(self, plans: Sequence[Plan]) -> list[list[Outcome]]:
        """An outcome for each record of each plan, up to the first that is no Delivered."""
        all_works = [[Work(_sayable(record)) for record in plan.records] for plan in plans]
        for works in all_works:
            _vet(works)
        if len(all_works) == 1:
            self._together(all_works[0])
        else:
            self._in_stages(all_works)
        return [list(_told(works)) for works in all_works]

    def _together(self, works: list[Work]) -> None:
        writable = works
        for _ in range(MOST_TRIES):
            if not self._decide.about(writable):
                return
            writable = list(takewhile(lambda work: not isinstance(work.outcome, Reject), writable))
            open_ = [work for work in writable if work.is_open]
            if not open_:
                return
            _, waiting = one_each(open_)
            if waiting or any(reads_references(work.fields) for work in open_):
                self._in_stages([writable])
                return
            answers = in_one(self._org, open_, works)
            if isinstance(answers, Said):
                open_[0].outcome = outcome_of(answers)
                return
            failed = next((number for number, said in enumerate(answers) if _is_cause(said)), None)
            if failed is None:
                for work, said in zip(open_, answers, strict=True):
                    self._done(work, said)
                return
            self._mend.refused(open_[failed], answers[failed])
            if (outcome := open_[failed].outcome) is not None:
                if not isinstance(outcome, Reject) or failed == 0:
                    return
                writable = works[: works.index(open_[failed])]  # what is sound of it is not lost with the rest
        give_up(works)

    def _in_stages(self, all_works: list[list[Work]]) -> None:
        for stage in range(max(map(len, all_works), default=0)):
            works = [
                one[stage]
                for one in all_works
                if len(one) > stage
                and one[stage].is_open
                and all(isinstance(work.outcome, Delivered) for work in one[:stage])
            ]
            for one in all_works:
                if len(one) > stage:
                    resolve(one[stage], one)
            self._rows(works)

    def _rows(self, works: list[Work]) -> None:
        while works := self._round(works):
            if self._org.call.deadline_s < self._time_s / 4:
                for work in works:
                    work.outcome = Hold("many leads of one record at once: the others next", for_s=SOON_S)
                return

    def _round(self, works: list[Work]) -> list[Work]:
        """Writes these, and gives those of them that have to wait: what was written is to be looked for first."""
        waiting: list[Work] = []
        for _ in range(MOST_TRIES):
            if not self._decide.about(works):
                return waiting
            works, later = one_each(works)
            waiting += later
            open_ = [work for work in works if work.is_open]
            if not open_:
                return waiting
            answers = [(work, by_itself(self._org, work)) for work in open_ if work.alone]
            for work, said in chain(answers, in_rows(self._org, [work for work in open_ if not work.alone])):
                if said.is_fine:
                    self._done(work, said)
                else:
                    self._mend.refused(work, said)
        give_up(works)
        return waiting

    def _done(self, work: Work, said: Said) -> None:
        found = work.id or said.at("id")
        if not said.is_fine:  # a sibling failed, says the org, and none of them did
            work.outcome = Retry(said.told)
        elif isinstance(found, str) and found:
            work.delivered(found, self._org.page(found))
        else:
            work.outcome = Retry("the org says that it wrote the record, and names no id", uncertain=True)


def _sayable(record: Record) -> Record:
    """The record without mappings and texts of which nothing was said: by blanks the org would empty the field."""
    said = {name: one for name, one in record.fields.items() if not (names_nobody(one) or is_blank(one))}
    return replace(record, fields=said) if len(said) < len(record.fields) else record


def _vet(works: list[Work]) -> None:
    """Names go into addresses and queries: none may be anything but a name."""
    for work in works:
        fields = work.record.fields
        names = [work.record.object, *fields, *work.record.match, *filter(None, starmap(key_of, fields.items()))]
        wrong = next((name for name in names if not _NAME.fullmatch(name)), None)
        if wrong is not None:
            work.outcome = Reject(f"{wrong[:60]!r} is no name of an object or a field", cause=f"name {wrong[:60]}")


def _is_cause(said: Said) -> bool:
    """Whether this subrequest failed by itself, and not only with another."""
    return not said.is_fine and not all(fault.code in NEVER_BY_THESE for fault in said.faults or [_NO_FAULT])


def _told(works: list[Work]) -> Iterator[Outcome]:
    """An outcome for each, up to the first that is no Delivered: where nothing was written, that of the one by which it
    failed.
    """
    failed = next((work.outcome for work in works if work.outcome and not isinstance(work.outcome, Delivered)), None)
    for work in works:
        if isinstance(work.outcome, Delivered):
            yield work.outcome
            continue
        yield work.outcome or failed or Retry("not tried")
        return
