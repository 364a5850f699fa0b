"""Nothing is lost and nothing is there twice, whatever becomes of requests and answers: with a key of ours at the org,
and without one.
"""

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from bridge.connector import Delivered
from bridge.model.delivery import Claim
from bridge.model.event import Kind
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD, claim_of, next_attempt, next_revision, other_lead, tried_before
from tests.connectors.salesforce.orgs import KEYED, Way, alive, colleague

FAULTS = [
    {"probability": 0.06, "status": 503, "stored": False},
    {"probability": 0.06, "status": 502, "stored": True},
    {"probability": 0.06, "status": 500, "stored": True},
    {"probability": 0.06, "reset": True, "stored": True},
    {"probability": 0.06, "reset": True, "stored": False},
    {"probability": 0.06, "garbage": True, "stored": True},
    {
        "probability": 0.04,
        "status": 401,
        "stored": False,
        "body": [{"errorCode": "INVALID_SESSION_ID", "message": "x"}],
    },
]
MOST_ROUNDS = 200


def claims_of(count: int) -> list[Claim]:
    """Leads and appointments of so many visitors: with an email address, with a phone only, with neither; appointments
    with a time and without.
    """
    found = []
    for number in range(count):
        event = replace(other_lead(number), raw={}, session_id=str(number))
        if number % 4 == 1:
            event = replace(event, email="")
        if number % 4 == 2:
            event = replace(event, email="", phone="")
        if number % 3:
            text = f"Time: 2030-12-{number % 28 + 1:02d} 10:00 AM" if number % 2 else "Please call me"
            event = replace(event, kind=Kind.APPOINTMENT, content=text)
        found.append(claim_of(event, number + 1))
    return found


@pytest.mark.parametrize("gone", ["deleted", "converted, and the contact deleted"])
@pytest.mark.parametrize("keyed", [False, True], ids=["without a key", "with a key"])
def test_what_was_made_in_place_of_one_that_is_gone_is_known_again(org: Org, gone: str, *, keyed: bool) -> None:
    """By the mark alone: its visitor no longer says who he is, and the key may be the old one's."""
    org.change(objects=KEYED)
    way = Way(org, {"external_ids": {"Lead": "Chat_Key__c"}} if keyed else {}, timeout_s=2.0)
    first = claims_of(1)[0]
    (result,) = way.deliver(first)
    lead = result.links[0].crm_id
    if gone == "deleted":
        colleague(org).Lead.delete(lead)
    else:
        colleague(org).Contact.delete(org.convert(lead)["contact"])
    later = next_revision(first, result, replace(LEAD, email="", phone="", content="Later."))
    org.fault(match={"body_contains": "Later."}, reset=True, stored=True)  # the write

    (uncertain,) = way.deliver(later)
    assert getattr(uncertain.outcome, "uncertain", False), uncertain
    (again,) = way.deliver(next_attempt(later, uncertain))

    assert isinstance(again.outcome, Delivered), again
    assert [again.outcome.id] == [row["Id"] for row in alive(org, "Lead") if not row["IsConverted"]]


@pytest.mark.parametrize("keyed", [False, True], ids=["without a key", "with a key"])
@pytest.mark.parametrize("most", [1, 7, 40])
@pytest.mark.parametrize("seed", range(4))
def test_each_lead_is_there_once_after_any_number_of_faults(org: Org, most: int, seed: int, *, keyed: bool) -> None:
    draw = random.Random(seed)
    settings: dict[str, Any] = {}
    if keyed:
        org.change(objects=dict.fromkeys(("Lead", "Event", "Task"), KEYED["Lead"]))
        settings = {"external_ids": dict.fromkeys(("Lead", "Event", "Task"), "Chat_Key__c")}
    org.random(FAULTS, seed=seed)
    way = Way(org, settings)
    open_ = claims_of(40)
    due = Counter[str]()
    for claim in open_:
        kinds = (
            "Lead",
            *(
                ["Event" if "Time:" in claim.stored.event.content else "Task"]
                * (claim.stored.event.kind == Kind.APPOINTMENT)
            ),
        )
        due.update(kinds)
    for _ in range(MOST_ROUNDS):
        if not open_:
            break
        draw.shuffle(open_)
        batch, open_ = open_[:most], open_[most:]
        for claim, result in zip(batch, way.deliver(*batch), strict=True):
            if not isinstance(result.outcome, Delivered):
                open_.append(next_attempt(claim, result))
    assert [] == open_

    assert due == Counter({name: len(alive(org, name)) for name in ("Lead", "Event", "Task")})
    for name in ("Lead", "Event", "Task"):
        texts = Counter(row["Description"] for row in alive(org, name))
        assert [] == [text for text, count in texts.items() if count > 1], name
    whose = [row["WhoId"] for name in ("Event", "Task") for row in alive(org, name)]
    assert set(whose) <= {row["Id"] for row in alive(org, "Lead")}
    assert len(whose) == len(set(whose))


def test_two_events_that_say_the_same_are_two_also_where_one_is_uncertain(org: Org) -> None:
    way = Way(org)
    event = replace(LEAD, kind=Kind.APPOINTMENT, content="Please call me")
    first = claim_of(event, 1)
    second = replace(claim_of(event, 2), person=first.person)

    way.deliver(first)
    outcome = way.outcome(tried_before(second))

    assert isinstance(outcome, Delivered), outcome
    assert 2 == len(alive(org, "Task"))
    assert 1 == len(alive(org, "Lead"))


def test_visitors_who_gave_no_address_are_not_taken_for_each_other(org: Org) -> None:
    way = Way(org)
    nobody = replace(LEAD, first_name="", last_name="", email="", phone="", content="Hello")

    way.deliver(claim_of(replace(nobody, session_id="1"), 1))
    way.deliver(tried_before(claim_of(replace(nobody, session_id="2"), 2)))

    assert 2 == len(alive(org, "Lead"))


def test_where_a_mapping_has_no_mark_what_was_written_is_known_by_all_that_was_written(org: Org) -> None:
    lead = {"LastName": "{{ last_name }}", "Company": "x", "City": "{{ raw.City }}"}
    visit = {"WhoId": "{{ records.person.id }}", "Subject": "Visit", "StartDateTime": "{{ created_at }}"}
    records = [
        {"name": "person", "object": "Lead", "keyed_by": "person", "fields": lead},
        {"name": "visit", "object": "Event", "fields": visit | {"DurationInMinutes": 30}},
    ]
    way = Way(org, records=records)
    claim = claim_of(replace(LEAD, raw={"City": "Delft"}), 1)
    way.deliver(claim)

    way.deliver(tried_before(claim))
    way.deliver(tried_before(claim_of(replace(LEAD, raw={"City": "Leiden"}), 2)))

    assert ["Delft", "Leiden"] == [row["City"] for row in alive(org, "Lead")]
    assert 2 == len(alive(org, "Event"))
