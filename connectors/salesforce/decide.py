"""Decide: what is to be written of a record, by what the org has already: what is there is changed, else it is made."""

from collections.abc import Sequence
from dataclasses import replace

from bridge.connector import Hold, Outcome, Record, Reject, Retry
from connectors.salesforce.change import created, is_empty, updated
from connectors.salesforce.contact import fields_of_contact, has_custom, name_at_contact
from connectors.salesforce.describe import Described, Describes
from connectors.salesforce.errors import is_unseen, lacks_field, outcome_of_look
from connectors.salesforce.look import Look
from connectors.salesforce.merged import MERGEABLE, kept_instead
from connectors.salesforce.news import with_news
from connectors.salesforce.org import Org
from connectors.salesforce.said import Said
from connectors.salesforce.send import ASSIGNED
from connectors.salesforce.work import PREFIXES, Work, give_up, refers_to, resolve

UNSEEN_CONTACT = (
    "the user may not see Contact, so a visitor who is one becomes a Lead: give its profile or permission set Read on"
    " Contact"
)
UNFOLLOWED = (
    "the visitor's Lead was converted to a Contact that the user may not see, so another Lead was made: give its"
    " profile or permission set Read on Contact, and merge them"
)
UNSEEN_TEXT = (
    "the user may not see Description of Contact, so the text is not there: give its profile or permission set Read and"
    " Edit on it; `bridge events show` has what the visitor said"
)
MOST_LOOKS = 10  # a Lead may have been merged, and converted then, and its Contact merged, or be gone, or lack a field
MOST_HALVINGS = 20  # of a look at many that the org refuses


