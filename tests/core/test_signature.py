"""A request is accepted only where a live key signed it, lately; all else is refused, by our own error."""

import base64
import hmac
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.ecmascript import restringify
from bridge.core.signature import MAX_SIGNATURES, Verified, verify
from bridge.core.signed import MAX_HEADER_BYTES
from bridge.core.signing import sign
from bridge.errors import BadSignature
from bridge.model.signed import Request

AT = 1_700_764_581
OLD, NEW, STRANGE = b"whsec_old", b"whsec_new", b"whsec_strange"
BODY = b'{"Type":"Lead","Content":"caf\xc3\xa9"}'
VECTORS = json.loads((Path(__file__).parent / "vectors" / "signatures.json").read_text("utf-8"))


def check(
    header: bytes | str | None,
    body: bytes = BODY,
    *,
    keys: tuple[bytes, ...] | list[bytes] = (OLD,),
    now_s: float = AT,
) -> Verified:
    raw = header.encode() if isinstance(header, str) else header
    request = request_of(raw, body)
    return verify(request, keys=keys, now_s=now_s, past_s=600, future_s=300, reserialise=restringify)


def request_of(header: bytes | None, body: bytes) -> Request:
    return Request(body, {} if header is None else {"x-webhook-signature": header})


def digest(key: bytes = OLD, body: bytes = BODY, t: str = str(AT)) -> str:
    return hmac.digest(key, t.encode() + b"." + body, "sha256").hex()


def refused(header: bytes | str | None, body: bytes = BODY, **given: Any) -> tuple[str, bool]:
    with pytest.raises(BadSignature) as caught:
        check(header, body, **given)
    return caught.value.reason, caught.value.authentic


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


# Headers that are nearly right: from pieces of right ones.
pieces = st.sampled_from(
    [b"t=", b"v1=", b"v0=", b",", b", ", b"=", b" ", b"17007645", b"81", b"-1", b"\xff", b"\xd9\xa3", b"\x00"]
)
near_headers = st.lists(pieces | st.just(digest().encode()) | st.binary(max_size=4), max_size=12).map(b"".join)


@given(
    header=st.none() | st.binary() | near_headers | st.just(sign(BODY, key=OLD, at=AT).encode()),
    body=st.binary() | st.just(BODY),
    keys=st.lists(st.binary(max_size=80) | st.just(OLD), max_size=3),
    now_s=st.floats(allow_nan=False) | st.just(float(AT)),
)
def test_any_header_and_any_body_are_verified_or_refused_and_nothing_else(
    header: bytes | None, body: bytes, keys: list[bytes], now_s: float
) -> None:
    found = None
    with suppress(BadSignature):
        found = check(header, body, keys=keys, now_s=now_s)

    assert found is None or (isinstance(found, Verified) and OLD in keys and BODY in (body, restringify(body)))


@given(body=st.binary(), key=st.binary(min_size=1), at=st.integers(0, 999_999_999_999))
def test_what_was_signed_is_verified(body: bytes, key: bytes, at: int) -> None:
    assert Verified(at, reserialised=False) == check(sign(body, key=key, at=at), body, keys=[key], now_s=at)


@given(body=st.binary(min_size=1), data=st.data())
def test_one_flipped_bit_of_the_body_is_refused(body: bytes, data: st.DataObject) -> None:
    header = sign(body, key=OLD, at=AT).encode()
    other = flipped(body, data.draw(st.integers(0, len(body) * 8 - 1)))

    with pytest.raises(BadSignature, match="no key matches"):
        verify(request_of(header, other), keys=[OLD], now_s=AT, past_s=600, future_s=300, reserialise=lambda _: None)


@pytest.mark.parametrize("bit", range(len(BODY) * 8))
def test_re_serialising_lets_no_flipped_bit_pass(bit: int) -> None:
    assert ("no key matches", False) == refused(sign(BODY, key=OLD, at=AT), flipped(BODY, bit))


@given(bit=st.integers(0, 255))
def test_one_flipped_bit_of_the_digest_is_refused(bit: int) -> None:
    wrong = flipped(bytes.fromhex(digest()), bit).hex()

    assert ("no key matches", False) == refused(f"t={AT},v1={wrong}")


@given(bit=st.integers(0, len(str(AT)) * 8 - 1))
def test_one_flipped_bit_of_the_timestamp_is_refused(bit: int) -> None:
    timestamp = flipped(str(AT).encode(), bit)

    reason, authentic = refused(b"t=%b,v1=%b" % (timestamp, digest().encode()))

    assert ("no key matches" if timestamp.isdigit() else "malformed timestamp", False) == (reason, authentic)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_vendors_requests_are_verified_raw_or_re_serialised(vector: dict[str, Any]) -> None:
    wire, signed = (base64.b64decode(vector[name]) for name in ("wire_base64", "body_base64_signed"))

    found = check(vector["header"], wire, keys=[STRANGE, vector["key"].encode()], now_s=int(vector["t"]))

    assert Verified(int(vector["t"]), reserialised=wire != signed) == found


def test_a_body_is_re_serialised_only_where_its_raw_bytes_do_not_match() -> None:
    asked: list[bytes] = []

    def reserialise(body: bytes) -> bytes | None:
        asked.append(body)
        return BODY

    for body in (BODY, b"other bytes"):
        header = sign(BODY, key=OLD, at=AT).encode()
        verify(request_of(header, body), keys=[OLD], now_s=AT, past_s=600, future_s=300, reserialise=reserialise)

    assert [b"other bytes"] == asked


