"""docs/connectors.md: its code is run as it stands, against a stand-in for the API that it talks to."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bridge.connector import WrongSettings
from bridge.core.expression import Expression, Language
from bridge.core.filters import Filter
from bridge.core.records import read_defaults
from bridge.testing import ConnectorSuite, Request, Response

PAGE = (Path(__file__).parents[2] / "docs" / "connectors.md").read_text()
BLOCK = re.compile(r"<!-- block: (\w+) -->\n```python\n(.*?)```", re.DOTALL)
BLOCKS = dict(BLOCK.findall(PAGE))


def run(*names: str) -> dict[str, Any]:
    """What the blocks define, one after the other."""
    space: dict[str, Any] = {"__name__": f"page_{names[-1]}"}
    import sys
    import types

    module = types.ModuleType(space["__name__"])
    sys.modules[space["__name__"]] = module
    for name in names:
        exec(compile(BLOCKS[name], f"docs/connectors.md:{name}", "exec"), module.__dict__)
    return module.__dict__


def test_each_python_block_of_the_page_is_run_here() -> None:
    assert {"filter", "smallest", "settings", "records", "looking", "token", "batch", "suite"} == BLOCKS.keys()
    assert len(BLOCKS) == PAGE.count("```python")


class Suite(ConnectorSuite):
    __test__ = False

    def settings(self, url: str) -> dict[str, Any]:
        return {"url": url, "api_key": "a-key-for-tests", "allow_private_addresses": True}


class TestSmallest(run("smallest", "suite")["TestAcme"]):  # type: ignore[misc]
    """The page's own test of the page's own connector."""


class LookedAt:
    """Keeps what it is sent, and finds it again by its reference."""

    def __init__(self) -> None:
        self.leads: dict[str, Any] = {}

    def answer(self, request: Request) -> Response:
        url = urlsplit(request.path)
        if url.path == "/me":
            return Response(200, {"account_id": 17})
        if request.method == "GET":
            (ref,) = parse_qs(url.query)["external_ref"]
            return Response(200, [{"id": id_} for id_, lead in self.leads.items() if lead["external_ref"] == ref])
        if request.method == "PATCH":
            self.leads[url.path.rpartition("/")[2]] |= request.json()
            return Response(200, {})
        id_ = f"L{len(self.leads)}"
        self.leads[id_] = request.json()
        return Response(201, {"id": id_})

    def count(self) -> int:
        return len(self.leads)


class TestLooking(Suite):
    __test__ = True
    connector = run("looking")["Looking"]

    def api(self) -> LookedAt:
        return LookedAt()


class WithTokens:
    def __init__(self) -> None:
        self.leads: dict[str, Any] = {}
        self.logins = 0

    def answer(self, request: Request) -> Response:
        if request.path == "/oauth/token":
            self.logins += 1
            return Response(200, {"access_token": f"token-{self.logins}"})
        if request.headers["authorization"] != f"Bearer token-{self.logins}":
            return Response(401)
        self.leads[request.path] = request.json()
        return Response(200, {})

    def count(self) -> int:
        return len(self.leads)


class TestToken(Suite):
    __test__ = True
    connector = run("token")["WithLogin"]

    def settings(self, url: str) -> dict[str, Any]:
        login = {"client_id": "bridge", "client_secret": "a-secret-for-tests"}
        return {"url": url, "allow_private_addresses": True} | login

    def api(self) -> WithTokens:
        return WithTokens()

    def is_login(self, request: Request) -> bool:
        return request.path == "/oauth/token"

    def test_a_token_that_was_ended_early_is_replaced(self) -> None:
        with self.serving() as server:
            caller = self.caller(server)
            caller.attempt(self.lead())
            server.api.logins += 1  # somebody else logged in: ours is no longer good

            result = caller.attempt(self.lead(session_id="2"))

            assert ("Delivered", 3) == (type(result.outcome).__name__, server.api.logins)


class Upserting:
    def __init__(self) -> None:
        self.leads: dict[str, Any] = {}

    def answer(self, request: Request) -> Response:
        if request.path == "/me":
            return Response(200, {})
        self.leads |= {row["ref"]: row for row in request.json()}
        return Response(200, [{"ref": row["ref"], "id": row["ref"][-4:]} for row in reversed(request.json())])

    def count(self) -> int:
        return len(self.leads)


class TestBatch(Suite):
    __test__ = True
    connector = run("batch")["Batching"]

    def api(self) -> Upserting:
        return Upserting()


def test_the_settings_of_the_page_say_all_that_is_wrong_at_once() -> None:
    settings, secret = (run("smallest", "settings")[name] for name in ("Settings", "Secret"))

    with pytest.raises(WrongSettings) as told:
        settings("ftp://x", secret("k"), region="moon")
    assert [("url",), ("region",)] == [wrong.at for wrong in told.value.wrong]


def test_the_records_of_the_page_are_such() -> None:
    assert ["person", "note"] == [rule.name for rule in read_defaults(run("records")["DEFAULT_RECORDS"], {}).records]


def test_the_filter_of_the_page_is_one() -> None:
    known = Filter("salutation", run("filter")["salutation"])
    read = Language({"salutation": known}).read("{{ first_name | salutation(language='de') }}")

    assert isinstance(read.value, Expression)
    assert ["Guten Tag Ada", None] == [read.value.value({"first_name": name}) for name in ("Ada", "")]
