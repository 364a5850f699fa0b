"""Properties, groups, owners, pipelines and the account itself."""

import re

import pytest

from bridge.sandbox.hubspot.portal import Portal
from tests.sandbox.hubspot.clients import Clients, ask, named, refused

KEY = {"name": "chat_id", "label": "Chat", "groupName": "engagement", "type": "string", "fieldType": "text",
       "hasUniqueValue": True}  # fmt: skip


def test_the_properties_of_contacts(clients: Clients) -> None:
    known = {one.name: one for one in clients.properties.get_all("contacts").results}

    assert {"email", "phone", "lifecyclestage", "message", "hs_object_id", "chat_key"} <= known.keys()
    assert (True, False) == (known["email"].has_unique_value, known["phone"].has_unique_value)
    assert [True, False] == [known[name].modification_metadata.read_only_value for name in ("hs_object_id", "email")]
    stages = {one.value: one.label for one in known["lifecyclestage"].options}
    assert "Marketing Qualified Lead" == stages["marketingqualifiedlead"]
    assert (True, []) == (known["hubspot_owner_id"].external_options, known["hubspot_owner_id"].options)
    assert "email" == clients.properties.get_by_name("contact", "email").name


def test_a_property_that_is_made_tells_notes_apart_and_lasts(portal: Portal, clients: Clients) -> None:
    made, status, _ = clients.properties.create_with_http_info("notes", KEY)

    assert (201, "chat_id", True, False) == (status, made.name, made.has_unique_value, made.hubspot_defined)
    note = {"properties": {"hs_timestamp": "0", "chat_id": "x"}}
    clients.of("notes").create(note)
    status, body = refused(lambda: clients.of("notes").create(note))
    assert (400, "already has that value.") == (status, body["message"][-23:])
    assert "chat_id" in [one.name for one in clients.properties.get_all("notes").results]


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"name": "hs_note_body"}, 400, "Property name hs_note_body is invalid"),
        ({"name": "bridge_event_id"}, 409, "A property named 'bridge_event_id' already exists."),
        ({"name": "Chat"}, 400, "Property name Chat is invalid"),
        ({"groupName": "nowhere"}, 400, "Property group nowhere does not exist"),
        ({"type": "text"}, 400, "Invalid input JSON: type text"),
        ({"label": None}, 400, "Invalid input JSON: some of required attributes are not set [label]"),
        ({"type": "enumeration", "fieldType": "select"}, 400, "Enumeration property chat_id must have options"),
        ({"options": "x"}, 400, "Invalid input JSON"),
    ],
)
def test_properties_that_cannot_be_made(portal: Portal, change: dict[str, str], status: int, said: str) -> None:
    answered, body, _ = ask(portal, "POST", "/crm/v3/properties/notes", {**KEY, **change})

    assert status == answered
    assert body["message"].startswith(said)


def test_a_property_is_changed_and_taken_away(clients: Clients) -> None:
    options = [{"label": "Red", "value": "red", "hidden": False}]
    choice = {**KEY, "type": "enumeration", "fieldType": "select", "options": options, "hasUniqueValue": False}
    clients.properties.create("notes", choice)

    clients.properties.update(
        "notes", "chat_id", {"options": [*options, {"label": "B", "value": "b", "hidden": False}]}
    )
    assert ["red", "b"] == [one.value for one in clients.properties.get_by_name("notes", "chat_id").options]
    properties = {"hs_timestamp": "0", "chat_id": "green"}
    assert {"chat_id": "INVALID_OPTION"} == named(
        refused(lambda: clients.of("notes").create({"properties": properties}))[1]
    )

    clients.properties.archive("notes", "chat_id")
    assert 404 == refused(lambda: clients.properties.get_by_name("notes", "chat_id"))[0]
    assert 403 == refused(lambda: clients.properties.archive("notes", "hs_note_body"))[0]


