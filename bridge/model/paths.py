"""Paths: the way to a value in JSON: keys, and numbers for the places in a list."""

from collections.abc import Iterable, Mapping
from typing import Any


def at(value: Any, path: Iterable[str]) -> Any:
    """What stands at the path; None where nothing does."""
    for step in path:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isascii() and step.isdigit() and len(step) < 7 and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
