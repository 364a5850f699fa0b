import base64
import html
import json
import re
from dataclasses import fields
from typing import Any, get_type_hints
from urllib.parse import quote, quote_plus

import pytest
import responses

from bridge.connector import Connector, Delivered, Hold, Record, Reject, Retry, Secret, Usable
from bridge.outbound import Door
from connectors.http import Basic, Bearer, Credentials, Header, Http, HttpSettings, NamedValue, Probe, Sign, Success

URL = "https://crm.example/hook"
RECORD = Record("event", "event", "k1", {"kind": "lead", "name": "Ünal", "raw": {"a": 1}}, idempotency_key="k1:2")
SECRET = "s3cr3t-token"


def http(**settings: Any) -> Http:
    return Http(HttpSettings(**{"url": URL} | settings))


@pytest.fixture
def api():
    with responses.RequestsMock() as mock:
        yield mock


def deliver(connector: Connector | None = None):
    return (connector or http()).deliver(RECORD, Door().call())


# what is sent


def test_the_fields_go_out_as_one_json_object_with_the_records_own_key(api) -> None:
    api.post(URL, json={})

    deliver()

    request = api.calls[0].request
    assert request.body == '{"kind":"lead","name":"Ünal","raw":{"a":1}}'.encode()
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Idempotency-Key"] == "k1:2"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_the_method_is_the_configured_one(api, method: str) -> None:
    api.add(method, URL, json={})

    assert deliver(http(method=method)) == Delivered()


def test_configured_headers_are_sent_but_none_replaces_the_idempotency_key(api) -> None:
    api.post(URL, json={})
    headers = {"X-Api-Key": Secret(SECRET), "content-type": "application/x+json", "idempotency-key": "mine"}

    deliver(http(headers=headers))

    sent = api.calls[0].request.headers
    assert sent["X-Api-Key"] == SECRET
    assert sent["Content-Type"] == "application/x+json"
    assert sent["Idempotency-Key"] == "k1:2"
    assert len([name for name in sent if name.lower() in ("content-type", "idempotency-key")]) == 2


@pytest.mark.parametrize(
    ("auth", "name", "value"),
    [
        (Bearer(Secret("abc")), "Authorization", "Bearer abc"),
        (Basic(Credentials("Aladdin", Secret("open sesame"))), "Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        (Basic(Credentials(Secret("ü"), Secret("€"))), "Authorization", "Basic w7w64oKs"),
        (Header(NamedValue("X-Api-Key", Secret("abc"))), "X-Api-Key", "abc"),
    ],
)
def test_the_configured_credentials_are_sent(api, auth: Any, name: str, value: str) -> None:
    api.post(URL, json={})

    deliver(http(auth=auth, headers={"authorization": "other"}))

    assert api.calls[0].request.headers[name] == value


SHAPES = (Bearer, Basic, Credentials, Header, NamedValue, Probe, Sign, Success)


def test_the_settings_are_the_keys_of_the_configuration() -> None:
    names = {kind: [each.name for each in fields(kind)] for kind in SHAPES}

    assert Http.Settings is HttpSettings
    assert [each.name for each in fields(HttpSettings)] == [
        "url", "method", "headers", "auth", "sign", "body", "success", "probe", "allow_private_addresses",
    ]  # fmt: skip
    assert names == {
        Bearer: ["bearer"],
        Basic: ["basic"],
        Credentials: ["username", "password"],
        Header: ["header"],
        NamedValue: ["name", "value"],
        Probe: ["url", "method"],
        Sign: ["scheme", "key", "header"],
        Success: ["path", "equals", "one_of", "present", "otherwise", "id", "url"],
    }
    assert get_type_hints(HttpSettings)["auth"] == Bearer | Basic | Header | None


# what an answer means

NOW = {"Date": "Thu, 01 Jan 2026 00:00:00 GMT"}
IN_TWO_MINUTES = NOW | {"Retry-After": "Thu, 01 Jan 2026 00:02:00 GMT"}


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (200, {}, Delivered()),
        (201, {}, Delivered()),
        (202, {}, Delivered()),
        (204, {}, Delivered()),
        (408, {}, Retry("HTTP 408")),
        (425, {"Retry-After": "9"}, Retry("HTTP 425", after_s=9.0)),
        (500, {}, Retry("HTTP 500", uncertain=True)),
        (502, {}, Retry("HTTP 502", uncertain=True)),
        (503, {}, Retry("HTTP 503", uncertain=True)),
        (503, {"Retry-After": "120"}, Hold("HTTP 503: asked to wait", for_s=120.0)),
        (503, IN_TWO_MINUTES, Hold("HTTP 503: asked to wait", for_s=120.0)),
        (503, {"Retry-After": "soon"}, Retry("HTTP 503", uncertain=True)),
        (504, {}, Retry("HTTP 504", uncertain=True)),
        (504, {"Retry-After": "7"}, Retry("HTTP 504", uncertain=True, after_s=7.0)),
        (429, {}, Hold("HTTP 429: asked to wait")),
        (429, {"Retry-After": "120"}, Hold("HTTP 429: asked to wait", for_s=120.0)),
        (429, IN_TWO_MINUTES, Hold("HTTP 429: asked to wait", for_s=120.0)),
        (429, {"Retry-After": "99999999"}, Hold("HTTP 429: asked to wait", for_s=172800.0)),
        (401, {}, Hold("HTTP 401: the target refuses our credentials")),
        (403, {}, Hold("HTTP 403: the target refuses our credentials")),
        (301, {"Location": "/b"}, Hold("HTTP 301: the address has moved; redirects are not followed")),
        (302, {"Location": "/b"}, Hold("HTTP 302: the address has moved; redirects are not followed")),
        (307, {"Location": "/b"}, Hold("HTTP 307: the address has moved; redirects are not followed")),
        *[
            (status, {}, Reject(f"HTTP {status}", cause=f"http {status}"))
            for status in (400, 404, 405, 409, 410, 413, 422)
        ],
    ],
)
def test_an_answer_means_an_outcome(api, status: int, headers: dict[str, str], outcome: object) -> None:
    api.post(URL, status=status, headers=headers)

    assert deliver() == outcome


