"""Errors: what each of Salesforce's errors means for a record, by its code and message: one HTTP status hides several.

Sources: the vendor's pages "Core Data Types: StatusCode" and "Status Codes and Error Responses" of the REST API, bodies
recorded of real orgs, and the error lists of other clients.
"""

import re
from dataclasses import replace
from enum import StrEnum

from bridge.connector import Delivered, Hold, Outcome, Reject, Retry, judge_status
from connectors.salesforce.said import Fault, Said

QUOTA_S = 1800.0  # the daily quota is a rolling one: between looks
CROWDED_S = 15.0
STORAGE_S = 3600.0


class Remedy(StrEnum):
    """What can be done about a refusal at once."""

    HEAL = "heal"  # leave out or shorten what is refused
    LINK = "link"  # a duplicate rule names a record that is there already
    EXISTS = "exists"  # our own key is there already, at the record that is named
    SEVERAL = "several"  # an external id stands for several records
    AGAIN = "again"  # the record that was to be changed is another one by now: look anew


REMEDIES = {
    "STRING_TOO_LONG": Remedy.HEAL,
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": Remedy.HEAL,
    "FIELD_INTEGRITY_EXCEPTION": Remedy.HEAL,  # states and countries, among others
    "INVALID_EMAIL_ADDRESS": Remedy.HEAL,
    "INVALID_TYPE_ON_FIELD_IN_RECORD": Remedy.HEAL,
    "NUMBER_OUTSIDE_VALID_RANGE": Remedy.HEAL,
    "INVALID_FIELD_FOR_INSERT_UPDATE": Remedy.HEAL,
    "DUPLICATES_DETECTED": Remedy.LINK,
    "DUPLICATE_VALUE": Remedy.EXISTS,
    "DUPLICATE_EXTERNAL_ID": Remedy.SEVERAL,
    "CANNOT_UPDATE_CONVERTED_LEAD": Remedy.AGAIN,
    "ENTITY_IS_DELETED": Remedy.AGAIN,
}

_PASSING = {  # of the org or of a neighbour: nothing was written
    "UNABLE_TO_LOCK_ROW",
    "QUERY_TIMEOUT",
    "REQUEST_RUNNING_TOO_LONG",
    "API_CURRENTLY_DISABLED",
    "TXN_SECURITY_METERING_ERROR",
    "SERVER_UNAVAILABLE",
    "TOO_MANY_APEX_REQUESTS",
}

_HOLDS = {  # of the account or its credentials, each with what to do about it
    "INVALID_SESSION_ID": "log in anew: check `auth`",
    "INVALID_AUTH_HEADER": "check `auth`",
    "INVALID_OPERATION_WITH_EXPIRED_PASSWORD": "set a new password for the user",
    "API_DISABLED_FOR_ORG": "give the user's profile or permission set API Enabled, in an edition that has the API",
    "ORG_LOCKED": "ask Salesforce why the org is locked",
    "ORGANIZATION_NOT_AVAILABLE": "look at status.salesforce.com",
    "FUNCTIONALITY_NOT_ENABLED": "enable it in Setup, or for the user",
    "LOGIN_MUST_USE_SECURITY_TOKEN": "add the user's security_token",
    "INVALID_LOGIN": "check `auth`",
}

