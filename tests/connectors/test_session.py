"""A `requests` session for client libraries goes through the door, and gives them nothing that the bridge does not."""

from collections.abc import Iterator

import pytest

from bridge.connector import requests_session
from bridge.errors import CallFailed
from bridge.outbound import Door
from bridge.testing import Request, Response
from bridge.testing.api import Fault, Server


class Api:
    def answer(self, request: Request) -> Response:
        if request.path == "/moved":
            return Response(302, b"", {"Location": "/leads", "Set-Cookie": "a=b"})
        return Response(201, {"id": 7}, {"X-Usage": "18/5000"})

    def count(self) -> int:
        return 0


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(Api(), is_login=lambda _request: False) as server:
        yield server


def door() -> Door:
    return Door(timeout_s=5, allow_private_addresses=True)


def test_a_library_gets_the_answer_as_from_requests_itself(server: Server) -> None:
    session = requests_session(door().call().http)

    answer = session.post(f"{server.url}/leads", params={"q": "a b"}, json={"a": "ö"}, headers={"X-A": "1"}, timeout=1)

    assert (201, {"id": 7}, "18/5000", f"{server.url}/leads?q=a+b") == (
        answer.status_code, answer.json(), answer.headers["x-usage"], answer.url,
    )  # fmt: skip
    (request,) = server.requests
    assert ("POST", "/leads?q=a+b", {"a": "ö"}, "1") == (
        request.method, request.path, request.json(), request.headers["x-a"],
    )  # fmt: skip
    assert request.headers["user-agent"].startswith("webhook-crm-bridge/")


def test_it_follows_no_redirect_and_keeps_no_cookie(server: Server) -> None:
    session = requests_session(door().call().http)

    assert 302 == session.get(f"{server.url}/moved").status_code
    session.get(f"{server.url}/leads")

    assert ["/moved", "/leads"] == [request.path for request in server.requests]
    assert "cookie" not in server.requests[1].headers


def test_it_raises_what_the_door_raises(server: Server) -> None:
    server.fault = Fault(cut=0)
    call = door().call()

    with pytest.raises(CallFailed) as raised:
        requests_session(call.http).post(f"{server.url}/leads", data=b"{}")

    assert raised.value.uncertain
    assert call.sent


def test_a_library_that_asks_for_other_ways_out_gets_this_one(server: Server) -> None:
    with pytest.raises(CallFailed, match="address"):
        requests_session(Door(timeout_s=5).call().http).get(server.url, verify=False, proxies={"http": server.url})
