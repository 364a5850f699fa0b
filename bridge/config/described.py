"""Described: what a connector's Settings declare, for people: each key with its kind and default."""

from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

from bridge.config.declared import holds_secret
from bridge.config.settings import MAPPINGS, branches, description_of
from bridge.connector import Secret

_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", Secret: "secret", dict: "mapping"}


class Setting(NamedTuple):
    """One key; `key` with dots where it stands inside another."""

    key: str
    kind: str
    default: str  # empty where there is none
    required: bool
    secret: bool
    description: str = ""


def settings_of(declared: type) -> list[Setting]:
    """Every key that the Settings know, in the order of their declaration."""
    return list(_settings(declared, ""))


class Needed(NamedTuple):
    """A value without which the Settings cannot be read: the way to it."""

    path: tuple[str, ...]
    is_secret: bool


def needed_by(declared: type) -> list[Needed]:
    """All that has to be said, or that most will say (`metadata={"usual": True}`); of a mapping that has several forms,
    the first.
    """
    hints = get_type_hints(declared, include_extras=True)
    found = []
    for entry in fields(declared):
        has_default = entry.default is not MISSING or entry.default_factory is not MISSING
        if not entry.init or (has_default and not entry.metadata.get("usual")):
            continue
        first = next(iter(branches(hints[entry.name])), None)
        inner = needed_by(first) if isinstance(first, type) and is_dataclass(first) else [Needed((), first is Secret)]
        found += [Needed((entry.name, *one.path), one.is_secret) for one in inner]
    return found


def _settings(declared: type, within: str) -> Iterator[Setting]:
    hints = get_type_hints(declared, include_extras=True)
    for entry in fields(declared):
        if not entry.init:
            continue
        kind, key = hints[entry.name], f"{within}{entry.name}"
        required = entry.default is MISSING and entry.default_factory is MISSING
        default = "" if required else _default(entry)
        yield Setting(key, _kind(kind), default, required, holds_secret(kind), description_of(entry))
        for branch in branches(kind):
            if isinstance(branch, type) and is_dataclass(branch):
                yield from _settings(branch, f"{key}.")


def _kind(kind: Any) -> str:
    words = []
    for branch in branches(kind):
        origin, parts = get_origin(branch) or branch, get_args(branch)
        if origin is Literal:
            words += [str(option) for option in parts]
        elif origin in MAPPINGS or (isinstance(origin, type) and is_dataclass(origin)):
            words.append("mapping")
        elif origin in (list, tuple, set, frozenset):
            words.append(f"list of {_kind(parts[0])}" if parts else "list")
        else:
            words.append(_WORDS.get(origin, "anything"))
    return " or ".join(dict.fromkeys(words))


def _default(entry: Any) -> str:
    value = entry.default if entry.default is not MISSING else entry.default_factory()
    if is_dataclass(value) or isinstance(value, Secret) or value is None or value in ("", [], {}, ()):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value.value if isinstance(value, Enum) else value)
