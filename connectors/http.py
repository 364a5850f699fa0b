"""Http: brings each event as one JSON object to any HTTP API. Knows the public SDK only; retries, deadlines, addresses
and redirects are the bridge's business.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, assert_never

from bridge.connector import Answer, Call, Delivered, Hold, Outcome, Record, Reject, Retry, Secret, Usable, judge

MAX_SAID = 300  # characters of an answer that a reason quotes
MAX_ID = 200
MIN_HIDDEN = 8  # shorter headers and user names are words such as "1" or "json", which an answer may well contain


@dataclass(frozen=True, slots=True)
class Bearer:
    """`auth: {bearer: "${TOKEN}"}`"""

    bearer: Secret


@dataclass(frozen=True, slots=True)
class Credentials:
    username: str | Secret
    password: Secret


@dataclass(frozen=True, slots=True)
class Basic:
    """`auth: {basic: {username: …, password: "${PASSWORD}"}}`"""

    basic: Credentials


@dataclass(frozen=True, slots=True)
class NamedValue:
    name: str
    value: Secret


@dataclass(frozen=True, slots=True)
class Header:
    """`auth: {header: {name: X-Api-Key, value: "${KEY}"}}`"""

    header: NamedValue


@dataclass(frozen=True, slots=True)
class Probe:
    """A URL that answers 2xx while the target is usable and our credentials are good."""

    url: str
    method: Literal["GET", "HEAD"] = "GET"


@dataclass(frozen=True, slots=True)
class HttpSettings:
    url: str
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    headers: dict[str, str | Secret] = field(default_factory=dict)
    auth: Bearer | Basic | Header | None = None
    probe: Probe | None = None
    allow_private_addresses: bool = False  # read by the bridge, which vets where a target lives


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
        said = _said(answer)
        for secret in self._secrets:  # some APIs quote the credentials that they refuse
            said = said.replace(secret, "***")
        return f"{reason}: {said[:MAX_SAID]}" if said else reason


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
    """Every text that no reason may quote, longest first."""
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
    return sorted((text for text in found if text), key=len, reverse=True)


def _said(answer: Answer) -> str:
    """What the API says in its answer, on one line; empty where that is no text."""
    kind = answer.headers.get("Content-Type", "text/plain").lower()
    if not any(word in kind for word in ("text", "json", "xml")):
        return ""
    text = answer.body[: 20 * MAX_SAID].decode("utf-8", "replace")
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _id_of(body: Any) -> str:
    """The id that the API gave what it made; empty where it names none that can be kept."""
    found = body.get("id") if isinstance(body, Mapping) else None
    if not isinstance(found, str | int | float) or isinstance(found, bool):
        return ""
    text = str(found)
    return text if len(text) <= MAX_ID and text.isprintable() else ""
