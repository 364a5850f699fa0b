"""Plugins: what the installed packages provide, by entry point: connectors (`bridge.connectors`) and sources that
verify by themselves (`bridge.sources`). It imports one only when it is asked for; it knows none by name and calls none.
"""

import difflib
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from bridge.connector import API_VERSION
from bridge.core.mapping import read_records
from bridge.errors import BridgeError, UnknownConnector, UnknownPlugin

MOST_IN_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Group:
    """One kind of plugin."""

    name: str  # of its entry points
    word: str  # for operators
    methods: tuple[str, ...]  # that each one has
    fault: type[BridgeError]  # what is raised for one that cannot be used


CONNECTORS = Group("bridge.connectors", "connector", ("deliver", "probe"), UnknownConnector)
SOURCES = Group("bridge.sources", "plugin", ("verify",), UnknownPlugin)

# What importing a stranger's module may raise. Not BaseException: an interrupt is no fault of the package.
_FAULTS = (
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


def names(group: Group = CONNECTORS) -> list[str]:
    """The names of all that installed packages provide, sorted; imports none of them."""
    return sorted({entry.name for entry in entry_points(group=group.name)})


def load(name: str, group: Group = CONNECTORS) -> type:
    """The class of this name.

    Raises the group's fault: no package provides it, two do, or it cannot be imported or is none of its kind.
    """
    entries = entry_points(group=group.name, name=name)
    found = list({(_package(entry), entry.value): entry for entry in entries}.values())
    if not found:
        raise group.fault(_unknown(name, group))
    if len(found) > 1:
        packages = " and ".join(sorted(_package(entry) for entry in found))
        raise group.fault(f"{group.word} {name!r} is provided by {packages}: uninstall all but one")
    return _checked(found[0], group)


def load_all(group: Group = CONNECTORS) -> tuple[dict[str, type], list[str]]:
    """Every one that loads, by name; and what is wrong with each of the others."""
    classes: dict[str, type] = {}
    problems: list[str] = []
    for name in names(group):
        try:
            classes[name] = load(name, group)
        except group.fault as fault:
            problems.append(str(fault))
    return classes, problems


def described() -> list[dict[str, str]]:
    """Each connector that installed packages provide: name, package, and what keeps it from being used, if anything."""
    found = []
    for name in names():
        packages = {_package(entry) for entry in entry_points(group=CONNECTORS.name, name=name)}
        try:
            load(name)
            problem = ""
        except UnknownConnector as fault:
            problem = str(fault)
        found.append({"name": name, "package": ", ".join(sorted(packages)), "problem": problem})
    return found


def _unknown(name: str, group: Group) -> str:
    known = names(group)
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if near:
        return f"no {group.word} {name!r}: did you mean {' or '.join(near)}?"
    installed = ", ".join(known) or "none"
    return f"no {group.word} {name!r}: installed are {installed}; install the package that provides it"


def _checked(entry: EntryPoint, group: Group) -> type:
    who = f"{group.word} {entry.name!r} of package {_package(entry)}"
    try:
        found = entry.load()
    except _FAULTS as fault:
        raise group.fault(f"{who} cannot be imported: {type(fault).__name__}: {fault}") from fault
    if not isinstance(found, type):
        raise group.fault(f"{who} is no class: {entry.value} is a {type(found).__name__}")
    missing = [f"no method {name}" for name in group.methods if not callable(getattr(found, name, None))]
    if not isinstance(getattr(found, "Settings", None), type):
        missing.insert(0, "no class Settings")
    if missing:
        raise group.fault(f"{who} is no {group.word}: {entry.value} has {', '.join(missing)}")
    if group is CONNECTORS and (wrong := _wrong(found)):
        raise group.fault(f"{who} cannot be used: {wrong}")
    return found


def _wrong(connector: type) -> str:
    """What is wrong with what the class says of itself, beyond what it must have."""
    version = getattr(connector, "api_version", API_VERSION)
    if version != API_VERSION:
        return f"it is written for version {version!r} of bridge.connector; this is version {API_VERSION}"
    batches, most = callable(getattr(connector, "deliver_batch", None)), getattr(connector, "max_batch", None)
    if batches != (most is not None) or (batches and not (type(most) is int and 1 <= most <= MOST_IN_BATCH)):
        return f"deliver_batch and max_batch (1 to {MOST_IN_BATCH}) belong together"
    try:
        if declared := getattr(connector, "default_records", ()):
            read_records(declared)
    except (ValueError, TypeError) as fault:
        return str(fault)
    return ""


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "(unknown)"
