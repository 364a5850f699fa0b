"""Filters: those of the mapping language that installed packages bring, by entry point (`bridge.filters`). Each is a
plain function of a value and, after it, arguments. It is not called for null; it gives a text, a number, a truth, a
time, a list, a mapping or None.
"""

import inspect
import re
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points

from bridge.core.filters import FILTERS, Filter
from bridge.plugins.wrong import FAULTS, told

GROUP = "bridge.filters"

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def load_filters() -> tuple[dict[str, Filter], dict[str, str]]:
    """Every filter that there is, ours and others', by name; and what is wrong with each that cannot be used."""
    found: dict[str, Filter] = dict(FILTERS)
    problems: dict[str, str] = {}
    for entry in sorted(set(entry_points(group=GROUP)), key=lambda entry: (entry.name, entry.value)):
        if problem := _problem(entry, found):
            problems[entry.name] = f"filter {entry.name!r} of {_package(entry)} cannot be used: {problem}"
            continue
        try:
            call = entry.load()
        except FAULTS as fault:
            problems[entry.name] = f"filter {entry.name!r} of {_package(entry)} cannot be imported: {told(fault)}"
            continue
        if wrong := _unusable(call):
            problems[entry.name] = f"filter {entry.name!r} of {_package(entry)} cannot be used: {wrong}"
            continue
        found[entry.name] = Filter(entry.name, call, summary=(inspect.getdoc(call) or "").partition("\n")[0])
    return found, problems


def _problem(entry: EntryPoint, known: Mapping[str, Filter]) -> str:
    if not _NAME.fullmatch(entry.name):
        return "a filter's name has a-z, 0-9 and _, and begins with a letter"
    if entry.name in known:
        return "there is a filter of this name already"
    return ""


def _unusable(call: object) -> str:
    if not callable(call):
        return f"it is of type {type(call).__name__}, and no function"
    try:
        first = next(iter(inspect.signature(call).parameters.values()), None)
    except (TypeError, ValueError):
        return "its parameters cannot be told"
    if first is None or first.kind in (first.KEYWORD_ONLY, first.VAR_KEYWORD):
        return "it takes no value: its first parameter is the value"
    return ""


def _package(entry: EntryPoint) -> str:
    return f"package {entry.dist.name} {entry.dist.version}" if entry.dist else "an unknown package"
