"""What is taken out of a record is kept in its Description, and what stands there is never lost by it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bridge.model.record import Link
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD
from tests.connectors.salesforce.healing import (
    FULL,
    LONG,
    PERSON,
    RESTRICTED,
    WITH_TEXT,
    claim,
    delivered,
    of_garcia,
    outcomes,
)
from tests.connectors.salesforce.orgs import KEYED, Way, one, plant


@pytest.fixture
def org() -> Iterator[Org]:
    with Org(objects=RESTRICTED) as org:
        yield org


def test_a_description_that_is_too_long_is_cut_and_says_so(org: Org) -> None:
    fields = {**PERSON["fields"], "Description": "{{ content }}"}  # type: ignore[dict-item]
    way = Way(org, records=[PERSON | {"fields": fields}])

    found = delivered(way.outcome(claim(content="y" * 40_000, first_name=LONG)))

    row = one(org, "Lead")
    assert ("y" * FULL, LONG[:40]) == (row["Description"], row["FirstName"]), "the visitor's words go first"
    assert "Description was cut to 32000 characters" in found.degraded


@pytest.mark.parametrize("alone", [True, False])
def test_an_appended_text_that_is_longer_than_any_description_is_cut(org: Org, *, alone: bool) -> None:
    found = delivered(outcomes(Way(org, records=[WITH_TEXT]), claim(content="x" * 40_000), alone=alone))

    text = of_garcia(org)["Description"]
    assert len(text) <= FULL
    assert text.startswith("x" * (FULL - 100))
    assert "Description" in found.degraded


@pytest.mark.parametrize("stands", ["what a colleague wrote", "z" * (FULL - 30), "z" * FULL])
@pytest.mark.parametrize("text", [LONG, "w" * 100, "v" * 40_000])
def test_what_stands_in_the_description_is_never_lost(org: Org, stands: str, text: str) -> None:
    id_ = plant(org, "Lead", LastName="Garcia", Company="x", Email=LEAD.email, Description=stands)

    delivered(Way(org, records=[PERSON]).outcome(claim(first_name=text)))

    row = one(org, "Lead")
    assert (id_, text[:40]) == (row["Id"], row["FirstName"])
    assert row["Description"].startswith(stands)
    assert len(row["Description"]) <= FULL
    if len(stands) + len(text) < FULL - 20:
        assert f"{stands}\nFirstName: {text}" == row["Description"]


@pytest.mark.parametrize("alone", [True, False])
def test_what_stands_in_the_description_of_a_known_lead_is_not_lost(org: Org, *, alone: bool) -> None:
    lead = plant(org, "Lead", LastName="Garcia", Company="x", Email=LEAD.email, Description="Met in Delft.")

    found = delivered(outcomes(Way(org, records=[PERSON]), claim(raw={"Rating": "Scorching"}), alone=alone))

    assert (lead, "Met in Delft.\nRating: Scorching") == (found.id, of_garcia(org)["Description"])


@pytest.mark.parametrize(("assignment", "looked"), [(True, True), (False, False)])
def test_what_stands_in_the_description_is_not_lost_where_the_record_is_upserted(
    *, assignment: bool, looked: bool
) -> None:
    with Org(objects=KEYED) as org:
        settings = {"external_ids": {"Lead": "Chat_Key__c"}, "assignment": assignment}
        way = Way(org, settings=settings, records=[PERSON | {"match": []}])
        delivered(way.outcome(claim(raw={})))
        row = one(org, "Lead")
        colleagues = "what a colleague wrote"
        org.plant("Lead", **{**row, "Description": colleagues})

        found = delivered(way.outcome(claim(first_name=LONG)))

        row = one(org, "Lead")
        kept = f"{colleagues}\nFirstName: {LONG}" if looked else colleagues  # unseen, nothing can be added to it
        assert (kept, LONG[:40]) == (row["Description"], row["FirstName"])
        assert "FirstName was cut to 40 characters" in found.degraded


def test_what_is_cut_of_a_new_record_with_our_key_is_kept() -> None:
    with Org(objects=KEYED) as org:
        way = Way(org, settings={"external_ids": {"Lead": "Chat_Key__c"}}, records=[PERSON])

        delivered(way.outcome(claim(first_name=LONG)))

        row = one(org, "Lead")
        assert (f"FirstName: {LONG}", f"{claim().person}") == (row["Description"], row["Chat_Key__c"])


def test_a_contact_that_is_reached_through_a_leads_record_keeps_its_description(org: Org) -> None:
    id_ = plant(org, "Contact", LastName="Garcia", Email=LEAD.email, Description="of a colleague")

    found = delivered(Way(org, records=[PERSON]).outcome(claim(raw={"State": "Bavaria"})))

    row = one(org, "Contact")
    assert (id_, None, "of a colleague\nMailingState: Bavaria") == (found.id, row["MailingState"], row["Description"])
    assert "MailingState was refused and left out" in found.degraded


def test_what_is_refused_in_a_contact_stands_after_what_is_appended(org: Org) -> None:
    plant(org, "Contact", LastName="Garcia", Email=LEAD.email, Description="Met in Delft.")

    delivered(Way(org, records=[WITH_TEXT]).outcome(claim(raw={"State": "Bavaria"})))

    row = one(org, "Contact")
    assert row["MailingState"] is None
    assert row["Description"].startswith(f"Met in Delft.\n\n{LEAD.content}\n")
    assert row["Description"].endswith("\nMailingState: Bavaria")


def test_a_linked_record_that_is_changed_is_healed_too(org: Org) -> None:
    id_ = plant(org, "Lead", LastName="Garcia", Company="x", Description="before", Rating="Hot")
    said = claim(raw={"Rating": "Scorching"})
    linked = replace(said, links={(said.person, "Lead"): Link("Lead", said.person, id_)})

    delivered(Way(org, records=[PERSON]).outcome(linked))

    assert ("Hot", "before\nRating: Scorching") == (one(org, "Lead")["Rating"], one(org, "Lead")["Description"])


def test_after_healing_a_lead_that_comes_again_says_nothing_twice(org: Org) -> None:
    way = Way(org, records=[WITH_TEXT])
    first = way.deliver(claim(raw={"Rating": "Scorching"}))[0]
    text = one(org, "Lead")["Description"]
    again = replace(
        claim(raw={"Rating": "Scorching"}), links={(link.record_key, link.object): link for link in first.links}
    )

    delivered(way.outcome(again))

    assert text == one(org, "Lead")["Description"]


VISIT = {
    "name": "visit",
    "object": "Visit__c",
    "fields": {"Name": "{{ session_id }}", "Room__c": "{{ raw.Room }}"},
}


def test_what_an_object_without_a_description_does_not_take_is_named_and_found_in_the_event(most: int) -> None:
    kinds = {
        "Visit__c": {"prefix": "a01", "fields": {"Name": {}, "Room__c": {"restricted": True, "picklist": ["Double"]}}}
    }
    with Org(objects=kinds) as org:
        odd = claim(raw={"Room": "Igloo"})

        (result, *others) = Way(org, records=[VISIT]).deliver(odd, *[claim(n) for n in range(2, most + 1)])

        found = delivered(result.outcome)
        assert "Room__c was refused and left out" in found.degraded
        assert "what was in Room__c stands nowhere at Salesforce: `bridge events show`" in found.degraded
        assert [""] * len(others) == [delivered(other.outcome).degraded for other in others]


def test_what_a_full_description_has_no_room_for_is_said(org: Org) -> None:
    plant(org, "Lead", LastName="Garcia", Company="x", Email=LEAD.email, Description="z" * FULL)

    found = delivered(Way(org, records=[PERSON]).outcome(claim(raw={"Rating": "Tepid"})))

    assert "what was in Rating stands nowhere at Salesforce" in found.degraded
