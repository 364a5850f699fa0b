"""Settings: what the file may say of an http target, checked; and which texts of it no reason may quote."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from bridge.connector import Secret, Wrong, wrong_header_name, wrong_header_value, wrong_url
from connectors.http.auth import Auth, Basic, Bearer, Header, auth_header, revealed
from connectors.http.body import Body, wrong_body, wrong_template
from connectors.http.signing import ENCODED, Sign
from connectors.http.success import Success
from connectors.http.wrong import refuse

MIN_HIDDEN = 8  # shorter constants and user names are words such as "1" or "json", which an answer may well contain

_TEMPLATE = re.compile(r"\{\{.*\}\}")


@dataclass(frozen=True, slots=True)
class Probe:
    """A URL that answers 2xx while the target is usable and our credentials are good."""

    url: str = field(metadata={"description": "a URL that answers 2xx while the target is usable"})
    method: Literal["GET", "HEAD"] = field(default="GET", metadata={"description": "how it is asked"})

    def __post_init__(self) -> None:
        refuse(wrong_url(self.url, at=("url",)))


@dataclass(frozen=True, slots=True)
class HttpSettings:
    url: str = field(metadata={"description": "where to; https:// or http://"})
    method: Literal["POST", "PUT", "PATCH"] = field(default="POST", metadata={"description": "of each request"})
    headers: dict[str, str | Secret] = field(default_factory=dict, metadata={"description": "constant headers"})
    auth: Auth | None = field(default=None, metadata={"description": "how we show who we are"})
    sign: Sign | None = field(default=None, metadata={"description": "proves that a request is ours and unchanged"})
    # No repr: it may hold a key, as some APIs want it there.
    body: Body = field(
        default="event", repr=False, metadata={"description": "what is sent: event, cloudevents, or constants"}
    )
    success: Success = field(
        default_factory=Success, metadata={"description": "whether a 2xx is one, and where the record's id stands"}
    )
    probe: Probe | None = field(
        default=None, metadata={"description": "what is asked before a target that refused us is tried again"}
    )
    # Read by the bridge, which vets where a target lives.
    allow_private_addresses: bool = field(
        default=False, metadata={"description": "true: for a target inside your own network"}
    )

    def __post_init__(self) -> None:
        inside = self.allow_private_addresses
        found = wrong_url(self.url, at=("url",), allow_private_addresses=inside)
        found = found or wrong_template(self.url, at=("url",))
        if self.probe:
            found += wrong_url(self.probe.url, at=("probe", "url"), allow_private_addresses=inside)
        for name, value in self.headers.items():
            found += self._wrong_header(name, revealed(value))
        signed = self._signed()
        if signed & {name.lower() for name in auth_header(self.auth)}:
            found.append(Wrong(("sign", "header"), "this header is the one of `auth`", "write a name of its own"))
        refuse(found + wrong_body(self.body))

    def _wrong_header(self, name: str, value: str) -> list[Wrong]:
        at = ("headers", name)
        found = wrong_header_name(name, at=at, in_key=True) + wrong_header_value(value, at=at)
        if name.lower() in self._signed():
            found.append(Wrong(at, "`sign` sets this header", "remove one of the two", in_key=True))
        return found + (wrong_template(value, at=at) if _TEMPLATE.search(value) else [])

    def _signed(self) -> set[str]:
        return {name.lower() for name in self.sign.names} if self.sign else set()


def hidden(settings: HttpSettings) -> Iterator[str]:
    """Every text of the settings that is, or may be, a secret."""
    values = [value.reveal() for value in settings.headers.values() if isinstance(value, Secret)]
    yield from (value for value in [*values, *_texts(settings.body)] if len(value) >= MIN_HIDDEN)
    for key in settings.sign.keys if settings.sign else ():
        yield key.reveal()
        yield key.reveal().removeprefix(ENCODED)
    match settings.auth:
        case Bearer(token):
            yield token.reveal()
        case Header(header):
            yield header.value.reveal()
        case Basic(pair) as basic:
            yield pair.password.reveal()
            yield auth_header(basic)["Authorization"].removeprefix("Basic ")
            name = revealed(pair.username)
            if isinstance(pair.username, Secret) and len(name) >= MIN_HIDDEN:
                yield name


def _texts(constant: Any) -> Iterator[str]:
    if isinstance(constant, dict):
        for value in constant.values():
            yield from _texts(value)
    elif isinstance(constant, list):
        for value in constant:
            yield from _texts(value)
    elif isinstance(constant, str):
        yield constant
