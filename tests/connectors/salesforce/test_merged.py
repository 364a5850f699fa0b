"""Records that were merged at the org: what we knew leads to the one that was kept, and no other one is made."""

from dataclasses import replace
from typing import Any

import pytest

from bridge.connector import Delivered, Retry
from bridge.model.delivery import Claim
from bridge.model.record import Link
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD, claim_of, next_attempt, other_lead
from tests.connectors.salesforce.mappings import TASK
from tests.connectors.salesforce.orgs import KEYED, Way, alive, colleague, one, plant

FIELDS: dict[str, Any] = {
    "LastName": {"value": "{{ last_name }}", "write": "if_empty"},
    "Company": {"value": "x", "write": "if_empty"},
    "Email": {"value": "{{ email }}", "write": "if_empty"},
    "Description": {"value": "{{ content }}", "write": "append"},
}
PERSON = {"name": "person", "object": "Lead", "keyed_by": "person", "match": ["Email"], "fields": FIELDS}
MERGED = {"path": "/services/data/v62.0/composite", "body_contains": "queryAll"}


def outcome(way: Way, mine: Claim, most: int = 1) -> Any:
    """What came of the first; the others have to be delivered."""
    found = way.deliver(mine, *[claim_of(other_lead(n), n) for n in range(2, 1 + most)])
    assert [Delivered] * (most - 1) == [type(result.outcome) for result in found[1:]], found
    return found[0].outcome


def later(id_: str, object_: str = "Lead") -> Claim:
    """What the visitor says next, with a link of this id; he no longer says who he is."""
    claim = claim_of(replace(LEAD, email="", phone="", content="Later."), revision=2)
    return replace(claim, links={(claim.person, object_): Link(object_, claim.person, id_)})


def kept(org: Org, name: str = "Lead", **fields: Any) -> str:
    return plant(org, name, LastName="Kept", **({"Company": "Acme"} if name == "Lead" else {}), **fields)


def said(org: Org, id_: str) -> str:
    (row,) = [row for name in ("Lead", "Contact") for row in alive(org, name) if row["Id"] == id_]
    return str(row["Description"])


def test_what_is_known_leads_to_the_one_that_was_kept(org: Org, most: int) -> None:
    way = Way(org, records=[PERSON])
    lead, winner = outcome(way, claim_of(LEAD)).id, kept(org)
    org.merge(winner, lead)

    found = outcome(way, later(lead), most)

    assert winner == found.id, found
    assert "Later." in said(org, winner)
    assert most == len(alive(org, "Lead"))


def test_over_several_merges_too(org: Org, most: int) -> None:
    way = Way(org, records=[PERSON])
    lead, *winners = outcome(way, claim_of(LEAD)).id, *[kept(org) for _ in range(4)]
    for old, new in zip([lead, *winners], winners, strict=False):
        org.merge(new, old)

    assert winners[-1] == outcome(way, later(lead), most).id
    assert most == len(alive(org, "Lead"))


def test_where_the_one_that_was_kept_was_converted_and_its_contact_merged(org: Org) -> None:
    way = Way(org, records=[PERSON])
    lead, winner, contact = outcome(way, claim_of(LEAD)).id, kept(org), kept(org, "Contact")
    org.merge(winner, lead)
    org.merge(contact, org.convert(winner)["contact"])

    assert contact == outcome(way, later(lead)).id
    assert "Later." in said(org, contact)


def test_a_known_contact_is_followed(org: Org, most: int) -> None:
    contact, winner = kept(org, "Contact", Email=LEAD.email), kept(org, "Contact")
    org.merge(winner, contact)

    assert winner == outcome(Way(org, records=[PERSON]), later(contact), most).id
    assert most - 1 == len(alive(org, "Lead"))


def test_a_record_of_another_object_is_followed_where_the_org_refuses_it(org: Org, most: int) -> None:
    """An Account is changed without a look."""
    account = {"name": "account", "object": "Account", "keyed_by": "person", "fields": {"Name": "{{ content }}"}}
    first, winner = (plant(org, "Account", Name=name) for name in ("Garcia", "Kept"))
    org.merge(winner, first)

    assert winner == outcome(Way(org, records=[account]), later(first, "Account"), most).id
    assert "Later." in [row["Name"] for row in alive(org, "Account")]


def test_the_one_that_was_kept_gets_our_key() -> None:
    with Org(objects=KEYED) as org:
        way = Way(org, {"external_ids": {"Lead": "Chat_Key__c"}}, records=[PERSON])
        lead, winner = outcome(way, claim_of(LEAD)).id, kept(org)
        org.merge(winner, lead)

        assert winner == outcome(way, later(lead)).id
        assert claim_of(LEAD).person == one(org, "Lead")["Chat_Key__c"]


@pytest.mark.parametrize("ending", ["deleted", "merged, and the one that was kept deleted", "purged"])
def test_where_nothing_was_kept_another_one_is_made(org: Org, ending: str) -> None:
    way = Way(org, records=[PERSON])
    lead, winner = outcome(way, claim_of(LEAD)).id, kept(org)
    if ending.startswith("merged"):
        org.merge(winner, lead)
        colleague(org).Lead.delete(winner)
    elif ending == "deleted":
        colleague(org).Lead.delete(lead)

    found = outcome(way, later("00Q5e0000000ZZZEA2" if ending == "purged" else lead))

    assert isinstance(found, Delivered), found
    assert found.id not in (lead, winner)


def test_where_the_org_cannot_say_it_just_now_no_other_one_is_made(org: Org, most: int) -> None:
    way = Way(org, records=[PERSON])
    lead, winner = outcome(way, claim_of(LEAD)).id, kept(org)
    org.merge(winner, lead)
    org.fault(match=MERGED, status=503, stored=False)
    claims = [later(lead), *[claim_of(other_lead(n), n) for n in range(2, 1 + most)]]

    first = way.deliver(*claims)

    assert isinstance(first[0].outcome, Retry), first
    assert not first[0].outcome.uncertain
    assert [winner] == [row["Id"] for row in alive(org, "Lead")]
    assert winner == outcome(way, later(lead), most).id


def test_where_nothing_is_gone_nothing_is_asked(org: Org) -> None:
    way = Way(org, records=[PERSON])
    lead = outcome(way, claim_of(LEAD)).id
    before = len(way.calls())

    outcome(way, later(lead))

    assert ["POST composite"] * 2 == way.calls()[before:], "the look and the write"


@pytest.mark.parametrize("also", ["", "merged again", "converted"])
def test_an_activity_whose_person_was_merged_meanwhile_goes_to_the_one_that_was_kept(org: Org, also: str) -> None:
    full = {"object": "Task", "on": ["create"], "code": "STORAGE_LIMIT_EXCEEDED", "message": "full", "times": 1}
    org.change(triggers=[full])
    way = Way(org, records=[PERSON, TASK])
    claims = [claim_of(other_lead(n), n) for n in (1, 2)]
    results = way.deliver(*claims)  # the persons are there, a task is not
    missing = next(n for n, result in enumerate(results) if not isinstance(result.outcome, Delivered))
    winner = kept(org)
    org.merge(winner, results[missing].links[0].crm_id)
    if also == "merged again":
        last = kept(org)
        org.merge(last, winner)
        winner = last
    elif also == "converted":
        winner = org.convert(winner)["contact"]

    found = way.deliver(next_attempt(claims[missing], results[missing]))[0].outcome

    assert isinstance(found, Delivered), found
    assert winner in [task["WhoId"] for task in alive(org, "Task")]
