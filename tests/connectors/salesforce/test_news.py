"""What a visitor says of himself that differs from what stands at the Contact or Lead that he is: it replaces nothing,
and stands in Description, once.
"""

from dataclasses import replace
from typing import Any

import pytest

from bridge.connector import Delivered
from bridge.model.event import Kind
from bridge.model.record import Link
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD, claim_of, next_attempt, next_revision, other_lead
from tests.connectors.salesforce.mappings import FILLED
from tests.connectors.salesforce.news import WORDS, news, standing
from tests.connectors.salesforce.orgs import Way, one, plant


@pytest.mark.parametrize("name", ["Contact", "Lead"])
def test_another_phone_stands_below_the_text_and_replaces_none(org: Org, name: str) -> None:
    standing(org, name, Description="Met in Delft.")
    way = Way(org)

    outcome = way.outcome(claim_of(LEAD))

    assert isinstance(outcome, Delivered), outcome
    row = one(org, name)
    assert ("+1 415 555 0100", "") == (row["Phone"], outcome.degraded)
    lines = row["Description"].splitlines()
    assert ("Met in Delft.", WORDS) == (lines[0], lines[2])
    assert lines[-2].startswith("[chat ")
    assert "Said in the chat: Phone +12125550147" == lines[-1]
    assert ["POST composite", "POST composite"] == way.calls(), "no call more"


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        ("Dave", "Garcia-Lopez", "Dave Garcia-Lopez"),
        ("Dave", "", "Dave"),
        ("Dave de la Cruz", "", "Dave de la Cruz"),
        ("", "Smith", "Smith"),
    ],
    ids=["both", "first", "in one field", "last"],
)
def test_another_name_stands_there_as_a_whole(org: Org, first: str, last: str, told: str) -> None:
    standing(org, Phone=LEAD.phone)

    Way(org).outcome(claim_of(replace(LEAD, first_name=first, last_name=last)))

    row = one(org, "Contact")
    assert ("David", "Garcia") == (row["FirstName"], row["LastName"])
    assert [f"Name {told}"] == news(org)


def test_another_address_of_one_who_is_known_stands_there(org: Org) -> None:
    contact = standing(org, Phone=LEAD.phone)
    claim = claim_of(replace(LEAD, email="david@example.org"))

    Way(org).outcome(replace(claim, links={(claim.person, "Lead"): Link("Lead", claim.person, contact)}))

    assert LEAD.email == one(org, "Contact")["Email"]
    assert ["Email david@example.org"] == news(org)


@pytest.mark.parametrize(
    ("stands", "said"),
    [
        ({"Phone": "(212) 555-0147"}, {}),
        ({"MobilePhone": "212.555.0147"}, {}),
        ({"Phone": "+49 30 2345678"}, {"phone": "030 2345678"}),
        ({"Phone": "030 2345678"}, {"phone": "+49 30 2345678"}),
        ({}, {"phone": "0000000000"}),
        ({}, {"phone": "***-555-0147"}),
        ({}, {"phone": "n/a"}),
        ({}, {"phone": " "}),
        ({"Email": "David@Example.com"}, {"phone": ""}),
        ({}, {"phone": "", "first_name": "D****", "last_name": "G*****"}),
        ({"LastName": "García"}, {"phone": "", "first_name": "DAVID"}),
        ({"LastName": "Garcia Lopez"}, {"phone": "", "last_name": "Garcia-Lopez"}),
        ({}, {"phone": "", "first_name": "David Garcia", "last_name": ""}),
        ({}, {"phone": "", "first_name": "", "last_name": ""}),
        ({"FirstName": None, "LastName": "Miller"}, {"phone": "", "first_name": "", "last_name": "\u200b"}),
        ({"FirstName": None, "Company": "Acme"}, {"phone": ""}),  # it is filled
    ],
    ids=[
        "as the org writes it", "mobile", "with its country", "without", "nobody's", "masked", "no number", "blank",
        "address in other letters", "masked name", "accent", "hyphen", "in one field", "no name", "no name, unlike",
        "empty",
    ],
)  # fmt: skip
def test_what_is_spelled_otherwise_or_says_nothing_is_no_news(
    org: Org, stands: dict[str, Any], said: dict[str, Any]
) -> None:
    standing(org, **{name: value for name, value in stands.items() if name != "Company"})

    outcome = Way(org).outcome(claim_of(replace(LEAD, **said)))

    assert ([], "") == (news(org), outcome.degraded)
    assert WORDS in one(org, "Contact")["Description"]


def test_a_number_in_the_place_of_a_name_is_no_name(org: Org) -> None:
    plant(org, "Contact", FirstName="David", LastName="Garcia", Phone=LEAD.phone)

    Way(org).outcome(claim_of(replace(LEAD, first_name="", last_name="", email="")))

    assert [] == news(org)


