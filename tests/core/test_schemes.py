"""Every scheme, by what vendors published and by what must hold for any: what they signed is verified, nothing else is,
and no header of a stranger raises anything but our own error.
"""

import base64
import hmac
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hubspot.utils.signature import Signature as HubSpotsOwn
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.presets import PRESETS
from bridge.core.signature import verify
from bridge.core.signed import MAX_HEADER_BYTES
from bridge.core.signing import sign_request
from bridge.errors import BadSignature
from bridge.model.scheme import DIGEST_BYTES, Scheme, Timestamp, parts_of
from bridge.model.signed import Request, Verified

AT = 1_700_764_581
KEY, STRANGE = b"a key of the sender's own", b"somebody else's key"
URL = "https://bridge.example.com/webhooks/acme"
BODY = b'{"type":"lead","name":"caf\xc3\xa9"}'

PADDLE = (
    b'{"data":{"id":"pri_01hsdn96k2hxjzsq5yerecdj9j","name":null,"status":"active","quantity":{"maximum":999999,'
    b'"minimum":1},"tax_mode":"account_setting","product_id":"pro_01hsdn8qp7yydry3x1yeg6a9rv","unit_price":{"amount":'
    b'"1000","currency_code":"USD"},"custom_data":null,"description":"testing","import_meta":null,"trial_period":null,'
    b'"billing_cycle":{"interval":"month","frequency":1},"unit_price_overrides":[]},"event_id":'
    b'"evt_01hsdn97563968dy0szkmgjwh3","event_type":"price.created","occurred_at":"2024-03-20T10:07:35.590857Z",'
    b'"notification_id":"ntf_01hsdn977e920kbgzt6r6c9rqc"}'
)
SLACK = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
    b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
    b"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121."
    b"803a0bc887a14d10d2c447fce8b6703c"
)
# What vendors publish themselves, read 2026-11: scheme, key, headers, body, when (0: the scheme has no time).
PUBLISHED: dict[str, tuple[Scheme, bytes, dict[str, bytes], bytes, int]] = {
    "GitHub, docs: validating webhook deliveries": (
        PRESETS["github"].scheme,
        b"It's a Secret to Everybody",
        {"x-hub-signature-256": b"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
        b"Hello, World!",
        0,
    ),
    "Bitbucket, docs: manage webhooks": (
        Scheme(header="x-hub-signature", prefix=b"sha256="),
        b"It's a Secret to Everybody",
        {"x-hub-signature": b"sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"},
        b"Hello World!",
        0,
    ),
    "Slack, docs: verifying requests": (
        PRESETS["slack"].scheme,
        b"8f742231b10e8888abcd99yyyzzz85a5",
        {
            "x-slack-signature": b"v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            "x-slack-request-timestamp": b"1531420618",
        },
        SLACK,
        1531420618,
    ),
    "Standard Webhooks, its libraries' tests": (
        PRESETS["standard-webhooks"].scheme,
        base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        {
            "webhook-id": b"msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": b"1614265330",
            "webhook-signature": b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        },
        b'{"test": 2432232314}',
        1614265330,
    ),
    "Svix, docs: verifying payloads, beside other versions": (
        PRESETS["svix"].scheme,
        base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        {
            "svix-id": b"msg_p5jXN8AQM9LWM0D4loKWxJek",
            "svix-timestamp": b"1614265330",
            "svix-signature": b"v1a,bm9wZQ== v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v2,Ceo5qEr07ixe2NLpvHk=",
        },
        b'{"test": 2432232314}',
        1614265330,
    ),
    "Mux, as Stripe, its Elixir library's documentation": (
        Scheme(header="mux-signature", format="pairs", timestamp=Timestamp(pair=b"t"), signed="{timestamp}.{body}"),
        b"SuperSecret123",
        {"mux-signature": b"t=1591664030,v1=e43496b6aae982c4c2fd6f8e92935f1d90216f1f64d56024e72390acfb988272"},
        b"payload",
        1591664030,
    ),
    "Paddle, its Go library's example": (
        PRESETS["paddle"].scheme,
        b"pdl_ntfset_01hsdn8d43dt7mezr1ef2jtbaw_hKkRiCGyyRhbFwIUuqiTBgI7gnWoV0Gr",
        {"paddle-signature": b"ts=1710929255;h1=6c05ef8fa83c44d751be6d259ec955ce5638e2c54095bf128e408e2fce1589c8"},
        PADDLE,
        1710929255,
    ),
    "HubSpot v3, its Python library's tests": (
        PRESETS["hubspot"].scheme,
        b"yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy",
        {
            "x-hubspot-signature-v3": b"HPW73RUtKmcYoEDADG0s6MmGFWUzWJKAW07r8RDgcQw=",
            "x-hubspot-request-timestamp": b"15000000",
        },
        b"{'example_field':'example_value'}",
        15000,
    ),
    "Zendesk event connectors, docs: verifying, its time after the body": (
        Scheme(
            header="x-zendesk-webhook-signature",
            timestamp=Timestamp(header="x-zendesk-webhook-signature-timestamp", unit="iso"),
            signed="{body}{timestamp}",
            encoding="base64",
        ),
        b"HRkRd4BeOAoUkfZr-mhauJT64rvBASlJRoIyPsd3zeA=",
        {
            "x-zendesk-webhook-signature": b"tRDSF7URY8BLCDlaBcQ7FHu051Zk+aAB0NKMP53teMw=",
            "x-zendesk-webhook-signature-timestamp": b"2021-07-25T10:00:00Z",
        },
        b'{"say": "hello"}',
        1627207200,
    ),
}
SIGNING = {name: preset.scheme for name, preset in PRESETS.items() if preset.scheme.proof == "hmac"} | {
    "sha512 in base64url": Scheme(
        header="x-a", algorithm="sha512", encoding="base64url", signed="{method}|{url}|{body}"
    ),
    "no time in pairs": Scheme(header="x-a", format="pairs"),
}


def check(request: Request, scheme: Scheme, *, keys: tuple[bytes, ...] = (KEY,), now_s: float = AT) -> Verified:
    return verify(
        request, scheme=scheme, keys=keys, now_s=now_s, past_s=600, future_s=300, reserialise=lambda body: None
    )


def signed(scheme: Scheme, body: bytes = BODY, *, key: bytes = KEY, at: float = AT) -> Request:
    return sign_request(Request(body, {}, query="a=%3A&b=%20", url=URL), scheme=scheme, key=key, at=at)


def refused(request: Request, scheme: Scheme, **given: Any) -> tuple[str, bool]:
    with pytest.raises(BadSignature) as caught:
        check(request, scheme, **given)
    return caught.value.reason, caught.value.authentic


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def without(headers: Mapping[str, bytes], name: str) -> dict[str, bytes]:
    return {other: value for other, value in headers.items() if other != name}


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_vendors_publish_is_verified_and_nothing_near_it(name: str) -> None:
    scheme, key, headers, body, at = PUBLISHED[name]
    request = Request(body, headers, url="https://www.example.com/webhook_uri")
    now_s = at or AT

    assert Verified(now_s, told=bool(at)) == check(request, scheme, keys=(STRANGE, key), now_s=now_s)
    assert ("no key matches", False) == refused(request, scheme, keys=(STRANGE,), now_s=now_s)
    assert ("no key matches", False) == refused(request._replace(body=body + b" "), scheme, keys=(key,), now_s=now_s)
    assert bool(at) == (("too old", True) == _outcome(request, scheme, keys=(key,), now_s=now_s + 601))


def _outcome(request: Request, scheme: Scheme, **given: Any) -> Any:
    try:
        return check(request, scheme, **given)
    except BadSignature as bad:
        return bad.reason, bad.authentic


@given(body=st.text(), at=st.integers(0, 4 * 10**9), query=st.sampled_from(["", "a=1", "q=%C3%A9%20&p=%5B%3A%3b"]))
def test_hubspots_own_library_signs_what_the_preset_verifies(body: str, at: int, query: str) -> None:
    decoded = query.replace("%3A", ":").replace("%3b", ";")
    uri = f"{URL}?{decoded}" if query else URL
    signature = HubSpotsOwn.get_signature(KEY.decode(), body, "v3", uri, "POST", str(at * 1000))
    headers = {
        "x-hubspot-signature-v3": signature.encode(),
        "x-hubspot-request-timestamp": str(at * 1000).encode(),
    }

    request = Request(body.encode("utf-8", "surrogatepass"), headers, query=query, url=URL)
    assert Verified(at) == check(request, PRESETS["hubspot"].scheme, now_s=at)


@pytest.mark.parametrize("name", SIGNING)
@given(body=st.binary(), key=st.binary(min_size=1), at=st.integers(0, 99_999_999_999))
@settings(max_examples=30)
def test_what_was_signed_is_verified(name: str, body: bytes, key: bytes, at: int) -> None:
    scheme = SIGNING[name]
    found = check(signed(scheme, body, key=key, at=at), scheme, keys=(STRANGE, key), now_s=at)

    assert Verified(at, told=bool(scheme.timestamp)) == found


NOISE = st.sampled_from(
    [b"t=", b"v1=", b"sha256=", b",", b";", b" ", b"=", b"v1,", b"\xff", b"\x00", b"17007645", b"-1"]
)


@pytest.mark.parametrize("name", PRESETS)
@given(data=st.data(), body=st.binary() | st.just(BODY), query=st.text() | st.just("a=%3A&b=%20"))
@settings(max_examples=60)
def test_any_request_is_verified_or_refused_and_nothing_else(
    name: str, data: st.DataObject, body: bytes, query: str
) -> None:
    scheme = PRESETS[name].scheme
    scheme = Scheme(proof="token", header="x-token") if name == "token" else scheme
    right = signed(scheme)
    parts = [NOISE, st.binary(max_size=40), *(st.just(value) for value in right.headers.values())]
    value = st.one_of(*parts, st.lists(st.one_of(*parts), max_size=6).map(b"".join))
    headers = {one: data.draw(value) for one in scheme.headers if data.draw(st.booleans())}
    request = Request(body, headers, data.draw(st.sampled_from(["POST", "GET", "\ud800"])), query, URL)

    found = None
    with suppress(BadSignature):
        found = check(request, scheme)

    assert found is None or scheme.is_weak or all(right.headers[one] for one in scheme.headers)
    if found and scheme.proof == "hmac":
        assert body == BODY  # no other body was ever signed


@pytest.mark.parametrize("name", SIGNING)
@given(data=st.data())
@settings(max_examples=60)
def test_one_flipped_bit_of_anything_that_is_signed_is_refused(name: str, data: st.DataObject) -> None:
    scheme = SIGNING[name]
    right = signed(scheme)
    part = data.draw(st.sampled_from(["body", "key", *right.headers]))
    target = {"body": right.body, "key": KEY}.get(part) or right.headers[part]
    wrong = flipped(target, data.draw(st.integers(0, len(target) * 8 - 1)))
    request = right._replace(body=wrong) if part == "body" else right
    if part in right.headers:
        request = right._replace(headers={**right.headers, part: wrong})
    keys = (wrong,) if part == "key" else (KEY,)

    start = len(target) - scheme.digest_chars
    if part == scheme.header and scheme.encoding == "hex" and wrong[:start] + wrong[start:].lower() == target:
        assert check(request, scheme)  # a digit in capitals is the same digit
    else:
        refused(request, scheme, keys=keys)


@pytest.mark.parametrize("name", SIGNING)
def test_the_address_and_the_method_count_where_they_are_signed_and_nowhere_else(name: str) -> None:
    scheme = SIGNING[name]
    right = signed(scheme)
    signs_method = any(part.word == "method" for part in scheme.parts)

    for counts, other in [
        (scheme.needs_url, right._replace(url=f"{URL}x")),
        (scheme.needs_url, right._replace(query="a=2")),
        (signs_method, right._replace(method="PUT")),
    ]:
        assert (("no key matches", False) if counts else check(right, scheme)) == _outcome(other, scheme)


@pytest.mark.parametrize("name", SIGNING)
def test_a_header_that_is_missing_or_too_long_is_refused(name: str) -> None:
    scheme = SIGNING[name]
    right = signed(scheme)

    for header in scheme.headers:
        refused(right._replace(headers=without(right.headers, header)), scheme)
        long = right.headers[header] + b" " * MAX_HEADER_BYTES
        assert ("header too long", False) == refused(right._replace(headers={**right.headers, header: long}), scheme)


@pytest.mark.parametrize("name", [name for name, scheme in SIGNING.items() if scheme.timestamp])
def test_outside_the_window_an_authentic_request_is_told_from_one_that_is_none(name: str) -> None:
    scheme = SIGNING[name]

    assert ("too old", True) == refused(signed(scheme), scheme, now_s=AT + 601)
    assert ("too far in the future", True) == refused(signed(scheme), scheme, now_s=AT - 301)
    assert ("no key matches", False) == refused(signed(scheme), scheme, keys=(STRANGE,), now_s=AT + 601)
    assert AT == check(signed(scheme), scheme, now_s=AT + 600).at


@pytest.mark.parametrize("name", [name for name, scheme in SIGNING.items() if not scheme.timestamp])
def test_without_a_signed_time_the_time_is_ours(name: str) -> None:
    assert Verified(2 * AT, told=False) == check(signed(SIGNING[name]), SIGNING[name], now_s=2 * AT + 0.9)


@pytest.mark.parametrize("algorithm", DIGEST_BYTES)
@pytest.mark.parametrize("encoding", ["hex", "base64", "base64url"])
def test_each_algorithm_is_written_in_each_encoding(algorithm: str, encoding: Any) -> None:
    digest = hmac.digest(KEY, BODY, algorithm)
    written = {
        "hex": digest.hex().upper().encode(),
        "base64": base64.b64encode(digest),
        "base64url": base64.urlsafe_b64encode(digest).rstrip(b"="),
    }[encoding]
    scheme = Scheme(header="x-a", algorithm=algorithm, encoding=encoding)

    assert Verified(AT, told=False) == check(Request(BODY, {"x-a": written}), scheme)
    assert ("malformed signature", False) == refused(Request(BODY, {"x-a": written[:-3]}), scheme)


TIMES = [
    ("s", b"1700764581", AT), ("ms", b"1700764581999", AT), ("iso", b"2023-11-23T18:36:21Z", AT),
    ("iso", b"2023-11-23T19:36:21.9+01:00", AT), ("s", b"1700764581.0", None), ("s", b"-1", None), ("s", b"", None),
    ("s", "\u0661".encode(), None), ("ms", b"9" * 16, None), ("iso", b"2023-02-30T00:00:00Z", None),
    ("iso", b"now", None),
    ("iso", "\u0662023-11-23".encode(), None), ("iso", b"2023-11-23T18:36:21Z" + b" " * 30, None),
]  # fmt: skip


@pytest.mark.parametrize(("unit", "text", "expected"), TIMES)
def test_a_time_is_read_in_its_unit_or_refused(unit: Any, text: bytes, expected: int | None) -> None:
    scheme = Scheme(header="x-a", timestamp=Timestamp(header="x-t", unit=unit), signed="{timestamp}.{body}")
    digest = hmac.digest(KEY, text + b"." + BODY, "sha256").hex().encode()
    found = _outcome(Request(BODY, {"x-a": digest, "x-t": text}), scheme)

    refusal = ("malformed timestamp" if text else "no timestamp", False)
    assert (refusal if expected is None else Verified(expected)) == found


BEARER = Scheme(proof="token", header="authorization", prefix=b"Bearer ")
TOKENS = [
    (Scheme(proof="token", header="x-token"), Request(BODY, {"x-token": KEY}), True),
    (Scheme(proof="token", header="x-token"), Request(BODY, {"x-token": KEY[:-1]}), False),
    (Scheme(proof="token", header="x-token"), Request(BODY, {"x-token": b"\xff"}), False),
    (Scheme(proof="token", header="x-token"), Request(BODY, {}), False),
    (BEARER, Request(BODY, {"authorization": b"Bearer " + KEY}), True),
    (BEARER, Request(BODY, {"authorization": KEY}), False),
    (Scheme(proof="token", query="token"), Request(BODY, {}, query="a=1&token=a+key%20of the sender%27s own"), True),
    (Scheme(proof="token", query="token"), Request(BODY, {"token": KEY}), False),
    (Scheme(proof="token", query="token"), Request(BODY, {}, query="token=x&token=a+key+of+the+sender%27s+own"), False),
    (Scheme(proof="token", query="token"), Request(BODY, {}, query="&".join(["a=1"] * 70)), False),
    (Scheme(proof="token", query="token"), Request(BODY, {}, query="token=\ud800&%ff"), False),
]  # fmt: skip


@pytest.mark.parametrize(("scheme", "request_", "good"), TOKENS)
def test_a_token_is_compared_whole(scheme: Scheme, request_: Request, good: bool) -> None:
    assert good == isinstance(_outcome(request_, scheme), Verified)
    assert isinstance(_outcome(request_, scheme, keys=()), tuple)


@pytest.mark.parametrize(
    ("template", "wrong"),
    [
        ("{timestamp}", "the body must be signed, and once"),
        ("{body}{body}", "the body must be signed, and once"),
        ("{body}{bdy}", "unknown placeholder"),
        ("{body}{header:}", "unknown placeholder"),
        ("{body:x}", "only {header:NAME}"),
        ("{body}}", "a brace without its other half"),
        ("{{body}", "a brace without its other half"),
    ],
)
def test_a_template_that_makes_no_sense_is_refused(template: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        parts_of(template)


def test_a_request_shows_nothing_of_itself_when_printed() -> None:
    shown = repr(Request(b"private", {"authorization": b"Bearer hunter2"}, query="token=hunter2"))

    assert "Request(POST, 7 bytes)" == shown
