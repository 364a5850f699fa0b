"""PUBLIC: all that a connector needs. A connector is a class with settings, `deliver` and `probe`:

    @dataclass(frozen=True)
    class Settings:                 # declares the YAML keys: types, defaults, which are secret
        url: str
        api_key: Secret

    class Acme:
        Settings = Settings
        def __init__(self, settings: Settings) -> None: ...
        def deliver(self, record: Record, call: Call) -> Outcome: ...
        def probe(self, call: Call) -> Usable | Hold: ...

and, if it can do more, any of these beside them:

        default_records = [...]     # what a target without `records:` gets: see docs/connectors.md
        max_batch = 200             # with it:
        def deliver_batch(self, plans: Sequence[Plan], call: Call) -> Sequence[Sequence[Outcome]]: ...
        def describe(self, object: str, call: Call) -> Sequence[Field] | Hold: ...
        api_version = 1             # which of this module it was written for

No base class, no try/except, no clock, no sleep, no retry loop, no logging of bodies: the bridge does those once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar, Protocol

from bridge.model import wire
from bridge.model.record import Delivered, Hold, Outcome, Plan, Record, Ref, Reject, Retry, Usable

__all__ = [
    "API_VERSION",
    "Answer",
    "Batching",
    "Call",
    "Connector",
    "Delivered",
    "Describing",
    "FetchToken",
    "Field",
    "Hold",
    "Http",
    "Outcome",
    "Plan",
    "Record",
    "Ref",
    "Reject",
    "Retry",
    "Secret",
    "Token",
    "Usable",
    "Wrong",
    "WrongSettings",
    "judge",
    "wrong_header_name",
    "wrong_header_value",
    "wrong_url",
]

API_VERSION = 1


class Secret:
    """A text that no repr, log or traceback shows; `reveal()` gives it where it is sent."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """How the config floor reads one: from a text. Imported only there, so that the SDK needs no pydantic."""
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema(strict=True))


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong in the settings, and what to do about it; neither text may hold a secret."""

    at: tuple[str | int, ...]  # the way to it from the dataclass that was checked, such as ("auth", "bearer")
    message: str  # such as "this must be …"
    hint: str = ""
    in_key: bool = False  # the last step of `at` itself is wrong, not its value


class WrongSettings(ValueError):
    """Raise it in `__post_init__` of Settings, with all that is wrong: each is told at its place in the file."""

    def __init__(self, *wrong: Wrong) -> None:
        self.wrong = wrong
        super().__init__("; ".join(f"{'.'.join(map(str, each.at))}: {each.message}" for each in wrong))


