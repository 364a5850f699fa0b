"""Http: brings each event as one JSON object to any HTTP API. Knows the public SDK only; retries, deadlines, addresses
and redirects are the bridge's business.
"""

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, assert_never
from urllib.parse import quote, quote_plus

from bridge.connector import (
    Answer,
    Call,
    Delivered,
    Hold,
    Outcome,
    Record,
    Reject,
    Retry,
    Secret,
    Usable,
    Wrong,
    WrongSettings,
    judge,
    wrong_header_name,
    wrong_header_value,
    wrong_url,
)

MAX_SAID = 300  # characters of an answer that a reason quotes
MAX_READ_BYTES = 1 << 16  # of an answer, to find them in
MAX_ID = 200
MIN_HIDDEN = 8  # shorter headers and user names are words such as "1" or "json", which an answer may well contain


@dataclass(frozen=True, slots=True)
class Bearer:
    """`auth: {bearer: "${TOKEN}"}`"""

    bearer: Secret

    def __post_init__(self) -> None:
        _refuse(_wrong_token(self.bearer, at="bearer"))


@dataclass(frozen=True, slots=True)
class Credentials:
    username: str | Secret
    password: Secret

    def __post_init__(self) -> None:
        name = _revealed(self.username)
        found = [*_wrong_part(name, at="username"), *_wrong_part(self.password.reveal(), at="password")]
        if ":" in name:
            found.append(Wrong(("username",), "this has a colon in it", "what follows it belongs into password"))
        if not name and not self.password:
            found.append(Wrong(("username",), "this and the password are empty", _EMPTY))
        _refuse(found)


@dataclass(frozen=True, slots=True)
class Basic:
    """`auth: {basic: {username: …, password: "${PASSWORD}"}}`"""

    basic: Credentials


@dataclass(frozen=True, slots=True)
class NamedValue:
    name: str
    value: Secret

    def __post_init__(self) -> None:
        found = wrong_header_name(self.name, at=("name",)) + wrong_header_value(self.value, at=("value",))
        if not self.value:
            found.append(Wrong(("value",), "this is empty", _EMPTY))
        _refuse(found)


@dataclass(frozen=True, slots=True)
class Header:
    """`auth: {header: {name: X-Api-Key, value: "${KEY}"}}`"""

    header: NamedValue


@dataclass(frozen=True, slots=True)
class Probe:
    """A URL that answers 2xx while the target is usable and our credentials are good."""

    url: str
    method: Literal["GET", "HEAD"] = "GET"

    def __post_init__(self) -> None:
        _refuse(wrong_url(self.url, at=("url",)))


@dataclass(frozen=True, slots=True)
class HttpSettings:
    url: str
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    headers: dict[str, str | Secret] = field(default_factory=dict)
    auth: Bearer | Basic | Header | None = None
    probe: Probe | None = None
    allow_private_addresses: bool = False  # read by the bridge, which vets where a target lives

    def __post_init__(self) -> None:
        inside = self.allow_private_addresses
        found = wrong_url(self.url, at=("url",), allow_private_addresses=inside)
        if self.probe:
            found += wrong_url(self.probe.url, at=("probe", "url"), allow_private_addresses=inside)
        for name, value in self.headers.items():
            found += wrong_header_name(name, at=("headers", name), in_key=True)
            found += wrong_header_value(value, at=("headers", name))
        _refuse(found)


class Http:
    """Sends a record's fields as they are: whatever the mapping made of the event."""

    Settings: ClassVar[type] = HttpSettings

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._headers = {name: _revealed(value) for name, value in settings.headers.items()} | _auth(settings.auth)
        self._secrets = _secrets(settings)

    def deliver(self, record: Record, call: Call) -> Outcome:
        answer = call.http.request(
            self._settings.method,
            self._settings.url,
            headers={"Content-Type": "application/json"} | self._with_key(record.idempotency_key),
            json=dict(record.fields),
        )
        outcome = judge(answer)
        match outcome:
            case Delivered():
                return Delivered(id=_id_of(answer.json()))
            case Retry() | Reject() | Hold():
                return replace(outcome, reason=self._reason(outcome.reason, answer))
            case _:
                assert_never(outcome)

    def probe(self, call: Call) -> Usable | Hold:
        probe = self._settings.probe
        if probe is None:
            return Usable(note="not asked: no probe is configured")
        answer = call.http.request(probe.method, probe.url, headers=self._headers)
        outcome = judge(answer)
        if isinstance(outcome, Delivered):
            return Usable()
        for_s = outcome.for_s if isinstance(outcome, Hold) else None
        return Hold(f"probe: {self._reason(outcome.reason, answer)}", for_s=for_s)

    def _with_key(self, idempotency_key: str) -> dict[str, str]:
        """The configured headers and the key, which none of them may replace, in whatever case it is written."""
        others = {name: value for name, value in self._headers.items() if name.lower() != "idempotency-key"}
        return others | {"Idempotency-Key": idempotency_key}

    def _reason(self, reason: str, answer: Answer) -> str:
        said = _said(answer, self._secrets)
        return f"{reason}: {said}" if said else reason


