"""Sources of every kind against a real bridge: what their senders sign is stored, and nothing is told to a stranger."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from bridge.core.presets import PRESETS
from bridge.core.signing import sign_request
from bridge.model.scheme import Scheme, Timestamp
from bridge.model.signed import Request
from tests.packages import SOURCES, put
from tests.processes import Bridge, running, wait_until

KEY = "whsec_YSBrZXkgb2YgdGhlIHNlbmRlcg=="  # base64 where that is wanted, a text elsewhere
SUCCESS = (200, '{"status":"success"}')
REFUSED = (401, '{"status":"error","error":"signature not accepted"}')
PLUGIN = """
import hmac, json
from dataclasses import dataclass
from bridge.source import BadSignature, Request, Secret, Verified

@dataclass(frozen=True)
class Settings:
    secret: Secret

class Acme:
    Settings = Settings

    def __init__(self, settings):
        self._secret = settings.secret.reveal().encode()

    def verify(self, request: Request) -> Verified:
        given = request.headers.get("x-acme", b"")
        if request.body == b"fail":
            raise RuntimeError("broken for once")
        if not hmac.compare_digest(given, self._secret + request.url.encode()):
            raise BadSignature("no key matches")
        return Verified(at=1700000000)

    def read(self, body: bytes):
        return [{"email": one, "key": one} for one in body.decode().split()]
