"""The real client's APIs, brought to a sandbox by `host`, and what a portal says when it refuses something."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import hubspot
import pytest
import urllib3

from bridge.sandbox.hubspot.portal import Portal


class Clients:
    """One object of each API, on one portal."""

    def __init__(self, portal: Portal, *, token: str | None = None) -> None:
        self._portal = portal
        self.client = hubspot.Client.create(access_token=token or portal.settings["access_token"], retry=False)
        crm = self.client.crm
        self.contacts = self.brought(crm.contacts.basic_api)
        self.contacts_batch = self.brought(crm.contacts.batch_api)
        self.contacts_search = self.brought(crm.contacts.search_api)
        self.properties = self.brought(crm.properties.core_api)
        self.properties_batch = self.brought(crm.properties.batch_api)
        self.groups = self.brought(crm.properties.groups_api)
        self.owners = self.brought(crm.owners.owners_api)
        self.pipelines = self.brought(crm.pipelines.pipelines_api)
        self.stages = self.brought(crm.pipelines.pipeline_stages_api)
        self.links = self.brought(crm.associations.v4.basic_api)
        self.links_batch = self.brought(crm.associations.v4.batch_api)
        self.access_tokens = self.brought(self.client.oauth.access_tokens_api)
        self.refresh_tokens = self.brought(self.client.oauth.refresh_tokens_api)
        self.tokens = self.brought(self.client.oauth.tokens_api)

    def brought(self, api: Any) -> Any:
        api.api_client.configuration.host = self._portal.url
        return api

    def of(self, kind: str, api: str = "basic_api") -> Any:
        """The API for notes, meetings, tasks, deals or leads."""
        objects = self.client.crm.objects
        family = getattr(self.client.crm, kind, None) or getattr(objects, kind)
        return self.brought(getattr(family, api))


def refused(call: Callable[[], Any]) -> tuple[int, dict[str, Any]]:
    """Status and body of a call that is refused; all exceptions of the client have both."""
    with pytest.raises(Exception) as failed:  # noqa: PT011 - each API has an ApiException of its own
        call()
    return failed.value.status, json.loads(failed.value.body)


def named(body: Mapping[str, Any]) -> dict[str, str]:
    """The properties that a refusal names in the text of its message, and why."""
    head, _, told = body["message"].partition("Property values were not valid: ")
    assert head == ""
    return {one["name"]: one["error"] for one in json.loads(told)}


def to(key: str, number: int) -> dict[str, Any]:
    """An association of a create."""
    return {
        "to": {"id": key},
        "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number}],
    }


def ask(
    portal: Portal | str, method: str, path: str, body: Any = None, *, text: str | None = None, **headers: str
) -> tuple[int, Any, Any]:
    """Status, body and headers of a call without the client, with a JSON body or any text."""
    url = portal if isinstance(portal, str) else portal.url
    sent = {"Authorization": "Bearer pat-na1-sandbox", "Content-Type": "application/json", **headers}
    text = text if body is None else json.dumps(body)
    answer = urllib3.request(method, url + path, body=text, headers=sent, timeout=10, retries=False)
    return answer.status, json.loads(answer.data) if answer.data else None, answer.headers
