"""A user who does not see Contacts: leads are looked for among Leads, and none is dead for it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from bridge.connector import Delivered, Usable
from bridge.model.delivery import Claim
from bridge.model.record import Link
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD, claim_of, other_lead, tried_before
from connectors.salesforce.describe import UNSEEN_FOR_S
from tests.connectors.salesforce.orgs import KEYED, Way, alive, one, plant

UNSEEN: dict[str, Any] = {"Contact": {"readable": False}}
# Where a lookup leads to an object that the user does not see, some orgs do not show him the lookup either.
WITHOUT_LOOKUP = UNSEEN | {"Lead": {"fields": {"ConvertedContactId": None}}}
LOOKUP = {"references": ["Contact"], "relationship": "ConvertedContact"}
WITH_CUSTOM = {"Lead": {"fields": {"Topic__c": {}}}} | UNSEEN
TOLD = "the user may not see Contact"


@pytest.fixture(params=[UNSEEN, WITHOUT_LOOKUP], ids=["object", "object and lookup"])
def org(request: pytest.FixtureRequest) -> Iterator[Org]:
    with Org(objects=request.param) as org:
        yield org


def known(claim: Claim, id_: str) -> Claim:
    return replace(claim, links={(claim.person, "Lead"): Link("Lead", claim.person, id_)})


def delivered(way: Way, *claims: Claim) -> list[str]:
    """The ids of the persons."""
    results = way.deliver(*claims)
    assert [Delivered] * len(claims) == [type(result.outcome) for result in results], results
    return [result.links[0].crm_id for result in results]


@pytest.mark.parametrize("most", [1, 3])
def test_leads_are_made_and_found_again_among_leads_alone(org: Org, most: int) -> None:
    way = Way(org)
    claims = [claim_of(other_lead(number), number) for number in range(most)]

    first = delivered(way, *claims)

    assert first == delivered(way, *claims)
    assert first == [row["Id"] for row in alive(org, "Lead")]


def test_it_is_found_out_once_and_told_to_the_operator(org: Org) -> None:
    way = Way(org)
    delivered(way, claim_of(LEAD))
    refused = sum("FROM%20Contact" in call.body for call in org.calls)

    delivered(way, claim_of(other_lead(2), 2))

    assert refused == sum("FROM%20Contact" in call.body for call in org.calls)
    assert [True] == [text.startswith(TOLD) for text in way.warned]


def test_several_threads_find_it_out_at_once(org: Org) -> None:
    way = Way(org)
    org.fault(match={"body_contains": "FROM%20Contact"}, times=4, latency_s=0.3)

    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(delivered, way, claim_of(other_lead(number), number)) for number in range(4)]
        ids = {one.result(timeout=60)[0] for one in found}

    assert ids == {row["Id"] for row in alive(org, "Lead")}
    assert 4 == len(ids)


def test_whoever_gets_the_right_is_heeded_after_a_while(org: Org) -> None:
    way, now_s = Way(org), [1e9]
    way.caller = replace(way.caller, door=replace(way.caller.door, now_s=lambda: now_s[0]))
    delivered(way, claim_of(LEAD))
    contact = plant(org, "Contact", LastName="Else", Email="visitor2@example.com")
    org.change(objects={"Contact": {"readable": True}, "Lead": {"fields": {"ConvertedContactId": LOOKUP}}})
    visitor = claim_of(replace(LEAD, email="visitor2@example.com", phone=""), 2)

    now_s[0] += UNSEEN_FOR_S

    assert [contact] == delivered(way, visitor)


def test_it_is_known_from_the_describe_where_that_is_asked_for() -> None:
    with Org(objects=WITH_CUSTOM) as org:
        record = {
            "name": "person",
            "object": "Lead",
            "keyed_by": "person",
            "match": ["Topic__c"],
            "fields": {"LastName": "{{ last_name }}", "Company": "x", "Topic__c": "Rooms"},
        }
        way = Way(org, records=[record])

        assert delivered(way, claim_of(LEAD)) == delivered(way, claim_of(LEAD))

        assert 1 == sum(call.endswith("describe") for call in way.calls()), "asked once"
        assert not any("FROM%20Contact" in call.body for call in org.calls)


def test_a_link_to_a_contact_of_better_days_costs_no_lead(org: Org) -> None:
    contact = plant(org, "Contact", LastName="Garcia", Email=LEAD.email)

    made = delivered(Way(org), known(claim_of(LEAD), contact))

    assert made == [one(org, "Lead")["Id"]]


@pytest.mark.parametrize("by", ["link", "email"])
def test_of_a_converted_lead_another_one_is_made(org: Org, by: str) -> None:
    lead = plant(org, "Lead", LastName="Garcia", Company="x", Email=LEAD.email)
    org.convert(lead)
    claim = known(claim_of(LEAD), lead) if by == "link" else claim_of(LEAD)

    made = delivered(Way(org), claim)

    assert made != [lead]
    assert made == delivered(Way(org), claim_of(LEAD))


@pytest.mark.parametrize("match", [["Email"], []], ids=["by email", "by the key alone"])
def test_of_a_converted_lead_with_our_key_another_one_is_made_without_it(match: list[str]) -> None:
    """The key is taken, and a Lead that is converted cannot be changed."""
    with Org(objects=KEYED | UNSEEN) as org:
        text = {"value": "{{ content }}", "write": "append"}
        fields = {"LastName": "{{ last_name }}", "Company": "x", "Email": "{{ email }}", "Description": text}
        record = {"name": "person", "object": "Lead", "keyed_by": "person", "match": match, "fields": fields}
        way = Way(org, {"external_ids": {"Lead": "Chat_Key__c"}}, records=[record])
        (lead,) = delivered(way, claim_of(LEAD))
        org.convert(lead)

        made = delivered(way, claim_of(LEAD))

        assert made != [lead]
        assert made == delivered(way, tried_before(claim_of(LEAD)))
        assert made == delivered(way, known(claim_of(LEAD), made[0]))


def test_check_tells_it(org: Org) -> None:
    way = Way(org)

    said = way.connector.probe(way.caller.door.call())

    assert isinstance(said, Usable)
    assert org.settings["org_id"] == said.account
    assert said.note.startswith(TOLD)
    way = Way(org, {"match_contacts": False})
    assert "" == way.connector.probe(way.caller.door.call()).note  # type: ignore[union-attr]


def test_what_is_to_be_written_to_a_contact_is_refused_and_its_neighbours_are_not() -> None:
    with Org(objects=UNSEEN) as org:
        contact = {"name": "contact", "object": "Contact", "match": ["Email"]}
        contact |= {"when": {"email": "a@example.com"}, "fields": {"LastName": "x", "Email": "{{ email }}"}}
        lead = {"name": "lead", "object": "Lead", "match": ["Email"], "when": {"email": {"not": "a@example.com"}}}
        lead |= {"fields": {"LastName": "x", "Company": "x", "Email": "{{ email }}"}}
        claims = [claim_of(replace(LEAD, email=f"{name}@example.com"), n) for n, name in enumerate("abc", 1)]

        results = Way(org, records=[contact, lead]).deliver(*claims)

        assert ["Reject", "Delivered", "Delivered"] == [type(result.outcome).__name__ for result in results]
        assert "sObject type 'Contact' is not supported" in results[0].outcome.reason  # type: ignore[union-attr]
