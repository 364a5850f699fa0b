"""Settings: what a connector's Settings declare and hold, as the suite has to know it."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from bridge.connector import Secret


def is_required(one: Any) -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def secrets_in(value: Any) -> Iterator[str]:
    """Every secret in the settings."""
    if isinstance(value, Secret):
        yield value.reveal()
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from secrets_in(getattr(value, one.name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from secrets_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from secrets_in(item)