class Decide:
    """For one call."""

    def __init__(self, org: Org, describes: Describes) -> None:
        self._org = org
        self._settings = org.settings
        self._describes = describes
        self._halvings = MOST_HALVINGS
        self._asks_contact = False  # which fields it has

    def about(self, works: Sequence[Work]) -> bool:
        """Decides about all that is open; False where the org cannot be asked: then each has an outcome."""
        plain = [work for work in works if work.is_open and not refers_to(work.record.fields)]
        if not self._look(plain):
            return False
        referring = [work for work in works if work.is_open and refers_to(work.record.fields)]
        for work in referring:
            resolve(work, works)
        return self._look(referring)

    def _look(self, works: list[Work]) -> bool:
        todo = [work for work in works if not work.decided]
        for _ in range(MOST_LOOKS):
            has = self._contact_has(todo)
            if isinstance(has, Hold | Retry):
                return self._in_halves(todo, has)
            sees_contact = not self._hides_contact  # asked once: another thread may find it out meanwhile
            if not sees_contact:
                _leave_contacts(todo)
            sought = [work for work in todo if self._is_sought(work)]
            look = Look(self._org, has, sees_contact=sees_contact)
            if sought and (refused := look.at_org(sought)):
                if self._has_learnt(refused, has, sees_contact=sees_contact):
                    continue
                return self._in_halves(todo, outcome_of_look(refused))
            if (outcome := self._lead_to_kept(look, sought)) is not None:
                return self._in_halves(todo, outcome)
            todo = [work for work in todo if not self._settle(work, look if work in sought else None, has)]
            if not todo:
                return True
        give_up(todo)
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
        return isinstance(refused, Reject)

    def _lead_to_kept(self, look: Look, sought: Sequence[Work]) -> Hold | Retry | None:
        """What is known and gone may have been merged: then what was kept is known instead. Gives what keeps it from
        being told.
        """
        lost = [work for work in sought if look.has_lost(work)]
        for object_ in sorted({work.known_object for work in lost}):
            mine = [work for work in lost if work.known_object == object_]
            kept = kept_instead(self._org, object_, [work.known for work in mine]) if object_ in MERGEABLE else {}
            if isinstance(kept, Said):
                outcome = outcome_of_look(kept)
                if isinstance(outcome, Hold | Retry):
                    return outcome
                kept = {}
            for work in mine:
                work.gone.add(work.known)
                if (id_ := kept.get(work.known[:15], work.known)) not in work.gone:
                    work.known = id_
        return None

    def _is_sought(self, work: Work) -> bool:
        """Whether the org has to be asked what is there already."""
        record = work.record
        needs_what_stands = record.if_empty or bool(record.writes or work.only_change) or work.looked_again
        if work.known and work.known not in work.gone:
            return record.object in PREFIXES.values() or needs_what_stands
        if record.object in self._settings.external_ids and not record.match:
            is_assigned = record.object in ASSIGNED and self._settings.assignment is not False
            return record.mode == "create" or needs_what_stands or is_assigned
        return bool(record.match) or record.uncertain

    def _settle(self, work: Work, look: Look | None, has: frozenset[str] | None) -> bool:
        """Decides what is written; False: another row has to be looked for first."""
        record = work.record
        if look and look.has_lost(work):
            return False
        found = look.row_of(work) if look else None
        if isinstance(found, Reject):
            work.outcome = found
            return True
        key = self._settings.external_ids.get(record.object, "")
        if found is None and (not work.known or work.known in work.gone):
            work.keyless |= bool(look and look.with_key(work))
            if look and look.may_be_written(work) and not work.mark_sought:
                return False
            if work.only_change:
                work.pass_over()
                return True
            change = created(record, record.fields)
            work.external, work.there = "" if work.keyless else key, {} if look else None
            work.degraded += [UNFOLLOWED] if work.unfollowed else []
        elif found is None:
            change = updated(record, record.fields, None)
            work.id, work.object = work.known, work.known_object
        elif found.fields is None:
            work.known = found.id
            return False
        else:
            work.object, work.id, work.there = found.object, found.id, found.fields
            there = _at_contact(record, has) if work.object == "Contact" != record.object else record
            is_unseen_text = (
                record.fields.get("Description") and record.mode != "create" and "Description" not in there.fields
            )
            work.degraded += [UNSEEN_TEXT] if is_unseen_text else []
            change = updated(there, there.fields, work.there)
            change = with_news(change, there, work.there) if work.object in PREFIXES.values() else change
            is_free = key and look and not look.with_key(work)
            if is_free and work.object == record.object and is_empty(work.there.get(key)):
                change.fields[key] = record.key
        if work.rehung and work.id:
            change.fields.pop("WhoId", None)  # it hangs where the conversion put it
        work.fields, work.decided = change.fields, True
        work.degraded += [change.degraded] if change.degraded else []
        if work.id and (not work.fields or (record.mode == "create" and found)):
            work.delivered(work.id, self._org.page(work.id))
        return True

    def _contact_has(self, works: Sequence[Work]) -> frozenset[str] | Hold | Retry | None:
        """The fields of a Contact, where a Lead may turn out to be one. They are only asked for where a Lead has custom
        ones, or the org has none of those that it should have; None: they were not.
        """
        leads = [work for work in works if work.record.object == "Lead" and self._is_sought(work)]
        if self._hides_contact:
            return None
        found: Described | Said | None = self._describes.known("Contact", self._org) if leads else None
        if found is None and (self._asks_contact or any(has_custom(work.record.fields) for work in leads)):
            found = self._describes.of("Contact", self._org)
        if isinstance(found, Said):
            if any(fault.code == "NOT_FOUND" for fault in found.faults):
                self._hide_contact()
            outcome = outcome_of_look(found)
            return outcome if isinstance(outcome, Hold | Retry) else None
        return found.names if found else None

    @property
    def _hides_contact(self) -> bool:
        return self._describes.is_unseen("Contact", self._org)

    def _hide_contact(self) -> None:
        self._describes.unseen("Contact", self._org)
        self._org.call.warn(UNSEEN_CONTACT)

    def _has_learnt(self, refused: Said, has: frozenset[str] | None, *, sees_contact: bool) -> bool:
        """Whether a look was refused for what another one can do without: Contacts, or some of their fields. The lookup
        to them has no right of its own (its describe says `permissionable: false`): where it is hidden, so are they.
        """
        is_hidden = is_unseen(refused, "Contact") or lacks_field(refused, "Lead", "ConvertedContactId")
        if is_hidden and sees_contact:
            self._hide_contact()
            return True
        if has is None and not self._asks_contact and lacks_field(refused, "Contact"):
            self._asks_contact = True
            return True
        return False


def _leave_contacts(works: Sequence[Work]) -> None:
    """What led a Lead's record to a Contact leads nowhere where that is not seen."""
    for work in works:
        if work.record.object == "Lead" and work.known_object == "Contact":
            work.gone.add(work.known)


def _at_contact(record: Record, has: frozenset[str] | None) -> Record:
    """A Lead's record as its Contact has it."""
    named = {name: name_at_contact(name, has=has) for name in record.writes}
    writes = {name: record.writes[old] for old, name in named.items() if name}
    return replace(record, fields=fields_of_contact(record.fields, has=has), writes=writes)
