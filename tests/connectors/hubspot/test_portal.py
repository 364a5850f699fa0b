"""The HubSpot connector passes the suite that every connector has to pass, with the sandbox portal behind it."""

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
import requests

from bridge.sandbox.hubspot.portal import Portal
from bridge.testing import Api, ConnectorSuite, Request, Response
from connectors.hubspot import HubSpot

TOO_LONG = "x" * 70_000
WRITTEN = ("contacts", "notes", "meetings", "tasks")
UNIQUE = {"contact": "chat_visitor_key", "activity": "bridge_event_id"}
HAS_UNIQUE = {
    "contacts": {"chat_visitor_key": {"hasUniqueValue": True}},
    **{name: {"bridge_event_id": {"hasUniqueValue": True}} for name in ("notes", "meetings", "tasks")},
}


class Behind:
    """A portal behind the suite's own server, which spoils what it answers."""

    def __init__(self, **settings: Any) -> None:
        self.portal = Portal(search_lag_s=0.0, rolling_requests=10_000, **settings)
        self.portal.start()
        self._session = requests.Session()

    def answer(self, request: Request) -> Response:
        headers = {name: value for name, value in request.headers.items() if name not in ("host", "content-length")}
        url = f"{self.portal.url}{request.path}"
        found = self._session.request(request.method, url, data=request.body, headers=headers, allow_redirects=False)
        return Response(found.status_code, found.content, {"Content-Type": found.headers.get("Content-Type", "")})

    def count(self) -> int:
        return sum(not one["archived"] for name in WRITTEN for one in self.portal.records(name))


class TestAtThePortal(ConnectorSuite):
    connector = HubSpot
    # Nothing is left of who it is.
    unwanted: ClassVar[dict[str, Any]] = {"email": ""} | dict.fromkeys(("first_name", "last_name", "phone"), TOO_LONG)

    @pytest.fixture(autouse=True)
    def _ended(self) -> Iterator[None]:
        self._portals: list[Portal] = []
        yield
        for portal in self._portals:
            portal.close()

    def settings(self, url: str) -> dict[str, Any]:
        return {"access_token": "pat-na1-sandbox", "base_url": url, "allow_private_addresses": True}

    def api(self) -> Api:
        return self.behind()

    def behind(self, **settings: Any) -> Behind:
        found = Behind(**settings)
        self._portals.append(found.portal)
        return found


class TestAtThePortalWithUniqueProperties(TestAtThePortal):
    def settings(self, url: str) -> dict[str, Any]:
        return super().settings(url) | {"unique": UNIQUE}

    def api(self) -> Api:
        return self.behind(properties=HAS_UNIQUE)