class Answer(Protocol):
    """An HTTP answer, read whole (up to the door's size cap); header names are case-insensitive."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...
    def json(self) -> Any:
        """The body as JSON; None where it is none."""


class Http(Protocol):
    """The one door out. It raises only the bridge's own faults, which become Retry by themselves."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        body: bytes | None = None,
    ) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and what came with it (`more`): the address to use it at, the next refresh token. All of it is
    stored, and shown nowhere.
    """

    text: Secret
    valid_s: float  # from now; a little less than the target says
    more: Mapping[str, str | Secret] = field(default_factory=dict, repr=False)


FetchToken = Callable[[Token | None], Token | Hold | Retry]
"""Gets a new token. It is given the last one, also where that is no longer valid, for the refresh token in it."""


class Call(Protocol):
    """What one attempt may use. `deadline_s`: seconds left until the bridge gives the attempt up.

    `now_s`: the time, in seconds since 1970 UTC, for what is signed together with it.
    """

    @property
    def http(self) -> Http: ...
    @property
    def deadline_s(self) -> float: ...
    @property
    def now_s(self) -> float: ...
    def token(self, fetch: FetchToken, *, instead_of: Token | None = None) -> Token:
        """The target's access token: the stored one, or what `fetch` brings. However many threads and processes need
        one, it is fetched once. `instead_of`: the one that the target has just refused.

        Where `fetch` gives a Hold or a Retry, the attempt ends with it: nothing need be caught.
        """

    def spend(self, count: int) -> None:
        """Announces requests that do not go through `http`, those of a client library with a transport of its own:
        waits until the target's `rate` allows them.
        """


class Connector(Protocol):
    """What the engine calls. One instance serves many threads at once: keep no state of a call in it."""

    Settings: ClassVar[type]

    def deliver(self, record: Record, call: Call) -> Outcome: ...
    def probe(self, call: Call) -> Usable | Hold: ...


class Batching(Connector, Protocol):
    """A connector that can write many deliveries' records in few requests."""

    max_batch: int

    def deliver_batch(self, plans: Sequence[Plan], call: Call) -> Sequence[Sequence[Outcome]]:
        """What came of each plan, in the order of the plans: an outcome for each of its records, in their order, up to
        the first that is no Delivered. An earlier record of the same plan stands in fields as a `Ref`.

        Each delivery of a person comes alone: no two plans of one call are about the same one. Where it raises before
        anything was sent, `deliver` is asked for each.
        """


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object at the target, as `describe` finds it."""

    name: str
    type: str  # the target's own word, such as "string" or "picklist"
    label: str = ""
    required: bool = False
    writable: bool = True
    max_length: int | None = None  # characters
    choices: tuple[str, ...] = ()  # the values that it takes; empty: any
    unique: bool = False


class Describing(Connector, Protocol):
    """A connector that can say what fields an object has at the target."""

    def describe(self, object: str, call: Call) -> Sequence[Field] | Hold: ...  # noqa: A002


def judge(answer: Answer) -> Outcome:
    """The outcome that an HTTP answer means where the API says nothing better.

    2xx Delivered; 408, 425 Retry; 5xx Retry, uncertain (the request may have been processed); 429, and 503 with
    `Retry-After`, Hold until then; 401, 403, 3xx Hold; any other 4xx Reject.
    """
    status = answer.status
    after_s = retry_after_s(answer.headers)
    if 200 <= status < 300:
        return Delivered()
    if status == 429 or (status == 503 and after_s is not None):
        return Hold(f"HTTP {status}: asked to wait", for_s=after_s)
    if status in (408, 425):
        return Retry(f"HTTP {status}", after_s=after_s)
    if status >= 500:
        return Retry(f"HTTP {status}", uncertain=True, after_s=after_s)  # a 5xx does not say "not done"
    if 300 <= status < 400:
        return Hold(f"HTTP {status}: the address has moved; redirects are not followed")
    if status in (401, 403):
        return Hold(f"HTTP {status}: the target refuses our credentials")
    return Reject(f"HTTP {status}", cause=f"http {status}")


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that `Retry-After` asks for (RFC 9110 §10.2.3: a number, or a date against the answer's `Date`).

    None where it is absent or unreadable; never negative, at most one day.
    """
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), 86400.0)
    try:
        until = parsedate_to_datetime(text)
        now = parsedate_to_datetime(headers.get("Date", ""))
        return min(max((until - now).total_seconds(), 0.0), 86400.0)
    except (TypeError, ValueError):
        return None


def wrong_url(url: str, *, at: tuple[str, ...], allow_private_addresses: bool = True) -> list[Wrong]:
    """Why no request can be sent to the URL, if so; its host is not looked up.

    Without `allow_private_addresses`, an address of this machine or a private network is wrong, too: the bridge
    delivers nothing there unless the Settings have a key of this name that is true.
    """
    try:
        host = wire.place(url).host
    except ValueError as error:
        return [_wrong(at, error)]
    if allow_private_addresses or not wire.is_inside(host):
        return []
    hint = "set allow_private_addresses: true if the target is meant to be there"
    return [Wrong(at, "this leads to this machine or into a private network: nothing is delivered there", hint)]


def wrong_header_name(name: str, *, at: tuple[str, ...], in_key: bool = False) -> list[Wrong]:
    """Why no request can carry a header of this name, if so; `in_key`: the name is the last step of `at`."""
    try:
        wire.vet_name(name)
    except ValueError as error:
        return [_wrong(at, error, in_key=in_key)]
    return []


def wrong_header_value(value: str | Secret, *, at: tuple[str, ...]) -> list[Wrong]:
    """Why no header can have this value, if so."""
    try:
        wire.vet_value(value.reveal() if isinstance(value, Secret) else value)
    except ValueError as error:
        return [_wrong(at, error)]
    return []


def _wrong(at: tuple[str, ...], error: ValueError, *, in_key: bool = False) -> Wrong:
    message, _, hint = str(error).partition(": ")
    return Wrong(at, f"this {message}", hint, in_key)
