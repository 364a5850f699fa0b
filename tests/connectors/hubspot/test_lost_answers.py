"""At the sandbox portal: what an attempt with a lost answer made is found, and not made again."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.connector import Delivered, Record, Reject
from bridge.testing.parts import CLOCK_S
from bridge.testing.samples import claim_of, other_lead, tried_before
from tests.connectors.hubspot.trying import At, at, contact

PHONE = "+12125550147"


def plant_deal(hubspot: At, person: str, *, days_ago: int = 1, **stands: str) -> dict[str, Any]:
    linked = {"to": {"id": person}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}]}
    before = datetime.fromtimestamp(CLOCK_S() - days_ago * 86_400, UTC).isoformat()
    made: dict[str, Any] = hubspot.portal.plant(
        "deals", **{"dealname": "Chat with Ada", "createdate": before} | stands, associations=[linked]
    )
    return made


@pytest.mark.parametrize(("days_ago", "made"), [(1, 1), (30, 2)])
def test_a_deal_of_last_month_is_not_the_one_that_was_lost(days_ago: int, made: int) -> None:
    with at() as hubspot:
        person = hubspot.portal.plant("contacts", email="ada@example.com")["id"]
        plant_deal(hubspot, person, days_ago=days_ago)
        record = Record("deal", "deals", "k1", {"to_contact": person, "dealname": "Chat with Ada"}, uncertain=True)

        hubspot.write(record)

        assert made == len(hubspot.there("deals"))


@pytest.mark.parametrize(
    ("stands", "made"),
    [
        ({"amount": "100"}, 1),
        ({}, 1),  # what was not taken at the first attempt
        ({"amount": "100", "dealstage": "closedwon"}, 1),  # a colleague moved it on
        ({"amount": "100", "dealtype": "newbusiness"}, 1),  # by its label
        ({"amount": "250"}, 2),
        ({"amount": "100", "dealtype": "existingbusiness"}, 2),
        ({"amount": "100", "hs_object_source": "CRM_UI"}, 2),
    ],
)
def test_a_deal_that_says_something_else_is_not_the_one_that_was_lost(stands: dict[str, str], made: int) -> None:
    with at() as hubspot:
        person = hubspot.portal.plant("contacts", email="ada@example.com")["id"]
        plant_deal(hubspot, person, **stands)
        fields = {"dealname": "Chat with Ada", "amount": 100.0, "dealtype": "New Business", "pipeline": "default"}

        (outcome,) = hubspot.write(
            Record(
                "deal",
                "deals",
                "k1",
                fields | {"to_contact": person, "dealstage": "appointmentscheduled"},
                uncertain=True,
            )
        )

        assert Delivered is type(outcome), outcome
        assert made == len(hubspot.there("deals"))


def test_of_two_deals_that_say_the_same_the_later_one_was_lost() -> None:
    with at() as hubspot:
        person = hubspot.portal.plant("contacts", email="ada@example.com")["id"]
        later, _ = [plant_deal(hubspot, person, days_ago=days)["id"] for days in (1, 3)]
        record = Record("deal", "deals", "k1", {"to_contact": person, "dealname": "Chat with Ada"}, uncertain=True)

        (outcome,) = hubspot.write(record)

        assert later == getattr(outcome, "id", None)
        assert 2 == len(hubspot.there("deals"))


def test_a_lost_record_whose_field_to_match_by_is_empty_is_not_made_twice() -> None:
    with at() as hubspot:
        record = Record("deal", "deals", "k1", {"dealname": "Ada", "amount": ""}, match=("amount",), uncertain=True)

        (outcome,) = hubspot.write(record)

        assert Reject is type(outcome)


@pytest.mark.parametrize("api_version", ["v3", "2026-03"])
def test_a_hundred_lost_answers_cost_four_requests(api_version: str) -> None:
    with at({"api_version": api_version}) as hubspot:
        claims = [tried_before(claim_of(other_lead(number), number)) for number in range(1, 101)]
        hubspot.bring(*claims[:50])
        before = len(hubspot.portal.calls)
        for one in hubspot.there("contacts")[:3]:  # these have other notes, too
            linked = {
                "to": {"id": one["id"]},
                "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}],
            }
            hubspot.portal.plant("notes", hs_timestamp="2026-01-01T00:00:00Z", associations=[linked])

        results = hubspot.bring(*[replace(one, links={}, done=frozenset()) for one in claims])

        assert {Delivered} == {type(one.outcome) for one in results}
        assert (100, 103) == (len(hubspot.there("contacts")), len(hubspot.there("notes")))
        asked = [call.path.rpartition("/")[2] for call in hubspot.portal.calls[before:]]
        assert ["upsert", "read", "read", "create"] == asked


def test_where_many_cannot_be_asked_for_together_each_is_asked_for() -> None:
    with at() as hubspot:
        claims = [tried_before(claim_of(other_lead(number), number)) for number in range(1, 4)]
        hubspot.bring(*claims)
        hubspot.portal.fault(status=400, match={"path": "/crm/v4/associations/*"})

        results = hubspot.bring(*claims)

        assert {Delivered} == {type(one.outcome) for one in results}
        assert 3 == len(hubspot.there("notes"))


def test_one_whose_address_was_refused_is_not_made_again_where_that_is_uncertain() -> None:
    with at(search_lag_s=3600.0) as hubspot:
        record = contact("k1", email="ada@", lastname="Lovelace", phone=PHONE)
        hubspot.write(record)

        hubspot.write(replace(record, uncertain=True))

        assert [("Lovelace",)] == hubspot.shown("contacts", "lastname")
