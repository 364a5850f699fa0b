"""Notes, meetings, tasks, deals and leads, and how they are associated."""

from typing import Any

import pytest

from bridge.sandbox.hubspot.portal import Portal
from tests.sandbox.hubspot.clients import Clients, named, refused, to

AT = "2026-10-05T13:00:00Z"
KINDS = {  # kind: type id to a contact and back, what it needs
    "notes": (202, 201, {"hs_timestamp": AT, "hs_note_body": "Said &lt;hello&gt;"}),
    "meetings": (200, 199, {"hs_meeting_start_time": AT, "hs_meeting_end_time": AT, "hs_meeting_title": "Call"}),
    "tasks": (204, 203, {"hs_timestamp": AT, "hs_task_subject": "Call back", "hs_task_status": "NOT_STARTED"}),
    "deals": (3, 4, {"dealname": "Big", "amount": "1e3"}),
    "leads": (578, 579, {"hs_lead_name": "Ada"}),
}


@pytest.fixture
def contact(clients: Clients) -> str:
    return str(clients.contacts.create({"properties": {"email": "a@example.com"}}).id)


@pytest.mark.parametrize("kind", KINDS)
def test_one_call_creates_and_associates(portal: Portal, clients: Clients, contact: str, kind: str) -> None:
    there, back, properties = KINDS[kind]

    made, status, _ = clients.of(kind).create_with_http_info(
        {"properties": properties, "associations": [to(contact, there)]}
    )

    assert 201 == status
    assert properties.items() <= made.properties.items()
    linked = clients.links.get_page(kind, made.id, "contacts").results
    assert [contact] == [one.to_object_id for one in linked]
    assert there in [one.type_id for one in linked[0].association_types]
    returned = clients.links.get_page("contact", contact, kind).results
    assert (made.id, True) == (returned[0].to_object_id, back in [one.type_id for one in returned[0].association_types])
    shown = clients.of(kind).get_by_id(made.id, associations=["contacts"]).associations["contacts"].results
    assert contact == shown[0].id
    assert [f"{kind} create", "associations", "get"] == [
        *(portal.calls[1].kind, portal.calls[2].kind.partition(" ")[2], portal.calls[4].kind.partition(" ")[2]),
    ]


def test_a_meeting_says_when_it_takes_place_and_a_note_must(clients: Clients) -> None:
    meeting = clients.of("meetings").create({"properties": KINDS["meetings"][2]})
    status, body = refused(lambda: clients.of("notes").create({"properties": {"hs_note_body": "x"}}))

    assert AT == meeting.properties["hs_timestamp"]
    assert (400, {"properties": ["hs_timestamp"]}) == (status, body["context"])
    assert "Error creating NOTE. Some required properties were not set." == body["message"]


def test_an_association_that_cannot_be_leaves_nothing_behind(portal: Portal, clients: Clients, contact: str) -> None:
    for wanted, said in [
        ([to(contact, 202), to("999", 202)], "One or more associations are invalid"),
        ([to(contact, 201)], "invalid from object type 0-46 for associations to be created. expected: 0-1"),
        ([to(contact, 12345)], "Association type HUBSPOT_DEFINED 12345 does not exist"),
        ([{"to": {"id": contact}, "types": []}], "Invalid input JSON"),
    ]:
        body = {"properties": KINDS["notes"][2], "associations": wanted}
        status, told = refused(lambda body=body: clients.of("notes").create(body))

        assert 400 == status
        assert told["message"].startswith(said)
    assert [] == portal.records("notes")
    assert [] == clients.links.get_page("contacts", contact, "notes").results


def test_a_meeting_with_a_deal(clients: Clients, contact: str) -> None:
    deal = clients.of("deals").create({"properties": {"dealname": "Big"}})
    wanted = [to(contact, 200), to(deal.id, 212)]

    meeting = clients.of("meetings").create({"properties": KINDS["meetings"][2], "associations": wanted})

    assert ("default", "appointmentscheduled") == (deal.properties["pipeline"], deal.properties["dealstage"])
    assert [meeting.id] == [one.to_object_id for one in clients.links.get_page("deals", deal.id, "meetings").results]


def test_a_lead_needs_its_contact(portal: Portal, clients: Clients, contact: str) -> None:
    properties = {"hs_lead_name": "Ada", "hs_lead_label": "HOT"}
    for associations in ([], [to(contact, 608)]):
        body = {"properties": properties, "associations": associations}
        assert 400 == refused(lambda body=body: clients.of("leads").create(body))[0]

    lead = clients.of("leads").create({"properties": properties, "associations": [to(contact, 578)]})
    meeting = clients.of("meetings").create({"properties": KINDS["meetings"][2]})
    clients.links.create_default("leads", lead.id, "meetings", meeting.id)

    assert "new-stage-id" == lead.properties["hs_pipeline_stage"]
    [linked] = clients.links.get_page("leads", lead.id, "contacts").results
    assert [(578, "Primary"), (608, None)] == [(one.type_id, one.label) for one in linked.association_types]
    [linked] = clients.links.get_page("leads", lead.id, "meetings").results
    assert [600] == [one.type_id for one in linked.association_types]