def test_of_one_who_is_known_by_a_number_alone_another_name_is_told(org: Org) -> None:
    standing(org, Phone=LEAD.phone)

    Way(org).outcome(claim_of(replace(LEAD, first_name="Maria", email="")))

    assert ["Name Maria Garcia"] == news(org)


def test_a_revision_repeats_neither_the_line_nor_the_text(org: Org) -> None:
    standing(org)
    way, claim = Way(org), claim_of(LEAD)
    (result,) = way.deliver(claim)

    (second,) = way.deliver(next_revision(claim, result, replace(LEAD, raw={"Hotel": "Delft"})))

    assert isinstance(second.outcome, Delivered), second
    assert (["Phone +12125550147"], 1) == (news(org), one(org, "Contact")["Description"].count(WORDS))
    assert ["POST composite"] == way.calls()[2:], "nothing to write"


def test_a_revision_that_adds_another_number_adds_the_line_alone(org: Org) -> None:
    """The first revision made the Lead, and its text is there already."""
    way, claim = Way(org), claim_of(replace(LEAD, phone="+14155550100"))
    (result,) = way.deliver(claim)
    before = one(org, "Lead")["Description"]

    revision = next_revision(claim, result, LEAD)
    (second,) = way.deliver(revision)
    way.deliver(next_revision(revision, second, replace(LEAD, phone="(212) 555-0147")))

    row = one(org, "Lead")
    assert ("+14155550100", f"{before}\nSaid in the chat: Phone +12125550147") == (row["Phone"], row["Description"])


def test_a_text_that_somebody_else_wrote_first_is_not_written_again_below_its_line(org: Org) -> None:
    standing(org, Description=WORDS)
    way = Way(org, records=[FILLED])
    (result,) = way.deliver(claim := claim_of(LEAD))

    way.deliver(next_revision(claim, result, replace(LEAD, raw={"Hotel": "Delft"})))

    assert f"{WORDS}\nSaid in the chat: Phone +12125550147" == one(org, "Contact")["Description"]


def test_a_second_event_says_only_what_no_line_says_yet(org: Org) -> None:
    standing(org)
    way = Way(org)
    way.deliver(claim_of(LEAD))

    way.deliver(claim_of(replace(LEAD, phone="212-555-0147", content="And in June?"), 2))
    way.deliver(claim_of(replace(LEAD, phone="212-555-0199", content="And in July?"), 3))

    text = one(org, "Contact")["Description"]
    assert ["Phone +12125550147", "Phone 212-555-0199"] == news(org)
    assert [1, 1, 1] == [text.count(words) for words in ("in May?", "in June?", "in July?")]


def test_what_may_have_been_written_is_not_written_again(org: Org) -> None:
    standing(org)
    way, claim = Way(org, timeout_s=2.0), claim_of(LEAD)
    org.fault(match={"body_contains": "Said in the chat"}, reset=True, stored=True)
    (uncertain,) = way.deliver(claim)
    assert not isinstance(uncertain.outcome, Delivered), uncertain

    (again,) = way.deliver(next_attempt(claim, uncertain))

    assert isinstance(again.outcome, Delivered), again
    assert (["Phone +12125550147"], 1) == (news(org), one(org, "Contact")["Description"].count(WORDS))


def test_in_a_batch_each_has_his_own_line_and_it_costs_no_call_more(org: Org) -> None:
    for number in range(1, 4):
        standing(org, Email=f"dana{number}@example.com", FirstName=f"Dana {number}")
    way = Way(org)
    claims = [claim_of(other_lead(number), number) for number in range(1, 6)]

    for _ in range(2):
        assert {Delivered} == {type(result.outcome) for result in way.deliver(*claims)}

    assert [f"Phone +1212556{number:04d}" for number in range(1, 4)] == news(org)
    assert [] == news(org, "Lead"), "two who are new"
    assert ["POST composite", "PATCH composite/sobjects", "POST composite/sobjects"] == way.calls()[:3]
    assert ["POST composite"] == way.calls()[3:], "nothing new"


def test_two_of_one_batch_who_are_one_person_do_not_repeat_it(org: Org) -> None:
    standing(org)
    claims = [claim_of(replace(LEAD, content=f"Question {number}"), number) for number in (1, 2)]

    Way(org).deliver(*claims)

    assert ["Phone +12125550147"] == news(org)
    assert [1, 1] == [one(org, "Contact")["Description"].count(f"Question {number}") for number in (1, 2)]


def test_of_an_appointment_it_stands_at_the_person(org: Org) -> None:
    standing(org)

    Way(org).outcome(claim_of(replace(LEAD, kind=Kind.APPOINTMENT, content="Time: 2030-12-01 10:00 AM")))

    assert (["Phone +12125550147"], []) == (news(org), news(org, "Event"))
