"""Rehearse: what a target would be sent for an event. It maps as a worker does and asks the same connector, whose way
out notes each request and lets none go.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.connector import Answer, Connector, FetchToken, Secret, Token, secrets_in
from bridge.connector.hiding import values_in
from bridge.core.exchange import Received, address_of, as_json, headers_for
from bridge.core.identity import aliases_of, key_of, person_of
from bridge.core.mapping import records_for
from bridge.engine.clock import Clock
from bridge.engine.written import Written
from bridge.errors import BridgeError, CallFailed
from bridge.model.delivery import Claim
from bridge.model.event import Event, StoredEvent
from bridge.model.record import Delivered, Record
from bridge.model.rules import TargetRule

HIDDEN = "***"

NothingThere = Callable[[str, str, bytes], bytes | None]  # see docs/connectors.md
_ALWAYS_HIDDEN = ("authorization", "proxy-authorization", "cookie")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it would go out; what is secret in it is hidden, but for the body."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One record, and the request that writes it; what follows depends on the answer to it. Where the connector looks
    first, it is the one of a target that has nothing of the record yet.
    """

    record: Record
    request: Request | None
    why: str = ""  # there is none
    looks: int = 0  # requests before it


class _Noted(BridgeError):
    """Ends a rehearsal at the request that writes."""


def claim_for(event: Event, *, region: str, received_at: datetime) -> Claim:
    """The claim of a delivery of an event that is not stored: its keys are other ones than the database would give."""
    key = key_of(event, region=region, salt=b"")
    person = person_of(aliases_of(event, region=region, salt=b""), {}, key=key)
    return stored_claim(StoredEvent(0, key, 1, received_at, event), person)


def stored_claim(stored: StoredEvent, person: str) -> Claim:
    """The claim of a first attempt at a delivery of this event."""
    return Claim(0, "", "", person, stored, attempts=0, uncertain=False, if_empty=False, copy=0)


def rehearse(rule: TargetRule, connector: Connector, claim: Claim, *, clock: Clock) -> list[Rehearsed]:
    """What the target would be sent, record by record; nothing where none of its records applies to the event.

    Raises MappingError, as a worker's attempt does. The id of an earlier record, which nobody knows yet, is a text that
    says so.
    """
    written, found = Written(), []
    for record in written.begin(records_for(claim, rule.mapping), claim):
        resolved = written.resolved(record)
        found.append(_asked(rule, connector, resolved, clock))
        written.add(record, unknown_yet(record))
    return found


def unknown_yet(record: Record) -> Delivered:
    """What stands in for what a target says of a record that nobody sent."""
    return Delivered(f"(id of {record.name})", f"(url of {record.name})")


def _asked(rule: TargetRule, connector: Connector, record: Record, clock: Clock) -> Rehearsed:
    nothing: NothingThere = getattr(connector, "nothing_there", lambda *_: None)
    call = _Call(clock, rule.policy.timeout_s, list(_secrets(rule.settings)), record.idempotency_key, nothing)
    try:
        outcome = connector.deliver(record, call)
    except _Noted:
        return Rehearsed(record, call.request_, looks=call.looks)
    except (Exception, SystemExit) as error:  # noqa: BLE001  a stranger's code
        return Rehearsed(record, None, f"the connector cannot say it without the target ({type(error).__name__})")
    reason = getattr(outcome, "reason", "")
    return Rehearsed(record, None, f"the connector sends nothing: {reason or type(outcome).__name__}")


class _Call:
    """The `bridge.connector.Call` of a rehearsal."""

    def __init__(self, clock: Clock, deadline_s: float, secrets: list[str], key: str, nothing: NothingThere) -> None:
        self.deadline_s = deadline_s
        self.now_s = clock.now_ms() / 1000
        self.request_: Request | None = None
        self._secrets = sorted(secrets, key=len, reverse=True)  # a short one may stand in a longer one
        self._key = key
        self._nothing = nothing
        self.looks = 0

    @property
    def http(self) -> "_Call":
        return self

    def token(self, fetch: FetchToken, *, instead_of: Token | None = None) -> Token:
        return Token(Secret(HIDDEN), 3600.0)

    def wait(self, seconds: float) -> None: ...
    def warn(self, text: str) -> None: ...
    def spend(self, count: int) -> None:
        raise _Noted

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        body: bytes | None = None,
    ) -> Answer:
        content = (body if json is None else as_json(json)) or b""
        given = {name.lower() for name in headers or {}}
        sent = headers_for(headers or {}, content)
        shown = {name: self._shown(name, value, is_given=name.lower() in given) for name, value in sent.items()}
        self.request_ = Request(method.upper(), self._hidden(address_of(url).url), shown, content)
        if (answer := self._nothing(method.upper(), url, content)) is None:
            raise _Noted
        self.looks += 1
        return Received(200, {}, answer)

    def _shown(self, name: str, value: str, *, is_given: bool) -> str:
        """What the bridge says itself holds no secret, whatever short one may stand in it by chance."""
        if not is_given or value == self._key:
            return value
        return HIDDEN if name.lower() in _ALWAYS_HIDDEN else self._hidden(value)

    def _hidden(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


def _secrets(settings: Any) -> Iterator[str]:
    """Every secret in a target's settings, and the query of every address in them, which may hold a key."""
    yield from secrets_in(settings)
    for value in values_in(settings):
        if isinstance(value, str) and value.startswith(("https://", "http://")):
            with suppress(CallFailed):  # no address after all
                yield from filter(None, {address_of(value).url.partition("?")[2], value.partition("?")[2]})
