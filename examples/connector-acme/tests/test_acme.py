"""The suite that every connector has to pass, and what is Acme's own."""

from dataclasses import replace
from typing import Any, ClassVar

from bridge_acme import Acme

from bridge.connector import Delivered
from bridge.testing import Api, ConnectorSuite, Request, Response


class AcmeApi:
    """Acme, as far as the connector knows it: PUT under a key makes a record or changes it."""

    def __init__(self) -> None:
        self.records: dict[str, Any] = {}

    def answer(self, request: Request) -> Response:
        if request.path == "/me":
            return Response(200, {"account": "acme-7"})
        if request.json().get("email") == "nobody":
            return Response(422, {"error": "email: no address"})
        known = request.path in self.records
        self.records[request.path] = request.json()
        return Response(200 if known else 201, {"id": request.path.rpartition("/")[2][-6:]})

    def count(self) -> int:
        return len(self.records)


class TestAcme(ConnectorSuite):
    connector = Acme
    unwanted: ClassVar[dict[str, str]] = {"email": "nobody"}  # what the stand-in refuses by itself

    def settings(self, url: str) -> dict[str, Any]:
        return {"url": url, "api_key": "a key for tests", "allow_private_addresses": True}

    def api(self) -> Api:
        return AcmeApi()

    def test_a_note_names_its_contact(self) -> None:
        with self.serving() as server:
            self.attempt(server, self.lead())
            contact, note = server.requests
            assert "contacts" in contact.path
            assert note.json()["contact_id"] == contact.path[-6:]

    def test_what_is_known_is_left_alone_where_newer_facts_were_written(self) -> None:
        with self.serving() as server:
            first = self.attempt(server, self.lead())
            late = replace(self.lead(phone="+12125550100"), if_empty=True)
            late = replace(late, links={(link.record_key, link.object): link for link in first.links})
            before = len(server.requests)
            assert isinstance(self.attempt(server, late).outcome, Delivered)
            assert before == len(server.requests)
