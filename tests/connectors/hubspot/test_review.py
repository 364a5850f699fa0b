"""At the sandbox portal: who is who, what stands there, and that nobody pays for a neighbour in the same call."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.connector import Delivered, Outcome, Plan, Record, Reject, Retry
from bridge.outbound import Door
from bridge.testing.parts import CLOCK_S, Counting
from bridge.testing.samples import claim_of, other_lead, tried_before
from tests.connectors.hubspot.standin import Refused, Standing
from tests.connectors.hubspot.test_campaign import At, at
from tests.connectors.hubspot.test_portal import HAS_UNIQUE, UNIQUE
from tests.connectors.hubspot.trying import contact, trying

PHONE = "+12125550147"


class Waiting(Counting):
    """While the connector waits, search finds what was written."""

    def __init__(self, hubspot: At) -> None:
        super().__init__()
        self._portal = hubspot.portal

    def wait(self, seconds: float, *, within_s: float) -> None:
        self._portal.catch_up()


def write(hubspot: At, *records: Record) -> list[Outcome]:
    """What comes of each record, each a delivery of its own, in one call."""
    return [outcome for (outcome,) in written(hubspot, *([record] for record in records))]


def written(hubspot: At, *plans: Sequence[Record]) -> list[list[Outcome]]:
    call = Door(allow_private_addresses=True, now_s=CLOCK_S, shared=Waiting(hubspot)).call()
    connector: Any = hubspot.its_caller.connector
    found: list[list[Outcome]] = connector.deliver_batch([Plan(n, list(plan)) for n, plan in enumerate(plans)], call)
    return found


def shown(hubspot: At, kind: str, *names: str) -> list[tuple[str, ...]]:
    """These properties of all that is there, in the order in which it was made."""
    return [tuple(one["properties"].get(name, "") for name in names) for one in hubspot.there(kind)]


def test_a_phone_that_is_none_is_nobodys() -> None:
    with at() as hubspot:
        hubspot.portal.plant("contacts", phone=PHONE, mobilephone="none", lastname="Byron")

        write(hubspot, contact("k1", lastname="Lovelace", phone="unknown"), contact("k2", lastname="B.", phone=PHONE))

        assert [("B.", PHONE), ("Lovelace", "unknown")] == shown(hubspot, "contacts", "lastname", "phone")


@pytest.mark.parametrize("email", ["byron@example.com", ""])
def test_a_phone_finds_nobody_who_has_another_address(email: str) -> None:
    with at() as hubspot:
        hubspot.portal.plant("contacts", phone=PHONE, email=email, firstname="George")
        ada = contact(email="ada@example.com", phone=PHONE, firstname="Ada")

        write(hubspot, replace(ada, match=("email", "phone")))

        others = [("George", email)] if email else []
        assert [*others, ("Ada", "ada@example.com")] == shown(hubspot, "contacts", "firstname", "email")


@pytest.mark.parametrize(
    ("there", "same"), [("+47 22 12 34 56", False), ("+1 472 212 3456", True), ("4722123456", True)]
)
def test_a_number_of_another_country_with_the_same_digits_is_anothers(there: str, same: bool) -> None:
    with at() as hubspot:
        mine = hubspot.portal.plant("contacts", phone=there)["id"]

        (outcome,) = write(hubspot, contact(lastname="Lovelace", phone="472-212-3456"))

        assert same == (mine == getattr(outcome, "id", None))


def test_an_address_finds_its_contact_before_a_phone_does() -> None:
    with at() as hubspot:
        hubspot.portal.plant("contacts", phone=PHONE, firstname="Somebody")
        mine = hubspot.portal.plant("contacts", email="ada@example.com")["id"]

        ada = contact(email="ada@example.com", phone=PHONE, firstname="Ada")
        (outcome,) = write(hubspot, replace(ada, match=("email", "phone")))

        assert mine == getattr(outcome, "id", None)
        assert ["Somebody", "Ada"] == [name for (name,) in shown(hubspot, "contacts", "firstname")]


def test_a_number_that_half_the_portal_has_hides_no_other() -> None:
    with at() as hubspot:
        for _ in range(120):
            hubspot.portal.plant("contacts", phone="0000000000")
        mine = hubspot.portal.plant("contacts", phone=PHONE)["id"]

        _, outcome = write(hubspot, contact("k1", lastname="X", phone="0000000000"), contact("k2", phone=PHONE))

        assert mine == getattr(outcome, "id", None)


@pytest.mark.parametrize("path", ["search", "batch/read"])
def test_a_look_that_is_refused_is_that_of_one_alone(path: str) -> None:
    with at() as hubspot:
        told = {"lastname": "X"} if path == "search" else {"email": "{}@example.com"}
        records = [
            contact(f"k{n}", phone=f"+1212555010{n}", **{name: text.format(n) for name, text in told.items()})
            for n in range(4)
        ]
        records = records if path == "search" else [replace(one, if_empty=True) for one in records]
        # the whole, its first half, and the first of that
        hubspot.portal.fault(status=400, match={"path": f"/crm/v3/objects/contacts/{path}"}, times=3)

        outcomes = write(hubspot, *records)

        assert [Reject, Delivered, Delivered, Delivered] == [type(one) for one in outcomes]
        assert 3 == len(hubspot.there("contacts"))


@pytest.mark.parametrize("merge_makes_new", [False, True])
def test_a_contact_that_was_merged_is_found_among_others(merge_makes_new: bool) -> None:
    with at(merged_ids="follow", merge_makes_new=merge_makes_new) as hubspot:
        gone, left, other = (hubspot.portal.plant("contacts", lastname=name)["id"] for name in ("A", "B", "C"))
        left = hubspot.portal.merge(left, gone)["id"]
        records = [replace(contact(id_, lastname=f"x{id_}"), known_id=id_, if_empty=True) for id_ in (gone, other)]

        outcomes = write(hubspot, *records)

        assert [left, other] == [getattr(one, "id", None) for one in outcomes]
        assert 2 == len(hubspot.there("contacts"))


def message(key: str, email: str, text: str, **more: Any) -> Record:
    return contact(key, email=email, message=text, **more)


def appending(record: Record) -> Record:
    return replace(record, writes={"message": "append"})


def test_a_short_text_is_added_although_a_longer_one_has_it_in_it() -> None:
    with at() as hubspot:
        hubspot.portal.plant("contacts", email="ada@example.com", message="Hi there")

        for text in ("Hi", "there", "Hi", "Hi there\nHi"):
            write(hubspot, appending(message("k1", "ada@example.com", text)))

        assert [("Hi there\nHi\nthere",)] == shown(hubspot, "contacts", "message")


def test_a_short_text_is_added_to_a_note_once() -> None:
    with at() as hubspot:
        person = hubspot.portal.plant("contacts", email="ada@example.com")["id"]
        stands = "<div>Hi there</div><p>Hello</p>"
        note = hubspot.portal.plant("notes", hs_timestamp="2026-01-01T00:00:00Z", hs_note_body=stands)["id"]
        fields = {"to_contact": person, "hs_note_body": "Hi\nHello"}
        record = Record("note", "notes", "k", fields, known_id=note, writes={"hs_note_body": "append"})

        for _ in range(2):
            write(hubspot, record)

        assert [(f"{stands}<br>Hi<br>Hello",)] == shown(hubspot, "notes", "hs_note_body")


def test_what_stands_at_one_contact_is_not_written_to_another() -> None:
    with at() as hubspot:
        known = hubspot.portal.plant("contacts", phone="1", message="told in confidence")["id"]
        hubspot.portal.plant("contacts", email="ada@example.com", message="Hi")
        record = replace(message("k1", "ada@example.com", "Yo", phone="2"), known_id=known)

        write(hubspot, replace(record, writes={"message": "append", "phone": "if_empty"}))

        assert [("told in confidence", "1"), ("Hi\nYo", "2")] == shown(hubspot, "contacts", "message", "phone")


def test_two_visitors_who_are_one_contact_both_add_their_words() -> None:
    with at() as hubspot:
        addresses = {"email": "ada@example.com", "hs_additional_emails": "lovelace@example.com"}
        hubspot.portal.plant("contacts", message="Hi", **addresses)
        records = [message("k1", "ada@example.com", "one"), message("k2", "lovelace@example.com", "two")]

        write(hubspot, *map(appending, records))

        assert [("Hi\none\ntwo", "ada@example.com")] == shown(hubspot, "contacts", "message", "email")


def test_two_new_visitors_with_one_address_both_add_their_words() -> None:
    with at() as hubspot:
        records = [message("k1", "ada@example.com", "one"), message("k2", "Ada@Example.com", "two")]

        write(hubspot, *map(appending, records))

        assert [("one\ntwo",)] == shown(hubspot, "contacts", "message")


@pytest.mark.parametrize("mode", ["upsert", "create"])
def test_two_new_visitors_with_one_phone_are_one_contact(mode: str) -> None:
    with at(search_lag_s=10.0) as hubspot:
        records = [contact("k1", lastname="A", phone=PHONE), contact("k2", lastname="B", phone="(212) 555-0147")]

        first, second = write(hubspot, *(replace(one, mode=mode) for one in records))

        assert getattr(first, "id", 1) == getattr(second, "id", 2)
        assert [("B" if mode == "upsert" else "A",)] == shown(hubspot, "contacts", "lastname")


def test_two_records_with_one_field_to_match_by_are_one_object() -> None:
    with at(search_lag_s=10.0) as hubspot:
        deals = [Record("deal", "deals", f"k{n}", {"dealname": "Ada", "amount": str(n)}) for n in (1, 2)]

        write(hubspot, *(replace(one, match=("dealname",)) for one in deals))

        assert [("Ada", "2")] == shown(hubspot, "deals", "dealname", "amount")


def test_one_that_is_refused_leaves_its_place_to_the_next() -> None:
    with at() as hubspot:
        records = [contact("k1", lastname="x" * 70_000, phone=PHONE), contact("k2", lastname="B", phone=PHONE)]

        outcomes = write(hubspot, *records)

        assert Delivered is type(outcomes[1])
        assert ["B"] == [name for (name,) in shown(hubspot, "contacts", "lastname") if len(name) < 9]


def test_a_row_that_fails_within_hubspot_stops_no_other() -> None:
    def unwell(_: str, properties: dict[str, str]) -> None:
        if properties.get("lastname") == "Unlucky":
            raise Refused("INTERNAL_ERROR", "internal error")

    api = Standing()
    api.refuse = unwell
    with trying(api) as hubspot:
        leads = [hubspot.lead_of(n, email=f"a{n}@example.com", last_name="Lucky") for n in (1, 2, 3)]
        leads[1] = hubspot.lead_of(2, email="a2@example.com", last_name="Unlucky")

        results = hubspot.bring(*leads)

        assert [Delivered, Retry, Delivered] == [type(one.outcome) for one in results]
        assert {"contacts": 2, "notes": 2} == {name: len(them) for name, them in api.objects.items()}


def test_a_visitor_cannot_hold_the_target_by_naming_our_property() -> None:
    with at({"unique": UNIQUE}, properties=HAS_UNIQUE) as hubspot:
        records = [contact("k1", lastname="A", email="chat_visitor_key@"), contact("k2", lastname="B")]

        outcomes = write(hubspot, *records)

        assert [Delivered, Delivered] == [type(one) for one in outcomes]


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

        write(hubspot, record)

        assert made == len(hubspot.there("deals"))


def test_a_lost_record_whose_field_to_match_by_is_empty_is_not_made_twice() -> None:
    with at() as hubspot:
        record = Record("deal", "deals", "k1", {"dealname": "Ada", "amount": ""}, match=("amount",), uncertain=True)

        (outcome,) = write(hubspot, record)

        assert Reject is type(outcome)


@pytest.mark.parametrize("body", ["é&" * 40_000, {"html": "<p>{said}</p>", "said": "x" * 70_000}])
def test_a_body_that_is_shortened_says_so(body: Any) -> None:
    with at() as hubspot:
        fields = {"hs_timestamp": datetime.fromtimestamp(CLOCK_S(), UTC), "hs_note_body": body}

        (outcome,) = write(hubspot, Record("note", "notes", "k1", fields))

        assert "shortened" in getattr(outcome, "degraded", "")


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
        assert ["details", "upsert", "read", "read", "create"] == asked


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
        write(hubspot, record)

        write(hubspot, replace(record, uncertain=True))

        assert [("Lovelace",)] == shown(hubspot, "contacts", "lastname")


def test_searches_are_no_longer_than_hubspot_takes_them() -> None:
    with trying() as hubspot:
        numbers = [f"+3725551234{n:04d}" for n in range(20)]
        told = hubspot.write(
            *(contact(f"k{n}", lastname="X", phone=one) for n, one in enumerate([*numbers, "1" * 4000]))
        )

        assert {Delivered} == {type(one) for one in told}
        assert max(len(one.body) for one in hubspot.server.requests if one.path.endswith("search")) < 3000
