"""Declared: what the schema, or a connector's Settings, says about one path: its keys, and whether it is secret.

For advice and for the masking of excerpts; checks nothing.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from bridge.config.document import Path
from bridge.config.settings import MAPPINGS, bare, best, branches
from bridge.connector import Secret

_WORDS: dict[Any, str] = {
    **dict.fromkeys((list, tuple, set, frozenset), "a list"),
    **dict.fromkeys((int, float), "a number"),
    bool: "true or false",
}


def keys_at(kind: Any, path: Path, *, value: Any) -> tuple[set[str], set[str]]:
    """The keys of the mapping at `path`, and those that only other forms of it have. `value` is the plain tree."""
    for step in path:
        kind = _chosen(kind, value)
        kind = _inner(kind, step)
        value = _item(value, step)
    chosen = _chosen(kind, value)
    all_keys = {key for branch in branches(kind) for key in _keys(branch)}
    return set(_keys(chosen)), all_keys - _keys(chosen).keys()


def forms_at(kind: Any, path: Path, *, value: Any) -> list[str]:
    """In plain words, what may stand at `path`."""
    for step in path:
        kind = _inner(_chosen(kind, value), step)
        value = _item(value, step)
    return list(dict.fromkeys(word for branch in branches(kind) for word in _words(branch)))


def secret_paths(kind: Any, value: Any, path: Path = ()) -> Iterator[Path]:
    """Paths in `value` that hold a secret, or what may be one: not of the declared shape, or unknown."""
    options = branches(kind)
    if isinstance(value, dict) and not any(map(_is_mapping, options)) and any(map(holds_secret, options)):
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            inner = [
                _inner(option, key) for option in options if key in _keys(option) or get_origin(option) in MAPPINGS
            ]
            if not inner:
                yield (*path, key)
            for one in inner:
                yield from secret_paths(one, item, (*path, key))
    elif isinstance(value, list) and Secret not in options:
        for n, item in enumerate(value):
            for option in options:
                yield from secret_paths(_inner(option, n), item, (*path, n))
    elif Secret in options or any(map(_is_mapping, options)):
        yield path


def _chosen(kind: Any, value: Any) -> Any:
    options = branches(kind)
    return options[0] if len(options) == 1 else best(options, value) or options[0]


def _inner(kind: Any, step: str | int) -> Any:
    kind = bare(kind)
    known = _keys(kind)
    if known:
        return known.get(str(step), Any)
    parts = get_args(kind)
    return parts[-1 if get_origin(kind) in MAPPINGS else 0] if parts else Any


def _words(kind: Any) -> list[str]:
    origin = get_origin(kind) or kind
    if origin is Literal:
        return [str(option) for option in get_args(kind)]
    return ["a mapping"] if _is_mapping(kind) else [_WORDS.get(origin, "a text")]


def _item(value: Any, step: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(step)
    return value[step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else None


@cache
def _keys(kind: Any) -> dict[str, Any]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {name: get_type_hints(kind, include_extras=True)[name] for name in kind.model_fields}
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind, include_extras=True)
        return {entry.name: hints[entry.name] for entry in fields(kind) if entry.init}
    return {}


def _is_mapping(kind: Any) -> bool:
    return bool(_keys(kind)) or get_origin(kind) in MAPPINGS or kind is dict


def holds_secret(kind: Any) -> bool:
    """Whether a value of this kind is a secret, or may have one in it."""
    return kind is Secret or any(map(holds_secret, get_args(kind)))
