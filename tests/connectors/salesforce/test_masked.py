"""Values that somebody before us made unreadable, and numbers that are none: they replace nothing and find nobody."""

from dataclasses import replace

import pytest

from bridge.connector import Delivered
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD, claim_of
from tests.connectors.salesforce.mappings import BY_EMAIL
from tests.connectors.salesforce.orgs import Way, alive, one, plant


@pytest.mark.parametrize("phone", ["0000000000", "1234567890", "+1 111 111 1111", "***-555-0147", "xxx-555-0147"])
def test_two_who_give_a_number_that_is_none_are_two(org: Org, phone: str) -> None:
    nobody = plant(org, "Lead", LastName="Nobody", Company="x", Phone=phone)

    outcome = Way(org).outcome(claim_of(replace(LEAD, email="", phone=phone)))

    assert isinstance(outcome, Delivered), outcome
    assert [nobody, outcome.id] == [row["Id"] for row in alive(org, "Lead")]


def test_two_whose_addresses_are_masked_alike_are_two(org: Org) -> None:
    dan = plant(org, "Lead", LastName="Dan", Company="x", Email="d***@example.com")

    outcome = Way(org).outcome(claim_of(replace(LEAD, email="d***@example.com", phone="")))

    assert isinstance(outcome, Delivered), outcome
    assert [dan, outcome.id] == [row["Id"] for row in alive(org, "Lead")]


def test_a_masked_value_replaces_no_good_one(org: Org, most: int) -> None:
    plant(org, "Lead", LastName="Garcia", FirstName="David", Company="x", Email=LEAD.email)
    masked = claim_of(replace(LEAD, first_name="D****", last_name="García"))
    others = [claim_of(replace(LEAD, email=f"{n}@example.com"), n) for n in range(2, most + 1)]

    (result, *_) = Way(org, records=[BY_EMAIL]).deliver(masked, *others)

    row = alive(org, "Lead")[0]
    assert ("David", "García") == (row["FirstName"], row["LastName"])
    assert "FirstName is masked" in "; ".join(result.degraded)


def test_a_masked_value_stands_where_there_was_nothing(org: Org) -> None:
    plant(org, "Lead", LastName="Garcia", Company="x", Email=LEAD.email)

    Way(org, records=[BY_EMAIL]).outcome(claim_of(replace(LEAD, first_name="D****")))

    assert "D****" == one(org, "Lead")["FirstName"]


def test_a_good_value_takes_the_place_of_a_masked_one(org: Org) -> None:
    lead = plant(org, "Lead", LastName="G*****", Company="x", Email="d***@example.com", Phone=LEAD.phone)

    outcome = Way(org).outcome(claim_of(LEAD))

    assert lead == outcome.id
    row = one(org, "Lead")
    assert (LEAD.last_name, LEAD.email) == (row["LastName"], row["Email"])


def test_blanks_empty_nothing(org: Org) -> None:
    plant(org, "Lead", LastName="Garcia", FirstName="David", Company="x", Email=LEAD.email)

    Way(org, records=[BY_EMAIL]).outcome(claim_of(replace(LEAD, first_name="  ", last_name="\u200b")))

    row = one(org, "Lead")
    assert ("David", "Garcia") == (row["FirstName"], row["LastName"])
