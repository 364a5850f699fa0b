"""At the sandbox portal: what a visitor says that is worse than what stands there replaces nothing, and is kept."""

from dataclasses import replace

import pytest

from bridge.connector import Delivered
from bridge.testing.samples import LEAD, claim_of, next_revision
from tests.connectors.hubspot.trying import At, at

PHONE = "+12125550147"
GOOD = {"firstname": "Ada", "lastname": "Lovelace", "phone": PHONE}


def brought(hubspot: At, **said: str) -> Delivered:
    (result,) = hubspot.bring(claim_of(replace(LEAD, **{"email": "", "first_name": "", "last_name": ""} | said)))
    assert isinstance(result.outcome, Delivered), result.outcome
    return replace(result.outcome, degraded="; ".join(result.degraded))


def kept(hubspot: At) -> str:
    ((body,),) = hubspot.shown("notes", "hs_note_body")
    return body.partition("Not in a field of HubSpot:")[2]


@pytest.mark.parametrize(
    "phone", ["n/a", "-", "+1 *** *** 0147", "xxx-xxx-0147", "•••0147", "0000000000", "1234567890", "+1 111 111 1111"]
)
def test_what_is_no_whole_number_replaces_none(phone: str) -> None:
    with at() as hubspot:
        hubspot.portal.plant("contacts", email="ada@example.com", **GOOD)

        outcome = brought(hubspot, email="ada@example.com", phone=phone)

        assert [(PHONE,)] == hubspot.shown("contacts", "phone")
        assert "phone" in outcome.degraded
        assert f"phone: {phone}" in kept(hubspot)


def test_a_number_replaces_another_and_what_is_none_stands_where_there_was_nothing() -> None:
    with at() as hubspot:
        hubspot.portal.plant("contacts", email="ada@example.com", **GOOD)
        hubspot.portal.plant("contacts", email="bob@example.com")

        first = brought(hubspot, email="ada@example.com", phone="+442079460123")
        (second,) = hubspot.bring(claim_of(replace(LEAD, email="bob@example.com", phone="ask my wife"), 2))

        assert [("+442079460123",), ("ask my wife",)] == hubspot.shown("contacts", "phone")
        assert ("", ()) == (first.degraded, second.degraded)


@pytest.mark.parametrize("phone", ["0000000000", "1234567890", "999999", "xxx-xxx-0147"])
def test_two_who_give_a_number_that_is_none_are_two(phone: str) -> None:
    with at() as hubspot:
        hubspot.portal.plant("contacts", lastname="Nobody", phone=phone)

        brought(hubspot, last_name="Lovelace", phone=phone)

        assert [("Nobody",), ("Lovelace",)] == hubspot.shown("contacts", "lastname")


def test_a_masked_address_is_nobodys() -> None:
    with at() as hubspot:
        hubspot.portal.plant("contacts", email="d***@example.com", lastname="Dan")

        outcome = brought(hubspot, email="d***@example.com", last_name="Dave", phone="")

        assert [("Dan",), ("Dave",)] == hubspot.shown("contacts", "lastname")
        assert "masked" in outcome.degraded
        assert "email: d***@example.com" in kept(hubspot)


def test_a_masked_name_replaces_none() -> None:
    with at() as hubspot:
        hubspot.portal.plant("contacts", email="ada@example.com", **GOOD)

        brought(hubspot, email="ada@example.com", first_name="A**", last_name="L*******")

        assert [("Ada", "Lovelace")] == hubspot.shown("contacts", "firstname", "lastname")


def test_who_shares_a_phone_renames_nobody_also_when_he_comes_back() -> None:
    with at() as hubspot:
        hubspot.portal.plant("contacts", email="ada@example.com", **GOOD)
        claim = claim_of(replace(LEAD, email="", first_name="Bob", last_name="King"))
        (first,) = hubspot.bring(claim)
        (again,) = hubspot.bring(next_revision(claim, first, replace(claim.stored.event, content="Hello again")))

        assert [("Ada", "Lovelace")] == hubspot.shown("contacts", "firstname", "lastname")
        assert all("another firstname" in "; ".join(one.degraded) for one in (first, again))
        assert "firstname: Bob" in kept(hubspot)


def test_one_who_was_made_without_a_name_gets_it_when_he_says_it() -> None:
    with at() as hubspot:
        claim = claim_of(replace(LEAD, email="", first_name="", last_name=""))
        (first,) = hubspot.bring(claim)

        (named,) = hubspot.bring(
            next_revision(claim, first, replace(claim.stored.event, first_name="Ada", last_name="Lovelace"))
        )

        assert [("Ada", "Lovelace")] == hubspot.shown("contacts", "firstname", "lastname")
        assert () == named.degraded


def test_a_good_name_takes_the_place_of_a_masked_one() -> None:
    with at() as hubspot:
        hubspot.portal.plant("contacts", firstname="A**", lastname="L*******", phone=PHONE)

        outcome = brought(hubspot, first_name="Ada", last_name="Lovelace", phone=PHONE)

        assert [("Ada", "Lovelace")] == hubspot.shown("contacts", "firstname", "lastname")
        assert "" == outcome.degraded


def test_blanks_empty_nothing() -> None:
    with at() as hubspot:
        hubspot.portal.plant("contacts", email="ada@example.com", **GOOD)

        outcome = brought(hubspot, email="ada@example.com", first_name="  ", last_name="\u200b", phone=" ")

        assert [("Ada", "Lovelace", PHONE)] == hubspot.shown("contacts", "firstname", "lastname", "phone")
        assert "" == outcome.degraded
