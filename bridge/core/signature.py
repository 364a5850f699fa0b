"""Verify: is this request the source's, and is it recent? The first thing done with a body, and total:
for any header and any bytes it returns a Verified or raises BadSignature.

The rule is the vendor's (SmarterBot's page on its lead webhook, read 2026-11): `X-Webhook-Signature:
t=<unix seconds>,v1=<hex>` with v1 = HMAC-SHA256(key, t + "." + JSON.stringify(req.body)).
"""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bridge.errors import BadSignature

HEADER = "X-Webhook-Signature"
MAX_HEADER_BYTES = 4096
COPIED_BYTES = 65_536  # up to it, joining the parts costs less than feeding them one by one
MAX_SIGNATURES = 8  # more than any rotation needs; each costs a comparison


@dataclass(frozen=True, slots=True)
class Signature:
    """A header that was read: `timestamp` word for word, since it is signed as it stands."""

    timestamp: bytes
    at: int  # unix seconds
    digests: tuple[bytes, ...]  # lower-case hex, 64 characters each


@dataclass(frozen=True, slots=True)
class Verified:
    """The body was signed by a live key, in time."""

    at: int  # unix seconds, the sender's clock
    reserialised: bool  # only the re-serialised body matched


def verify(
    header: bytes | None,
    body: bytes,
    *,
    keys: Sequence[bytes],
    now_s: float,
    past_s: float,
    future_s: float,
    reserialise: Callable[[bytes], bytes | None],
) -> Verified:
    """What is known of an authentic, recent request; raises BadSignature for any other.

    `reserialise` is asked only when the raw bytes did not match. Every key is compared with every signature, whatever
    matched before, and the time window is looked at last: so a wrong clock can be told from a wrong key.
    """
    signature = read_header(header)
    reserialised = False
    if not _matches(signature, body, keys):
        again = reserialise(body)
        if again is None or not _matches(signature, again, keys):
            raise BadSignature("no key matches")
        reserialised = True
    age_s = now_s - signature.at
    if age_s > past_s:
        raise BadSignature("too old", authentic=True)
    if -age_s > future_s:
        raise BadSignature("too far in the future", authentic=True)
    return Verified(at=signature.at, reserialised=reserialised)


def read_header(header: bytes | None) -> Signature:
    """The header's parts; unknown schemes are passed over, `v1` may repeat, a second `t` is refused."""
    if not header:
        raise BadSignature("no signature")
    if len(header) > MAX_HEADER_BYTES:
        raise BadSignature("header too long")
    timestamps, digests = [], []
    for pair in header.split(b","):
        name, _, value = pair.strip(b" \t").partition(b"=")
        if name == b"t":
            timestamps.append(value)
        elif name == b"v1":
            digests.append(value.lower())
    if len(timestamps) != 1 or not _is_time(timestamps[0]):
        raise BadSignature("malformed timestamp")
    if not 1 <= len(digests) <= MAX_SIGNATURES or not all(map(_is_digest, digests)):
        raise BadSignature("malformed signature")
    return Signature(timestamps[0], int(timestamps[0]), tuple(digests))


def sign(body: bytes, *, key: bytes, at: int) -> str:
    """The header value that a sender with `key` would send at unix second `at`."""
    return f"t={at},v1={_digest(str(at).encode(), body, key).decode()}"


def _matches(signature: Signature, body: bytes, keys: Sequence[bytes]) -> bool:
    matched = False
    for key in keys:
        expected = _digest(signature.timestamp, body, key)
        for digest in signature.digests:
            matched |= hmac.compare_digest(expected, digest)
    return matched


def _digest(timestamp: bytes, body: bytes, key: bytes) -> bytes:
    if len(body) <= COPIED_BYTES:
        return hmac.digest(key, b"%b.%b" % (timestamp, body), "sha256").hex().encode()
    running = hmac.new(key, b"%b." % timestamp, "sha256")
    running.update(body)
    return running.hexdigest().encode()


def _is_time(text: bytes) -> bool:
    return 1 <= len(text) <= 12 and text.isdigit()


def _is_digest(text: bytes) -> bool:
    return len(text) == 64 and not text.strip(b"0123456789abcdef")
