"""At the sandbox portal: what an attempt with a lost answer made is found, and not made again."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bridge.connector import Delivered, Record, Reject
from bridge.testing.parts import CLOCK_S
from bridge.testing.samples import claim_of, other_lead, tried_before
from tests.connectors.hubspot.trying import at, contact

PHONE = "+12125550147"


@pytest.mark.parametrize(("days_ago", "made"), [(1, 1), (30, 2)])
def test_a_deal_of_last_month_is_not_the_one_that_was_lost(days_ago: int, made: int) -> None:
    with at() as hubspot:
        person = hubspot.portal.plant("contacts", email="ada@example.com")["id"]
        linked = {
            "to": {"id": person},
            "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}],
        }
        before = datetime.fromtimestamp(CLOCK_S() - days_ago * 86_400, UTC).isoformat()
        hubspot.portal.plant("deals", dealname="Chat with Ada", createdate=before, associations=[linked])
        record = Record("deal", "deals", "k1", {"to_contact": person, "dealname": "Chat with Ada"}, uncertain=True)

        hubspot.write(record)

        assert made == len(hubspot.there("deals"))


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
