"""Scheme: how a source proves that a request is its own, as data. Nothing here reads a request: see core/signature."""

import re
from dataclasses import dataclass, field
from typing import Literal

Proof = Literal["hmac", "token", "none"]  # a keyed digest of what was sent; the key in the open; nothing
Format = Literal["plain", "pairs", "versions"]  # sha256=<signature>; t=<time>,v1=<signature>; v1,<signature> v1,…
Encoding = Literal["hex", "base64", "base64url"]
KeyEncoding = Literal["text", "hex", "base64"]  # text: the key's text is the key
Unit = Literal["s", "ms", "iso"]  # since 1970, or 2026-11-25T09:30:00Z

DIGEST_BYTES = {"sha256": 32, "sha1": 20, "sha384": 48, "sha512": 64}
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_PLAIN_WORDS = ("timestamp", "body", "method", "url", "decoded_url")


@dataclass(frozen=True, slots=True)
class Timestamp:
    """Where the time stands: under `pair` of the signature's header, else in the header `header`."""

    pair: bytes = b""
    header: str = ""  # lower case
    unit: Unit = "s"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the signed text: literal bytes, or what `word` stands for (`name`: of which header)."""

    literal: bytes = b""
    word: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Scheme:
    """How requests are signed. `signed` is a template over {timestamp} {body} {method} {url} {decoded_url} {header:X}:

    `url` is the source's public address with the query as it came, `decoded_url` the same with the escapes
    decoded that HubSpot decodes. Header names are lower case. Made with a template that cannot be read, it raises
    ValueError.
    """

    proof: Proof = "hmac"
    header: str = ""
    query: str = ""  # of a token: the query parameter it stands in, where it stands in no header
    format: Format = "plain"
    prefix: bytes = b""  # plain: before the signature or token
    pair: bytes = b"v1"  # pairs: the signature's name
    separator: bytes = b","  # pairs: between them
    version: bytes = b"v1"  # versions: the one to read
    timestamp: Timestamp | None = None
    signed: str = "{body}"
    algorithm: str = "sha256"
    encoding: Encoding = "hex"
    key_encoding: KeyEncoding = "text"
    reserialised: bool = False  # where the raw body does not match, its JSON.stringify may
    # derived
    parts: tuple[Part, ...] = field(init=False, repr=False, compare=False)
    stem: bytes = field(init=False, repr=False, compare=False)  # of {timestamp}<stem>{body}, the most common form
    headers: tuple[str, ...] = field(init=False, repr=False, compare=False)  # all that are read
    digest_chars: int = field(init=False, repr=False, compare=False)  # of a signature, without padding

    def __post_init__(self) -> None:
        size = DIGEST_BYTES[self.algorithm]
        chars = 2 * size if self.encoding == "hex" else -(-size * 8 // 6)
        parts = tuple(parts_of(self.signed))
        names = [self.header, self.timestamp.header if self.timestamp else "", *(part.name for part in parts)]
        common = [part.word for part in parts] == ["timestamp", "", "body"]
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "stem", parts[1].literal if common else b"")
        object.__setattr__(self, "headers", tuple(dict.fromkeys(name for name in names if name)))
        object.__setattr__(self, "digest_chars", chars)

    @property
    def is_weak(self) -> bool:
        """Whether nothing of what was sent is signed."""
        return self.proof != "hmac"

    @property
    def needs_url(self) -> bool:
        return any(part.word in ("url", "decoded_url") for part in self.parts)

    @property
    def signs_time(self) -> bool:
        return any(part.word == "timestamp" for part in self.parts)


def parts_of(signed: str) -> list[Part]:
    """The template's pieces; raises ValueError with what is wrong with it."""
    found, at = [], 0
    for match in _PLACEHOLDER.finditer(signed):
        found.append(Part(literal=_literal(signed[at : match.start()])))
        word, colon, name = match[1].partition(":")
        if word not in _PLAIN_WORDS and not (word == "header" and name):
            raise ValueError(f"unknown placeholder: known are {{{'} {'.join(_PLAIN_WORDS)}}} {{header:NAME}}")
        if colon and word != "header":
            raise ValueError(f"only {{header:NAME}} has a colon in it: write {{{word}}}")
        found.append(Part(word=word, name=name.lower()))
        at = match.end()
    found.append(Part(literal=_literal(signed[at:])))
    if sum(part.word == "body" for part in found) != 1:
        raise ValueError("the body must be signed, and once: write {body} where the vendor's page has it")
    return [part for part in found if part.word or part.literal]


def _literal(text: str) -> bytes:
    if "{" in text or "}" in text:
        raise ValueError("a brace without its other half: placeholders look like {body}")
    return text.encode("utf-8", "surrogatepass")


# SmarterBot's page on its lead webhook, read 2026-11: what is signed is JSON.stringify(req.body).
NEWOAKS = Scheme(
    header="x-webhook-signature",
    format="pairs",
    timestamp=Timestamp(pair=b"t"),
    signed="{timestamp}.{body}",
    reserialised=True,
)
