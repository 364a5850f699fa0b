"""Schema: the keys of the configuration, each with its kind, bounds and default. Third step of `load`.

A source's keys stand in `source`. A target's `settings` are the connector's to declare: see `settings`. Defaults come
from `bridge.model.rules`.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from bridge.config.fields import (
    ConnectorName,
    Name,
    PhoneRegion,
    TimeZone,
    Whole,
    between,
    coerce_whole,
    read_rate,
    wrong,
)
from bridge.config.part import Part
from bridge.config.records import Lookups, RecordPart, Vars, When
from bridge.config.source import Source
from bridge.config.trials import TrialPart
from bridge.model.rules import DEFAULT_RETRY_S, Policy, Rate, Rules, SourceRule

_RULES = Rules(sources={}, targets={})
_SOURCE = SourceRule(name="")
_POLICY = Policy()


def _some_sources(value: dict[str, Any]) -> dict[str, Any]:
    if not value:
        raise wrong("at least one source is needed", hint="config.example.yaml shows one")
    return value


Waits = Annotated[list[Annotated[float, BeforeValidator(between("0s", "30d"))]], Field(min_length=0, max_length=100)]


class Defaults(Part):
    timezone: TimeZone = _SOURCE.timezone
    phone_region: PhoneRegion = _SOURCE.phone_region


class Delivery(Part):
    concurrency: Annotated[Whole, Field(ge=1, le=1000)] = _POLICY.concurrency
    rate: Annotated[Rate, BeforeValidator(read_rate)] | None = None
    timeout: Annotated[float, BeforeValidator(between("1s", "10m"))] = _POLICY.timeout_s
    connect_timeout: Annotated[float, BeforeValidator(between("100ms", "10m"))] | None = None
    retry: Waits = Field(default=list(DEFAULT_RETRY_S))

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
    when: When = None  # read by `mapped`
    records: list[RecordPart] | None = None
    delivery: Delivery = Delivery()


class Retention(Part):
    payloads: Annotated[float, BeforeValidator(between("1h", "3650d"))] = _RULES.retain_payloads_s
    metadata: Annotated[float, BeforeValidator(between("1h", "3650d"))] = _RULES.retain_metadata_s


class Tree(Part):
    """The whole file."""

    version: Annotated[Literal[1], BeforeValidator(coerce_whole)]
    defaults: Defaults = Defaults()
    lookups: Lookups = Field(default={})
    vars: Vars = Field(default={})
    sources: Annotated[dict[Name, Source], AfterValidator(_some_sources)]
    targets: dict[Name, Target] = Field(default={})
    retention: Retention = Retention()
    tests: list[TrialPart] = Field(default=[])
