"""Outgoing signatures: against published values, against verifiers written here from the schemes' own texts, and over a
real socket: what is signed is what arrives.
"""

import base64
import hashlib
import hmac
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.connector import Delivered, Record, Secret
from bridge.core.signature import verify
from bridge.model.signed import Request
from bridge.outbound import Door
from bridge.sandbox.inbox import Inbox
from connectors.http import Http, HttpSettings, Sign
from tests.connectors.files import SECRET, problems

NOW_S = 1_614_265_330.9
KEYS = st.text(st.characters(min_codepoint=33, exclude_categories=["Cs", "Cc"]), min_size=1).filter(
    lambda key: not key.startswith("whs")
)


def signed(scheme: Any, key: str | list[str], body: bytes, *, id_: str = "k-1", **more: Any) -> dict[str, str]:
    keys = [Secret(each) for each in key] if isinstance(key, list) else Secret(key)
    return Sign(scheme, keys, **more).headers(body, id_=id_, now_s=NOW_S)


def mac(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, hashlib.sha256).digest()


# published values


def test_the_example_of_standard_webhooks_comes_out() -> None:
    key, id_ = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"

    assert {
        "webhook-id": id_,
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    } == signed("standard-webhooks", key, b'{"test": 2432232314}', id_=id_)


def test_the_example_of_githubs_documentation_comes_out() -> None:
    value = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

    assert {"X-Hub-Signature-256": value} == signed("sha256", "It's a Secret to Everybody", b"Hello, World!")


# verifiers


def standard_webhooks_takes(headers: dict[str, str], body: bytes, *, key: bytes) -> bool:
    """https://github.com/standard-webhooks/standard-webhooks, "Signature scheme" and "Verifying signatures"."""
    text = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    given_ = [one.split(",") for one in headers["webhook-signature"].split(" ")]
    return ["v1", base64.b64encode(mac(key, text)).decode()] in given_


@given(st.binary(), st.binary(min_size=1), st.binary(min_size=1))
def test_standard_webhooks_is_verified_with_either_key_and_with_no_other(body: bytes, old: bytes, new: bytes) -> None:
    texts = [f"whsec_{base64.b64encode(key).decode()}" for key in (old, new)]

    headers = signed("standard-webhooks", texts, body)

    assert standard_webhooks_takes(headers, body, key=old)
    assert standard_webhooks_takes(headers, body, key=new)
    assert not standard_webhooks_takes(headers, body, key=old + new + b"x")
    assert not standard_webhooks_takes(headers, body + b" ", key=old)


@given(st.binary(), KEYS)
def test_a_standard_webhooks_key_without_its_prefix_is_taken_as_it_is(body: bytes, key: str) -> None:
    assert standard_webhooks_takes(signed("standard-webhooks", key, body), body, key=key.encode())


@pytest.mark.parametrize("key", ["whsec_AAECAw==", "whsec_AAECAw"])
def test_the_padding_of_a_key_may_be_missing(key: str) -> None:
    assert standard_webhooks_takes(signed("standard-webhooks", key, b"{}"), b"{}", key=bytes(range(4)))


@given(st.binary(), st.lists(KEYS, min_size=1, max_size=3, unique=True))
def test_a_timestamped_signature_is_what_the_receiver_itself_takes(body: bytes, keys: list[str]) -> None:
    header = signed("timestamp", keys, body)["X-Webhook-Signature"]

    for key in keys:
        found = verify(
            Request(body, {"x-webhook-signature": header.encode()}),
            keys=[key.encode()],
            now_s=NOW_S,
            past_s=1,
            future_s=0,
            reserialise=lambda _: None,
        )
        assert 1_614_265_330 == found.at


@given(st.binary(), KEYS)
def test_sha256_is_over_the_body_alone(body: bytes, key: str) -> None:
    assert f"sha256={mac(key.encode(), body).hex()}" == signed("sha256", key, body)["X-Hub-Signature-256"]


@pytest.mark.parametrize("scheme", ["timestamp", "sha256"])
def test_a_prefix_is_part_of_any_other_schemes_key(scheme: str) -> None:
    assert signed(scheme, "whsec_AAECAw==", b"{}") != signed(scheme, "AAECAw==", b"{}")


@pytest.mark.parametrize(("scheme", "start"), [("timestamp", "t=1614265330,v1="), ("sha256", "sha256=")])
def test_the_header_may_have_another_name(scheme: str, start: str) -> None:
    headers = signed(scheme, "key", b"{}", header="X-Signature")

    assert ["X-Signature"] == list(headers)
    assert headers["X-Signature"].startswith(start)


# over a socket

RECORD = Record("event", "event", "k1", {"name": "Ünal 🦆", "half": "\ud83d", "raw": {"é": [1.5, None]}}, "k1-2")


