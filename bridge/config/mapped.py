"""Mapped: lookups, vars and records of the file as rules, and everything that is wrong with them. It reads the plain
values, also where the schema finds faults elsewhere, so that all is told at once; what is no mapping is left to it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bridge.config.contradictions import contradictions
from bridge.config.document import Document, Path, is_mapped
from bridge.core.conditions import Every, Found, Test, tests_in
from bridge.core.expression import ZONE, Fault, Language
from bridge.core.filters import Filter, text_of
from bridge.core.records import Reader, read_vars
from bridge.errors import Problem
from bridge.model.mapping import MappingRule, RecordRule
from bridge.model.rules import Route

_STATEMENT = re.compile(r"\{%.*%\}|\{#.*#\}", re.DOTALL)
_ROUTED = {"kind": "kinds", "source": "sources", "chatbot_id": "chatbots"}


class Mapped:
    """The mapping of one file. `problems` is complete once every target was asked for."""

    def __init__(self, document: Document, *, filters: Mapping[str, Filter], connectors: Mapping[str, type]) -> None:
        self._document = document
        self._connectors = connectors
        self._tree: dict[str, Any] = document.value if isinstance(document.value, dict) else {}
        self.problems: list[Problem] = []
        self._lookups = {
            str(name): table for name, table in mapping_at(self._tree, "lookups").items() if isinstance(table, dict)
        }
        self._language = Language(filters, self._lookups)
        self._sources = list(mapping_at(self._tree, "sources"))
        self._vars, found = read_vars(mapping_at(self._tree, "vars"), self._language, ("vars",))
        self._tell(found)

    def mapping(self, name: str) -> tuple[Route, MappingRule]:
        """Which events the target gets, and what of each; the places of sources are not in it yet."""
        target = mapping_at(self._tree, "targets").get(name)
        if not isinstance(target, dict):
            return Route(), MappingRule()
        at: Path = ("targets", name)
        connector = self._connectors.get(str(target.get("connector")))
        reader = Reader(self._language, variables=list(self._vars), sources=self._sources)
        said = target.get("when")
        when = None if said is None else reader.condition(said, (*at, "when"))
        declared = target.get("records")
        at_records: Path = (*at, "records")
        variables = self._vars
        if declared is None:  # what it declares, plugins have checked
            defaults, _ = read_vars(getattr(connector, "default_vars", {}), self._language, ())
            variables = defaults | variables
            records = Reader(self._language, variables=list(variables)).records(
                getattr(connector, "default_records", ())
            )
        else:
            records = reader.records(declared, at_records)
            self._tell(_not_understood(records, connector, str(target.get("connector")), at_records))
        self._tell(reader.found)
        self._tell(contradictions(when, records, at=at))
        return _route(when), MappingRule(records, when if _asks_more(when) else None, variables)

    def doubts(self) -> list[Problem]:
        """What works, but hardly as it was meant. Complete once every target was asked for."""
        found = []
        for section, use in (("vars", "{{{{ vars.{} }}}}"), ("lookups", "{{{{ kind | lookup('{}') }}}}")):
            for name in mapping_at(self._tree, section):
                if (section, name) not in self._language.asked:
                    hint = f"write {use.format(name)} where it belongs, or take it away"
                    found.append(self._document.problem("nothing uses this", path=(section, name), hint=hint, key=True))
        if ZONE in self._language.asked and "timezone" not in mapping_at(self._tree, "defaults"):
            found += self._without_zone()
        for path, text in self._document.written.items():
            if is_mapped(path) and path[0] in ("vars", "targets") and _STATEMENT.search(text):
                message = "this is sent as it stands: there are no statements ({% … %}) and comments ({# … #})"
                found.append(self._document.problem(message, path=path, hint="write {{ a if b else c }}"))
        return found

    def _without_zone(self) -> list[Problem]:
        message = "no time zone is named: a time that a visitor's text says without one is taken for UTC"
        hint = "add timezone: America/New_York, or whatever your visitors have, here or under defaults"
        sources = mapping_at(self._tree, "sources").items()
        return [
            self._document.problem(message, path=("sources", name), hint=hint, key=True)
            for name, source in sources
            if not (isinstance(source, dict) and "timezone" in source)
        ]

    def _tell(self, found: Iterable[Found]) -> None:
        for path, fault, in_key, is_shape in found:
            if is_shape or path in self._document.broken:
                continue  # the schema has told it
            problem = self._document.problem(fault.message, path=path, hint=fault.hint, key=in_key)
            if fault.at:
                problem = self._document.within(problem, path, fault.at)
            self.problems.append(problem)


def mapping_at(tree: Mapping[str, Any], key: str) -> dict[str, Any]:
    """What stands at a key, if it is a mapping; else an empty one."""
    value = tree.get(key)
    return value if isinstance(value, dict) else {}


def _route(when: Any) -> Route:
    """What the condition demands of what never changes about an event."""
    demanded: dict[str, frozenset[str]] = {}
    for test in tests_in(when):
        if _is_routed(test):
            values = test.expected if test.operator == "one_of" else [test.expected]
            part = _ROUTED[test.name]
            texts = frozenset(map(text_of, values))  # as the condition itself compares
            demanded[part] = demanded[part] & texts if part in demanded else texts
    return Route(**demanded)


def _asks_more(when: Any) -> bool:
    """Whether the condition asks for more than a route can tell."""
    parts = when.parts if isinstance(when, Every) else [] if when is None else [when]
    return not all(isinstance(part, Test) and _is_routed(part) for part in parts)


def _is_routed(test: Test) -> bool:
    return test.name in _ROUTED and test.operator in ("equals", "one_of")


def _not_understood(records: tuple[RecordRule, ...], connector: type | None, name: str, at: Path) -> list[Found]:
    """Policies that the connector cannot keep."""
    known: frozenset[str] = frozenset(getattr(connector, "understands", ()))
    if connector is None:
        return []
    found = []
    for number, record in enumerate(records):
        if record.match and "match" not in known:
            hint = "take it away: a record is kept single by its link and its Idempotency-Key"
            fault = Fault(f"connector {name} cannot look for a record", hint)
            found.append(Found((*at, number, "match"), fault, in_key=True))
        for field in record.fields:
            if field.write != "always" and field.write not in known:
                hint = f"it knows: {', '.join(sorted({'always', *known} - {'match'}))}"
                fault = Fault(f"connector {name} cannot write a field in this way", hint)
                found.append(Found((*at, number, "fields", field.name, "write"), fault))
    return found
