"""Signature: how a source's requests are signed, as the configuration says it: a preset, its parts, or a preset with
some parts of its own. Part of the schema.
"""

import binascii
from base64 import b64decode
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from bridge.config.fields import HeaderName, Template
from bridge.config.part import Part
from bridge.connector import Wrong
from bridge.core.presets import PRESETS
from bridge.model import scheme as model
from bridge.model.scheme import NEWOAKS, Scheme

_OF_FORMAT = {"prefix": "plain", "pair": "pairs", "separator": "pairs", "version": "versions"}
_OF_HMAC = ("format", "pair", "separator", "version", "timestamp", "signed", "algorithm", "encoding", "key_encoding")


class Timestamp(Part):
    """Where the time of a signature stands."""

    pair: str | None = Field(default=None, description="the pair of the header that has the time")
    header: HeaderName | None = Field(default=None, description="the header that has it")
    unit: Literal["s", "ms", "iso"] = Field(default="s", description="how it is written")


class Signature(Part):
    """How requests are signed; what is left out is the preset's."""

    proof: Literal["hmac", "token", "none"] | None = Field(default=None, description="what proves a request")
    header: HeaderName | None = Field(default=None, description="the header with the signature, or the token")
    query: str | None = Field(default=None, description="the query parameter with the token")
    format: Literal["plain", "pairs", "versions"] | None = Field(default=None, description="how the header is written")
    prefix: str | None = Field(default=None, description="what stands before the signature")
    pair: str | None = Field(default=None, description="the name of the pair with the signature")
    separator: Literal[",", ";", "&", "|"] | None = Field(default=None, description="what stands between the pairs")
    version: str | None = Field(default=None, description="which of several versions counts")
    timestamp: Timestamp | None = Field(default=None, description="where the time of signing stands")
    signed: Template | None = Field(default=None, description="what is signed, such as {timestamp}.{body}")
    algorithm: Literal["sha256", "sha512", "sha384", "sha1"] | None = Field(default=None, description="of the hash")
    encoding: Literal["hex", "base64", "base64url"] | None = Field(
        default=None, description="how the signature is written"
    )
    key_encoding: Literal["text", "hex", "base64"] | None = Field(
        default=None, description="how the key is to be decoded first"
    )


def scheme_of(preset: str | None, signature: Signature | None) -> Scheme:
    """The scheme that is declared; what does not fit together in it, `signature_faults` tells."""
    if signature is None:
        return PRESETS[preset].scheme if preset else NEWOAKS
    base = PRESETS[preset].scheme if preset else Scheme()
    said: dict[str, Any] = {
        name: _plain(name, value) for name in Signature.model_fields if (value := getattr(signature, name)) is not None
    }
    if "query" in said and "header" not in said:
        said["header"] = ""
    return replace(base, **said)


def decoded(key: str, scheme: Scheme) -> bytes:
    """The bytes that a signing key stands for; raises ValueError where it stands for none."""
    try:
        if scheme.key_encoding == "base64":
            text = key.strip().removeprefix("whsec_").rstrip("=")
            return b64decode(text + "=" * (-len(text) % 4), validate=True)
        if scheme.key_encoding == "hex":
            return bytes.fromhex(key.strip())
    except (binascii.Error, ValueError):
        raise ValueError from None
    return key.encode("utf-8", "surrogatepass")


def signature_faults(
    preset: str | None, signature: Signature | None, keys: list[str], *, public_url: str | None
) -> list[Wrong]:
    """What is wrong with it as a whole."""
    scheme, said = scheme_of(preset, signature), signature or Signature()
    if scheme.proof == "none":
        given = [("signature", name) for name in said.model_fields_set - {"proof"}] + [("signing_keys",)] * bool(keys)
        message = "this has no use where nothing is verified"
        return [Wrong(at, message, "remove it", in_key=True) for at in given]
    if scheme.proof == "token":
        return _token_faults(scheme, said)
    found = _hmac_faults(scheme, said)
    if scheme.needs_url and not public_url:
        hint = "add public_url: the address of this source as it was given to the sender"
        at = ("signature", "signed") if said.signed else ("preset",)
        found.append(Wrong(at, "the sender signs the address too, and it is not given here", hint))
    for n, key in enumerate(keys):
        found += [] if _can_decode(key, scheme) else [_not_decoded(n, scheme)]
    return found


def _token_faults(scheme: Scheme, said: Signature) -> list[Wrong]:
    found = [
        Wrong(("signature", name), "this has no meaning for a token", "remove it", in_key=True)
        for name in _OF_HMAC
        if getattr(said, name) is not None
    ]
    if said.header and said.query:
        found.append(Wrong(("signature", "query"), "this cannot stand beside header", "keep one", in_key=True))
    if not scheme.header and not scheme.query:
        message = "where the token stands is not given"
        found.append(
            Wrong(("signature",), message, "write signature: {header: X-Token} or {query: token}", in_key=True)
        )
    return found


def _hmac_faults(scheme: Scheme, said: Signature) -> list[Wrong]:
    at, found = ("signature",), []
    if not scheme.header:
        hint = "add header: … here: the one that holds the signature, as the vendor's page names it"
        found.append(Wrong(at, "'header' is missing", hint, in_key=True))
    if said.query is not None:
        hint = "for one, write proof: token"
        found.append(Wrong((*at, "query"), "only a token can stand in the query", hint, in_key=True))
    for name, format_ in _OF_FORMAT.items():
        if getattr(said, name) is not None and scheme.format != format_:
            hint = f"write format: {format_}, or remove it"
            found.append(Wrong((*at, name), f"this belongs to format: {format_}", hint, in_key=True))
    return found + _time_faults(scheme, said)


def _time_faults(scheme: Scheme, said: Signature) -> list[Wrong]:
    time, at = scheme.timestamp, ("signature", "timestamp")
    if time is None:
        if scheme.signs_time:
            hint = "add timestamp: {pair: t} or {header: …}"
            return [Wrong(("signature", "signed"), "where {timestamp} stands is not given", hint)]
        return []
    if bool(time.pair) == bool(time.header):
        return [Wrong(at, "this needs either pair or header", "write {pair: t} or {header: X-Timestamp}")]
    if time.pair and scheme.format != "pairs":
        return [Wrong((*at, "pair"), "a pair stands in a signature of format: pairs only", "write header: …")]
    if time.pair and time.pair == scheme.pair:
        return [Wrong((*at, "pair"), "the signature stands under this name", "write the name of the time")]
    if not scheme.signs_time:
        place = ("signature", "signed") if said.signed else at if said.timestamp else ("signature",)
        hint = 'write {timestamp} where the vendor\'s page has it, such as signed: "{timestamp}.{body}"'
        return [Wrong(place, "the time is not signed, so anybody could set it anew", hint)]
    return []


def _plain(name: str, value: Any) -> Any:
    if name in _OF_FORMAT:
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, Timestamp):
        return model.Timestamp(pair=(value.pair or "").encode(), header=value.header or "", unit=value.unit)
    return value


def _can_decode(key: str, scheme: Scheme) -> bool:
    try:
        return bool(decoded(key, scheme)) or not key.strip()
    except ValueError:
        return False


def _not_decoded(n: int, scheme: Scheme) -> Wrong:
    hint = "was it copied whole? if the vendor uses it as it stands, write signature: {key_encoding: text}"
    return Wrong(("signing_keys", n), f"this signing key is no {scheme.key_encoding}", hint)