def test_properties_in_batches(clients: Clients) -> None:
    made = clients.properties_batch.create("notes", {"inputs": [KEY, {**KEY, "name": "other"}]})
    names = [{"name": name} for name in ("other", "nothing")]
    read, status, _ = clients.properties_batch.read_with_http_info("notes", {"inputs": names, "archived": False})

    assert ["chat_id", "other"] == [one.name for one in made.results]
    assert (207, ["other"], ["nothing"]) == (
        *(status, [one.name for one in read.results]),
        [one.context["name"][0] for one in read.errors],
    )
    clients.properties_batch.archive("notes", {"inputs": names[:1]})
    assert 404 == refused(lambda: clients.properties.get_by_name("notes", "other"))[0]


def test_a_batch_of_properties_is_made_whole_or_not_at_all(clients: Clients) -> None:
    status, _ = refused(lambda: clients.properties_batch.create("notes", {"inputs": [KEY, {**KEY, "name": "Bad"}]}))

    assert 400 == status
    assert 404 == refused(lambda: clients.properties.get_by_name("notes", "chat_id"))[0]
    note = {"properties": {"hs_timestamp": "0", "chat_id": "x"}}
    assert {"chat_id": "PROPERTY_DOESNT_EXIST"} == named(refused(lambda: clients.of("notes").create(note))[1])


def test_groups(clients: Clients) -> None:
    clients.groups.create("notes", {"name": "chat", "label": "Chat"})

    assert ["engagement", "note", "chat"] == [one.name for one in clients.groups.get_all("notes").results]
    assert "Chat" == clients.groups.get_by_name("notes", "chat").label
    assert "chat" == clients.properties.create("notes", {**KEY, "groupName": "chat"}).group_name
    assert 409 == refused(lambda: clients.groups.create("notes", {"name": "chat", "label": "Chat"}))[0]


def test_a_property_that_settings_take_away(portal: Portal, clients: Clients) -> None:
    portal.change(properties={"contacts": {"company": None}})

    assert {"company": "PROPERTY_DOESNT_EXIST"} == named(
        refused(lambda: clients.contacts.create({"properties": {"email": "a@example.com", "company": "x"}}))[1]
    )


def test_owners(clients: Clients) -> None:
    [owner] = clients.owners.get_page().results

    assert ("1001", "owner@sandbox.example", "PERSON") == (owner.id, owner.email, owner.type)
    assert "1001" == clients.owners.get_by_id(1001).id
    assert [] == clients.owners.get_page(email="nobody@sandbox.example").results
    assert 404 == refused(lambda: clients.owners.get_by_id(7))[0]
    contact = clients.contacts.create({"properties": {"email": "a@example.com", "hubspot_owner_id": "1001"}})
    assert "1001" == contact.properties["hubspot_owner_id"]


def test_pipelines(clients: Clients) -> None:
    [deals] = clients.pipelines.get_all("deals").results

    assert ("default", "appointmentscheduled") == (deals.id, deals.stages[0].id)
    assert "lead-pipeline-id" == clients.pipelines.get_all("leads").results[0].id
    assert 7 == len(clients.stages.get_all("deals", "default").results)
    assert "Closed Won" == clients.stages.get_by_id("deals", "default", "closedwon").label
    assert 404 == refused(lambda: clients.pipelines.get_by_id("deals", "nowhere"))[0]


@pytest.mark.parametrize("path", ["/account-info/v3", "/account-info/2026-03"])
def test_the_account(portal: Portal, path: str) -> None:
    portal.change(time_zone="Asia/Kolkata", requests_used=7)

    _, details, _ = ask(portal, "GET", f"{path}/details")
    _, usage, _ = ask(portal, "GET", f"{path}/api-usage/daily/private-apps")

    assert (20000001, "Asia/Kolkata", "+05:30", 19_800_000) == (
        *(details["portalId"], details["timeZone"]),
        *(details["utcOffset"], details["utcOffsetMilliseconds"]),
    )
    [row] = usage["results"]
    assert (9, 250_000) == (row["currentUsage"], row["usageLimit"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT18:30:00Z", row["resetsAt"])


def test_a_time_zone_that_there_is_not(portal: Portal) -> None:
    with pytest.raises(ValueError, match="time_zone: there is no Mars"):
        portal.change(time_zone="Mars")

    assert "US/Eastern" == portal.settings["time_zone"]
