"""Filter: one filter of the mapping language, and what the language must know to check a call and to make it."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

Check = Callable[[Mapping[str, Any], Mapping[str, Mapping[str, Any]]], None]
Read = TypeVar("Read")


class FilterError(ValueError):
    """A filter cannot do its work on this value. The text says what is wrong and what to write; it names the value's
    type and never quotes the value, which may be what a visitor said.
    """


@dataclass(frozen=True, slots=True)
class Filter:
    """A pure function on one value, by the name that mappings use.

    `call(value, *args, **kwargs)`, or `call(where, value, *args, **kwargs)` with `needs_where`, returns a value or
    raises FilterError, whatever the value and the arguments are. A text that is not readable as what the filter is
    to read is null, never a guess; a value of the wrong type is a FilterError.
    """

    name: str
    call: Callable[..., Any]
    needs_where: bool = False
    takes_null: bool = False  # False: not called for null, null stays null
    check: Check | None = (
        None  # (constant arguments by name, lookups); raises ValueError("what is wrong: what to write")
    )
    summary: str = ""
    example: str = ""
    gives: str = ""  # what the example gives for the event of docs and tests: a text in double quotes, a time bare


def checks(**readers: Callable[[Any], object]) -> Check:
    """A check that reads each constant argument with its reader, which raises ValueError."""

    def check(arguments: Mapping[str, Any], _: Mapping[str, Mapping[str, Any]]) -> None:
        for name, argument in arguments.items():
            if name in readers:
                readers[name](argument)

    return check


def given(argument: Any, read: Callable[[Any], Read], otherwise: str) -> Read:
    """What the reader makes of an argument; else a FilterError that does not quote it.

    A constant one was checked before; one that is not may be what a visitor said.
    """
    try:
        return read(argument)
    except ValueError:
        raise FilterError(otherwise) from None


def bound(filter: Filter, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:  # noqa: A002
    """The arguments of a call by parameter name, without value and `where`; raises ValueError where they do not fit."""
    parameters = _parameters(filter.call, 2 if filter.needs_where else 1)
    in_order = [name for name, one in parameters.items() if one.kind is not inspect.Parameter.KEYWORD_ONLY]
    takes = f"it takes {', '.join(parameters)}" if parameters else "it takes none"
    if len(args) > len(in_order):
        raise ValueError(f"{filter.name} takes {_in_a_row(in_order, parameters)}; {takes}")
    found = dict(zip(in_order, args, strict=False))
    for name, argument in kwargs.items():
        if name not in parameters:
            raise ValueError(f"{filter.name} takes no argument '{name}'; {takes}")
        if name in found:
            raise ValueError(f"{filter.name} has '{name}' twice: leave one out")
        found[name] = argument
    missing = [name for name, one in parameters.items() if one.default is one.empty and name not in found]
    if missing:
        raise ValueError(f"{filter.name} needs {' and '.join(missing)}: write it as in {filter.example}")
    return found


def _in_a_row(in_order: Sequence[str], parameters: Mapping[str, inspect.Parameter]) -> str:
    if in_order:
        return f"{len(in_order)} argument{'s' * (len(in_order) > 1)} in a row at the most"
    return "no arguments without their names" if parameters else "no arguments"


@lru_cache(maxsize=256)
def _parameters(call: Callable[..., Any], skipped: int) -> dict[str, inspect.Parameter]:
    return dict(list(inspect.signature(call).parameters.items())[skipped:])
