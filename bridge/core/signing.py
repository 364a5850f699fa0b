"""Signing: the request as a sender with the key would make it. For samples and tests."""

from datetime import UTC, datetime
from urllib.parse import quote

from bridge.core.signature import HEADER
from bridge.core.signed import around, digest_of
from bridge.model.scheme import NEWOAKS, Scheme, Unit
from bridge.model.signed import Request


def sign(body: bytes, *, key: bytes, at: int) -> str:
    """The header value that the platform with `key` would send at unix second `at`."""
    return sign_request(Request(body, {}), scheme=NEWOAKS, key=key, at=at).headers[HEADER.lower()].decode()


def sign_request(request: Request, *, scheme: Scheme, key: bytes, at: float) -> Request:
    """The request with the headers, or the query, that a sender with `key` would add at unix second `at`."""
    if scheme.proof == "none":
        return request
    if scheme.query:
        pair = f"{quote(scheme.query)}={quote(key)}"
        return request._replace(query=f"{request.query}&{pair}".lstrip("&"))
    if scheme.proof == "token":
        return request._replace(headers={**request.headers, scheme.header: scheme.prefix + key})
    timestamp, headers = b"", dict(request.headers)
    for part in scheme.parts:
        if part.word == "header":
            headers.setdefault(part.name, b"msg_%d" % int(at * 1000))
    if scheme.timestamp:
        timestamp = _written(at, scheme.timestamp.unit)
        if scheme.timestamp.header:
            headers[scheme.timestamp.header] = timestamp
    unsigned = request._replace(headers=headers)
    digest = digest_of(*around(unsigned, timestamp, scheme), request.body, scheme, key)
    if scheme.encoding != "hex":
        digest += b"=" * (-len(digest) % 4)
    if scheme.format == "plain":
        headers[scheme.header] = scheme.prefix + digest
    elif scheme.format == "versions":
        headers[scheme.header] = b"%b,%b" % (scheme.version, digest)
    else:
        time = scheme.timestamp.pair if scheme.timestamp else b""
        pairs = [b"%b=%b" % (time, timestamp)] if time else []
        headers[scheme.header] = scheme.separator.join([*pairs, b"%b=%b" % (scheme.pair, digest)])
    return unsigned


def _written(at: float, unit: Unit) -> bytes:
    if unit == "iso":
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    return b"%d" % (int(at) if unit == "s" else int(at * 1000))
