"""Many at once: what a backlog costs, and that each row is told its own outcome."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from bridge.connector import Delivered, Reject, Retry
from bridge.model.event import Kind
from bridge.testing.samples import claim_of, other_lead
from tests.connectors.hubspot.standin import Refused, Standing, invalid
from tests.connectors.hubspot.trying import at, contact, trying


def refuse_bad_words(object_: str, properties: dict[str, str]) -> None:
    if "bad word" in properties.get("hs_note_body", ""):
        raise invalid("INVALID_STRING", "hs_note_body")


def test_a_hundred_leads_with_notes_cost_two_requests() -> None:
    with trying() as hubspot:
        results = hubspot.bring(*(claim_of(other_lead(n), n) for n in range(1, 101)))

        assert {Delivered} == {type(one.outcome) for one in results}
        assert {"contacts": 100, "notes": 100} == {name: len(them) for name, them in hubspot.api.objects.items()}
        upsert, create = "/crm/v3/objects/contacts/batch/upsert", "/crm/v3/objects/notes/batch/create"
        assert [f"POST {upsert}", f"POST {create}"] == hubspot.paths()  # so 10,000 leads cost 200


def test_each_note_hangs_at_the_contact_of_its_own_lead() -> None:
    with trying() as hubspot:
        hubspot.bring(*(hubspot.lead_of(n, email=f"a{n}@example.com", content=f"said {n}") for n in range(1, 6)))

        assert 5 == len(hubspot.api.objects["notes"])
        for id_, note in hubspot.api.objects["notes"].items():
            ((kind, person),) = hubspot.api.links[id_]
            number = hubspot.api.objects["contacts"][person]["email"][1]
            assert "202" == kind
            assert note["hs_note_body"].startswith(f"said {number}")


def test_an_answer_belongs_to_the_row_that_it_names_though_the_stand_in_answers_in_reverse() -> None:
    with trying() as hubspot:
        outcomes = hubspot.write(*(contact(f"k{n}", email=f"a{n}@example.com") for n in range(4)))

        assert [f"a{n}@example.com" for n in range(4)] == [
            hubspot.api.objects["contacts"][one.id]["email"] for one in outcomes
        ]


def test_an_answer_without_traces_is_told_apart_by_addresses() -> None:
    with trying() as hubspot:
        hubspot.api.traced = False

        outcomes = hubspot.write(*(contact(f"k{n}", email=f"a{n}@example.com") for n in range(4)))

        made = hubspot.api.objects["contacts"]
        assert [f"a{n}@example.com" for n in range(4)] == [made[one.id]["email"] for one in outcomes]


def test_an_answer_that_names_no_rows_is_no_answer_for_several() -> None:
    with trying() as hubspot:
        hubspot.api.traced = False

        first, second = hubspot.write(contact("k1", lastname="A"), contact("k2", lastname="B"))

        assert (True, True) == (first.uncertain, second.uncertain)


def test_a_batch_that_is_refused_whole_is_halved_until_the_bad_row_is_alone() -> None:
    api = Standing()
    api.whole, api.refuse = True, refuse_bad_words
    with trying(api) as hubspot:
        leads = [hubspot.lead_of(n, email=f"a{n}@example.com", content="hello") for n in range(1, 101)]
        leads[41] = hubspot.lead_of(42, email="a42@example.com", content="a bad word")

        results = hubspot.bring(*leads)

        assert Counter({Delivered: 99, Reject: 1}) == Counter(type(one.outcome) for one in results)
        assert Reject is type(results[41].outcome)
        assert 99 == len(api.of("notes"))
        assert len(hubspot.paths()) < 20


def test_two_visitors_with_one_address_are_one_contact_and_no_bad_batch() -> None:
    with trying() as hubspot:
        first, second = hubspot.write(contact("k1", email="Ada@Example.com "), contact("k2", email="ada@example.com"))

        assert first.id == second.id
        for request in hubspot.server.requests[1:]:
            ids = [one["id"] for one in json.loads(request.body)["inputs"]]
            assert len(ids) == len(set(ids))


def test_an_appointment_and_a_lead_go_through_one_call_together() -> None:
    with trying() as hubspot:
        lead = hubspot.lead_of(1, email="a@example.com")
        meeting = hubspot.lead_of(2, email="b@example.com", content="Time: 2023-12-01 10:00 AM", kind=Kind.APPOINTMENT)
        unclear = hubspot.lead_of(3, email="c@example.com", content="Time: after lunch", kind=Kind.APPOINTMENT)

        results = hubspot.bring(lead, meeting, unclear)

        assert {Delivered} == {type(one.outcome) for one in results}
        assert {"contacts": 3, "notes": 2, "meetings": 1, "tasks": 1} == {
            name: len(them) for name, them in hubspot.api.objects.items()
        }
        (made,) = hubspot.api.of("meetings")
        assert "2023-12-01T10:00:00.000Z" == made["hs_meeting_start_time"]
        assert "2023-12-01T10:30:00.000Z" == made["hs_meeting_end_time"]


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

        outcomes = hubspot.write(*records)

        assert [Reject, Delivered, Delivered, Delivered] == [type(one) for one in outcomes]
        assert 3 == len(hubspot.there("contacts"))


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
