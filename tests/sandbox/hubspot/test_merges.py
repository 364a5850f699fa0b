"""Two records become one: what is left of them, and how their ids and addresses answer."""

from typing import Any

from bridge.sandbox.hubspot.portal import Portal
from tests.sandbox.hubspot.clients import Clients, refused


def create(clients: Clients, **properties: Any) -> str:
    return str(clients.contacts.create({"properties": properties}).id)


def test_two_contacts_become_one(portal: Portal, clients: Clients) -> None:
    kept = create(clients, email="a@example.com", firstname="Ada")
    gone = create(clients, email="b@example.com", firstname="Augusta", city="London")

    merged = clients.contacts.merge({"primaryObjectId": kept, "objectIdToMerge": gone})

    assert kept == merged.id
    names = ["firstname", "city", "email", "hs_additional_emails", "hs_merged_object_ids", "hs_all_contact_vids"]
    values = ["Ada", "London", "a@example.com", "b@example.com", gone, f"{kept};{gone}"]
    for key in (kept, gone):
        contact = clients.contacts.get_by_id(key, properties=names)
        assert (kept, values) == (contact.id, [contact.properties[name] for name in names])
    assert kept == clients.contacts.update(gone, {"properties": {"zip": "W1"}}).id
    assert kept == clients.contacts.get_by_id("b@example.com", id_property="email").id
    assert (409, f"Existing ID: {kept}") == tuple(
        part if isinstance(part, int) else part["message"][24:]
        for part in refused(lambda: clients.contacts.create({"properties": {"email": "b@example.com"}}))
    )


def test_after_a_merge_by_other_rules(portal: Portal, clients: Clients) -> None:
    portal.change(merged_ids="gone", merge_makes_new=True, merge_lag_s=3600.0)
    first, second = create(clients, email="a@example.com"), create(clients, email="b@example.com")

    merged = portal.merge(first, second)

    assert merged["id"] not in (first, second)
    assert [404, 404] == [refused(lambda key=key: clients.contacts.get_by_id(key))[0] for key in (first, second)]
    moved = {"properties": {"email": "b@example.com"}}
    assert 404 == refused(lambda: clients.contacts.update("b@example.com", moved, id_property="email"))[0]
    assert 409 == refused(lambda: clients.contacts.create(moved))[0]
    portal.change(merge_lag_s=0.0)
    assert merged["id"] == clients.contacts.get_by_id("b@example.com", id_property="email").id


def test_merges_that_cannot_be(portal: Portal, clients: Clients) -> None:
    key = create(clients, email="a@example.com")

    for primary, other, status in [(key, key, 400), (key, "999", 404), ("999", key, 404)]:
        body = {"primaryObjectId": primary, "objectIdToMerge": other}
        assert status == refused(lambda body=body: clients.contacts.merge(body))[0]
    assert [False] == [one["archived"] for one in portal.records("contacts")]


def test_deals_are_merged_too(clients: Clients) -> None:
    first, second = (clients.of("deals").create({"properties": {"dealname": name}}).id for name in ("a", "b"))

    clients.of("deals").merge({"primaryObjectId": first, "objectIdToMerge": second})

    assert (first, "a") == (
        clients.of("deals").get_by_id(second).id,
        clients.of("deals").get_by_id(first).properties["dealname"],
    )