# A customer's trigger or flow that failed, of which the text tells why.
_WRAPPING = {"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "APEX_ERROR", "UNKNOWN_EXCEPTION", "CANNOT_EXECUTE_FLOW_TRIGGER"}
_WRAPPED = ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access", "Too many SOQL queries", "CPU time limit")

NEVER_BY_THESE = {"PROCESSING_HALTED", "ALL_OR_NONE_OPERATION_ROLLED_BACK"}  # the sibling that failed says why

_CONVERTED = "cannot reference converted lead"


def remedy_for(said: Said) -> Remedy | None:
    """What can be done about a refused record; None: nothing, see `outcome_of`."""
    if said.status == 300:
        return Remedy.SEVERAL
    for fault in said.faults:
        if is_healed(fault):
            return Remedy.HEAL
        if fault.code in REMEDIES:
            return REMEDIES[fault.code]
        if _CONVERTED in fault.message:
            return Remedy.AGAIN
    return Remedy.AGAIN if said.status == 404 and _is_gone(said) else None


def is_healed(fault: Fault) -> bool:
    """Whether what is refused can be left out or shortened: also a record that is named by an external id, and that
    there is not.
    """
    is_nobody = fault.code == "INVALID_FIELD" and fault.message.startswith("Foreign key external ID: ")
    return is_nobody or REMEDIES.get(fault.code) is Remedy.HEAL


def is_of_converted(said: Said) -> bool:
    """Whether it was refused for a Lead that was converted: the record itself, or one that it refers to."""
    return any(fault.code == "CANNOT_UPDATE_CONVERTED_LEAD" or _CONVERTED in fault.message for fault in said.faults)


def outcome_of(said: Said) -> Outcome:
    """The outcome that an answer which is no success means, where nothing can be done about it."""
    if said.unanswered:
        return said.unanswered
    faults = [fault for fault in said.faults if fault.code not in NEVER_BY_THESE]
    for fault in faults:
        if found := _by_code(said, fault):
            return found
    if said.status in (406, 420) and not faults:  # a page of Salesforce's edge, before the org
        return Retry(said.told)
    if said.status == 0:
        return Retry("an answer that cannot be read", uncertain=True)
    if said.is_fine:
        return Retry(f"{said.told}: an answer that cannot be read", uncertain=True)
    if faults and 400 <= said.status < 500 and said.status not in (401, 408, 429):
        return Reject(said.told, cause=cause_of(faults[0]))
    return _by_status(said)


def outcome_of_look(said: Said) -> Outcome:
    """The same of a request that changes nothing: whatever became of it, nothing was written by it."""
    outcome = outcome_of(said)
    return replace(outcome, uncertain=False) if isinstance(outcome, Retry | Hold) else outcome


def is_unseen(said: Said, object_: str) -> bool:
    """Whether a query was refused since our user does not see the object: he has no Read on it. A visitor's text cannot
    say so: its quotes are escaped. See https://github.com/forcedotcom/SalesforceMobileSDK-Android/issues/1113 and
    https://github.com/simple-salesforce/simple-salesforce/issues/287.
    """
    named = f"sObject type '{object_}' is not supported"
    return any(fault.code == "INVALID_TYPE" and named in fault.message for fault in said.faults)


def lacks_field(said: Said, object_: str, name: str = "") -> bool:
    """Whether a query was refused for a field, or this one, that the object lacks, or that is hidden from our user."""
    named = (f"'{object_}'", f"'{name}'" if name else "")
    return any(fault.code == "INVALID_FIELD" and all(n in fault.message for n in named) for fault in said.faults)


def hold_of(said: Said) -> Hold:
    """The same as what keeps an operator's question from being answered."""
    outcome = outcome_of(said)
    return outcome if isinstance(outcome, Hold) else Hold(getattr(outcome, "reason", said.told))


def cause_of(fault: Fault) -> str:
    """What is the same for every event that is refused for this: the code and the fields, no value."""
    return " ".join((fault.code, *sorted(fault.fields)))


def _by_code(said: Said, fault: Fault) -> Outcome | None:
    text = said.told
    if fault.code == "REQUEST_LIMIT_EXCEEDED":
        if re.search("concurrent", fault.message, re.IGNORECASE):
            return Hold(text, for_s=CROWDED_S, crowded=True)
        return Hold(text, for_s=QUOTA_S)
    if fault.code == "STORAGE_LIMIT_EXCEEDED":
        return Hold(text, for_s=STORAGE_S)
    if fault.code in _HOLDS:
        return Hold(f"{text} ({_HOLDS[fault.code]})")
    if fault.code in _PASSING:
        return Retry(text)
    if fault.code in _WRAPPING and any(word in fault.message for word in _WRAPPED):
        return Retry(text)
    if fault.code == "UNKNOWN_EXCEPTION":
        return Retry(text, uncertain=True)
    return None


def _by_status(said: Said) -> Outcome:
    judged = judge_status(said.status, said.headers)
    return Retry(said.told, uncertain=True) if isinstance(judged, Delivered) else replace(judged, reason=said.told)


def _is_gone(said: Said) -> bool:
    """Whether a 404 means the record, and not an object or a field of the address."""
    return any(fault.code == "NOT_FOUND" and "external ID" not in fault.message for fault in said.faults)
