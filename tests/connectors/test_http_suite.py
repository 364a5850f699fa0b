"""The HTTP connector passes the suite that every connector has to pass: with an API that honours Idempotency-Key."""

from typing import Any

from bridge.testing import Api, ConnectorSuite, Request, Response
from connectors.http import Http


class Honouring:
    """Stores each key once; what it knows already, it answers as before."""

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}

    def answer(self, request: Request) -> Response:
        if request.method == "GET":
            return Response(200, {"account": "mine"})
        event = request.json()
        self.known.setdefault(event["key"], len(self.known) + 1)
        return Response(201, {"id": self.known[event["key"]]})

    def count(self) -> int:
        return len(self.known)


class TestHttp(ConnectorSuite):
    connector = Http

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "url": f"{url}/leads",
            "auth": {"bearer": "a-token-that-is-long-enough"},
            "headers": {"X-Account": "mine"},
            "probe": {"url": f"{url}/me"},
            "sign": {"scheme": "timestamp", "key": "a key that signs what we send"},
            "allow_private_addresses": True,
        }

    def api(self) -> Api:
        return Honouring()
