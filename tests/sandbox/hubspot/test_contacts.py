"""Contacts of a portal, as the real client creates, reads, changes and archives them."""

from typing import Any

import pytest

from bridge.sandbox.hubspot.portal import Portal
from tests.sandbox.hubspot.clients import Clients, named, refused


def create(clients: Clients, **properties: Any) -> str:
    return str(clients.contacts.create({"properties": properties}).id)


def test_a_new_contact_has_what_was_sent_and_what_every_contact_has(portal: Portal, clients: Clients) -> None:
    contact, status, headers = clients.contacts.create_with_http_info(
        {"properties": {"email": " Ada@Example.COM", "firstname": "Ada"}}
    )

    assert 201 == status
    sent = {"email": "ada@example.com", "firstname": "Ada"}
    stock = {"hs_object_id": contact.id, "lifecyclestage": "lead", "hs_object_source": "INTEGRATION",
             "hs_email_domain": "example.com", "hs_is_contact": "true"}  # fmt: skip
    assert {**sent, **stock}.items() <= contact.properties.items()
    assert contact.properties["createdate"] == contact.properties["lastmodifieddate"]
    assert (False, contact.created_at) == (contact.archived, contact.updated_at)
    assert "99" == headers["X-HubSpot-RateLimit-Remaining"]
    assert [contact.properties] == [record["properties"] for record in portal.records("contacts")]


def test_when_a_contact_came_about_may_be_told(clients: Clients) -> None:
    contact = clients.contacts.create({"properties": {"firstname": "Ada", "createdate": "1700000000123"}})

    assert "2023-11-14T22:13:20.123Z" == contact.properties["createdate"]
    assert contact.created_at.year > 2023


def test_a_get_shows_the_properties_that_are_asked_for(portal: Portal, clients: Clients) -> None:
    portal.change(null_properties=True)
    key = create(clients, email="a@example.com", jobtitle="Countess")

    plain, more = clients.contacts.get_by_id(key), clients.contacts.get_by_id(key, properties=["jobtitle", "city", "x"])

    assert {"createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"} == set(plain.properties)
    always = {"createdate", "hs_object_id", "lastmodifieddate"}
    assert {*always, "jobtitle", "city"} == set(more.properties)
    assert ("Countess", None) == (more.properties["jobtitle"], more.properties["city"])


def test_a_contact_is_found_by_each_of_its_unique_values(clients: Clients) -> None:
    key = create(clients, email="a@example.com", chat_key="k-1")

    assert key == clients.contacts.get_by_id("A@example.com", id_property="email").id
    assert key == clients.contacts.get_by_id("k-1", id_property="chat_key").id
    clients.contacts.update("k-1", {"properties": {"city": "London"}}, id_property="chat_key")
    assert "London" == clients.contacts.get_by_id(key, properties=["city"]).properties["city"]
    status, body = refused(lambda: clients.contacts.get_by_id("x", id_property="phone"))
    assert (400, "Unable to perform update/upsert by non-unique 0-1 property phone in portal ID 20000001") == (
        *(status, body["message"]),
    )


def test_an_update_answers_what_was_sent_and_what_the_portal_keeps(portal: Portal, clients: Clients) -> None:
    portal.change(null_properties=True)
    key = create(clients, email="a@example.com", city="London", zip="W1")

    updated = clients.contacts.update(key, {"properties": {"city": "Paris", "zip": ""}})

    assert "Paris" == updated.properties["city"]
    assert not {"email", "zip"} & updated.properties.keys()
    assert key == updated.properties["hs_object_id"]
    assert updated.updated_at >= updated.created_at
    assert None is clients.contacts.get_by_id(key, properties=["zip"]).properties["zip"]


def test_an_address_that_is_taken(clients: Clients) -> None:
    key, other = create(clients, email="a@example.com"), create(clients, email="b@example.com")

    for call in (
        lambda: clients.contacts.create({"properties": {"email": "A@example.com", "city": "x"}}),
        lambda: clients.contacts.update(other, {"properties": {"email": "a@example.com"}}),
    ):
        status, body = refused(call)
        assert (409, "CONFLICT", f"Contact already exists. Existing ID: {key}") == (
            *(status, body["category"], body["message"]),
        )


@pytest.mark.parametrize(("status", "category"), [(400, "VALIDATION_ERROR"), (409, "CONFLICT")])
def test_a_unique_value_that_is_taken(portal: Portal, clients: Clients, status: int, category: str) -> None:
    portal.change(unique_clash_status=status)
    key = create(clients, email="a@example.com", chat_key="k-1")

    answered, body = refused(lambda: clients.contacts.create({"properties": {"firstname": "x", "chat_key": "K-1"}}))

    assert (status, category) == (answered, body["category"])
    assert body["message"].endswith(f"propertyName=chat_key, value=K-1}} on 502. {key} already has that value.")
    assert 1 == len(portal.records("contacts"))


