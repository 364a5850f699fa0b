"""SOQL: queries whose every value is escaped, none too long for one call."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

# Characters. SOQL takes 100,000; the 16 KB of a URL do not hold for one that stands in the body of a composite call.
MAX_SOQL = 40_000
NEWEST_FIRST = "ORDER BY CreatedDate DESC, Id DESC"


@dataclass(slots=True)
class Ask:
    """Rows of one object of which any field has one of its values."""

    object: str
    also: str = ""  # a condition that holds for all of them
    select: set[str] = field(default_factory=set)
    any_of: dict[str, dict[str, None]] = field(default_factory=dict)  # by field: values, in the order of their coming

    def add(self, name: str, values: Iterable[str]) -> None:
        self.any_of.setdefault(name, {}).update(dict.fromkeys(values))

    def queries(self) -> list[str]:
        """As many as it takes, newest rows first; none where no value was asked for."""
        selected = {name.lower(): name for name in sorted({"Id", "CreatedDate", *self.select})}  # twice is an error
        head = f"SELECT {', '.join(selected.values())} FROM {self.object} WHERE "  # noqa: S608  names are vetted, values quoted
        tail = f"{' AND ' + self.also if self.also else ''} {NEWEST_FIRST}"
        room = MAX_SOQL - len(head) - len(tail) - 2
        parts = [part for name, values in self.any_of.items() for part in _one_of(name, list(values), room)]
        found: list[list[str]] = []
        for part in parts:
            if found and sum(len(one) + 4 for one in found[-1]) + len(part) <= room:
                found[-1].append(part)
            else:
                found.append([part])
        return [f"{head}({' OR '.join(together)}){tail}" for together in found]


def quoted(value: Any) -> str:
    """A value as SOQL reads it."""
    from simple_salesforce.format import quote_soql_value

    return str(quote_soql_value(value))


def _one_of(name: str, values: Sequence[str], room: int) -> list[str]:
    found: list[list[str]] = []
    length = 0
    for value in map(quoted, values):
        if not found or length + len(value) + 1 > room // 2:
            found.append([])
            length = len(name) + 6
        found[-1].append(value)
        length += len(value) + 1
    return [f"{name} IN ({','.join(together)})" for together in found]
