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


def _version(value: Any) -> Any:
    return str(value) if isinstance(value, bool) else coerce_whole(value)  # a Literal takes True for 1


def _some_sources(value: dict[str, Any]) -> dict[str, Any]:
    if not value:
        raise wrong("at least one source is needed", hint="config.example.yaml shows one")
    return value


Waits = Annotated[list[Annotated[float, BeforeValidator(between("0s", "30d"))]], Field(min_length=0, max_length=100)]


class Defaults(Part):
    timezone: TimeZone = Field(default=_SOURCE.timezone, description="for times without a zone")
    phone_region: PhoneRegion = Field(
        default=_SOURCE.phone_region, description="for phones without a country code; two letters"
    )


class Delivery(Part):
    concurrency: Annotated[Whole, Field(ge=1, le=1000)] = Field(
        default=_POLICY.concurrency, description="calls in flight, over all workers"
    )
    rate: Annotated[Rate, BeforeValidator(read_rate)] | None = Field(
        default=None,
        description="requests in any such time, over all workers; left out: the connector's own, else no limit",
    )
    timeout: Annotated[float, BeforeValidator(between("1s", "10m"))] = Field(
        default=_POLICY.timeout_s, description="one attempt, all in all"
    )
    connect_timeout: Annotated[float, BeforeValidator(between("100ms", "10m"))] | None = Field(
        default=None, description="of it, to reach the target at all; left out: 10s"
    )
    retry: Waits = Field(
        default=list(DEFAULT_RETRY_S), description="the waits between attempts; after the last one the delivery is dead"
    )

    @model_validator(mode="after")
    def _connect_within_timeout(self) -> Self:
        if self.connect_timeout is not None and self.connect_timeout > self.timeout:
            raise wrong("connect_timeout is longer than timeout", hint="lower it", at=("connect_timeout",))
        return self

    @property
    def connect_s(self) -> float:
        return self.connect_timeout or min(_POLICY.connect_s, self.timeout)


class Target(Part):
    connector: ConnectorName = Field(description="the kind of CRM")
    settings: Any = Field(default=None, repr=False, description="what the connector declares")
    when: When = Field(default=None, description="which events it gets; left out: all")
    records: list[RecordPart] | None = Field(
        default=None, description="what it gets of each; left out: the connector's own, or the whole event"
    )
    delivery: Delivery = Field(default=Delivery(), description="how deliveries are timed")


class Retention(Part):
    payloads: Annotated[float, BeforeValidator(between("1h", "3650d"))] = Field(
        default=_RULES.retain_payloads_s, description="how long what people said and left is kept"
    )
    metadata: Annotated[float, BeforeValidator(between("1h", "3650d"))] = Field(
        default=_RULES.retain_metadata_s, description="how long ids, times and outcomes are kept"
    )


class Tree(Part):
    """The whole file."""

    version: Annotated[Literal[1], BeforeValidator(_version)] = Field(description="of this format")
    defaults: Defaults = Field(default=Defaults(), description="for every source that says nothing else")
    lookups: Lookups = Field(default={}, description="tables for the filter lookup")
    vars: Vars = Field(default={}, description="values that several fields use")
    sources: Annotated[dict[Name, Source], AfterValidator(_some_sources)] = Field(
        description="who sends to us, by name"
    )
    targets: dict[Name, Target] = Field(default={}, description="where events go, by name")
    retention: Retention = Field(default=Retention(), description="how long what is kept")
    tests: list[TrialPart] = Field(default=[], description="what `bridge test` asks of the mapping")
