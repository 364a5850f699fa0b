"""Settings: what a connector declares (a stdlib dataclass) as a strict check that gives an instance of it.

Used by `load` for each target. One mistake gives one error, also inside unions: the branch that fits best speaks.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache, partial
from typing import Annotated, Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Strict,
    Tag,
    TypeAdapter,
    with_config,
)
from pydantic import Field as PydanticField
from pydantic.errors import PydanticUserError
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from bridge.config.fields import coerce_bool, coerce_fraction, coerce_whole
from bridge.config.part import without_empty
from bridge.connector import Secret, WrongSettings
from bridge.core.text import nearest

_COERCED: dict[Any, Callable[[Any], Any]] = {bool: coerce_bool, int: coerce_whole, float: coerce_fraction}
_typed_dict: Any = TypedDict  # its keys are known at run time only
_TAG = "\0"
MAPPINGS = (dict, Mapping)


class Undeclared(Exception):
    """A connector's Settings cannot be read as a declaration: its author has to mend it."""


@cache
def reader(declared: type) -> TypeAdapter[Any]:
    """What checks plain values and gives an instance of `declared`. Raises Undeclared."""
    if not is_dataclass(declared):
        raise Undeclared("its Settings is no dataclass")
    try:
        return TypeAdapter(_kind(declared))
    except (PydanticUserError, AttributeError, NameError, RecursionError, TypeError, ValueError) as error:
        raise Undeclared(f"its Settings cannot be read: {type(error).__name__}: {error}") from error


def description_of(entry: Field[Any]) -> str:
    """What a key of Settings is for: its field's metadata `description`, if its author gave one."""
    said = entry.metadata.get("description")
    return said if isinstance(said, str) else ""


def branches(kind: Any) -> list[Any]:
    """The members of a union, without None; a list of one for any other kind."""
    kind = bare(kind)
    if get_origin(kind) not in (Union, types.UnionType):
        return [kind]
    return [member for member in map(bare, get_args(kind)) if member is not types.NoneType]


def bare(kind: Any) -> Any:
    """The kind without its annotations."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return kind


def best(members: list[Any], value: Any) -> Any | None:
    """The member that `value` was most probably meant for; None where no member fits at all."""
    scored = [(_fit(member, value), -n) for n, member in enumerate(members)]
    score, n = max(scored)
    return members[-n] if score > 0 else None


def _kind(declared: Any) -> Any:
    origin, parts = get_origin(declared), get_args(declared)
    if origin is Annotated:
        return Annotated[(_kind(parts[0]), *parts[1:])]
    if is_dataclass(declared) and isinstance(declared, type):
        return _mapping(declared)
    if origin in (Union, types.UnionType):
        return _union(declared)
    if declared in _COERCED:
        return Annotated[declared, Strict(), BeforeValidator(_COERCED[declared])]
    if origin is Literal:
        return declared
    if origin in (tuple, set, frozenset):  # YAML has lists only
        return Annotated[origin[tuple(part if part is ... else _kind(part) for part in parts)], Strict(strict=False)]
    if origin is not None and parts:
        return Annotated[origin[tuple(map(_kind, parts))], Strict()]
    return Annotated[declared, Strict()] if declared is str else declared


def _mapping(declared: type) -> Any:
    hints = get_type_hints(declared, include_extras=True)
    keys: dict[str, Any] = {}
    for entry in fields(declared):
        if entry.init:
            needed = entry.default is MISSING and entry.default_factory is MISSING
            kind = _kind(hints[entry.name])
            if said := description_of(entry):
                kind = Annotated[kind, PydanticField(description=said)]
            keys[entry.name] = kind if needed else NotRequired[kind]

    shape: Any = _typed_dict(declared.__name__, keys)
    shape = with_config(ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True))(shape)

    def make(values: dict[str, Any]) -> Any:
        try:
            return declared(**values)
        except WrongSettings as error:
            raise PydanticCustomError("settings", "{message}", {"message": str(error), "wrong": error.wrong}) from None
        except (ArithmeticError, LookupError, TypeError) as error:  # a check of the connector that is too trusting
            raise ValueError(f"{type(error).__name__}: {error}") from error

    return Annotated[shape, BeforeValidator(partial(without_empty, known=keys)), AfterValidator(make)]


def _union(declared: Any) -> Any:
    members = branches(declared)
    if Secret in members and str in members:
        members.remove(str)  # a text that may be a secret is treated as one
    result: Any = _kind(members[0])
    if len(members) > 1:
        tagged = tuple(Annotated[_kind(member), Tag(f"{_TAG}{n}")] for n, member in enumerate(members))

        def choose(value: Any) -> str | None:
            member = best(members, value)
            return None if member is None else f"{_TAG}{members.index(member)}"

        message = "this has none of the forms that are known here"
        forms = Discriminator(choose, custom_error_type="form", custom_error_message=message)
        result = Annotated[Union[tagged], forms]  # noqa: UP007 - the members are known at run time only
    return result | None if types.NoneType in get_args(declared) else result


def _fit(member: Any, value: Any) -> float:
    origin = get_origin(member) or member
    if is_dataclass(member):
        return _overlap(member, value) if isinstance(value, dict) else 0
    if origin is Literal:
        return 2 if value in get_args(member) else float(type(value) in map(type, get_args(member)))
    if origin is Secret:
        origin = str
    if isinstance(value, str):
        coerced = _COERCED.get(origin, str)(value)
        return 1.5 if origin is str else float(type(coerced) is origin)
    if isinstance(value, list):
        return float(origin in (list, tuple, set, frozenset))
    if isinstance(value, dict) and origin in MAPPINGS:
        return 2
    if type(value) is int and origin is float:
        return 1
    return 2 * float(type(value) is origin)


def _overlap(member: Any, value: dict[str, Any]) -> float:
    """How well a mapping fits a dataclass: its keys count for it, misspelt ones less, missing ones against it."""
    known = [entry for entry in fields(member) if entry.init]
    names = [entry.name for entry in known]
    score = sum(1.0 if key in names else 0.5 for key in value if key in names or nearest(key, names))
    needed = {entry.name for entry in known if entry.default is MISSING and entry.default_factory is MISSING}
    return score - 0.01 * len(needed - value.keys()) - 0.02 * len(value.keys() - set(names))
