"""Protocols: what a connector is, and what it gets to work with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from bridge.connector.secret import Secret
from bridge.model.record import Hold, Outcome, Plan, Record, Retry, Usable


class Answer(Protocol):
    """An HTTP answer, read whole (up to the door's size cap); header names are case-insensitive. It has a `Date`: where
    the target sent none that can be read, when it came.
    """

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

    def wait(self, seconds: float) -> None:
        """Waits, as long as the attempt has time: for a target that wants fewer calls. For before the first request:
        whoever waits then while the worker stops, or beyond the deadline, has not begun.
        """

    def warn(self, text: str) -> None:
        """Tells the operator something of the target that is worth a look and no outcome, such as a quota that runs
        out: a line of the log, each text once an hour. No visitor's data.
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


class Preparing(Connector, Protocol):
    """A connector that can make at the target what it works better with, such as a field of its own."""

    def prepare(self, call: Call) -> Sequence[str] | Hold:
        """A line for the operator about each such thing: that it was made, or is there. Twice safe."""


class Describing(Connector, Protocol):
    """A connector that can say what fields an object has at the target."""

    def describe(self, object: str, call: Call) -> Sequence[Field] | Hold: ...  # noqa: A002
