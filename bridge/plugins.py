"""Plugins: which connectors the installed packages provide, by the entry-point group `bridge.connectors`.
It imports a connector only when that one is asked for; it knows no connector by name and calls none.
"""

import difflib
from importlib.metadata import EntryPoint, entry_points

from bridge.connector import API_VERSION
from bridge.core.mapping import read_records
from bridge.errors import UnknownConnector

GROUP = "bridge.connectors"
MOST_IN_BATCH = 1000

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


def names() -> list[str]:
    """The names of all connectors that installed packages provide, sorted; imports none of them."""
    return sorted({entry.name for entry in entry_points(group=GROUP)})


def load(name: str) -> type:
    """The connector class of this name.

    Raises UnknownConnector: no package provides it, two do, or it cannot be imported or is no connector.
    """
    found = list({(_package(entry), entry.value): entry for entry in entry_points(group=GROUP, name=name)}.values())
    if not found:
        raise UnknownConnector(_unknown(name))
    if len(found) > 1:
        packages = " and ".join(sorted(_package(entry) for entry in found))
        raise UnknownConnector(f"connector {name!r} is provided by {packages}: uninstall all but one")
    return _checked(found[0])


def load_all() -> tuple[dict[str, type], list[str]]:
    """Every connector that loads, by name; and what is wrong with each of the others."""
    connectors: dict[str, type] = {}
    problems: list[str] = []
    for name in names():
        try:
            connectors[name] = load(name)
        except UnknownConnector as fault:
            problems.append(str(fault))
    return connectors, problems


def described() -> list[dict[str, str]]:
    """Each connector that installed packages provide: name, package, and what keeps it from being used, if anything."""
    found = []
    for name in names():
        packages = {_package(entry) for entry in entry_points(group=GROUP, name=name)}
        try:
            load(name)
            problem = ""
        except UnknownConnector as fault:
            problem = str(fault)
        found.append({"name": name, "package": ", ".join(sorted(packages)), "problem": problem})
    return found


def _unknown(name: str) -> str:
    known = names()
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if near:
        return f"no connector {name!r}: did you mean {' or '.join(near)}?"
    installed = ", ".join(known) or "none"
    return f"no connector {name!r}: installed are {installed}; install the package that provides it"


def _checked(entry: EntryPoint) -> type:
    who = f"connector {entry.name!r} of package {_package(entry)}"
    try:
        connector = entry.load()
    except _FAULTS as fault:
        raise UnknownConnector(f"{who} cannot be imported: {type(fault).__name__}: {fault}") from fault
    if not isinstance(connector, type):
        raise UnknownConnector(f"{who} is no class: {entry.value} is a {type(connector).__name__}")
    missing = [f"no method {name}" for name in ("deliver", "probe") if not callable(getattr(connector, name, None))]
    if not isinstance(getattr(connector, "Settings", None), type):
        missing.insert(0, "no class Settings")
    if missing:
        raise UnknownConnector(f"{who} is no connector: {entry.value} has {', '.join(missing)}")
    if wrong := _wrong(connector):
        raise UnknownConnector(f"{who} cannot be used: {wrong}")
    return connector


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
