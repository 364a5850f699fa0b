"""The Salesforce connector passes the suite that every connector has to pass, with the sandbox org behind it."""

from typing import Any, ClassVar

import pytest
import requests

from bridge.connector import Hold, Reject, Retry
from bridge.sandbox.salesforce.org import Org
from bridge.testing import Api, ConnectorSuite, Request, Response
from connectors.salesforce import Salesforce
from tests.connectors.salesforce.orgs import settings_for

WRITTEN = ("Lead", "Event", "Task")


class Behind:
    """An org behind the suite's own server, which spoils what it answers."""

    def __init__(self) -> None:
        self.org = Org(duplicate_rules=[{"objects": ["Lead"], "against": ["Contact"], "field": "Email"}])
        self.org.plant("Contact", LastName="Taken", Email="taken@example.com")
        self.org.start()
        self._session = requests.Session()

    def answer(self, request: Request) -> Response:
        headers = {name: value for name, value in request.headers.items() if name not in ("host", "content-length")}
        url = f"{self.org.url}{request.path}"
        found = self._session.request(request.method, url, data=request.body, headers=headers, allow_redirects=False)
        body = found.content.replace(self.org.url.encode(), f"http://{request.headers['host']}".encode())
        return Response(found.status_code, body, {"Content-Type": found.headers.get("Content-Type", "")})

    def count(self) -> int:
        return sum(len(self.org.records(name)) for name in WRITTEN)


class TestSalesforce(ConnectorSuite):
    connector = Salesforce
    changing = frozenset({"authorization"})  # each org gives sessions of its own
    unwanted: ClassVar[dict[str, Any]] = {"email": "taken@example.com", "phone": ""}
    refusals: ClassVar[dict[int, Any]] = {401: (Hold,), 404: (Reject,), 408: (Retry,)}

    @pytest.fixture(autouse=True)
    def _ended(self) -> Any:
        self._orgs: list[Org] = []
        yield
        for org in self._orgs:
            org.close()

    def settings(self, url: str) -> dict[str, Any]:
        return settings_for(url, match_contacts=False, duplicates="fail")

    def api(self) -> Api:
        behind = Behind()
        self._orgs.append(behind.org)
        return behind

    def is_login(self, request: Request) -> bool:
        return request.path.startswith("/services/oauth2/token")

    def refusal(self, status: int) -> Response:
        codes = {401: "INVALID_SESSION_ID", 403: "API_DISABLED_FOR_ORG", 400: "JSON_PARSER_ERROR", 409: "CONFLICT"}
        codes |= {404: "NOT_FOUND", 422: "INVALID_FIELD", 500: "UNKNOWN_EXCEPTION", 503: "SERVER_UNAVAILABLE"}
        return Response(status, [{"errorCode": codes.get(status, "OTHER"), "message": f"refused with {status}"}])
