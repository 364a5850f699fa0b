"""Signed: what a scheme signs, put together from the parts of a request, and its digest."""

import hmac
import re
from base64 import urlsafe_b64encode
from binascii import b2a_base64
from functools import lru_cache

from bridge.errors import BadSignature
from bridge.model.scheme import Part, Scheme
from bridge.model.signed import Request

MAX_HEADER_BYTES = 4096

# What HubSpot decodes in the address before it signs it (its page on validating requests, read 2026-11).
_DECODED = re.compile(rb"%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def header_of(request: Request, name: str, otherwise: str) -> bytes:
    value = request.headers.get(name)
    if not value:
        raise BadSignature(otherwise)
    if len(value) > MAX_HEADER_BYTES:
        raise BadSignature("header too long")
    return value


def around(request: Request, timestamp: bytes, scheme: Scheme) -> tuple[bytes, bytes]:
    """What is signed before the body, and after it."""
    if scheme.stem:
        return timestamp + scheme.stem, b""
    before = text = b""
    for part in scheme.parts:
        if not part.word:
            text += part.literal
        elif part.word == "timestamp":
            text += timestamp
        elif part.word == "body":
            before, text = text, b""
        else:
            text += _value(part, request)
    return before, text


def _value(part: Part, request: Request) -> bytes:
    if part.word == "header":
        return header_of(request, part.name, "a header that is signed is missing")
    if part.word == "method":
        return request.method.encode("utf-8", "surrogatepass")
    url = f"{request.url}?{request.query}" if request.query else request.url
    whole = url.encode("utf-8", "surrogatepass")
    return whole if part.word == "url" else _DECODED.sub(lambda match: bytes([int(match[1], 16)]), whole)


def digest_of(before: bytes, after: bytes, body: bytes, scheme: Scheme, key: bytes) -> bytes:
    running = _keyed(key, scheme.algorithm).copy()
    running.update(before)
    running.update(body)
    if after:
        running.update(after)
    if scheme.encoding == "hex":
        return running.hexdigest().encode()
    raw = running.digest()
    return (b2a_base64(raw, newline=False) if scheme.encoding == "base64" else urlsafe_b64encode(raw)).rstrip(b"=")


@lru_cache(maxsize=64)
def _keyed(key: bytes, algorithm: str) -> hmac.HMAC:
    """An HMAC that has read the key, to be copied: a quarter of the time of a small body's digest is the key's."""
    return hmac.new(key, digestmod=algorithm)
