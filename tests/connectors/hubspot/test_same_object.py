"""At the sandbox portal: records of one call that are one object wait for each other."""

from dataclasses import replace

import pytest

from bridge.connector import Delivered, Record
from tests.connectors.hubspot.trying import appending, at, contact, message

PHONE = "+12125550147"


def test_two_visitors_who_are_one_contact_both_add_their_words() -> None:
    with at() as hubspot:
        addresses = {"email": "ada@example.com", "hs_additional_emails": "lovelace@example.com"}
        hubspot.portal.plant("contacts", message="Hi", **addresses)
        records = [message("k1", "ada@example.com", "one"), message("k2", "lovelace@example.com", "two")]

        hubspot.write(*map(appending, records))

        assert [("Hi\none\ntwo", "ada@example.com")] == hubspot.shown("contacts", "message", "email")


def test_two_new_visitors_with_one_address_both_add_their_words() -> None:
    with at() as hubspot:
        records = [message("k1", "ada@example.com", "one"), message("k2", "Ada@Example.com", "two")]

        hubspot.write(*map(appending, records))

        assert [("one\ntwo",)] == hubspot.shown("contacts", "message")


@pytest.mark.parametrize("mode", ["upsert", "create"])
def test_two_new_visitors_with_one_phone_are_one_contact(mode: str) -> None:
    with at(search_lag_s=10.0) as hubspot:
        records = [contact("k1", lastname="A", phone=PHONE), contact("k2", lastname="B", phone="(212) 555-0147")]

        first, second = hubspot.write(*(replace(one, mode=mode) for one in records))

        assert getattr(first, "id", 1) == getattr(second, "id", 2)
        assert [("A",)] == hubspot.shown("contacts", "lastname"), "a family has one phone"
        assert ("another lastname" in getattr(second, "degraded", "")) is (mode == "upsert")


def test_two_records_with_one_field_to_match_by_are_one_object() -> None:
    with at(search_lag_s=10.0) as hubspot:
        deals = [Record("deal", "deals", f"k{n}", {"dealname": "Ada", "amount": str(n)}) for n in (1, 2)]

        hubspot.write(*(replace(one, match=("dealname",)) for one in deals))

        assert [("Ada", "2")] == hubspot.shown("deals", "dealname", "amount")


def test_one_that_is_refused_leaves_its_place_to_the_next() -> None:
    with at() as hubspot:
        records = [contact("k1", lastname="x" * 70_000, phone=PHONE), contact("k2", lastname="B", phone=PHONE)]

        outcomes = hubspot.write(*records)

        assert Delivered is type(outcomes[1])
        assert ["B"] == [name for (name,) in hubspot.shown("contacts", "lastname") if len(name) < 9]
