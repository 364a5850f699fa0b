"""What the tests of healing share: an org that is strict in some fields, and a mapping that fills them."""

from dataclasses import replace
from typing import Any

from bridge.connector import Delivered, Outcome
from bridge.model.delivery import Claim
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD, claim_of
from tests.connectors.salesforce.orgs import Way, alive

PERSON = {
    "name": "person",
    "object": "Lead",
    "keyed_by": "person",
    "match": ["Email", "Phone"],
    "fields": {
        "FirstName": "{{ first_name }}",
        "LastName": "{{ last_name }}",
        "Company": "{{ raw.Company | default('none') }}",
        "Email": "{{ email }}",
        "Phone": "{{ phone }}",
        "State": "{{ raw.State }}",
        "Title": "{{ raw.Title }}",
        "Rating": "{{ raw.Rating }}",
        "Score__c": "{{ raw.Score }}",
        "Level__c": "{{ raw.Level }}",
        "AnnualRevenue": "{{ raw.Revenue }}",
    },
}
WITH_TEXT = PERSON | {
    "fields": {**PERSON["fields"], "Description": {"value": "{{ content }}", "write": "append"}}  # type: ignore[dict-item]
}
SCORE = {"createable": False, "updateable": False}  # such as a formula, or one that our user may not write
RESTRICTED = {
    "Lead": {
        "fields": {
            "Rating": {"restricted": True},
            "State": {"restricted": True, "picklist": ["Ohio"]},
            "Score__c": SCORE,
            "Level__c": SCORE,
        }
    },
    "Contact": {"fields": {"MailingState": {"restricted": True, "picklist": ["Ohio"]}}},
    "Event": {"fields": {"Location": {"length": 10}}},
    "Task": {"fields": {"Subject": {"length": 20}}},
}
LONG = "x" * 50
FULL = 32_000


def claim(number: int = 1, **said: Any) -> Claim:
    return claim_of(replace(LEAD, **said), number)


def delivered(outcome: Outcome | Any) -> Delivered:
    assert isinstance(outcome, Delivered), outcome
    return outcome


def outcomes(way: Way, bad: Claim, *, alone: bool) -> Any:
    """What came of it, by itself (one composite call) or among others (collections), which it must not harm."""
    if alone:
        return way.outcome(bad)
    others = [claim(number, email=f"visitor{number}@example.com", phone="") for number in (2, 3)]
    found = [result.outcome for result in way.deliver(others[0], bad, others[1])]
    assert [Delivered(), Delivered()] == [replace(delivered(found[at]), id="", url="") for at in (0, 2)]
    return found[1]


def of_garcia(org: Org) -> dict[str, Any]:
    (row,) = [row for row in alive(org, "Lead") if row["Email"] in (LEAD.email, None)]
    return row