"""
FIELDS = {"email": "data.lead.mail", "name": "data.lead.who", "kind": {"path": "type", "values": {"new": "lead"}}}
BOOKER = Scheme(
    header="x-booker", format="pairs", pair=b"v2", separator=b";", timestamp=Timestamp(pair=b"at", unit="ms"),
    signed="{timestamp}|{method}|{body}", algorithm="sha512", encoding="base64",
)  # fmt: skip


def config() -> str:
    sources: dict[str, Any] = {name: {"preset": name, "signing_keys": [KEY], "fields": FIELDS} for name in PRESETS}
    sources["newoaks"].pop("fields")
    sources["hubspot"]["public_url"] = "https://hooks.example.com/webhooks/hubspot"
    sources["meta"]["challenge"] = {"token": "${META_TOKEN}"}
    sources["token"] |= {"allow_unsigned": True, "signature": {"query": "token"}}
    sources["none"] = {"preset": "none", "allow_unsigned": True, "fields": FIELDS}
    sources["booker"] = {
        "signature": {
            "header": "X-Booker", "format": "pairs", "pair": "v2", "separator": ";",
            "timestamp": {"pair": "at", "unit": "ms"}, "signed": "{timestamp}|{method}|{body}", "algorithm": "sha512",
            "encoding": "base64",
        },
        "signing_keys": [KEY],
        "fields": {"events": "bookings", "kind": "appointment", "email": "mail", "content": "slot"},
        "key": "ref",
    }  # fmt: skip
    sources["acme"] = {
        "plugin": "acme",
        "settings": {"secret": "hunter2"},
        "public_url": "https://hooks.example.com/acme",
    }
    return json.dumps({"version": 1, "sources": sources})


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    folder = tmp_path_factory.mktemp("sources")
    packages = installed(folder, "acme = acme_source:Acme")
    with running(folder, config(), META_TOKEN="s3cret", PYTHONPATH=packages) as found:
        yield found


def installed(folder: Path, *entries: str) -> str:
    """Where a package with these sources is, as pip would have put it."""
    put(folder / "packages", "acme-source", SOURCES, *entries, source=PLUGIN)
    return str(folder / "packages")


def post(bridge: Bridge, source: str, request: Request) -> tuple[int, str]:
    answer = requests.post(
        f"{bridge.url}/webhooks/{source}" + (f"?{request.query}" if request.query else ""),
        data=request.body,
        headers={name: value.decode("latin-1") for name, value in request.headers.items()},
        timeout=30,
    )
    return answer.status_code, answer.text


def signed(scheme: Scheme, body: bytes, *, key: bytes = KEY.encode(), query: str = "", url: str = "") -> Request:
    return sign_request(Request(body, {}, query=query, url=url), scheme=scheme, key=key, at=time.time())


def events(bridge: Bridge, source: str) -> list[dict[str, Any]]:
    return [row for row in bridge.rows("events", "list", "--limit", "1000") if row["source"] == source]


def lead(number: int = 0) -> bytes:
    return json.dumps({"type": "new", "data": {"lead": {"mail": f"v{number}@x.io", "who": "Ana Cruz"}}}).encode()


@pytest.mark.parametrize("name", [*PRESETS, "booker"])
def test_what_bridge_send_sends_is_stored_whatever_the_source(bridge: Bridge, name: str) -> None:
    done = bridge.run("send", "appointment" if name == "booker" else "lead", "--source", name)

    assert (0, '200 {"status":"success"}') == (done.returncode, done.stdout.strip()), done.stderr
    assert KEY not in done.stdout + done.stderr
    assert ["test@qq.com"] == [row["email"] for row in events(bridge, name)]


def test_a_declared_sources_events_are_told_apart_by_their_key(bridge: Bridge) -> None:
    bookings = [{"ref": 1, "mail": "a@x.io", "slot": "noon"}, {"ref": 2, "mail": "a@x.io", "slot": "noon"}, {"ref": 3}]
    body = json.dumps({"bookings": bookings}).encode()
    before = len(events(bridge, "booker"))

    for _ in range(2):
        assert SUCCESS == post(bridge, "booker", signed(BOOKER, body))

    found = events(bridge, "booker")[: len(events(bridge, "booker")) - before]
    assert [("appointment", "a@x.io")] * 2 == [(row["kind"], row["email"]) for row in found]
    paths = [row["path"] for row in bridge.rows("events", "quarantined") if row["source"] == "booker"]
    assert ["[2]"] == paths


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "none"])
def test_a_stranger_is_refused_without_a_reason(bridge: Bridge, name: str) -> None:
    scheme = Scheme(proof="token", query="token") if name == "token" else PRESETS[name].scheme
    forged = signed(scheme, lead(), key=b"somebody else's key", url="https://hooks.example.com/webhooks/hubspot")

    assert REFUSED == post(bridge, name, forged)
    assert REFUSED == post(bridge, name, Request(lead(), {}))
    assert REFUSED == post(bridge, name, Request(b"", {}, query="token=&token=x&%ff"))


@pytest.mark.parametrize("name", ["github", "slack", "svix", "hubspot", "token", "acme"])
@pytest.mark.parametrize(
    "value", [b"\xff\xfe", b"sha256=\xc3\xa9", b"v1,=", b"\x01", b"=" * 5000, b"t=1,v1=0" * 500], ids=range(6)
)
def test_no_bytes_in_a_header_bring_more_than_a_refusal(bridge: Bridge, name: str, value: bytes) -> None:
    names = [*(PRESETS[name].scheme.headers if name in PRESETS else ()), "x-acme"]
    head = b"POST /webhooks/%b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n" % name.encode()
    head += b"".join(b"%b: %b\r\n" % (one.encode(), value) for one in [*names, *names])
    with socket.create_connection(("127.0.0.1", bridge.port), timeout=30) as connection:
        connection.sendall(head + b"\r\n[]")
        answer = connection.recv(65536)

    assert answer.split(b" ")[1] in (b"400", b"401", b"431")


def test_the_platforms_test_request_is_no_other_senders(bridge: Bridge) -> None:
    assert REFUSED == post(bridge, "github", Request(b"{}", {}))
    assert 200 == post(bridge, "newoaks", Request(b"{}", {}))[0]
    done = bridge.run("send", "test", "--source", "github")
    assert (1, True) == (done.returncode, "knows no test requests" in done.stderr)


def test_slacks_signed_question_is_answered_and_a_forged_one_is_not(bridge: Bridge) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "<script>3eZbrw"}).encode()
    scheme, url = PRESETS["slack"].scheme, f"{bridge.url}/webhooks/slack"

    answer = requests.post(url, data=body, headers=dict(signed(scheme, body).headers), timeout=30)

    assert (200, "<script>3eZbrw") == (answer.status_code, answer.text)
    assert ("text/plain; charset=utf-8", "nosniff") == (
        answer.headers["content-type"], answer.headers["x-content-type-options"]
    )  # fmt: skip
    assert REFUSED == post(bridge, "slack", signed(scheme, body, key=b"somebody else's key"))


def test_metas_question_is_answered_to_who_has_the_token_only(bridge: Bridge) -> None:
    def ask(source: str, query: str, method: str = "GET") -> requests.Response:
        return requests.request(method, f"{bridge.url}/webhooks/{source}?{query}", timeout=30)

    right = ask("meta", "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=s3cret")
    assert (200, "1158201444") == (right.status_code, right.text)
    assert "text/plain; charset=utf-8" == right.headers["content-type"]
    for query in ("hub.challenge=1158201444", "hub.challenge=1158201444&hub.verify_token=s3cre", "", "%00"):
        wrong = ask("meta", query)
        assert REFUSED == (wrong.status_code, wrong.text)
    assert 404 == ask("nobody", "hub.challenge=1&hub.verify_token=s3cret").status_code
    for source in ("github", "newoaks", "slack"):
        other = ask(source, "hub.challenge=1&hub.verify_token=s3cret")
        assert (405, "POST") == (other.status_code, other.headers["allow"])
    assert 405 == ask("meta", "hub.challenge=1&hub.verify_token=s3cret", "HEAD").status_code


def test_hubspots_signature_holds_for_the_public_address_and_its_query(bridge: Bridge) -> None:
    scheme, url = PRESETS["hubspot"].scheme, "https://hooks.example.com/webhooks/hubspot"

    assert SUCCESS == post(bridge, "hubspot", signed(scheme, lead(1), query="q=%3A%20", url=url))
    assert REFUSED == post(bridge, "hubspot", signed(scheme, lead(1), url=f"{bridge.url}/webhooks/hubspot"))
    assert REFUSED == post(bridge, "hubspot", signed(scheme, lead(1), query="q=1", url=url)._replace(query="q=2"))


def test_a_plugin_verifies_and_reads_and_what_it_raises_harms_only_its_request(bridge: Bridge) -> None:
    right = {"x-acme": b"hunter2https://hooks.example.com/acme"}

    assert SUCCESS == post(bridge, "acme", Request(b"a@x.io b@x.io", right))
    assert SUCCESS == post(bridge, "acme", Request(b"a@x.io \xff", right))  # no UTF-8: quarantined
    assert REFUSED == post(bridge, "acme", Request(b"a@x.io", {"x-acme": b"hunter2"}))
    assert 503 == post(bridge, "acme", Request(b"fail", right))[0]
    assert SUCCESS == post(bridge, "acme", Request(b"b@x.io", right))

    assert ["b@x.io", "a@x.io"] == [row["email"] for row in events(bridge, "acme")]
    (kept,) = [row for row in bridge.rows("events", "quarantined") if row["source"] == "acme"]
    assert "the plugin failed: UnicodeDecodeError" == kept["reason"]
    assert "broken for once" not in bridge.log()
    assert "RuntimeError at " in bridge.log()
    assert "hunter2" not in bridge.log()
    done = bridge.run("send", "lead", "--source", "acme")
    assert (1, True) == (done.returncode, "verified by plugin acme" in done.stderr)


def test_a_plugin_that_cannot_be_imported_is_named_and_the_rest_runs(tmp_path: Path) -> None:
    packages = installed(tmp_path, "acme = acme_source:Acme", "broken = no_such_module_at_all:Acme")
    environment = {"PYTHONPATH": packages, "META_TOKEN": "s3cret"}

    done = Bridge(tmp_path, config(), environment=environment).run("check")
    broken = Bridge(tmp_path, config().replace('"plugin": "acme"', '"plugin": "broken"'), environment=environment)

    assert 0 == done.returncode
    assert "acme-source 1.0 cannot be imported: ModuleNotFoundError" in done.stdout + done.stderr
    told = broken.run("check").stderr
    assert "sources.acme.plugin: plugin 'broken' of package acme-source 1.0 cannot be imported" in told


def test_check_warns_of_what_is_weak(bridge: Bridge) -> None:
    done = bridge.run("check")

    assert 0 == done.returncode
    for words in ("sha1", "a fixed token", "nothing is verified", "no time is signed"):
        assert words in done.stderr
    assert KEY not in done.stdout + done.stderr


def test_what_came_before_the_key_is_kept_with_all_that_is_signed(tmp_path: Path) -> None:
    url = "https://hooks.example.com/webhooks/hubspot"
    text = json.dumps(
        {
            "version": 1,
            "sources": {
                "hubspot": {
                    "preset": "hubspot", "signing_keys": ["${LATER:-}"], "public_url": url, "fields": FIELDS
                },
                "svix": {"preset": "svix", "signing_keys": ["${LATER:-}"], "fields": FIELDS},
                "github": {"preset": "github", "signing_keys": ["${LATER:-}"], "fields": FIELDS},
            },
        }
    )  # fmt: skip
    with running(tmp_path, text, LATER="") as bridge:
        decoded = b"a key of the sender"
        assert 503 == post(bridge, "hubspot", signed(PRESETS["hubspot"].scheme, lead(1), url=url, query="a=1"))[0]
        assert 503 == post(bridge, "svix", signed(PRESETS["svix"].scheme, lead(2), key=decoded))[0]
        assert 503 == post(bridge, "github", signed(PRESETS["github"].scheme, lead(3)))[0]
        assert 503 == post(bridge, "github", Request(lead(4), {"x-hub-signature-256": b"no signature"}))[0]
        bridge.stop()
        bridge.environment["LATER"] = KEY

        bridge.serve()

        wait_until(lambda: 3 == len(bridge.rows("events", "list")))
        found = bridge.rows("events", "list")
        assert ["v1@x.io", "v2@x.io", "v3@x.io"] == sorted(row["email"] for row in found)
