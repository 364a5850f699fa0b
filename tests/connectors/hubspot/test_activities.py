"""Notes, meetings, tasks, deals, leads: made once, hanging where they belong, whatever was lost on the way."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.connector import Delivered, Record, Reject
from bridge.testing.api import Fault
from bridge.testing.parts import CLOCK_S
from bridge.testing.samples import next_attempt, tried_before
from tests.connectors.hubspot.standin import Standing, invalid
from tests.connectors.hubspot.trying import at, trying

AT = datetime(2023, 12, 1, 15, tzinfo=UTC)


def note(contact: str, text: Any = "Hi", **more: Any) -> Record:
    fields = {"to_contact": contact, "hs_timestamp": AT, "hs_note_body": text}
    return replace(Record("note", "notes", "n1", fields), **more)


def test_visitors_text_is_shown_as_it_was_typed() -> None:
    with trying() as hubspot:
        id_ = hubspot.api.add("contacts", email="ada@example.com")

        hubspot.write(note(id_, "<script>1 & 2</script>\nsecond line"))

        assert "&lt;script&gt;1 &amp; 2&lt;/script&gt;<br>second line" == hubspot.api.of("notes")[0]["hs_note_body"]


def test_an_operator_may_write_html_and_a_visitor_may_not() -> None:
    body = {"html": "<b>Said</b>: {said}<br>{missing}", "said": "<i>{html}</i>"}
    with trying() as hubspot:
        id_ = hubspot.api.add("contacts", email="ada@example.com")

        hubspot.write(note(id_, body))

        assert "<b>Said</b>: &lt;i&gt;{html}&lt;/i&gt;<br>" == hubspot.api.of("notes")[0]["hs_note_body"]


def test_a_long_text_is_cut_to_what_a_note_holds() -> None:
    with trying() as hubspot:
        id_ = hubspot.api.add("contacts", email="ada@example.com")

        hubspot.write(note(id_, "&" * 70_000))

        body = hubspot.api.of("notes")[0]["hs_note_body"]
        assert body == "&amp;" * (65_536 // 5)


@pytest.mark.parametrize("standing", ["Hi", "<div><p>Hi</p></div>", "Hi<br><br>Not in a field of HubSpot:<br>email: x"])
def test_after_a_lost_answer_a_note_that_is_there_is_not_made_again(standing: str) -> None:
    with trying() as hubspot:
        id_ = hubspot.api.add("contacts", email="ada@example.com")
        for n in range(5):  # on more pages than one
            hubspot.api.links[hubspot.api.add("notes", hs_note_body=f"older {n}", hs_timestamp="1701442800000")] = [
                ("202", id_)
            ]
        mine = hubspot.api.add("notes", hs_note_body=standing, hs_timestamp="2023-12-01T15:00:00Z")
        hubspot.api.links[mine] = [("202", id_)]

        (outcome,) = hubspot.write(note(id_, uncertain=True))

        assert mine == outcome.id
        assert 7 == hubspot.api.count()
        assert standing == hubspot.api.objects["notes"][mine]["hs_note_body"]


def test_after_a_lost_answer_what_is_not_there_is_made() -> None:
    with trying() as hubspot:
        id_ = hubspot.api.add("contacts", email="ada@example.com")
        other = hubspot.api.add("notes", hs_note_body="Hi", hs_timestamp="2023-12-01T16:00:00Z")
        hubspot.api.links[other] = [("202", id_)]

        (outcome,) = hubspot.write(note(id_, uncertain=True))

        assert outcome.id not in ("", other)


def test_two_equal_notes_of_two_deliveries_are_two() -> None:
    with trying() as hubspot:
        id_ = hubspot.api.add("contacts", email="ada@example.com")
        hubspot.api.links[hubspot.api.add("notes", hs_note_body="Hi", hs_timestamp="2023-12-01T15:00:00Z")] = [
            ("202", id_)
        ]

        first, second = hubspot.write(note(id_, uncertain=True), replace(note(id_, uncertain=True), key="n2"))

        assert first.id != second.id
        assert 2 == len(hubspot.api.of("notes"))


def test_a_value_that_hubspot_refused_before_does_not_make_a_note_twice() -> None:
    """The first attempt keeps the refused value in the note, and its answer is lost; the next has only the note."""
    api = Standing()
    api.options = {"hs_language": [{"value": "en", "label": "English"}]}
    with trying(api) as hubspot:

        def refuse(object_: str, properties: dict[str, str]) -> None:
            if properties.get("phone") == "+12125550147":
                raise invalid("INVALID_PHONE_NUMBER", "phone")

        api.refuse = refuse
        claim = hubspot.lead_of(1)
        (first,) = hubspot.bring(claim)
        assert Delivered is type(first.outcome)
        hubspot.server.fault = Fault(cut=0, stored=True, writes_only=True)
        lost = hubspot.lead_of(2, email="b@example.com")
        for _ in range(3):
            (result,) = hubspot.bring(lost)
            lost = next_attempt(lost, result)
        hubspot.server.fault = None
        (last,) = hubspot.bring(lost)

        assert Delivered is type(last.outcome)
        assert (2, 2) == (len(api.of("contacts")), len(api.of("notes")))


def test_with_a_unique_property_what_is_there_is_found_by_it() -> None:
    api = Standing(unique={"notes": "bridge_event_id"})
    with trying(api, unique={"activity": "bridge_event_id"}) as hubspot:
        id_ = api.add("contacts", email="ada@example.com")
        (first,) = hubspot.write(note(id_))
        hubspot.server.requests.clear()

        again, lost = hubspot.write(note(id_, "Hi again"))[0], hubspot.write(note(id_, "Hi again", uncertain=True))[0]

        assert first.id == again.id == lost.id
        (made,) = api.of("notes")
        assert ("n1", "Hi again") == (made["bridge_event_id"], made["hs_note_body"])


def test_a_known_note_is_changed_and_one_that_was_deleted_is_made_again() -> None:
    with trying() as hubspot:
        id_ = hubspot.api.add("contacts", email="ada@example.com")
        known = hubspot.api.add("notes", hs_note_body="Hi")

        changed, made = hubspot.write(
            note(id_, "Yo", known_id=known), replace(note(id_, "New", known_id="9"), key="n2")
        )

        assert known == changed.id
        assert {known: "Yo", made.id: "New"} == {
            one: it["hs_note_body"] for one, it in hubspot.api.objects["notes"].items()
        }


def test_deals_leads_and_labels_of_ones_own_hang_where_the_records_say() -> None:
    associations = {"leads.to_contact": {"type": 27, "category": "USER_DEFINED"}}
    with trying(associations=associations) as hubspot:
        person = hubspot.api.add("contacts", email="ada@example.com")
        deal = Record("deal", "deals", "d", {"dealname": "Chat", "pipeline": "default", "to_contact": person})
        lead = Record("lead", "leads", "l", {"hs_lead_name": "Ada", "to_contact": person})

        made = hubspot.write(deal, lead)

        assert [[("3", person)], [("27", person)]] == [hubspot.api.links[one.id] for one in made]
        assert made[0].url.endswith(f"/record/0-3/{made[0].id}")


def test_what_may_be_there_and_cannot_be_looked_for_is_left_to_the_operator() -> None:
    with trying() as hubspot:
        (outcome,) = hubspot.write(Record("deal", "deals", "d", {"dealname": "Chat"}, uncertain=True))

        assert Reject is type(outcome)
        assert 0 == hubspot.api.count()


def test_an_association_that_is_no_id_is_refused_before_anything_is_sent() -> None:
    with trying() as hubspot:
        (outcome,) = hubspot.write(note("../../owners"))

        assert Reject("to_contact: this is no id of a HubSpot object", cause="value to_contact") == outcome
        assert [] == hubspot.paths()


def test_what_hangs_at_a_contact_that_was_just_made_is_not_looked_for() -> None:
    """So that an outage in which no contact was made costs no look for each of its notes."""
    with trying() as hubspot:
        (result,) = hubspot.bring(tried_before(hubspot.lead_of()))

        assert Delivered is type(result.outcome)
        assert ["upsert", "create"] == [path.rpartition("/")[2] for path in hubspot.paths()]


@pytest.mark.parametrize("body", ["é&" * 40_000, {"html": "<p>{said}</p>", "said": "x" * 70_000}])
def test_a_body_that_is_shortened_says_so(body: Any) -> None:
    with at() as hubspot:
        fields = {"hs_timestamp": datetime.fromtimestamp(CLOCK_S(), UTC), "hs_note_body": body}

        (outcome,) = hubspot.write(Record("note", "notes", "k1", fields))

        assert "shortened" in getattr(outcome, "degraded", "")
