"""Verify: is this request the source's, and is it recent? The first thing done with a body, and total:
for any headers and any bytes it returns a Verified or raises BadSignature. How a source signs is its Scheme; what is
here reads it, and knows no vendor.
"""

import hmac
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl

from bridge.core.signed import around, digest_of, header_of
from bridge.core.text import instant
from bridge.errors import BadSignature
from bridge.model.scheme import NEWOAKS, Encoding, Scheme, Unit
from bridge.model.signed import Request, Verified

HEADER = "X-Webhook-Signature"  # of the platform's own scheme
MAX_SIGNATURES = 8  # more than any rotation needs; each costs a comparison
MAX_PARAMETERS = 64  # of a query that is looked into

_ALPHABETS: dict[Encoding, bytes] = {
    "hex": b"0123456789abcdef",
    "base64": b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "base64url": b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
}


class Signature(NamedTuple):
    """What a request says of its signature: `timestamp` word for word, since it is signed as it stands."""

    timestamp: bytes
    at: float | None  # unix seconds; None where the scheme has no time
    digests: list[bytes]  # encoded as the scheme's are, hex in lower case, base64 without padding


def verify(
    request: Request,
    *,
    scheme: Scheme = NEWOAKS,
    keys: Sequence[bytes],
    now_s: float,
    past_s: float,
    future_s: float,
    reserialise: Callable[[bytes], bytes | None],
) -> Verified:
    """What is known of an authentic, recent request; raises BadSignature for any other.

    `reserialise` is asked only where the scheme has it, and only when the raw bytes did not match. Every key is
    compared with every signature, whatever matched before, and the time window is looked at last: so a wrong clock can
    be told from a wrong key.
    """
    if scheme.proof != "hmac":
        if scheme.proof == "token" and not _is_key(token_of(request, scheme), keys):
            raise BadSignature("no key matches")
        return Verified(int(now_s), told=False)
    signature = read(request, scheme)
    reserialised = False
    if not _matches(signature, request, request.body, scheme, keys):
        again = reserialise(request.body) if scheme.reserialised else None
        if again is None or not _matches(signature, request, again, scheme, keys):
            raise BadSignature("no key matches")
        reserialised = True
    if signature.at is None:
        return Verified(int(now_s), told=False)
    age_s = now_s - signature.at
    if age_s > past_s:
        raise BadSignature("too old", authentic=True)
    if -age_s > future_s:
        raise BadSignature("too far in the future", authentic=True)
    return Verified(int(signature.at), reserialised)


def read(request: Request, scheme: Scheme) -> Signature:
    """The signature of a request; raises BadSignature where it has none that could be good."""
    header = header_of(request, scheme.header, "no signature")
    timestamp, found = b"", []
    if scheme.format == "pairs":
        times = []
        time = scheme.timestamp.pair if scheme.timestamp else b""
        for pair in header.split(scheme.separator):
            name, equals, value = pair.strip(b" \t").partition(b"=")
            if name == scheme.pair:
                found.append(value)
            elif name == time and equals:
                times.append(value)
        if time and len(times) != 1:
            raise BadSignature("malformed timestamp")
        timestamp = times[0] if times else b""
    elif scheme.format == "plain":
        header = header.strip(b" \t")
        found = [header.removeprefix(scheme.prefix)] if header.startswith(scheme.prefix) else []
    else:
        items = (item.partition(b",") for item in header.split())
        found = [value for version, _, value in items if version == scheme.version]
    at = None
    if scheme.timestamp:
        if scheme.timestamp.header:
            timestamp = header_of(request, scheme.timestamp.header, "no timestamp")
        at = _time(timestamp, scheme.timestamp.unit)
    return Signature(timestamp, at, _digests(found, scheme))


def token_of(request: Request, scheme: Scheme) -> bytes:
    """The token that a request brings; raises BadSignature where it has none, or two."""
    if not scheme.query:
        header = header_of(request, scheme.header, "no token")
        if not header.startswith(scheme.prefix):
            raise BadSignature("no token")
        return header.removeprefix(scheme.prefix).strip(b" \t")
    found = parameters(request.query).get(scheme.query, [])
    if len(found) != 1 or not found[0]:
        raise BadSignature("no token")
    return found[0].encode("utf-8", "surrogatepass")


def parameters(query: str) -> dict[str, list[str]]:
    """The parameters of a query; of one with too many, none."""
    found: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
    except ValueError:
        return found
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _time(text: bytes, unit: Unit) -> float:
    if unit == "iso":
        moment = instant(text.decode()) if len(text) <= 40 and text.isascii() else None
        if moment is None:
            raise BadSignature("malformed timestamp")
        return moment.timestamp()
    if not (text.isdigit() and len(text) <= (12 if unit == "s" else 15)):
        raise BadSignature("malformed timestamp")
    return int(text) if unit == "s" else int(text) / 1000


def _digests(found: list[bytes], scheme: Scheme) -> list[bytes]:
    alphabet, length = _ALPHABETS[scheme.encoding], scheme.digest_chars
    digests = []
    for text in found:
        digest = text.lower() if scheme.encoding == "hex" else text.rstrip(b"=")
        if len(digest) != length or digest.strip(alphabet):
            raise BadSignature("malformed signature")
        digests.append(digest)
    if not 1 <= len(digests) <= MAX_SIGNATURES:
        raise BadSignature("malformed signature")
    return digests


def _matches(signature: Signature, request: Request, body: bytes, scheme: Scheme, keys: Sequence[bytes]) -> bool:
    before, after = around(request, signature.timestamp, scheme)
    matched = False
    for key in keys:
        expected = digest_of(before, after, body, scheme, key)
        for digest in signature.digests:
            matched |= hmac.compare_digest(expected, digest)
    return matched


def _is_key(token: bytes, keys: Sequence[bytes]) -> bool:
    matched = False
    for key in keys:
        matched |= hmac.compare_digest(key, token)
    return matched
