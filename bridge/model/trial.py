"""Trial: a test of a mapping, as the operator wrote it beside the mapping."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a target, or one record of it, is to get for the event of a trial."""

    target: str
    record: str = ""  # empty: all of the target
    skipped: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)  # that have these values, whatever else there is
    exactly: Mapping[str, Any] | None = None  # all the fields that there are
    contains: Mapping[str, str] = field(default_factory=dict)  # texts that stand in these fields
    absent: tuple[str, ...] = ()
    error: str = ""  # the event cannot be mapped, with this in the reason
    at: str = ""  # file:line

    @property
    def name(self) -> str:
        return f"{self.target}.{self.record}" if self.record else self.target


@dataclass(frozen=True, slots=True)
class Trial:
    """An event as its sender posts it, and what is to become of it."""

    name: str
    source: str
    event: Mapping[str, Any]
    received_at: datetime
    expect: tuple[Expectation, ...]
    at: str = ""  # file:line
