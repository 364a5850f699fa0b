"""Visitors without a name: HubSpot makes no contact that has neither a name nor an address, and nobody is renamed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bridge.connector import Delivered, Field
from bridge.testing.samples import LEAD, claim_of
from tests.connectors.hubspot.test_portal import HAS_UNIQUE, UNIQUE
from tests.connectors.hubspot.trying import At, at, contact, trying

NAMELESS = replace(LEAD, email="", first_name="", last_name="")
BAD = "ada@exa_mple.c1"


def keyed(unique: bool) -> dict[str, Any]:
    return {"settings": {"unique": UNIQUE}, "properties": HAS_UNIQUE} if unique else {}


def names(hubspot: At) -> list[tuple[str, ...]]:
    return hubspot.shown("contacts", "firstname", "lastname")


@pytest.mark.parametrize(
    ("said", "name"), [({}, LEAD.phone), ({"phone": ""}, "Visitor 31305"), ({"phone": "", "email": BAD}, BAD)]
)
@pytest.mark.parametrize("unique", [False, True])
def test_one_without_a_name_is_called_by_what_is_known(said: Mapping[str, str], name: str, unique: bool) -> None:
    with at(**keyed(unique)) as hubspot:
        (result,) = hubspot.bring(claim_of(replace(NAMELESS, **said)))

        assert Delivered is type(result.outcome), result.outcome
        assert [("", name)] == names(hubspot)


@pytest.mark.parametrize("unique", [False, True])
def test_one_who_says_no_name_does_not_rename_the_contact_of_the_number(unique: bool) -> None:
    with at(**keyed(unique)) as hubspot:
        hubspot.portal.plant("contacts", phone=LEAD.phone, firstname="Ada", lastname="Lovelace")

        (result,) = hubspot.bring(claim_of(NAMELESS))

        assert Delivered is type(result.outcome), result.outcome
        assert [("Ada", "Lovelace")] == names(hubspot)


@pytest.mark.parametrize("phone", [LEAD.phone, ""])
@pytest.mark.parametrize("linked", [False, True])
def test_one_who_said_a_name_before_keeps_it(phone: str, linked: bool) -> None:
    with at({"unique": UNIQUE}, properties=HAS_UNIQUE) as hubspot:
        claim = claim_of(replace(LEAD, email="", phone=phone))
        (first,) = hubspot.bring(claim)
        links = {(one.record_key, one.object): one for one in first.links if one.object == "contacts" and linked}
        again = replace(claim_of(replace(NAMELESS, phone=phone), 2), person=claim.person, links=links)

        (result,) = hubspot.bring(again)

        assert Delivered is type(result.outcome), result.outcome
        assert [("David", "Garcia")] == names(hubspot)
        assert 2 == len(hubspot.there("notes"))


def test_a_name_that_is_said_later_takes_the_place() -> None:
    with at() as hubspot:
        hubspot.bring(claim_of(NAMELESS))

        hubspot.bring(claim_of(replace(LEAD, email=""), 2))

        assert [("David", "Garcia")] == names(hubspot)


@pytest.mark.parametrize("said", [{}, {"first_name": "", "last_name": ""}])
def test_what_is_no_address_is_kept_in_the_note(said: Mapping[str, str]) -> None:
    with at() as hubspot:
        (result,) = hubspot.bring(claim_of(replace(LEAD, email=BAD, **said)))

        assert ("HubSpot did not take email",) == result.degraded
        ((body,),) = hubspot.shown("notes", "hs_note_body")
        assert body.endswith(f"email: {BAD}")


def test_records_of_ones_own_need_no_name_for_one_who_has_a_number() -> None:
    with at() as hubspot:
        (outcome,) = hubspot.write(contact(phone=LEAD.phone))

        assert Delivered is type(outcome)
        assert [("", LEAD.phone)] == names(hubspot)


def test_the_name_of_the_unnamed_is_a_field_that_records_may_have() -> None:
    with trying() as hubspot:
        fields = hubspot.hubspot.describe("contacts", hubspot.call())

        assert "lastname_if_unnamed" in [one.name for one in fields if isinstance(one, Field)]
