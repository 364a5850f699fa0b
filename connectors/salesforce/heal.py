"""Heal: what the org refuses in a record is shortened or left out, once, so that no lead is lost for one field. The
value is kept in the record's Description, and the delivery says what happened to it.
"""

import re
from typing import Any

from bridge.connector import Ref
from connectors.salesforce.change import LONGEST_TEXT, is_empty
from connectors.salesforce.describe import Described
from connectors.salesforce.errors import is_healed
from connectors.salesforce.reference import key_of
from connectors.salesforce.said import Fault, Said
from connectors.salesforce.work import Work

KEEPS_TEXT = frozenset({"Lead", "Contact", "Account", "Event", "Task", "Case", "Opportunity", "Campaign"})

FIND_IT = "`bridge events show` has what the visitor said"

_MOST = re.compile(r"max length=(\d{1,9})")
_NAMED = re.compile(r"(?:field|column)s?:? '?\[?([A-Za-z][A-Za-z0-9_]*)|^([A-Za-z][A-Za-z0-9_]*): ")
_NEVER_DROPPED = {"LastName", "Company", "Name", "Subject"}  # without them there is no record: only shortened


def heal(work: Work, said: Said, described: Described | None) -> bool:
    """Changes what is sent so that the org may take it; False where nothing can be changed. `described`: what is known
    of the object's fields, where it was asked.
    """
    kept: dict[str, Any] = {}
    before = len(work.degraded)
    lengths = described.lengths if described else {}
    for fault in said.faults:
        if not is_healed(fault):
            continue
        for name in _fields_of(fault, work.fields):
            if fault.code == "STRING_TOO_LONG":
                kept |= _shortened(work, name, lengths.get(name) or _longest(fault))
            elif name not in _NEVER_DROPPED:
                kept[name] = work.fields.pop(name)
                work.degraded.append(f"{name} was refused and left out ({fault.code})")
    for name, longest in lengths.items():
        kept |= _shortened(work, name, longest)
    if lost := _keep(work, kept):
        work.degraded.append(f"what was in {', '.join(lost)} stands nowhere at Salesforce: {FIND_IT}")
    return len(work.degraded) > before


def _shortened(work: Work, name: str, longest: int | None) -> dict[str, Any]:
    value = work.fields.get(name)
    if not isinstance(value, str) or not longest or len(value) <= longest:
        return {}
    work.fields[name] = value[:longest]
    work.degraded.append(f"{name} was cut to {longest} characters")
    return {name: value} if name != "Description" else {}


def _longest(fault: Fault) -> int | None:
    found = _MOST.findall(fault.message)  # after the value, in which a visitor may have written anything
    return int(found[-1]) if found else None


def _fields_of(fault: Fault, sent: dict[str, Any]) -> list[str]:
    """The fields that an error is about: as it names them, or as its text does. Only those that were sent."""
    named = fault.fields or [name for pair in _NAMED.findall(fault.message) for name in pair if name]
    if fault.code == "INVALID_FIELD":  # of a record that is named: it tells the field of that one
        by_lower = {key.lower(): name for name, value in sent.items() if (key := key_of(name, value))}
    else:
        by_lower = {name.lower(): name for name in sent}
    found = [by_lower[name.lower()] for name in named if name.lower() in by_lower]
    if not found and fault.code == "INVALID_EMAIL_ADDRESS":
        found = [name for name, value in sent.items() if isinstance(value, str) and value and value in fault.message]
    return list(dict.fromkeys(found))


def _written(name: str, value: Any) -> str:
    key = key_of(name, value)
    return f"{key} {value[key]}" if key else str(value)


def _keep(work: Work, kept: dict[str, Any]) -> list[str]:
    """Writes what was left out into the Description, as much of it as there is room for after what stands there. Gives
    the fields of which there is no room for all.
    """
    told = {name: value for name, value in kept.items() if not is_empty(value) and not isinstance(value, Ref)}
    is_unknown = bool(work.id or work.external) and work.there is None and "Description" not in work.fields
    if not told or work.object not in KEEPS_TEXT or is_unknown:  # what is not known must not be replaced
        return list(told)
    before = work.fields.get("Description", (work.there or {}).get("Description"))
    text = "\n".join(f"{name}: {_written(name, value)}" for name, value in told.items())
    if not is_empty(before) and text in str(before):
        return []
    whole = text if is_empty(before) else f"{before}\n{text}"
    if is_empty(before) or len(str(before)) < LONGEST_TEXT - 1:
        work.fields["Description"] = whole[:LONGEST_TEXT]
    return list(told) if len(whole) > LONGEST_TEXT else []
