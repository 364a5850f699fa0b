"""Contacts: by address, by our own key, by phone; merged, deleted, and what stands there already."""

from dataclasses import replace
from typing import Any

import pytest

from bridge.connector import Delivered, Hold, Record, Reject
from bridge.testing.samples import LEAD, next_revision
from connectors.hubspot.standing import OTHER_EMAIL
from tests.connectors.hubspot.standin import Refused, Standing
from tests.connectors.hubspot.trying import contact, trying

KEYED = {"unique": {"contact": "chat_visitor_key"}}


def keyed() -> Standing:
    return Standing(unique={"contacts": "chat_visitor_key"})


def test_an_address_is_never_searched_and_the_contact_of_it_is_changed() -> None:
    with trying() as hubspot:
        id_ = hubspot.api.add("contacts", email="ada@example.com", firstname="A.", company="Analytical Engines")

        (outcome,) = hubspot.write(contact(email="ADA@example.com", firstname="Ada"))

        page = f"https://app.hubspot.com/contacts/4711/record/0-1/{id_}"
        assert Delivered(id_, page) == outcome
        assert {"email": "ada@example.com", "firstname": "Ada", "company": "Analytical Engines"} == hubspot.api.of(
            "contacts"
        )[0]
        assert ["POST /crm/v3/objects/contacts/batch/upsert"] == hubspot.paths()


def test_a_contact_that_is_known_and_no_more_there_is_made_again() -> None:
    with trying() as hubspot:
        (outcome,) = hubspot.write(replace(contact(email="ada@example.com"), known_id="99"))

        assert ["101"] == list(hubspot.api.objects["contacts"])
        assert "101" == outcome.id


def test_a_known_contact_whose_new_address_is_anothers_becomes_that_one() -> None:
    with trying() as hubspot:
        old = hubspot.api.add("contacts", phone="+12125550147")
        other = hubspot.api.add("contacts", email="ada@example.com")

        (outcome,) = hubspot.write(replace(contact(email="ada@example.com", firstname="Ada"), known_id=old))

        assert other == outcome.id
        assert "Ada" == hubspot.api.objects["contacts"][other]["firstname"]


@pytest.mark.parametrize(("known", "mode"), [(True, "upsert"), (False, "upsert"), (False, "create")])
def test_an_address_that_is_taken_is_written_by_it_where_hubspot_does_not_say_by_whom(known: bool, mode: str) -> None:
    api = Standing()

    def refuse(object_: str, properties: dict[str, str]) -> None:
        if not told:
            told.append(properties)
            raise Refused("CONFLICT", "Contact already exists.")

    told: list[dict[str, str]] = []
    api.refuse = refuse
    with trying(api) as hubspot:
        old = api.add("contacts", phone="+12125550147")
        other = api.add("contacts", email="ada@example.com", firstname="A.")

        record = contact(email="ada@example.com", firstname="Ada")
        (outcome,) = hubspot.write(replace(record, known_id=old if known else None, mode=mode))

        assert other == getattr(outcome, "id", outcome)
        assert {"upsert": "Ada", "create": "A."}[mode] == api.objects["contacts"][other]["firstname"]


@pytest.mark.parametrize("phone", ["+1 (212) 555-0147", "12125550147", "0012125550147", "212-555-0147"])
def test_a_visitor_without_an_address_is_found_by_the_very_phone_number(phone: str) -> None:
    with trying() as hubspot:
        mine = hubspot.api.add("contacts", phone=phone, firstname="Ada")
        hubspot.api.add("contacts", phone="+442125550147")  # the search gives it, too: another country's

        (outcome,) = hubspot.write(contact(lastname="Lovelace", phone="+12125550147"))

        assert mine == outcome.id
        assert 2 == hubspot.api.count()


def test_where_several_have_the_number_nobody_guesses() -> None:
    with trying() as hubspot:
        for _ in range(2):
            hubspot.api.add("contacts", phone="+12125550147")

        (outcome,) = hubspot.write(contact(lastname="Lovelace", phone="+12125550147"))

        assert ("103", "2 contacts have this phone number: none of them was changed") == (outcome.id, outcome.degraded)


def test_many_without_an_address_share_searches() -> None:
    with trying() as hubspot:
        hubspot.write(*(contact(f"k{n}", lastname="X", phone=f"212555{n:04d}") for n in range(100)))

        asked = [path for path in hubspot.paths() if path.endswith("search")]
        assert (2, 100) == (len(asked), hubspot.api.count())


def test_with_a_unique_property_a_visitor_without_an_address_comes_once() -> None:
    with trying(keyed(), **KEYED) as hubspot:
        record = contact("v1", lastname="Visitor 7")

        first, again = (hubspot.write(replace(record, uncertain=lost))[0] for lost in (False, True))

        assert first.id == again.id
        assert [{"lastname": "Visitor 7", "chat_visitor_key": "v1"}] == hubspot.api.of("contacts")


