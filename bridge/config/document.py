"""Document: the plain values of a file, and where each of them stands. What every later step passes on."""

import re
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.errors import Problem

MAX_REPORTED = 200

Path = tuple[str | int, ...]

_PUBLIC = re.compile(r"[^:=]{0,60}")
_WORD = re.compile(r"[A-Za-z0-9_.-]{0,60}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key or value stands: counted from 1, the end is the first column that is no part of it."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(slots=True)
class Document:
    """A file that was read: `value` is plain (keys are always text), the rest says where it came from."""

    file: str
    lines: list[str] = field(default_factory=list, repr=False)
    value: Any = field(default=None, repr=False)
    keys: dict[Path, Place] = field(default_factory=dict, repr=False)
    values: dict[Path, Place] = field(default_factory=dict, repr=False)
    written: dict[Path, str] = field(default_factory=dict, repr=False)  # scalars, before variables
    problems: list[Problem] = field(default_factory=list)
    broken: set[Path] = field(default_factory=set)  # already reported: the schema need not complain again
    half: set[Path] = field(default_factory=set)  # mappings with a key that could not be read, which was reported
    hidden: list[Place] = field(default_factory=list)  # no excerpt may show these
    parsed: bool = False

    def place(self, path: Path, *, key: bool = False) -> Place:
        """Where the value (or its key) stands; else the nearest mapping around it."""
        if not key and path in self.values:
            return self.values[path]
        while path and path not in self.keys and path not in self.values:
            path = path[:-1]
        return self.keys.get(path) or (self.values[path] if path else Place(1, 1, 1, 1))

    def problem(self, message: str, *, path: Path, hint: str = "", key: bool = False) -> Problem:
        """A problem at the place of `path`, without its excerpt: that is added when all secrets are known."""
        place = self.place(path, key=key)
        return Problem(message, path=dotted(path), file=self.file, line=place.line, column=place.column, hint=hint)

    def within(self, problem: Problem, path: Path, offset: int) -> Problem:
        """The problem at a place inside the text that stands at `path`, `offset` characters after its beginning."""
        text, place = self.written.get(path, ""), self.values.get(path)
        part = re.match(r"\S{0,24}", text[offset:])
        if place is None or not part or not part[0]:
            return problem
        before = text[:offset].count(part[0])
        for number in range(place.line, min(place.end_line, len(self.lines)) + 1):
            line = self.lines[number - 1]
            column = place.column - 1 if number == place.line else 0
            while (column := line.find(part[0], column)) >= 0:
                if not before:
                    return replace(problem, line=number, column=column + 1)
                before, column = before - 1, column + 1
        return problem

    def report(self, problem: Problem) -> None:
        """Keeps the problem; past a flood of them, only that there are more."""
        if len(self.problems) == MAX_REPORTED:
            problem = replace(problem, message="and more problems like this", hint="is it the right file?")
        if len(self.problems) <= MAX_REPORTED:
            self.problems.append(problem)

    def is_broken(self, path: Path) -> bool:
        return any(path[:length] in self.broken for length in range(len(path) + 1))


def is_mapped(path: Path) -> bool:
    """Whether what stands there may reach a CRM: it holds no secret."""
    return path[:1] in (("lookups",), ("vars",), ("tests",)) or (path[:1] == ("targets",) and path[2:3] == ("records",))


def dotted(path: Path) -> str:
    """The path as operators read it: `sources.main.signing_keys[0]`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{spoken(step)}" for step in path)
    return text.removeprefix(".")


def spoken(key: str) -> str:
    """The key as texts may show it: of `password:hunter2`, where a space is missing, only the first part."""
    shown = public_part(key)
    return shown if shown == key else f"{shown}…"


def public_part(key: str) -> str:
    """The part of the key that is surely no value: names are no secrets, what follows a colon may be one."""
    found = _PUBLIC.match(key)
    return found[0] if found and found[0].isprintable() else word_of(key)


def word_of(key: str) -> str:
    """The part of the key that can be a key's name."""
    found = _WORD.match(key)
    return found[0] if found else ""
