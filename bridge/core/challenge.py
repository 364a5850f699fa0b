"""Challenge: what a sender asks to see whether the address is ours, and what it is told. Nothing is ever sent back to
one that has neither shown the token nor signed what it asks.
"""

import hmac
import json
from typing import NamedTuple

from bridge.core.elements import TOO_DEEP, first_value
from bridge.core.signature import parameters
from bridge.errors import BadPayload, BadSignature
from bridge.model.fields import Challenge
from bridge.model.paths import at

MOST_CHARACTERS = 1024  # of what is sent back
MOST_BYTES = 16_384  # of a body that asks
PLAIN = "text/plain; charset=utf-8"  # never a type that a browser would run


class Echo(NamedTuple):
    """The answer to a challenge."""

    body: bytes
    mimetype: str


def asked_with_token(query: str, challenge: Challenge) -> Echo:
    """The answer to a GET; raises BadSignature where its query does not hold the token."""
    said = parameters(query)
    token, echo = said.get(challenge.token_query, []), said.get(challenge.query, [])
    given = token[0].encode("utf-8", "surrogatepass") if len(token) == 1 else b""
    if not challenge.token or not hmac.compare_digest(challenge.token, given):
        raise BadSignature("challenge without the token")
    if len(echo) != 1 or not 0 < len(echo[0]) <= MOST_CHARACTERS:
        raise BadSignature("malformed challenge")
    return _echo(echo[0], challenge)


def asked_and_signed(body: bytes, challenge: Challenge) -> Echo | None:
    """The answer to a body that was verified; None where it asks nothing."""
    if not challenge.echo or len(body) > MOST_BYTES:
        return None
    try:
        value = first_value(body.decode("utf-8-sig", "replace"))
    except BadPayload:
        return None
    if value is TOO_DEEP or not isinstance(value, dict):
        return None
    echo = at(value, challenge.echo)
    if not isinstance(echo, str) or not 0 < len(echo) <= MOST_CHARACTERS:
        return None
    if any(value.get(name) != text for name, text in challenge.when.items()):
        return None
    return _echo(echo, challenge)


def _echo(text: str, challenge: Challenge) -> Echo:
    if challenge.as_json:
        name = challenge.echo[-1] if challenge.echo else challenge.query
        return Echo(json.dumps({name: text}).encode(), "application/json")
    return Echo(text.encode("utf-8", "replace"), PLAIN)
