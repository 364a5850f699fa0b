"""At the sandbox portal: whom a search finds by a phone number, and whom it does not."""

from dataclasses import replace

import pytest

from bridge.connector import Delivered
from tests.connectors.hubspot.trying import at, contact, trying

PHONE = "+12125550147"


def test_a_phone_that_is_none_is_nobodys() -> None:
    with at() as hubspot:
        hubspot.portal.plant("contacts", phone=PHONE, mobilephone="none", lastname="Byron")

        hubspot.write(contact("k1", lastname="Lovelace", phone="unknown"), contact("k2", lastname="B.", phone=PHONE))

        assert [("B.", PHONE), ("Lovelace", "unknown")] == hubspot.shown("contacts", "lastname", "phone")


@pytest.mark.parametrize("email", ["byron@example.com", ""])
def test_a_phone_finds_nobody_who_has_another_address(email: str) -> None:
    with at() as hubspot:
        hubspot.portal.plant("contacts", phone=PHONE, email=email, firstname="George")
        ada = contact(email="ada@example.com", phone=PHONE, firstname="Ada")

        hubspot.write(replace(ada, match=("email", "phone")))

        others = [("George", email)] if email else []
        assert [*others, ("Ada", "ada@example.com")] == hubspot.shown("contacts", "firstname", "email")


@pytest.mark.parametrize(
    ("there", "same"), [("+47 22 12 34 56", False), ("+1 472 212 3456", True), ("4722123456", True)]
)
def test_a_number_of_another_country_with_the_same_digits_is_anothers(there: str, same: bool) -> None:
    with at() as hubspot:
        mine = hubspot.portal.plant("contacts", phone=there)["id"]

        (outcome,) = hubspot.write(contact(lastname="Lovelace", phone="472-212-3456"))

        assert same == (mine == getattr(outcome, "id", None))


def test_an_address_finds_its_contact_before_a_phone_does() -> None:
    with at() as hubspot:
        hubspot.portal.plant("contacts", phone=PHONE, firstname="Somebody")
        mine = hubspot.portal.plant("contacts", email="ada@example.com")["id"]

        ada = contact(email="ada@example.com", phone=PHONE, firstname="Ada")
        (outcome,) = hubspot.write(replace(ada, match=("email", "phone")))

        assert mine == getattr(outcome, "id", None)
        assert ["Somebody", "Ada"] == [name for (name,) in hubspot.shown("contacts", "firstname")]


def test_a_number_that_half_the_portal_has_hides_no_other() -> None:
    with at() as hubspot:
        for _ in range(120):
            hubspot.portal.plant("contacts", phone="0000000000")
        mine = hubspot.portal.plant("contacts", phone=PHONE)["id"]

        _, outcome = hubspot.write(contact("k1", lastname="X", phone="0000000000"), contact("k2", phone=PHONE))

        assert mine == getattr(outcome, "id", None)


def test_searches_are_no_longer_than_hubspot_takes_them() -> None:
    with trying() as hubspot:
        numbers = [f"+3725551234{n:04d}" for n in range(20)]
        told = hubspot.write(
            *(contact(f"k{n}", lastname="X", phone=one) for n, one in enumerate([*numbers, "1" * 4000]))
        )

        assert {Delivered} == {type(one) for one in told}
        assert max(len(one.body) for one in hubspot.server.requests if one.path.endswith("search")) < 3000
