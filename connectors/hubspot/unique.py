"""Unique: the properties with unique values that the settings name: whether the account has them, and making them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bridge.connector import Answer, found_at
from connectors.hubspot.client import Client
from connectors.hubspot.objects import ACTIVITIES, BODY, CONTACTS
from connectors.hubspot.settings import HubSpotSettings

PREPARE = "`bridge connectors prepare <target>` makes it"
LABELS = {CONTACTS: "Chat visitor", **dict.fromkeys(ACTIVITIES, "Chat event")}
_DESCRIPTION = "Written by webhook-crm-bridge, so that nothing comes twice."


def named(settings: HubSpotSettings) -> Iterator[tuple[str, str]]:
    """Each object with the property that is to be unique in it."""
    if settings.unique.contact:
        yield CONTACTS, settings.unique.contact
    if settings.unique.activity:
        for object_ in sorted(ACTIVITIES):
            yield object_, settings.unique.activity


def properties_in(answer: Answer) -> list[Mapping[str, Any]] | None:
    """The properties of an object; None: the answer names none."""
    found = found_at(answer.json(), "results") if answer.status == 200 else None
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else None


def wrong_with(name: str, properties: Sequence[Mapping[str, Any]]) -> str:
    """What is wrong with this property of an object, if anything."""
    found = next((one for one in properties if one.get("name") == name), None)
    if found is None:
        return "is not there"
    return "" if found.get("hasUniqueValue") is True else "is there, and its values are not unique: name another"


def make(object_: str, name: str, properties: Sequence[Mapping[str, Any]], client: Client) -> Answer:
    """Makes the property, in the group in which the object's usual ones are: what can be unique is fixed once made."""
    usual = BODY.get(object_, "email")
    groups = {str(one.get("name")): str(one.get("groupName") or "") for one in properties}
    group = groups.get(usual) or next(filter(None, groups.values()), "contactinformation")
    declared = {
        "name": name,
        "label": LABELS[object_],
        "description": _DESCRIPTION,
        "groupName": group,
        "type": "string",
        "fieldType": "text",
        "hasUniqueValue": True,
        "formField": False,
    }
    return client.make_property(object_, declared)
