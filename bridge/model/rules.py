"""Rules: what the operator declared, as the engine wants it. The config floor makes them; nobody else does."""

from dataclasses import dataclass, field

from bridge.model.fields import Challenge, Fields, Path
from bridge.model.mapping import MappingRule
from bridge.model.scheme import NEWOAKS, Scheme
from bridge.model.trial import Trial

_WHOLE_EVENT = MappingRule()
DEFAULT_RETRY_S: tuple[float, ...] = (5, 30, 120, 600, 1800, 3600, 10800, 21600, 43200, 86400, 86400)


@dataclass(frozen=True, slots=True)
class SourceRule:
    """One account that signs and sends. One that needs a signing key and has none is being set up."""

    name: str
    scheme: Scheme = NEWOAKS
    signing_keys: tuple[bytes, ...] = field(default=(), repr=False)  # decoded: what the digest is keyed with
    past_s: float = 600  # the sender's last retry may carry the t of its first try
    future_s: float = 300
    chatbots: frozenset[str] = frozenset()  # empty: any
    ignore_types: frozenset[str] = frozenset()  # lower case
    timezone: str = "UTC"
    phone_region: str = "US"
    fields: Fields | None = None  # None: the platform's own names, in any case
    key: tuple[Path, ...] = ()  # whose values are an event's natural identity; empty: session and creation time are
    challenge: Challenge | None = None
    public_url: str = ""  # this source's address as its sender writes it
    plugin: str = ""  # the package's code that verifies instead of the scheme
    settings: object = field(default=None, repr=False)  # an instance of the plugin's Settings; holds secrets
    is_platform: bool = True  # the chatbot platform itself: it sends test requests, and its Type is never missing

    @property
    def lacks_key(self) -> bool:
        return not (self.signing_keys or self.plugin or self.scheme.proof == "none")


@dataclass(frozen=True, slots=True)
class Route:
    """Which events a target wants, by what never changes about them; an empty set means any."""

    kinds: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    chatbots: frozenset[str] = frozenset()

    def wants(self, *, kind: str, source: str, chatbot_id: str) -> bool:
        return (
            (not self.kinds or kind in self.kinds)
            and (not self.sources or source in self.sources)
            and (not self.chatbots or chatbot_id in self.chatbots)
        )


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` requests in any `per_s` seconds, over all workers."""

    count: int
    per_s: float


@dataclass(frozen=True, slots=True)
class Policy:
    """How deliveries to one target are timed."""

    concurrency: int = 4  # calls in flight, over all workers; a batch is one call
    rate: Rate | None = None
    timeout_s: float = 120  # one attempt, all in all
    connect_s: float = 10
    retry_s: tuple[float, ...] = DEFAULT_RETRY_S  # waits between attempts; one more attempt than waits


@dataclass(frozen=True, slots=True)
class TargetRule:
    """A configured CRM account."""

    name: str
    connector: str
    settings: object = field(default=None, repr=False)  # an instance of its connector's Settings; holds secrets
    route: Route = Route()
    policy: Policy = Policy()
    mapping: MappingRule = _WHOLE_EVENT


@dataclass(frozen=True, slots=True)
class Rules:
    """The whole configuration."""

    sources: dict[str, SourceRule]
    targets: dict[str, TargetRule]
    trials: tuple[Trial, ...] = ()
    retain_payloads_s: float = 30 * 86400
    retain_metadata_s: float = 180 * 86400
