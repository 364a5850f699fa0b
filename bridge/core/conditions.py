"""Conditions: `when`, which is data: what must be true of an event for a record, a field or a target.

    when: {kind: appointment, vars.start: {present: true}, email: {matches: '@example\\.com$'}}
    when: {any: [{page_url: {contains: pricing}}, {not: {phone: {present: false}}}]}

All that stands in one mapping must hold. A bare value must be equal, as text; of a list, one of them.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from bridge.core.expression import Fault, Language
from bridge.core.operators import OPERATORS, unfit
from bridge.core.text import nearest
from bridge.model.mapping import Names

MAX_DEPTH = 10

Path = tuple[str | int, ...]

_NAME = re.compile(r"[A-Za-z_]\w*(\.\w+|\['[^'\\]*'\])*")
_GROUPS = ("any", "all", "not")


class Found(NamedTuple):
    """A fault, and the way to it from what was read."""

    path: Path
    fault: Fault
    in_key: bool = False
    is_shape: bool = False  # the wrong kind of YAML, which a schema finds too


@dataclass(frozen=True, slots=True)
class Test:
    """What one name must be."""

    name: str
    operator: str
    expected: Any
    read: Callable[[Names], Any]
    holds_for: Callable[[Any], bool]

    def holds(self, names: Names) -> bool:
        return self.holds_for(self.read(names))

    @property
    def said(self) -> str:
        """What is asked, as the file may have it."""
        expected = json.dumps(self.expected, ensure_ascii=False, default=str).replace('"', "")
        return expected if self.operator in ("equals", "one_of") else f"{{{self.operator}: {expected}}}"


@dataclass(frozen=True, slots=True)
class Every:
    """All of these; of none, true."""

    parts: tuple[Any, ...]

    def holds(self, names: Names) -> bool:
        return all(part.holds(names) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of these."""

    parts: tuple[Any, ...]

    def holds(self, names: Names) -> bool:
        return any(part.holds(names) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Opposite:
    """Not this."""

    part: Any

    def holds(self, names: Names) -> bool:
        return not self.part.holds(names)


class Conditions:
    """Reads conditions; all that is wrong is in `found`."""

    def __init__(self, language: Language, *, variables: Collection[str] = (), sources: Collection[str] = ()) -> None:
        self._language = language
        self._variables = variables
        self._sources = sources  # that there are; empty: not known
        self.found: list[Found] = []

    def read(self, declared: Any, at: Path = ()) -> Any:
        """The condition; None where it cannot be used."""
        before = len(self.found)
        condition = self._mapping(declared, at, 0)
        return condition if len(self.found) == before else None

    def _mapping(self, declared: Any, at: Path, depth: int) -> Any:
        if not isinstance(declared, Mapping):
            hint = "write any: or all: before a list" if isinstance(declared, list) else "such as {kind: lead}"
            return self._wrong(at, "a condition is a mapping of names to what they must be", hint)
        if depth > MAX_DEPTH:
            return self._wrong(at, f"conditions are nested deeper than {MAX_DEPTH} levels", "make a var of a part")
        if not declared:
            return self._wrong(at, "this condition says nothing", "take `when` away: without it, always")
        parts: list[Any] = []
        for name, expected in declared.items():
            if name in _GROUPS:
                parts.append(self._group(name, expected, (*at, name), depth))
            else:
                where = (*at, name)
                read = self._named(str(name), where)
                is_group = read is None and nearest(str(name), _GROUPS)
                parts += [None] if is_group else self._tests(str(name), expected, where, read)
        if any(part is None for part in parts):
            return None
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _group(self, name: str, declared: Any, at: Path, depth: int) -> Any:
        if name == "not":
            part = self._mapping(declared, at, depth + 1)
            return part and Opposite(part)
        if not isinstance(declared, list):
            return self._wrong(at, f"`{name}` is a list of conditions", f"such as {name}: [{{kind: lead}}, …]")
        if not declared:
            return self._wrong(at, f"`{name}` of nothing", "write at least one condition")
        parts = tuple(self._mapping(one, (*at, number), depth + 1) for number, one in enumerate(declared))
        return None if None in parts else (Either if name == "any" else Every)(parts)

    def _tests(self, name: str, expected: Any, at: Path, read: Any) -> list[Any]:
        """What must hold of one name; None in place of what cannot be used."""
        steps = isinstance(expected, Mapping)
        if not steps:
            expected = {"one_of" if isinstance(expected, list) else "equals": expected}
        elif not expected:
            return [self._wrong(at, "nothing is said about it", "such as {present: true}")]
        tests: list[Any] = []
        for operator, value in expected.items():
            where = (*at, operator) if steps else at
            if operator == "not":
                inner = self._tests(name, value, where, read)
                tests.append(None if None in inner else Opposite(Every(tuple(inner))))
                continue
            holds_for = self._operator(str(operator), value, where, name)
            tests.append(Test(name, operator, value, read, holds_for) if read and holds_for else None)
        return tests

    def _operator(self, operator: str, expected: Any, at: Path, name: str) -> Callable[[Any], bool] | None:
        call = OPERATORS.get(operator)
        if call is None:
            near = nearest(operator, (*OPERATORS, "not"))
            hint = f"did you mean {near}?" if near else f"there are: {', '.join(OPERATORS)}, not"
            self._wrong(at, f"a condition has no '{operator}'", hint, in_key=True)
            return None
        if operator == "one_of" and isinstance(expected, list) and expected:
            wrong = [((*at, number), unfit("equals", one, name, self._sources)) for number, one in enumerate(expected)]
        else:
            wrong = [(at, unfit(operator, expected, name, self._sources))]
        found = [(where, words) for where, words in wrong if words]
        for where, words in found:
            self._wrong(where, *words)
        return None if found else partial(call, expected)

    def _named(self, name: str, at: Path) -> Callable[[Names], Any] | None:
        if not _NAME.fullmatch(name):
            hint = "such as email, vars.start, raw.Type"
            if "|" in name or "{{" in name:
                hint = "make it one of `vars`, and ask for vars.<its name>"
            self._wrong(at, f"'{name[:60]}' is no name", hint, in_key=True)
            return None
        read = self._language.read(f"{{{{ {name} }}}}", variables=self._variables)
        for fault in read.faults:
            near = nearest(name, _GROUPS)
            hint = f"did you mean {near}?" if near and "did you" not in fault.hint else fault.hint
            self._wrong(at, fault.message, hint, in_key=True)
        return None if read.faults else read.value.value

    def _wrong(self, at: Path, message: str, hint: str = "", *, in_key: bool = False) -> Any:
        """Notes a fault; gives None, in place of what cannot be used."""
        self.found.append(Found(at, Fault(message, hint), in_key))
        return None


def tests_in(condition: Any) -> Iterator[Test]:
    """The tests that must all hold for the condition to hold."""
    if isinstance(condition, Test):
        yield condition
    elif isinstance(condition, Every):
        for part in condition.parts:
            yield from tests_in(part)


def unmet(condition: Any, names: Names) -> str:
    """The part for which the condition does not hold, as it is written; empty where it does."""
    if condition is None or condition.holds(names):
        return ""
    if isinstance(condition, Every):
        return next(filter(None, (unmet(part, names) for part in condition.parts)), "")
    if isinstance(condition, Either):
        return f"any: [{', '.join(f'{{{unmet(part, names)}}}' for part in condition.parts)}]"
    if isinstance(condition, Opposite):
        return f"not: {{{', '.join(f'{one.name}: {one.said}' for one in tests_in(condition.part)) or 'any: …'}}}"
    return f"{condition.name}: {condition.said}"
