"""Many records in one call: all or none, or row by row where each has its trace id."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.sandbox.hubspot.portal import Portal
from tests.sandbox.hubspot.clients import Clients, ask, refused


def row(key: str, trace: str | None = None, **properties: Any) -> dict[str, Any]:
    traced = {} if trace is None else {"objectWriteTraceId": trace}
    return {"id": key, "idProperty": "email", "properties": properties, **traced}


def upsert(clients: Clients, *rows: dict[str, Any]) -> Any:
    return clients.contacts_batch.upsert_with_http_info({"inputs": list(rows)})


def test_an_upsert_tells_what_is_new_and_answers_in_an_order_of_its_own(clients: Clients) -> None:
    known = clients.contacts.create({"properties": {"email": "a@example.com"}}).id

    answer, status, _ = upsert(clients, row("A@example.com", "1", city="x"), row("b@example.com", "2", city="y"))

    assert (200, "COMPLETE") == (status, answer.status)
    found = {one.object_write_trace_id: (one.new, one.properties["city"]) for one in answer.results}
    assert {"1": (False, "x"), "2": (True, "y")} == found
    assert ["2", "1"] == [one.object_write_trace_id for one in answer.results]
    assert known == answer.results[1].id
    assert "b@example.com" == answer.results[0].properties["email"]


def test_a_bad_row_is_told_where_all_rows_have_a_trace_id(portal: Portal, clients: Clients) -> None:
    rows = [row("a@example.com", "1"), row("nobody", "2"), row("c@example.com", "3", colour="red")]

    answer, status, _ = upsert(clients, *rows)

    assert (207, 2) == (status, answer.num_errors)
    assert ["1"] == [one.object_write_trace_id for one in answer.results]
    told = {one.context["objectWriteTraceId"][0]: (one.category, one.errors[0].code) for one in answer.errors}
    assert {
        "2": ("VALIDATION_ERROR", "INVALID_EMAIL"),
        "3": ("VALIDATION_ERROR", "PROPERTY_DOESNT_EXIST"),
    } == told
    assert ["a@example.com"] == [one["properties"]["email"] for one in portal.records("contacts")]


def test_rows_that_failed_can_be_told_as_briefly_as_the_service_does(portal: Portal) -> None:
    portal.change(lean_row_errors=True)

    path = "/crm/v3/objects/contacts/batch/upsert"
    status, body, _ = ask(portal, "POST", path, {"inputs": [row("nobody", "2")]})

    assert (207, []) == (status, body["results"])
    assert {"status", "category", "message", "context"} == body["errors"][0].keys()


@pytest.mark.parametrize("traces", [(None, None), ("1", None)])
def test_a_bad_row_without_trace_ids_is_the_end_of_all(
    portal: Portal, clients: Clients, traces: tuple[str | None, str | None]
) -> None:
    rows = [row("a@example.com", traces[0]), row("b@example.com", traces[1], colour="red")]

    status, body = refused(lambda: upsert(clients, *rows))

    assert (400, "VALIDATION_ERROR") == (status, body["category"])
    assert [] == portal.records("contacts")


@pytest.mark.parametrize("verb", ["upsert", "update"])
def test_a_batch_with_an_id_twice_is_refused_whole(portal: Portal, clients: Clients, verb: str) -> None:
    portal.plant("contacts", email="a@example.com", hs_additional_emails="a2@example.com")
    for first, second in [("a@example.com", "A@example.com"), ("a@example.com", "a2@example.com")]:
        rows = [row(first, "1", city="x"), row(second, "2", city="y"), row("b@example.com", "3")]

        status, body = refused(lambda rows=rows: getattr(clients.contacts_batch, verb)({"inputs": rows}))

        assert (400, "VALIDATION_ERROR", [second]) == (status, body["category"], body["context"]["ids"])
        assert f"Duplicate IDs found in batch input: [{second}]. IDs must be unique" == body["message"]
    assert 1 == len(portal.records("contacts"))


def test_an_additional_address_leads_to_its_contact(portal: Portal, clients: Clients) -> None:
    planted = portal.plant("contacts", email="a@example.com", hs_additional_emails="a2@example.com")

    answer, _, _ = upsert(clients, row("A2@example.com", "1", email="a2@example.com", city="x"))

    assert (planted["id"], False) == (answer.results[0].id, answer.results[0].new)
    names = ["email", "hs_additional_emails"]
    contact = clients.contacts.get_by_id(planted["id"], properties=names)
    assert {"a@example.com", "a2@example.com"} == {contact.properties[name] for name in names}


def test_an_upsert_by_a_unique_property(clients: Clients) -> None:
    clients.of("notes").create({"properties": {"hs_timestamp": "1700000000000", "bridge_event_id": "e-1"}})
    properties = {"hs_timestamp": "1700000000000", "hs_note_body": "again"}
    rows = [
        {"id": key, "idProperty": "bridge_event_id", "objectWriteTraceId": key, "properties": properties}
        for key in ("e-1", "e-2")
    ]

    answer = clients.of("notes", "batch_api").upsert({"inputs": rows})

    assert {("e-1", False), ("e-2", True)} == {(one.object_write_trace_id, one.new) for one in answer.results}


@pytest.mark.parametrize("name", ["phone", "hs_object_id", "nothing"])
def test_an_upsert_by_what_is_not_unique(clients: Clients, name: str) -> None:
    one = {"id": "1", "idProperty": name, "properties": {}}

    status, body = refused(lambda: clients.contacts_batch.upsert({"inputs": [one]}))

    message = f"Unable to perform update/upsert by non-unique 0-1 property {name} in portal ID 20000001"
    assert (400, message) == (status, body["message"])


def test_a_batch_create_meets_who_is_there(portal: Portal, clients: Clients) -> None:
    known = clients.contacts.create({"properties": {"email": "a@example.com"}}).id
    rows = [{"properties": {"email": one}} for one in ("new@example.com", "a@example.com")]
    conflict = f"Contact already exists. Existing ID: {known}"

    status, body = refused(lambda: clients.contacts_batch.create({"inputs": rows}))
    assert (409, conflict) == (status, body["message"])
    assert 1 == len(portal.records("contacts"))

    traced = [{**one, "objectWriteTraceId": str(number)} for number, one in enumerate(rows)]
    answer, status, _ = clients.contacts_batch.create_with_http_info({"inputs": traced})
    assert (207, ["0"]) == (status, [one.object_write_trace_id for one in answer.results])
    [error] = answer.errors
    assert ("CONFLICT", conflict, ["1"]) == (error.category, error.message, error.context["objectWriteTraceId"])


def test_a_batch_create_that_all_succeeds(clients: Clients) -> None:
    rows = [{"properties": {"email": f"{number}@example.com"}} for number in range(100)]

    answer, status, _ = clients.contacts_batch.create_with_http_info({"inputs": rows})

    assert (201, 100) == (status, len(answer.results))


def test_a_batch_update_tells_what_is_not_there(clients: Clients) -> None:
    known = clients.contacts.create({"properties": {"email": "a@example.com"}}).id
    rows = [{"id": key, "properties": {"city": "x"}} for key in (known, "999")]

    answer, status, _ = clients.contacts_batch.update_with_http_info({"inputs": rows})

    assert (207, [known]) == (status, [one.id for one in answer.results])
    assert ("OBJECT_NOT_FOUND", {"ids": ["999"]}) == (answer.errors[0].category, answer.errors[0].context)


def test_a_batch_read_by_address_tells_who_is_not_there(clients: Clients) -> None:
    known = clients.contacts.create({"properties": {"email": "a@example.com", "city": "x"}}).id
    inputs = [{"id": "a@example.com"}, {"id": "b@example.com"}]
    body = {"inputs": inputs, "idProperty": "email", "properties": ["city"], "propertiesWithHistory": []}

    answer, status, _ = clients.contacts_batch.read_with_http_info(body)

    assert (207, 1) == (status, answer.num_errors)
    assert [(known, "x")] == [(one.id, one.properties["city"]) for one in answer.results]
    message = "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid."
    assert (message, {"ids": ["b@example.com"]}) == (answer.errors[0].message, answer.errors[0].context)
    assert 200 == clients.contacts_batch.read_with_http_info({**body, "inputs": inputs[:1]})[1]


def test_a_batch_archive(portal: Portal, clients: Clients) -> None:
    keys = [clients.contacts.create({"properties": {"firstname": "x"}}).id for _ in range(3)]

    clients.contacts_batch.archive({"inputs": [{"id": key} for key in keys[:2]]})

    assert [True, True, False] == [one["archived"] for one in portal.records("contacts")]


ADDRESSES = [f"{letter}@example.com" for letter in "abcdE"]
ROWS = st.lists(
    st.tuples(st.sampled_from(ADDRESSES), st.sampled_from(["", "x", "y"]), st.booleans()), min_size=1, max_size=6
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROWS, min_size=1, max_size=4))
def test_upserts_leave_what_a_simple_model_says(portal: Portal, batches: list[list[tuple[str, str, bool]]]) -> None:
    """Whatever is sent: one contact for each address, as its last good row says; a bad row changes nothing."""
    portal.reset()
    portal.change(rolling_requests=1000)
    expected: dict[str, dict[str, str]] = {}
    for batch in batches:
        rows = [
            row(email, str(number), city=city, **({"colour": "red"} if bad else {}))
            for number, (email, city, bad) in enumerate(batch)
        ]
        status, _, _ = ask(portal, "POST", "/crm/v3/objects/contacts/batch/upsert", {"inputs": rows})
        folded = [email.lower() for email, _, _ in batch]
        if len(set(folded)) < len(folded):
            assert 400 == status
            continue
        assert (207 if any(bad for _, _, bad in batch) else 200) == status
        expected |= {email.lower(): {"city": city} for email, city, bad in batch if not bad}

    cities = {
        one["properties"]["email"]: {"city": one["properties"].get("city", "")} for one in portal.records("contacts")
    }
    assert expected == cities
    assert len(expected) == len(portal.records("contacts"))
