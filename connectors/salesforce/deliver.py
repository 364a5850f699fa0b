"""Deliver: what becomes of records: looked for, decided, written, and what the org refuses mended, once.

One delivery goes in one transaction: the person and what hangs on it are there together or not at all. Many go stage by
stage: first all persons, then what refers to them, up to 200 rows in a call.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bridge.connector import Delivered, Outcome, Plan, Record, Reject, Retry
from connectors.salesforce.change import created, is_empty, updated
from connectors.salesforce.contact import fields_of_contact, has_custom, name_at_contact
from connectors.salesforce.describe import Described, Describes
from connectors.salesforce.errors import NEVER_BY_THESE, outcome_of
from connectors.salesforce.look import Look
from connectors.salesforce.mend import Mend
from connectors.salesforce.org import Org
from connectors.salesforce.said import Fault, Said
from connectors.salesforce.send import in_one, in_rows, reads_references
from connectors.salesforce.work import PREFIXES, Work, ids_of, refers_to, resolved

MOST_TRIES = 6  # of one write, each with something mended: every kind of mending happens once
MOST_HALVINGS = 20  # of a look at many that the org refuses

_NO_FAULT = Fault("", "")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class Deliver:
    """One call's deliveries."""

    def __init__(self, org: Org, describes: Describes) -> None:
        self._org = org
        self._settings = org.settings
        self._describes = describes
        self._mend = Mend(org, describes)
        self._halvings = MOST_HALVINGS

    def plans(self, plans: Sequence[Plan]) -> list[list[Outcome]]:
        """An outcome for each record of each plan, up to the first that is no Delivered."""
        all_works = [[Work(record) for record in plan.records] for plan in plans]
        for works in all_works:
            _vet(works)
        if len(all_works) == 1:
            self._together(all_works[0])
        else:
            self._in_stages(all_works)
        return [list(_told(works)) for works in all_works]

    # -- one delivery

    def _together(self, works: list[Work]) -> None:
        writable = works
        for _ in range(MOST_TRIES):
            if not self._decide(writable):
                return
            open_ = [work for work in writable if work.is_open]
            if any(work.outcome is not None and not work.id for work in writable) or not open_:
                return
            if any(reads_references(work.fields) for work in open_):
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
        _give_up(works)

    # -- many deliveries

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
                    _resolve(one[stage], one)
            self._rows(works)

    def _rows(self, works: list[Work]) -> None:
        for _ in range(MOST_TRIES):
            if not self._decide(works):
                return
            open_ = [work for work in works if work.is_open]
            if not open_:
                return
            for work in open_:
                if work.alone and not reads_references(work.fields):
                    self._together([work])
            together = [work for work in open_ if work.is_open]
            for work, said in in_rows(self._org, together):
                if said.is_fine:
                    self._done(work, said)
                else:
                    self._mend.refused(work, said)
        _give_up(works)

    # -- what is to be written

    def _decide(self, works: Sequence[Work]) -> bool:
        """Decides about all that is open; False where the org cannot be asked: then each has an outcome."""
        plain = [work for work in works if work.is_open and not refers_to(work.record.fields)]
        if not self._look(plain):
            return False
        referring = [work for work in works if work.is_open and refers_to(work.record.fields)]
        for work in referring:
            _resolve(work, works)
        return self._look(referring)

    def _look(self, works: list[Work]) -> bool:
        todo = [work for work in works if not work.decided]
        for _ in range(3):  # a converted Lead may lead to its Contact, and that may be gone
            sought = [work for work in todo if self._is_sought(work)]
            custom = self._custom_of_contact(sought)
            look = Look(self._org, custom)
            if sought and (refused := look.at_org(sought)):
                return self._in_halves(todo, refused)
            todo = [work for work in todo if not self._settle(work, look if work in sought else None, custom)]
            if not todo:
                return True
        _give_up(todo)
        return True

    def _in_halves(self, works: list[Work], refused: Outcome) -> bool:
        """One record's fault must not be its neighbours': each half is looked for by itself, until it is clear that it
        is everybody's.
        """
        if isinstance(refused, Reject) and len(works) > 1 and self._halvings:
            self._halvings -= 1
            middle = len(works) // 2
            return self._look(works[:middle]) & self._look(works[middle:])
        for work in works:
            work.outcome = refused
        return False

    def _is_sought(self, work: Work) -> bool:
        """Whether the org has to be asked what is there already."""
        record = work.record
        if work.known and work.known not in work.gone:
            return record.object in PREFIXES.values() or record.if_empty or bool(record.writes)
        if record.object in self._settings.external_ids and not record.match:
            return record.mode == "create" or record.if_empty or bool(record.writes)
        return bool(record.match) or record.uncertain

    def _settle(self, work: Work, look: Look | None, custom: frozenset[str]) -> bool:
        """Decides what is written; False: another row has to be looked for first."""
        record = work.record
        found = look.row_of(work) if look else None
        if isinstance(found, Reject):
            work.outcome = found
            return True
        key = self._settings.external_ids.get(record.object, "")
        if found is None and (not work.known or work.known in work.gone):
            change = created(record, record.fields)
            work.external = key
        elif found is None:
            change = updated(record, record.fields, None)
            work.id, work.object = work.known, work.known_object
        else:
            work.object, work.there = found
            if work.there.keys() == {"Id"}:
                work.known = work.there["Id"]
                return False
            work.id = work.there["Id"]
            there = _at_contact(record, custom) if work.object == "Contact" != record.object else record
            change = updated(there, there.fields, work.there)
            if key and work.object == record.object and is_empty(work.there.get(key)):
                change.fields[key] = record.key
        work.fields, work.decided = change.fields, True
        work.degraded += [change.degraded] if change.degraded else []
        if work.id and (not work.fields or (record.mode == "create" and found)):
            work.delivered(work.id, self._org.page(work.id))
        return True

    def _custom_of_contact(self, works: Sequence[Work]) -> frozenset[str]:
        """The custom fields of a Contact, where a Lead that has some may turn out to be one."""
        if not any(work.record.object == "Lead" and has_custom(work.record.fields) for work in works):
            return frozenset()
        found = self._describes.of("Contact", self._org)
        return found.custom if isinstance(found, Described) else frozenset()

    # -- what came of it

    def _done(self, work: Work, said: Said) -> None:
        found = work.id or said.at("id")
        if not said.is_fine:  # a sibling failed, says the org, and none of them did
            work.outcome = Retry(said.told)
        elif isinstance(found, str) and found:
            work.delivered(found, self._org.page(found))
        else:
            work.outcome = Retry("the org says that it wrote the record, and names no id", uncertain=True)


def _at_contact(record: Record, custom: frozenset[str]) -> Record:
    """A Lead's record as its Contact has it."""
    named = {name: name_at_contact(name, custom=custom) for name in record.writes}
    writes = {name: record.writes[old] for old, name in named.items() if name}
    return replace(record, fields=fields_of_contact(record.fields, custom=custom), writes=writes)


def _vet(works: list[Work]) -> None:
    """Names go into addresses and queries: none may be anything but a name."""
    for work in works:
        names = [work.record.object, *work.record.fields, *work.record.match]
        wrong = next((name for name in names if not _NAME.fullmatch(name)), None)
        if wrong is not None:
            work.outcome = Reject(f"{wrong[:60]!r} is no name of an object or a field", cause=f"name {wrong[:60]}")


def _resolve(work: Work, works: Sequence[Work]) -> None:
    ids = ids_of(works)
    work.record = replace(work.record, fields=resolved(work.record.fields, ids))
    work.fields = resolved(work.fields, ids)


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


def _give_up(works: Sequence[Work]) -> None:
    for work in works:
        if work.is_open:
            work.outcome = Retry(f"the org refused it {MOST_TRIES} times, each time for something else")
