"""Nested: a list or mapping with expressions in it, as one expression."""

from collections.abc import Iterator
from typing import Any

from bridge.core.expression import Expression
from bridge.core.expression.names import item
from bridge.model.mapping import Names
from bridge.model.record import Ref


class Nested:
    """Lists and mappings of constants, Refs and Expressions. What is null in a mapping is left out of it."""

    def __init__(self, value: Any) -> None:
        self._value = value
        parts = list(_parts(value))
        self.text = "; ".join(part.text for part in parts if not isinstance(part, Ref))
        self.records: frozenset[str] = frozenset(
            record for part in parts for record in ([part.record] if isinstance(part, Ref) else part.records)
        )

    def value(self, names: Names) -> Any:
        """The same with everything in it filled in; raises ValueError."""
        return _filled(self._value, names)


def _filled(value: Any, names: Names) -> Any:
    if isinstance(value, dict):
        filled = {key: _filled(part, names) for key, part in value.items()}
        return {key: part for key, part in filled.items() if part is not None or value[key] is None}
    if isinstance(value, list):
        return [_filled(part, names) for part in value]
    if isinstance(value, Ref):
        return item(item(names["records"], value.record), "id")
    return value.value(names) if isinstance(value, Expression) else value


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _parts(part)
    elif isinstance(value, Ref | Expression):
        yield value
