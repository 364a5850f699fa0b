"""Schema: the keys of the configuration, each with its kind, bounds and default. Third step of `load`.

A target's `settings` are the connector's to declare: see `settings`. Defaults come from `bridge.model.rules`.
"""

from collections.abc import Container
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bridge.config.fields import (
    ConnectorName,
    Ignorable,
    Listed,
    Name,
    PhoneRegion,
    SigningKey,
    SourceName,
    TimeZone,
    Whole,
    between,
    coerce_whole,
    read_rate,
    wrong,
)
from bridge.model.rules import DEFAULT_RETRY_S, Policy, Rate, Rules, SourceRule

_RULES = Rules(sources={}, targets={})
_SOURCE = SourceRule(name="")
_POLICY = Policy()


class Part(BaseModel):
    """A mapping of the file. A key with nothing after it means its default."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, value: Any) -> Any:
        return without_empty(value, known=cls.model_fields.keys())


def without_empty(value: Any, *, known: Container[str]) -> Any:
    """The mapping without those of the known keys that have no value; `None` is an empty mapping."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        return value
    return {key: item for key, item in value.items() if item is not None or key not in known}


def _some_sources(value: dict[str, Any]) -> dict[str, Any]:
    if not value:
        raise wrong("at least one source is needed", hint="config.example.yaml shows one")
    return value


def _distinct(value: list[str]) -> list[str]:
    for n, text in enumerate(value):
        if text.strip() and text in value[:n]:
            hint = f"it equals entry [{value.index(text)}]: remove one"
            raise wrong("the same signing key stands here twice", hint=hint, at=(n,))
    return value


def _empty_list(value: Any) -> Any:
    return [] if value is None else value


Waits = Annotated[list[Annotated[float, BeforeValidator(between("0s", "30d"))]], Field(min_length=0, max_length=100)]


class Defaults(Part):
    timezone: TimeZone = _SOURCE.timezone
    phone_region: PhoneRegion = _SOURCE.phone_region


class Tolerance(Part):
    """How old or how far ahead the time in a signature may be."""

    past: Annotated[float, BeforeValidator(between("1s", "30d"))] = _SOURCE.past_s
    future: Annotated[float, BeforeValidator(between("0s", "1d"))] = _SOURCE.future_s


class Source(Part):
    preset: Literal["newoaks"] = "newoaks"
    signing_keys: Annotated[list[SigningKey], AfterValidator(_distinct)] = Field(default=[], repr=False)
    tolerance: Tolerance = Tolerance()
    chatbots: list[str] = []
    ignore_types: list[Ignorable] = []
    timezone: TimeZone | None = None  # None: that of `defaults`
    phone_region: PhoneRegion | None = None


class When(Part):
    """Which events a target wants; empty means any."""

    kind: Annotated[list[Literal["lead", "appointment"]], Listed] = []  # as `bridge.model.event.Kind`
    source: Annotated[list[SourceName], Listed] = []


class Delivery(Part):
    concurrency: Annotated[Whole, Field(ge=1, le=1000)] = _POLICY.concurrency
    rate: Annotated[Rate, BeforeValidator(read_rate)] | None = None
    timeout: Annotated[float, BeforeValidator(between("1s", "10m"))] = _POLICY.timeout_s
    connect_timeout: Annotated[float, BeforeValidator(between("100ms", "10m"))] | None = None
    retry: Waits = list(DEFAULT_RETRY_S)

    @model_validator(mode="after")
    def _connect_within_timeout(self) -> Self:
        if self.connect_timeout is not None and self.connect_timeout > self.timeout:
            raise wrong("connect_timeout is longer than timeout", hint="lower it", at=("connect_timeout",))
        return self

    @property
    def connect_s(self) -> float:
        return self.connect_timeout or min(_POLICY.connect_s, self.timeout)


class Target(Part):
    connector: ConnectorName
    settings: Any = Field(default=None, repr=False)  # checked by the connector's own declaration
    when: When = When()
    delivery: Delivery = Delivery()


class Retention(Part):
    payloads: Annotated[float, BeforeValidator(between("1h", "3650d"))] = _RULES.retain_payloads_s
    metadata: Annotated[float, BeforeValidator(between("1h", "3650d"))] = _RULES.retain_metadata_s


class Tree(Part):
    """The whole file."""

    version: Annotated[Literal[1], BeforeValidator(coerce_whole)]
    defaults: Defaults = Defaults()
    sources: Annotated[dict[Name, Source], AfterValidator(_some_sources)]
    targets: dict[Name, Target] = {}
    retention: Retention = Retention()
