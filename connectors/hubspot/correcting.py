"""Correcting: what can be done for a row that HubSpot refuses. A row has an outcome afterwards, or is to be sent again;
each way is gone once.
"""

from connectors.hubspot.errors import Meaning, case_of
from connectors.hubspot.looking import unique_of
from connectors.hubspot.objects import ACTIVITIES, CONTACTS, NEEDED
from connectors.hubspot.problem import Bad, Problem
from connectors.hubspot.row import Row, without
from connectors.hubspot.work import Work

MOST_HEALINGS = 3  # of one row: what is refused may hide what else would be


def correct(row: Row, problem: Problem, unique: str, work: Work) -> None:
    """`unique`: the property by which the row is written, or that carries its key."""
    meaning = case_of(problem).meaning
    is_ours = _is_about(unique, row, problem)
    named = {bad.property for bad in problem.bad}
    is_matched = bool(named & set(row.record.match))  # the operator says that it tells who it is
    if meaning is Meaning.EXISTS and named - {"email"} and not (is_ours or is_matched):
        meaning = Meaning.HEAL  # another unique value, such as a number that was mistyped, does not
    if (meaning is Meaning.EXISTS or is_ours or is_matched) and _is_there(row, problem):
        return
    if meaning is Meaning.EXISTS and row.email and not problem.existing_id and row.correct("address"):
        row.aim(None)  # whose address it is, HubSpot does not say: an upsert by it finds that one
        return
    if is_ours and _is_taken(unique, row, problem):
        row.seek()
        return
    if meaning is Meaning.GONE and row.id and row.correct("gone"):
        row.aim(None)  # merged or deleted: written again, its id takes the place
        return
    if meaning is Meaning.HEAL:
        if is_ours and "key" not in row.corrected:
            work.fail_for_lack_of(unique, [row])
            return
        if row.healings < MOST_HEALINGS:
            row.healings += 1
            if _healed(row, problem, work):
                return
    work.fail([row], problem)


def _is_about(unique: str, row: Row, problem: Problem) -> bool:
    """Whether it is our own property that is at fault. A message may quote the visitor: it counts only where HubSpot
    names no property.
    """
    if unique in ("", "email"):
        return False
    named = {bad.property for bad in problem.bad}
    return unique in named if named else unique in problem.message or row.record.key in problem.message


def _is_there(row: Row, problem: Problem) -> bool:
    """The object that has the value already is the one to write: a contact of this address, an activity of this key."""
    id_ = problem.existing_id
    if not id_ or id_ == row.id or row.object not in (CONTACTS, *ACTIVITIES) or not row.correct("exists"):
        return False
    row.aim(id_)
    return True


def _is_taken(unique: str, row: Row, problem: Problem) -> bool:
    """Whether an activity of this key may be there already, which HubSpot does not name: it is read by its key then."""
    is_none = Bad(unique, "PROPERTY_DOESNT_EXIST") in problem.bad
    return row.object in ACTIVITIES and row.id is None and not is_none and row.correct("key")


def _healed(row: Row, problem: Problem, work: Work) -> bool:
    """Gives a refused property another value, or does without it; False: neither can be done."""
    refused = {bad.property for bad in problem.bad}
    if problem.category == "INVALID_EMAIL":
        refused.add("email")
    refused &= row.properties.keys()
    if not refused or refused & NEEDED:
        return False
    for bad in problem.bad:
        if bad.code == "INVALID_OPTION" and bad.property in refused and row.correct(f"option {bad.property}"):
            found = work.choice(row, bad.property)
            if row.outcome is not None:
                return True
            if found is not None:
                row.properties[bad.property] = found
                if row.left is not None:
                    row.left[bad.property] = found
                refused.discard(bad.property)
    without(row, refused)
    if row.id is None:
        row.name_it()
    if "email" in refused and row.object == CONTACTS and not row.id:  # who is it, then?
        row.looked = False
        if row.record.uncertain and not unique_of(row, work):
            work.let_search_see()
    return True