@pytest.mark.parametrize(
    ("body", "id_"),
    [
        ('{"id": "a-1"}', "a-1"),
        ('{"id": 17}', "17"),
        ('{"id": 1.5}', "1.5"),
        ('{"id": true}', ""),
        ('{"id": null}', ""),
        ('{"id": {"a": 1}}', ""),
        ('{"id": "%s"}' % ("x" * 200), "x" * 200),
        ('{"id": "%s"}' % ("x" * 201), ""),
        ('{"id": "a\\u0000b"}', ""),
        ('{"id": "\\ud83d"}', ""),
        ('[{"id": 1}]', ""),
        ('"id"', ""),
        ("ok", ""),
        ("", ""),
    ],
)
def test_the_id_is_what_the_answer_calls_the_record(api, body: str, id_: str) -> None:
    api.post(URL, body=body)

    assert deliver() == Delivered(id=id_)


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        ('{"error": "email\n is  taken"}', "application/json", ': {"error": "email is taken"}'),
        ("a\x00b\x1b[31m\u202ec\u2028d", "text/plain; charset=utf-8", ": a b [31m c d"),
        (b"caf\xe9", "text/html", ": caf\ufffd"),
        ("x" * 1000, "application/problem+json", ": " + "x" * 300),
        ("<a/>", "application/xml", ": <a/>"),
        (b"\x89PNG", "image/png", ""),
        ("", "text/plain", ""),
    ],
)
def test_a_reason_quotes_what_the_api_says(api, body: str | bytes, kind: str, said: str) -> None:
    api.post(URL, body=body, status=422, content_type=kind)

    assert deliver() == Reject(f"HTTP 422{said}", cause="http 422")


@pytest.mark.parametrize("status", [401, 500, 429])
def test_retries_and_holds_quote_it_too(api, status: int) -> None:
    api.post(URL, body="because", status=status)

    assert deliver().reason.endswith(": because")


# secrets


@pytest.mark.parametrize(
    ("auth", "quoted"),
    [
        (Bearer(Secret(SECRET)), SECRET),
        (Basic(Credentials("me", Secret(SECRET))), SECRET),
        (Basic(Credentials("me", Secret(SECRET))), base64.b64encode(f"me:{SECRET}".encode()).decode()),
        (Basic(Credentials(Secret(SECRET), Secret("other"))), SECRET),
        (Header(NamedValue("X-Key", Secret(SECRET))), SECRET),
    ],
)
def test_no_text_shows_a_secret_even_if_the_api_quotes_it(api, auth: Any, quoted: str, caplog) -> None:
    caplog.set_level("DEBUG")
    settings = HttpSettings(URL, auth=auth, headers={"X-Other": Secret(SECRET + "2")}, probe=Probe(URL))
    connector = Http(settings)
    api.post(URL, body=f"{SECRET}2, {quoted}.", status=401)
    api.get(URL, body=f"{SECRET}2, {quoted}.", status=401)

    seen = [repr(deliver(connector)), repr(connector.probe(Door().call())), repr(connector), repr(settings)]

    assert "credentials: ***, ***." in seen[0]
    assert "credentials: ***, ***." in seen[1]
    assert SECRET not in f"{seen} {caplog.text}"
    assert quoted not in f"{seen} {caplog.text}"