def test_values_that_are_not_valid_are_told_all_at_once(portal: Portal, clients: Clients) -> None:
    properties = {
        "email": "ada@example",
        "colour": "red",
        "hs_object_id": "7",
        "plan": "gold",
        "closedate": "tomorrow",
        "hubspot_owner_id": "9",
    }

    status, body = refused(lambda: clients.contacts.create({"properties": properties}))

    assert (400, "VALIDATION_ERROR") == (status, body["category"])
    reasons = {
        "email": "INVALID_EMAIL",
        "colour": "PROPERTY_DOESNT_EXIST",
        "hs_object_id": "READ_ONLY_VALUE",
        "plan": "INVALID_OPTION",
        "closedate": "INVALID_LONG",
        "hubspot_owner_id": "INVALID_OPTION",
    }
    assert reasons == named(body)
    assert reasons == {one["context"]["propertyName"][0]: one["code"] for one in body["errors"]}
    assert '"plan"' in body["message"]
    assert "gold was not one of the allowed options: [free, paid]" in body["message"]
    assert [] == portal.records("contacts")


def test_a_contact_needs_a_name_or_an_address(portal: Portal, clients: Clients) -> None:
    status, body = refused(lambda: clients.contacts.create({"properties": {"phone": "1"}}))

    assert (400, "VALIDATION_ERROR") == (status, body["category"])
    portal.change(contact_needs=[])
    assert create(clients, phone="1")


@pytest.mark.parametrize(
    ("sent", "stored"),
    [("customer", "customer"), ("subscriber", "lead"), ("lead", "lead")],
)  # fmt: skip
def test_a_lifecycle_stage_goes_forward_only(clients: Clients, sent: str, stored: str) -> None:
    key = create(clients, email="a@example.com")

    clients.contacts.update(key, {"properties": {"lifecyclestage": sent}})

    assert stored == clients.contacts.get_by_id(key, properties=["lifecyclestage"]).properties["lifecyclestage"]


def test_a_lifecycle_stage_that_was_cleared_starts_anew(clients: Clients) -> None:
    key = create(clients, email="a@example.com", lifecyclestage="customer")

    clients.contacts.update(key, {"properties": {"lifecyclestage": ""}})
    clients.contacts.update(key, {"properties": {"lifecyclestage": "subscriber"}})

    assert "subscriber" == clients.contacts.get_by_id(key, properties=["lifecyclestage"]).properties["lifecyclestage"]


@pytest.mark.parametrize(
    ("phone", "full", "searchable"),
    [
        ("+49 30 901820", "+4930901820", "30901820"),
        ("(650) 253-0000", "+16502530000", "6502530000"),
        ("00004", "+100004", "4"),
        ("call me", None, None),
    ],
)
def test_phone_numbers_are_calculated(
    portal: Portal, clients: Clients, phone: str, full: str | None, searchable: str | None
) -> None:
    portal.change(null_properties=True)
    key = create(clients, email="a@example.com", phone=phone, mobilephone=phone)

    names = ["hs_calculated_phone_number", "hs_searchable_calculated_phone_number",
             "hs_searchable_calculated_mobile_number"]  # fmt: skip
    properties = clients.contacts.get_by_id(key, properties=names).properties

    assert searchable == properties[names[1]] == properties[names[2]]
    assert full == properties[names[0]]


def test_an_archived_contact_is_gone_and_its_address_is_free(clients: Clients) -> None:
    key = create(clients, email="a@example.com")

    assert None is clients.contacts.archive(key)
    assert None is clients.contacts.archive(key)

    assert 404 == refused(lambda: clients.contacts.get_by_id(key))[0]
    assert 404 == refused(lambda: clients.contacts.update(key, {"properties": {"city": "x"}}))[0]
    assert True is clients.contacts.get_by_id(key, archived=True).archived
    assert key != create(clients, email="a@example.com")


def test_what_is_not_there_is_told_apart_by_its_id(clients: Clients) -> None:
    status, body = refused(lambda: clients.contacts.get_by_id("999999"))
    assert (404, "resource not found", "OBJECT_NOT_FOUND") == (status, body["message"], body["category"])

    status, body = refused(lambda: clients.contacts.get_by_id("nobody@example.com", id_property="email"))
    assert (404, "OBJECT_NOT_FOUND", {"id": ["nobody@example.com"]}) == (status, body["category"], body["context"])


def test_contacts_are_listed_page_by_page(clients: Clients) -> None:
    keys = [create(clients, firstname=str(number)) for number in range(5)]

    first = clients.contacts.get_page(limit=3)
    rest = clients.contacts.get_page(limit=3, after=first.paging.next.after)

    assert keys == [one.id for one in [*first.results, *rest.results]]
    assert rest.paging is None


def test_a_contact_is_forgotten_for_good(portal: Portal, clients: Clients) -> None:
    create(clients, email="a@example.com")

    clients.contacts.purge({"objectId": "a@example.com", "idProperty": "email"})

    assert [] == portal.records("contacts")


def test_what_has_no_value_is_left_out_unless_the_portal_answers_as_the_service_does(
    portal: Portal, clients: Clients
) -> None:
    key = create(clients, email="a@example.com")

    for null, expected in ((False, {}), (True, {"city": None})):
        portal.change(null_properties=null)
        found = clients.contacts.get_by_id(key, properties=["city"]).properties
        assert expected == {name: value for name, value in found.items() if name == "city"}
