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

        assert [("Byron", PHONE), ("Lovelace", "unknown")] == hubspot.shown("contacts", "lastname", "phone")


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
        for _ in range(220):
            hubspot.portal.plant("contacts", phone="0000000000")
        mine = hubspot.portal.plant("contacts", phone=PHONE)["id"]

        _, outcome = hubspot.write(contact("k1", lastname="X", phone="0000000000"), contact("k2", phone=PHONE))

        assert mine == getattr(outcome, "id", None)


def test_searches_are_no_longer_than_hubspot_takes_them() -> None:
    with trying() as hubspot:
        numbers = [f"+1212555{n:04d}" for n in range(33)] + [f"+3725551234{n:04d}" for n in range(33)]
        numbers += [f"02079460958{n:04d}12345" for n in range(33)]
        told = hubspot.write(
            *(contact(f"k{n}", lastname="X", phone=one) for n, one in enumerate([*numbers, "1" * 4000]))
        )

        assert {Delivered} == {type(one) for one in told}
        sizes = [len(one.body) for one in hubspot.server.requests if one.path.endswith("search")]
        assert max(sizes) <= 3000
        assert min(sorted(sizes)[1:]) > 2800  # all but the last are full


@pytest.mark.parametrize(
    ("country", "there", "asked"),
    [
        ("US", "(212) 555-0147", "+1 212 555 0147"),
        ("US", "447911123456", "+44 7911 123456"),  # a number that this account cannot read
        ("GB", "447911123456", "00447911123456"),
        ("GB", "+44 (0)20 7946 0958", "0044 (0)20 7946 0958"),
        ("GB", "020 7946 0958", "020 79460958"),
        ("NO", "47 22 12 34 56", "4722123456"),
        ("IT", "+39 06 6982 1234", "390669821234"),
        ("NO", "0047 22 12 34 56", "+4722123456"),
        ("RU", "8 (495) 123-45-67", "84951234567"),  # and not of Vietnam, +84
        ("RU", "+7 8 912 345-67-89", "+789123456789"),
        ("HU", "06 1 234 5678", "0612345678"),
        ("BR", "0 15 11 96123-4567", "01511961234567"),
        ("MX", "+52 1 55 1234 5678", "5215512345678"),
    ],
)
def test_a_number_is_found_however_it_is_written(country: str, there: str, asked: str) -> None:
    with at(country=country) as hubspot:
        mine = hubspot.portal.plant("contacts", phone=there)["id"]

        (outcome,) = hubspot.write(contact(lastname="Lovelace", phone=asked))

        assert mine == getattr(outcome, "id", None)


@pytest.mark.parametrize(
    ("written", "searches"),
    [
        ("+1 212 555 {:04}", 1),
        ("212-555-{:04}", 2),
        ("+44 7911 12{:04}", 3),
        ("0049 151 2345{:04}", 3),
        ("020 7946 {:04}", 4),
    ],
)
def test_so_many_searches_find_a_hundred_visitors(written: str, searches: int) -> None:
    with at() as hubspot:
        records = [contact(f"k{n}", lastname="X", phone=written.format(n)) for n in range(100)]

        outcomes = hubspot.write(*records)

        assert {Delivered} == {type(one) for one in outcomes}
        assert searches == sum(call.path.endswith("/search") for call in hubspot.portal.calls)
