"""Signing: proves to the API that a request is ours and unchanged. What is signed are the bytes that are sent.

Three schemes, all HMAC-SHA256:
- `standard-webhooks` (https://www.standardwebhooks.com): `webhook-id`, `webhook-timestamp` and
  `webhook-signature: v1,<base64>` over `id.timestamp.body`; a space before each further key's signature.
- `timestamp`: `t=<unix seconds>,v1=<hex>` over `t.body`; a further `,v1=<hex>` for each further key.
- `sha256`: `sha256=<hex>` over the body, for one key.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, assert_never

from bridge.connector import Secret, Wrong, wrong_header_name
from connectors.http.wrong import Place, refuse, wrong_secret

ENCODED = "whsec_"  # what follows it is base64
PRIVATE = "whsk_"  # a key for the scheme v1a, which signs with Ed25519

_STANDARD = ("webhook-id", "webhook-timestamp", "webhook-signature")
_HEADERS = {"timestamp": "X-Webhook-Signature", "sha256": "X-Hub-Signature-256"}
_TAKEN = ("idempotency-key", "content-type", "host")


@dataclass(frozen=True, slots=True)
class Sign:
    """`sign: {scheme: timestamp, key: "${KEY}"}`; several keys while they are being changed."""

    scheme: Literal["standard-webhooks", "timestamp", "sha256"] = field(metadata={"description": "how it is signed"})
    key: Secret | list[Secret] = field(metadata={"description": "what signs; several while they are being changed"})
    header: str = field(
        default="", metadata={"description": "where the signature stands; left out: the usual one of the scheme"}
    )

    def __post_init__(self) -> None:
        found = [wrong for at, key in self._placed() for wrong in self._wrong_key(key.reveal(), at=at)]
        if not self.keys:
            found.append(Wrong(("key",), "this list is empty", "write at least one key, or leave `sign` out"))
        if self.scheme == "sha256" and len(self.keys) > 1:
            found.append(Wrong(("key",), "this scheme has room for one signature only", "write one key"))
        if self.header:
            found += self._wrong_header()
        refuse(found)

    @property
    def keys(self) -> list[Secret]:
        return [key for _, key in self._placed()]

    @property
    def names(self) -> tuple[str, ...]:
        """The headers that it sets."""
        return _STANDARD if self.scheme == "standard-webhooks" else (self.header or _HEADERS[self.scheme],)

    def headers(self, body: bytes, *, id_: str, now_s: float) -> dict[str, str]:
        """What proves this body, sent at this time. `id_`: the same for every attempt."""
        keys, at = [_bytes_of(key.reveal(), self.scheme) for key in self.keys], str(int(now_s))
        match self.scheme:
            case "standard-webhooks":
                found = [_digest(key, f"{id_}.{at}.".encode(), body) for key in keys]
                value = " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in found)
                return dict(zip(_STANDARD, (id_, at, value), strict=True))
            case "timestamp":
                found = [_digest(key, f"{at}.".encode(), body) for key in keys]
                return {self.names[0]: ",".join([f"t={at}", *(f"v1={digest.hex()}" for digest in found)])}
            case "sha256":
                return {self.names[0]: f"sha256={_digest(keys[0], b'', body).hex()}"}
            case _:
                assert_never(self.scheme)

    def _placed(self) -> Sequence[tuple[Place, Secret]]:
        if isinstance(self.key, list):
            return [(("key", n), key) for n, key in enumerate(self.key)]
        return [(("key",), self.key)]

    def _wrong_key(self, text: str, *, at: Place) -> list[Wrong]:
        if not text:
            return [Wrong(at, "this is empty", "set the variable that it comes from, or leave `sign` out")]
        if (found := wrong_secret(text, at=at)) or self.scheme != "standard-webhooks":
            return found
        if text.startswith(PRIVATE):
            return [Wrong(at, f"this is a private key ({PRIVATE}…): only shared keys are supported", "ask for `v1`")]
        return (
            [] if _bytes_of(text, self.scheme) else [Wrong(at, f"what follows {ENCODED} is no base64", "copy it anew")]
        )

    def _wrong_header(self) -> list[Wrong]:
        if self.scheme == "standard-webhooks":
            return [Wrong(("header",), "Standard Webhooks names its headers itself", "remove this key")]
        if self.header.lower() in _TAKEN:
            return [Wrong(("header",), "this header has another use", "write a name of its own")]
        return wrong_header_name(self.header, at=("header",))


def _bytes_of(text: str, scheme: str) -> bytes:
    """The key itself; empty where it cannot be read. Only Standard Webhooks writes keys in base64."""
    if scheme != "standard-webhooks" or not text.startswith(ENCODED):
        return text.encode()
    encoded = text.removeprefix(ENCODED).rstrip("=")
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _digest(key: bytes, head: bytes, body: bytes) -> bytes:
    return hmac.digest(key, head + body, "sha256")
