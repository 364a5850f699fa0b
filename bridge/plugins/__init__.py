"""Plugins: what the installed packages provide, by entry point: connectors (`bridge.connectors`) and sources that
verify by themselves (`bridge.sources`). It imports one only when it is asked for; it knows none by name and calls none.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from bridge.errors import BridgeError, UnknownConnector, UnknownPlugin
from bridge.plugins.wrong import FAULTS, lacks, place_of, told, wrong_with

__all__ = [
    "CONNECTORS",
    "FAULTS",
    "SOURCES",
    "Group",
    "Installed",
    "described",
    "load",
    "load_all",
    "names",
    "place_of",
]


@dataclass(frozen=True, slots=True)
class Group:
    """One kind of plugin."""

    name: str  # of its entry points
    word: str  # for operators
    methods: tuple[str, ...]  # that each one has
    fault: type[BridgeError]  # what is raised for one that cannot be used


CONNECTORS = Group("bridge.connectors", "connector", ("deliver", "probe"), UnknownConnector)
SOURCES = Group("bridge.sources", "plugin", ("verify",), UnknownPlugin)


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


class Installed(Mapping[str, type]):
    """The classes of a group by name, each imported when it is first looked up: what nobody names costs no time, and
    its faults matter to nobody. `broken`: what is wrong with those that were looked up and cannot be used.
    """

    def __init__(self, group: Group) -> None:
        self._group = group
        self._classes: dict[str, type | None] = dict.fromkeys(names(group))
        self.broken: dict[str, str] = {}

    def __getitem__(self, name: str) -> type:
        if self._classes[name] is None and name not in self.broken:
            try:
                self._classes[name] = load(name, self._group)
            except self._group.fault as fault:
                self.broken[name] = str(fault)
        if (found := self._classes[name]) is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)


def load_all(group: Group = CONNECTORS) -> tuple[dict[str, type], dict[str, str]]:
    """Every one that loads, by name; and what is wrong with each of the others, by name."""
    installed = Installed(group)
    return {name: installed[name] for name in installed if name in installed}, installed.broken


def described() -> list[dict[str, str]]:
    """Each connector that installed packages provide: name, package, and what keeps it from being used, if anything."""
    _, problems = load_all()
    return [{"name": name, "package": _packages(name), "problem": problems.get(name, "")} for name in names()]


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
    except FAULTS as fault:
        raise group.fault(f"{who} cannot be imported: {told(fault)}") from fault
    if not isinstance(found, type):
        raise group.fault(f"{who} is no class: {entry.value} is a {type(found).__name__}")
    if missing := lacks(found, group.methods):
        raise group.fault(f"{who} is no {group.word}: {entry.value} has {', '.join(missing)}")
    if group is CONNECTORS and (wrong := wrong_with(found)):
        raise group.fault(f"{who} cannot be used: {wrong}")
    return found


def _packages(name: str) -> str:
    """Those that provide a connector of this name."""
    return ", ".join(sorted({_package(entry) for entry in entry_points(group=CONNECTORS.name, name=name)}))


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "(unknown)"