def sent(**settings: Any) -> tuple[dict[str, str], bytes]:
    """Headers, by name in lower case, and body as they arrived."""
    with Inbox() as inbox:
        door = Door(allow_private_addresses=True, now_s=lambda: NOW_S)
        outcome = Http(HttpSettings(f"{inbox.url}/hook", allow_private_addresses=True, **settings)).deliver(
            RECORD, door.call()
        )
        (row,) = inbox.rows()
    assert Delivered(id="1") == outcome
    return row.headers, row.body.encode()


@pytest.mark.parametrize("body", ["event", "cloudevents", {"lead": "{{ event }}", "ü": 1}])
def test_what_is_signed_is_what_arrives(body: Any) -> None:
    headers, arrived = sent(sign=Sign("standard-webhooks", Secret("whsec_AAECAw==")), body=body)

    assert standard_webhooks_takes(headers, arrived, key=bytes(range(4)))
    assert ("k1-2", "k1-2", "1614265330") == tuple(
        headers[name] for name in ("webhook-id", "idempotency-key", "webhook-timestamp")
    )


def test_no_configured_header_replaces_the_signature() -> None:
    settings = HttpSettings("https://h/", headers={"X-A": "b"}, sign=Sign("timestamp", Secret("k")))

    headers, arrived = sent(sign=settings.sign, headers=settings.headers)

    assert f"t=1614265330,v1={mac(b'k', b'1614265330.' + arrived).hex()}" == headers["x-webhook-signature"]
    assert "b" == headers["x-a"]


def test_a_later_attempt_has_the_same_id_and_a_new_time() -> None:
    sign = Sign("standard-webhooks", Secret("key"))

    first, later = (sign.headers(b"{}", id_="k-1", now_s=NOW_S + wait_s) for wait_s in (0, 3600))

    assert first["webhook-id"] == later["webhook-id"]
    assert 3600 == int(later["webhook-timestamp"]) - int(first["webhook-timestamp"])
    assert first["webhook-signature"] != later["webhook-signature"]


# settings

KEY = {"scheme": "timestamp", "key": SECRET}


@pytest.mark.parametrize(
    ("settings", "path", "message"),
    [
        ({"sign": KEY | {"key": "${EMPTY}"}}, "sign.key", "this is empty"),
        ({"sign": KEY | {"key": "${FILE}"}}, "sign.key", "line break"),
        ({"sign": KEY | {"key": [SECRET, "${FILE}"]}}, "sign.key[1]", "line break"),
        ({"sign": KEY | {"key": "${BYTES}"}}, "sign.key", "no UTF-8 text"),
        ({"sign": KEY | {"key": []}}, "sign.key", "list is empty"),
        ({"sign": KEY | {"key": 7}}, "sign.key", "none of the forms"),
        ({"sign": KEY | {"scheme": "sha512"}}, "sign.scheme", "must be standard-webhooks, timestamp or sha256"),
        ({"sign": {"scheme": "sha256", "key": [SECRET, "b"]}}, "sign.key", "one signature only"),
        ({"sign": {"scheme": "standard-webhooks", "key": f"whsec_{SECRET}!"}}, "sign.key", "is no base64"),
        ({"sign": {"scheme": "standard-webhooks", "key": "whsec_"}}, "sign.key", "is no base64"),
        ({"sign": {"scheme": "standard-webhooks", "key": f"whsk_{SECRET}"}}, "sign.key", "private key"),
        ({"sign": KEY | {"scheme": "standard-webhooks", "header": "X-A"}}, "sign.header", "names its headers itself"),
        ({"sign": KEY | {"header": "X A"}}, "sign.header", "no header name may have"),
        ({"sign": KEY | {"header": "content-type"}}, "sign.header", "another use"),
        ({"auth": {"bearer": SECRET}, "sign": KEY | {"header": "authorization"}}, "sign.header", "the one of `auth`"),
        ({"sign": KEY, "headers": {"x-webhook-signature": SECRET}}, "headers.x-webhook-signature", "`sign` sets this"),
    ],
)
def test_a_signature_that_cannot_be_made_is_refused_and_its_key_not_shown(
    tmp_path: Path, settings: dict[str, Any], path: str, message: str
) -> None:
    (problem,) = problems(tmp_path, **settings)

    assert (f"targets.t.settings.{path}", 7 + len(settings)) == (problem.path, problem.line)
    assert message in problem.message
    assert problem.hint or "must be" in problem.message
    assert SECRET not in str(problem)


@pytest.mark.parametrize(
    "sign",
    [
        {"scheme": "standard-webhooks", "key": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
        {"scheme": "standard-webhooks", "key": ["any text", "whsec_AAECAw"]},
        {"scheme": "timestamp", "key": ["a", "b"], "header": "X-Signature"},
        {"scheme": "sha256", "key": ["a"]},
    ],
)
def test_a_signature_that_can_be_made_is_taken(tmp_path: Path, sign: dict[str, Any]) -> None:
    assert [] == problems(tmp_path, sign=sign)