_EMPTY = "set the variable that it comes from, or leave `auth` out"


def _refuse(found: Iterable[Wrong]) -> None:
    if wrong := tuple(found):
        raise WrongSettings(*wrong)


def _wrong_token(token: Secret, *, at: str) -> list[Wrong]:
    """Why this cannot be the token after the word Bearer (RFC 6750 §2.1 allows no white space in it)."""
    text = token.reveal()
    if not text:
        return [Wrong((at,), "this is empty", _EMPTY)]
    if found := wrong_header_value(text, at=(at,)):
        return found
    spaced = any(sign.isspace() for sign in text)
    hint = "write the token alone, without the word Bearer"
    return [Wrong((at,), "this has white space in it", hint)] if spaced else []


def _wrong_part(text: str, *, at: str) -> list[Wrong]:
    """Why this cannot be a user name or password (RFC 7617 §2 forbids control characters)."""
    if not any(sign < " " or sign == "\x7f" for sign in text):
        return []
    message = "this has a line break or another control character in it"
    return [Wrong((at,), message, "was a file's line end copied?")]


def _auth(auth: Bearer | Basic | Header | None) -> dict[str, str]:
    match auth:
        case None:
            return {}
        case Bearer():
            return {"Authorization": f"Bearer {auth.bearer.reveal()}"}
        case Basic():
            pair = f"{_revealed(auth.basic.username)}:{auth.basic.password.reveal()}"
            return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        case Header():
            return {auth.header.name: auth.header.value.reveal()}
        case _:
            assert_never(auth)


def _revealed(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _secrets(settings: HttpSettings) -> list[str]:
    """Every text that no reason may quote, in every spelling, longest first."""
    values = [value.reveal() for value in settings.headers.values() if isinstance(value, Secret)]
    found = [value for value in values if len(value) >= MIN_HIDDEN]
    match settings.auth:
        case Bearer(token):
            found.append(token.reveal())
        case Header(header):
            found.append(header.value.reveal())
        case Basic(pair) as basic:
            found += [pair.password.reveal(), _auth(basic)["Authorization"].removeprefix("Basic ")]
            name = _revealed(pair.username)
            found += [name] if isinstance(pair.username, Secret) and len(name) >= MIN_HIDDEN else []
    return sorted({spelling for text in found if text for spelling in _spellings(text)}, key=len, reverse=True)


def _spellings(secret: str) -> set[str]:
    """How an API may write a text that it quotes: as it is, in JSON, in a URL or in HTML."""
    in_json = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    in_url = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    in_url |= {re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), text) for text in in_url}
    return {secret, html.escape(secret)} | in_json | in_url | {text.replace("/", "\\/") for text in in_json}


def _said(answer: Answer, secrets: list[str]) -> str:
    """What the API says in its answer, on one line and without a secret; empty where that is no text."""
    kind = answer.headers.get("Content-Type", "text/plain").lower()
    if not any(word in kind for word in ("text", "json", "xml")):
        return ""
    text = answer.body[:MAX_READ_BYTES].decode("utf-8", "replace")
    for secret in secrets:  # some APIs quote the credentials that they refuse
        text = text.replace(secret, "***")
    if len(answer.body) > MAX_READ_BYTES and secrets:
        text = text[: -len(secrets[0])]  # a secret that is cut there may have begun in it
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:MAX_SAID]


def _id_of(body: Any) -> str:
    """The id that the API gave what it made; empty where it names none that can be kept."""
    found = body.get("id") if isinstance(body, Mapping) else None
    if not isinstance(found, str | int | float) or isinstance(found, bool):
        return ""
    text = str(found)
    return text if len(text) <= MAX_ID and text.isprintable() else ""
