"""Wrong: what keeps a class from being a connector, told to its author. It makes none and calls none."""

import inspect
import traceback
import types
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import PurePath
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from bridge.connector import API_VERSION, Secret
from bridge.core.records import read_defaults

MOST_IN_BATCH = 1000

# What a stranger's module or class may raise. Not BaseException: an interrupt is no fault of the package.
FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)

_CALLED = {
    "__init__": ("self", "settings"),
    "deliver": ("self", "record", "call"),
    "probe": ("self", "call"),
    "deliver_batch": ("self", "plans", "call"),
    "describe": ("self", "object", "call"),
    "prepare": ("self", "call"),
    "nothing_there": ("self", "method", "url", "content"),
}
_KINDS = (str, int, float, bool, Secret, object, types.NoneType)
_OURS = str(PurePath(__file__).parent.parent)


def told(fault: BaseException) -> str:
    """An exception, for the author of the code that raised it: kind, text and, where it is in that code, the place."""
    place = "" if isinstance(fault, SyntaxError) else place_of(fault)  # that one names its place itself
    return f"{type(fault).__name__}: {fault} {place}".rstrip()


def place_of(fault: BaseException) -> str:
    """Where it was raised, outside of the bridge, as `(file, line 3)`; empty where that cannot be told."""
    for frame in reversed(traceback.extract_tb(fault.__traceback__)):
        if "importlib" not in frame.filename and not frame.filename.startswith(_OURS):
            return f"({'/'.join(PurePath(frame.filename).parts[-2:])}, line {frame.lineno})"
    return ""


def lacks(found: type, methods: tuple[str, ...]) -> list[str]:
    """What a class needs and has not."""
    missing = [f"no method {name}" for name in methods if not callable(getattr(found, name, None))]
    return missing if isinstance(getattr(found, "Settings", None), type) else ["no class Settings", *missing]


def wrong_with(connector: type) -> str:
    """What is wrong with what the class says of itself, beyond what it must have; empty: nothing."""
    version = getattr(connector, "api_version", API_VERSION)
    if version != API_VERSION:
        return f"it is written for version {version!r} of bridge.connector; this is version {API_VERSION}"
    return (
        _wrong_batch(connector)
        or "; ".join(_wrong_calls(connector))
        or "; ".join(_unreadable(connector.Settings, "Settings"))  # type: ignore[attr-defined]
        or _wrong_records(connector)
        or _wrong_rate(connector)
    )


def _wrong_rate(connector: type) -> str:
    rate = getattr(connector, "default_rate", None)
    match rate:
        case None | (int(), int() | float()) if rate is None or (rate[0] >= 1 and 1 <= rate[1] <= 86400):
            return ""
        case _:
            return f"default_rate is {rate!r}: write (100, 10.0) for 100 requests in 10 seconds"


def _wrong_batch(connector: type) -> str:
    batches, most = callable(getattr(connector, "deliver_batch", None)), getattr(connector, "max_batch", None)
    if batches and most is None:
        return f"it has deliver_batch and no max_batch: say how many deliveries one call takes, 1 to {MOST_IN_BATCH}"
    if most is not None and not batches:
        return "it has max_batch and no method deliver_batch: write that, or take max_batch away"
    if batches and not (type(most) is int and 1 <= most <= MOST_IN_BATCH):
        return f"max_batch is {most!r}: it must be a whole number from 1 to {MOST_IN_BATCH}"
    return ""


def _wrong_calls(connector: type) -> Iterator[str]:
    """Each method that cannot be called as the bridge calls it. What is no plain function is left alone."""
    for name, arguments in _CALLED.items():
        method = inspect.getattr_static(connector, name, None)
        if isinstance(method, types.FunctionType):
            try:
                inspect.signature(method).bind(*arguments)
            except TypeError as fault:
                yield f"it is called as {name}({', '.join(arguments)}), and takes other arguments: {fault}"


def _wrong_records(connector: type) -> str:
    try:
        if declared := getattr(connector, "default_records", ()):
            read_defaults(declared, getattr(connector, "default_vars", {}))
    except (ValueError, TypeError) as fault:
        return str(fault)
    return ""


def _unreadable(declared: type, at: str) -> Iterator[str]:
    """What in a declaration of Settings no configuration could say."""
    if not is_dataclass(declared):
        yield f"{at} is no dataclass: write @dataclass(frozen=True) above it"
        return
    try:
        hints = get_type_hints(declared, include_extras=True)
    except (NameError, TypeError) as fault:
        yield f"{at} cannot be read: {fault}"
        return
    for one in fields(declared):
        if one.init and one.type is not declared:
            yield from _unreadable_kind(hints[one.name], f"{at}.{one.name}", within=declared)


def _unreadable_kind(kind: Any, at: str, *, within: type) -> Iterator[str]:
    if isinstance(kind, TypeVar) or kind in (Any, ..., within) or get_origin(kind) is Literal:
        return
    parts = get_args(kind)
    for part in parts[:1] if get_origin(kind) is Annotated else parts:
        yield from _unreadable_kind(part, at, within=within)
    if parts or not isinstance(kind, type):
        return
    if is_dataclass(kind):
        yield from _unreadable(kind, at)
    elif kind not in _KINDS and not issubclass(kind, Enum | list | tuple | set | frozenset | Mapping):
        yield f"{at} is a {kind.__name__}, and a configuration has none: declare it as str, and make one of that"