def test_a_body_that_is_no_json_is_verified_by_its_raw_bytes() -> None:
    assert Verified(AT, reserialised=False) == check(sign(b"\xff\x00{", key=OLD, at=AT), b"\xff\x00{")


@pytest.mark.parametrize("keys", [(OLD, NEW), (NEW, OLD)])
@pytest.mark.parametrize("signer", [OLD, NEW])
@pytest.mark.parametrize("body", [BODY, b" " + BODY], ids=["raw", "re-serialised"])
def test_while_keys_are_rotated_either_verifies_in_any_order(
    keys: tuple[bytes, ...], signer: bytes, body: bytes
) -> None:
    assert Verified(AT, reserialised=body != BODY) == check(sign(BODY, key=signer, at=AT), body, keys=keys)


@pytest.mark.parametrize("keys", [(), (NEW,), (NEW, STRANGE)])
def test_a_key_that_is_live_no_more_does_not_verify(keys: tuple[bytes, ...]) -> None:
    assert ("no key matches", False) == refused(sign(BODY, key=OLD, at=AT), keys=keys)


ACCEPTED = {
    "v1 repeated, the right one last": f"t={AT},v1={digest(STRANGE)},v1={digest()}",
    "v1 repeated, the right one first": f"t={AT},v1={digest()},v1={digest(STRANGE)}",
    "as many signatures as are read": f"t={AT}" + f",v1={digest(STRANGE)}" * (MAX_SIGNATURES - 1) + f",v1={digest()}",
    "unknown schemes": f"v0=abc,t={AT},v2={digest(STRANGE)},v1={digest()},x,=,",
    "upper-case hex": f"t={AT},v1={digest().upper()}",
    "spaces and tabs around commas": f" t={AT} ,\tv1={digest()} ",
    "the signature before the time": f"v1={digest()},t={AT}",
    "a time with a leading zero, signed as it stands": f"t=0{AT},v1={digest(t=f'0{AT}')}",
    "the longest header": f"t={AT},v1={digest()},v0=".ljust(MAX_HEADER_BYTES, "x"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_header_may_be_written_in_several_ways(name: str) -> None:
    assert Verified(AT, reserialised=False) == check(ACCEPTED[name])


REFUSED = {
    "none": (None, "no signature"),
    "empty": ("", "no signature"),
    "no t": (f"v1={digest()}", "malformed timestamp"),
    "two t": (f"t={AT},t={AT},v1={digest()}", "malformed timestamp"),
    "an empty t": (f"t=,v1={digest()}", "malformed timestamp"),
    "a t that is no number": (f"t=soon,v1={digest()}", "malformed timestamp"),
    "a signed t": (f"t=-{AT},v1={digest()}", "malformed timestamp"),
    "a t with decimals": (f"t={AT}.0,v1={digest()}", "malformed timestamp"),
    "a t in Arabic digits": (f"t=١٧٠٠٧٦٤٥٨١,v1={digest()}", "malformed timestamp"),
    "a huge t": (f"t={'9' * 13},v1={digest()}", "malformed timestamp"),
    "a t of 3,000 digits": (f"t={'9' * 3000},v1={digest()}", "malformed timestamp"),
    "an upper-case T": (f"T={AT},v1={digest()}", "malformed timestamp"),
    "no v1": (f"t={AT}", "malformed signature"),
    "only another scheme": (f"t={AT},v0={digest()}", "malformed signature"),
    "an empty v1": (f"t={AT},v1=", "malformed signature"),
    "a short v1": (f"t={AT},v1={digest()[:-1]}", "malformed signature"),
    "a long v1": (f"t={AT},v1={digest()}0", "malformed signature"),
    "a v1 that is no hex": (f"t={AT},v1={'g' * 64}", "malformed signature"),
    "a v1 outside ASCII": (f"t={AT},v1={'é' * 32}", "malformed signature"),
    "one malformed v1 beside a right one": (f"t={AT},v1={digest()},v1=x", "malformed signature"),
    "nine signatures": (f"t={AT}" + f",v1={digest()}" * (MAX_SIGNATURES + 1), "malformed signature"),
    "semicolons": (f"t={AT};v1={digest()}", "malformed timestamp"),
    "a header of one byte too much": (f"t={AT},v1={digest()},".ljust(MAX_HEADER_BYTES + 1, "x"), "header too long"),
    "a header of 10 kB": (f"t={AT},v1={digest()},".ljust(10_000, "x"), "header too long"),
    "a digest of the body alone": (f"t={AT},v1={hmac.digest(OLD, BODY, 'sha256').hex()}", "no key matches"),
    "another key": (f"t={AT},v1={digest(STRANGE)}", "no key matches"),
    "another time": (f"t={AT + 1},v1={digest()}", "no key matches"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_any_other_header_is_refused_with_its_reason(name: str) -> None:
    header, reason = REFUSED[name]

    assert (reason, False) == refused(header)


@pytest.mark.parametrize("late_s", [600, 599.5, 0, -300])
def test_a_request_within_the_window_is_accepted_its_edges_included(late_s: float) -> None:
    assert AT == check(sign(BODY, key=OLD, at=AT), now_s=AT + late_s).at


@pytest.mark.parametrize(
    ("late_s", "reason"), [(601, "too old"), (1e18, "too old"), (-301, "too far in the future"), (-AT, "too far in th")]
)
def test_outside_the_window_an_authentic_request_is_told_from_one_that_is_none(late_s: float, reason: str) -> None:
    found, authentic = refused(sign(BODY, key=OLD, at=AT), now_s=AT + late_s)

    assert (True, True) == (found.startswith(reason), authentic)
    assert ("no key matches", False) == refused(sign(BODY, key=STRANGE, at=AT), now_s=AT + late_s)