def test_a_unique_property_that_is_not_there_holds_the_target_and_says_what_to_do() -> None:
    with trying(**KEYED) as hubspot:
        (outcome,) = hubspot.write(contact(lastname="Visitor 7"))

        assert Hold is type(outcome)
        assert "no unique property chat_visitor_key" in outcome.reason


def test_one_who_has_only_a_name_is_looked_for_after_a_lost_answer() -> None:
    with trying() as hubspot:
        mine = hubspot.api.add("contacts", lastname="Visitor 7")
        hubspot.api.add("contacts", lastname="Visitor 7", email="another@example.com")

        (outcome,) = hubspot.write(replace(contact(lastname="Visitor 7"), uncertain=True))

        assert mine == outcome.id


FILLED = {"email": "ada@example.com", "firstname": "Ada", "phone": "", "message": "Hi", "hs_lead_status": "OPEN"}


@pytest.mark.parametrize(
    ("record", "changed"),
    [
        ({"if_empty": True}, {"phone": "+1"}),
        ({"mode": "create"}, {}),
        ({"writes": {"firstname": "if_empty", "message": "append"}}, {"phone": "+1", "message": "Hi\nYo"}),
        ({}, {"firstname": "A.", "phone": "+1", "message": "Yo"}),  # a lead status is for new ones only
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_what_stands_there_has_its_say(record: dict[str, Any], changed: dict[str, str], known: bool) -> None:
    with trying() as hubspot:
        id_ = hubspot.api.add("contacts", **FILLED)
        fields = {
            "email": "ada@example.com",
            "firstname": "A.",
            "phone": "+1",
            "message": "Yo",
            "hs_lead_status": "NEW",
        }

        (outcome,) = hubspot.write(replace(contact(**fields), known_id=id_ if known else None, **record))

        assert Delivered is type(outcome)
        assert id_ == outcome.id
        assert FILLED | changed == hubspot.api.objects["contacts"][id_]


def test_a_lead_status_is_set_for_a_new_contact() -> None:
    with trying() as hubspot:
        hubspot.write(contact(email="ada@example.com", hs_lead_status="NEW"))

        assert [{"email": "ada@example.com", "hs_lead_status": "NEW"}] == hubspot.api.of("contacts")


def test_null_empties_a_property_and_what_is_not_named_stays() -> None:
    with trying() as hubspot:
        id_ = hubspot.api.add("contacts", email="ada@example.com", phone="+1", city="Paris")

        hubspot.write(contact(email="ada@example.com", phone=None))

        assert {"email": "ada@example.com", "phone": "", "city": "Paris"} == hubspot.api.objects["contacts"][id_]


def test_a_field_to_match_by_is_searched_and_counts_where_it_is_exactly_that() -> None:
    with trying() as hubspot:
        id_ = hubspot.api.add("companies", domain="example.com", name="Old")

        record = Record("firm", "companies", "k", {"domain": "example.com", "name": "New"}, match=("domain",))
        (outcome,) = hubspot.write(record)

        assert id_ == outcome.id
        assert "New" == hubspot.api.objects["companies"][id_]["name"]


def test_a_contact_with_nothing_that_hubspot_needs_is_rejected_by_it() -> None:
    with trying() as hubspot:
        hubspot.fail(400, {"status": "error", "category": "VALIDATION_ERROR", "message": "email or name is needed"})

        (outcome,) = hubspot.write(replace(contact(city="Paris"), known_id="7"))

        assert Reject is type(outcome)


def test_another_address_of_a_known_contact_is_kept_in_the_note_and_said() -> None:
    with trying() as hubspot:
        claim = hubspot.lead_of()
        (first,) = hubspot.bring(claim)
        corrected = replace(claim.stored.event, email="david.garcia@example.org")
        (result,) = hubspot.bring(next_revision(claim, first, corrected))

        assert (Delivered, (OTHER_EMAIL,)) == (type(result.outcome), result.degraded)
        assert LEAD.email == hubspot.api.of("contacts")[0]["email"]
        (note,) = hubspot.api.of("notes")
        assert note["hs_note_body"].endswith("Not in a field of HubSpot:<br>email: david.garcia@example.org")


def test_the_note_of_a_contact_that_was_deleted_hangs_at_the_new_one() -> None:
    with trying() as hubspot:
        claim = hubspot.lead_of()
        (first,) = hubspot.bring(claim)
        (old,) = hubspot.api.objects["contacts"]
        del hubspot.api.objects["contacts"][old]
        (result,) = hubspot.bring(next_revision(claim, first, replace(claim.stored.event, content="Hello again")))

        assert Delivered is type(result.outcome)
        (new,) = hubspot.api.objects["contacts"]
        (note,) = [id_ for id_ in hubspot.api.objects["notes"] if ("202", new) in hubspot.api.links[id_]]
        assert hubspot.api.objects["notes"][note]["hs_note_body"].startswith("Hello again")