@pytest.mark.parametrize(
    ("properties", "bad"),
    [
        ({"dealstage": "nowhere"}, {"dealstage": "INVALID_OPTION"}),
        ({"pipeline": "nowhere"}, {"pipeline": "INVALID_OPTION", "dealstage": "INVALID_OPTION"}),
        ({"amount": "much"}, {"amount": "INVALID_INTEGER"}),
        ({"hubspot_owner_id": "1"}, {"hubspot_owner_id": "INVALID_OPTION"}),
    ],
)
def test_deals_of_bad_values(clients: Clients, properties: dict[str, str], bad: dict[str, str]) -> None:
    stage = {"dealstage": "appointmentscheduled"} if "pipeline" in properties else {}

    status, body = refused(lambda: clients.of("deals").create({"properties": {"dealname": "x", **stage, **properties}}))

    assert (400, bad) == (status, named(body))


def test_a_deal_in_a_pipeline_of_ones_own(portal: Portal, clients: Clients) -> None:
    portal.change(pipelines={"deals": [{"id": "web", "stages": [{"id": "chat"}, {"id": "won"}]}]})

    deal = clients.of("deals").create({"properties": {"dealname": "x", "pipeline": "web"}})

    assert "chat" == deal.properties["dealstage"]


def test_associations_come_and_go(clients: Clients, contact: str) -> None:
    note = clients.of("notes").create({"properties": KINDS["notes"][2]})
    spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}]

    pair, status, _ = clients.links.create_with_http_info("notes", note.id, "contacts", contact, spec)

    assert (201, "0-46", note.id, "0-1", contact) == (
        *(status, pair.from_object_type_id, pair.from_object_id),
        *(pair.to_object_type_id, pair.to_object_id),
    )
    clients.links.archive("contacts", contact, "notes", note.id)
    assert [] == clients.links.get_page("notes", note.id, "contacts").results
    answer = clients.links.create_default("notes", note.id, "contacts", contact)
    assert [(202, contact), (201, note.id)] == [
        (one.association_spec.association_type_id, one.to.id) for one in answer.results
    ]
    clients.of("notes").archive(note.id)
    assert [] == clients.links.get_page("contacts", contact, "notes").results


def test_many_associations_in_one_call(clients: Clients, contact: str) -> None:
    notes = [clients.of("notes").create({"properties": KINDS["notes"][2]}).id for _ in range(3)]
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}]
    pairs = [{"from": {"id": key}, "to": {"id": contact}} for key in notes]

    created = clients.links_batch.create("notes", "contacts", {"inputs": [{**pairs[0], "types": types}]})
    clients.links_batch.create_default("notes", "contacts", {"inputs": pairs[1:2]})
    answer, status, _ = clients.links_batch.get_page_with_http_info(
        "notes", "contacts", {"inputs": [{"id": key} for key in notes]}
    )

    assert [notes[0]] == [one.from_object_id for one in created.results]
    assert (207, 1) == (status, answer.num_errors)
    assert {key: [contact] for key in notes[:2]} == {
        one._from.id: [other.to_object_id for other in one.to] for one in answer.results
    }
    clients.links_batch.archive("notes", "contacts", {"inputs": [{"from": {"id": notes[0]}, "to": [{"id": contact}]}]})
    assert [notes[1]] == [one.to_object_id for one in clients.links.get_page("contacts", contact, "notes").results]


def test_the_types_of_associations(clients: Clients) -> None:
    api = clients.brought(clients.client.crm.associations.v4.schema.definitions_api)

    assert {(608, None), (578, "Primary")} == {
        (one.type_id, one.label) for one in api.get_all("leads", "contacts").results
    }


def test_associations_page_by_page(clients: Clients, contact: str) -> None:
    made = [
        clients.of("notes").create({"properties": KINDS["notes"][2], "associations": [to(contact, 202)]}).id
        for _ in range(3)
    ]

    first = clients.links.get_page("contacts", contact, "notes", limit=2)
    rest = clients.links.get_page("contacts", contact, "notes", limit=2, after=first.paging.next.after)

    assert made == [one.to_object_id for one in [*first.results, *rest.results]]


def test_activities_go_with_a_merge(portal: Portal, clients: Clients, contact: str) -> None:
    other = clients.contacts.create({"properties": {"email": "b@example.com"}}).id
    for key in (contact, other):
        clients.of("notes").create({"properties": KINDS["notes"][2], "associations": [to(key, 202)]})

    portal.merge(contact, other)

    for key in (contact, other):  # the old id still leads there
        assert 2 == len(clients.links.get_page("contacts", key, "notes").results)
    late: dict[str, Any] = {"properties": KINDS["notes"][2], "associations": [to(other, 202)]}
    clients.of("notes").create(late)
    assert 3 == len(clients.links.get_page("contacts", contact, "notes").results)