@pytest.mark.parametrize(
    ("settings", "quoted"),
    [
        ({"sign": Sign("timestamp", Secret(SECRET))}, SECRET),
        ({"sign": Sign("sha256", Secret("k"))}, "k"),
        ({"sign": Sign("standard-webhooks", [Secret("whsec_b2xkZXI="), Secret("whsec_bmV3ZXI=")])}, "bmV3ZXI="),
        ({"body": {"login": {"api_keys": [SECRET]}, "lead": "{{ event }}"}}, SECRET),
    ],
)
def test_no_text_shows_a_signing_key_or_a_key_in_the_body(api, settings: dict[str, Any], quoted: str) -> None:
    api.post(URL, body=f"<{quoted}>", status=422)
    shown = HttpSettings(URL, **settings)

    assert Reject("HTTP 422: <***>", cause="http 422") == deliver(Http(shown))
    assert quoted not in repr(shown).removeprefix("HttpSettings(url='https://crm.example/hook'") or quoted == "k"


def test_a_short_header_value_hides_nothing_of_what_the_api_says(api) -> None:
    api.post(URL, body="field 1 is wrong", status=422)

    outcome = deliver(http(headers={"X-Version": Secret("1")}))

    assert outcome == Reject("HTTP 422: field 1 is wrong", cause="http 422")


# probe


def test_without_a_probe_the_target_counts_as_usable_until_the_canary_says_otherwise() -> None:
    assert http().probe(Door().call()) == Usable(note="not asked: no probe is configured")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_probe_that_answers_makes_the_target_usable(api, method: str) -> None:
    api.add(method, "https://crm.example/me", status=200)
    connector = http(probe=Probe("https://crm.example/me", method), auth=Bearer(Secret(SECRET)))

    assert connector.probe(Door().call()) == Usable()
    assert api.calls[0].request.headers["Authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize(
    ("status", "headers", "hold"),
    [
        (401, {}, Hold("probe: HTTP 401: the target refuses our credentials: no")),
        (404, {}, Hold("probe: HTTP 404: no")),
        (500, {}, Hold("probe: HTTP 500: no")),
        (302, {}, Hold("probe: HTTP 302: the address has moved; redirects are not followed: no")),
        (429, {"Retry-After": "60"}, Hold("probe: HTTP 429: asked to wait: no", for_s=60.0)),
    ],
)
def test_any_other_answer_to_a_probe_holds_the_target(api, status: int, headers: dict[str, str], hold: Hold) -> None:
    api.get("https://crm.example/me", body="no", status=status, headers=headers)

    assert http(probe=Probe("https://crm.example/me")).probe(Door().call()) == hold


# secrets in other spellings

ODD = 'pä/ss "w&rd"\\'


@pytest.mark.parametrize(
    "quoted",
    [
        ODD,
        json.dumps(ODD)[1:-1],
        json.dumps(ODD, ensure_ascii=False)[1:-1],
        json.dumps(ODD)[1:-1].replace("/", "\\/"),
        quote(ODD, safe=""),
        quote(ODD),
        quote_plus(ODD),
        re.sub("%..", lambda found: found[0].lower(), quote(ODD, safe="")),
        html.escape(ODD),
    ],
)
def test_a_secret_is_hidden_in_whatever_spelling_the_api_quotes_it(api, quoted: str) -> None:
    api.post(URL, body=f"<{quoted}>", status=422)

    outcome = deliver(http(auth=Basic(Credentials("me", Secret(ODD)))))

    assert Reject("HTTP 422: <***>", cause="http 422") == outcome


@pytest.mark.parametrize("start", [*range(270, 310), *range(65536 - 20, 65536)])
def test_no_part_of_a_secret_is_shown_where_an_answer_is_cut(api, start: int) -> None:
    filler = "." * start if start < 1000 else " " * start
    api.post(URL, body=f"{filler}{SECRET}{'.' * 100}", status=422)

    reason = deliver(http(auth=Bearer(Secret(SECRET)))).reason

    assert SECRET[:3] not in reason
