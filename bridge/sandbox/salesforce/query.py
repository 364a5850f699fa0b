"""Answers queries: which records a `Query` finds, and how they are shown."""

from collections.abc import Callable, Iterable
from typing import Any

from bridge.sandbox.crm.records import Record
from bridge.sandbox.salesforce.conditions import test_of, text_value
from bridge.sandbox.salesforce.errors import Refused, refused_request
from bridge.sandbox.salesforce.fields import Field, Kind
from bridge.sandbox.salesforce.soql import Comparison, Condition, Order, Query
from bridge.sandbox.salesforce.values import TEXTS
from bridge.sandbox.salesforce.world import World

_MOST_OFFSET = 2000
_Test = Callable[[Record], bool]
_Path = tuple[Field, ...]  # of an object, then of the one that the first field refers to


class Searcher:
    """Runs queries on a world. Everything may raise `Refused`."""

    def __init__(self, world: World, *, api: str) -> None:
        self._world, self._api = world, api

    def run(self, query: Query, *, deleted: bool) -> tuple[int, list[dict[str, Any]]]:
        """How many there are, and all of them as they are shown. `deleted`: with those in the bin."""
        kind = self._kind(query.kind)
        shown = [self._path(kind, name) for name in _expanded(kind, query)]
        test = self._test(kind, query.where) if query.where else None
        order = [(part, self._path(kind, part.field)) for part in query.order]
        if query.offset > _MOST_OFFSET:
            message = f"Maximum SOQL offset allowed is {_MOST_OFFSET}"
            raise refused_request("NUMBER_OUTSIDE_VALID_RANGE", message)
        found = [
            record
            for record in self._candidates(kind, query.where)
            if (deleted or not record["IsDeleted"]) and (test is None or test(record))
        ]
        for part, path in reversed(order):
            found = self._sorted(found, part, path)
        end = None if query.limit is None else query.offset + query.limit
        found = found[query.offset : end]
        if query.count:
            return len(found), []
        if query.fields[0].startswith("COUNT("):
            return 1, [{"attributes": {"type": "AggregateResult"}, "expr0": len(found)}]
        return len(found), [self.shown(kind, record, shown) for record in found]

    def shown(self, kind: Kind, record: Record, paths: Iterable[_Path]) -> dict[str, Any]:
        """A record with its attributes and these fields."""
        result: dict[str, Any] = {"attributes": attributes(kind, record["Id"], api=self._api)}
        related: dict[str, list[_Path]] = {}
        for field, *rest in paths:
            if not rest:
                result[field.name] = record.get(field.name)
            elif field.relationship:
                related.setdefault(field.name, []).append(tuple(rest))
                result[field.relationship] = None
        for name, inner in related.items():
            field = kind.fields[name.lower()]
            if field.relationship and (found := self._world.find(record.get(name))):
                other, parent = found
                result[field.relationship] = self.shown(other, parent, inner)
        return result

    def _kind(self, name: str) -> Kind:
        kind = self._world.schema.get(name.lower())
        if kind is None or not kind.readable:
            raise refused_request(
                "INVALID_TYPE",
                f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to "
                "append the '__c' after the entity name. Please reference your WSDL or the describe call for the "
                "appropriate names.",
            )
        return kind

    def _path(self, kind: Kind, name: str) -> _Path:
        first, _, rest = name.partition(".")
        if not rest:
            if field := kind.field(first):
                return (field,)
        elif field := kind.relationships.get(first.lower()):
            for reference in field.references:  # of several, one that has the field
                other = self._world.schema.get(reference.lower())
                if other and other.field(rest.partition(".")[0]):
                    return (field, *self._path(other, rest))
        elif first.lower() == kind.name.lower():  # Lead.Email in a query of leads
            return self._path(kind, rest)
        raise _no_such_column(name, kind)

    def _candidates(self, kind: Kind, where: Condition | None) -> Iterable[Record]:
        """All that can be found, fewer if equalities lead there by an index."""
        found = self._by_index(kind, where)
        return self._world.records.all(kind.name) if found is None else found.values()

    def _by_index(self, kind: Kind, where: Condition | None) -> dict[str, Record] | None:
        """By id, those of which the condition can be true; None if no index helps."""
        if isinstance(where, Comparison):
            return self._equal(kind, where)
        if where is None or where.word == "NOT":
            return None
        parts = [self._by_index(kind, part) for part in where.parts]
        helpful = [part for part in parts if part is not None]
        if where.word == "AND":
            return min(helpful, key=len, default=None)
        return None if len(helpful) < len(parts) else {key: one for part in helpful for key, one in part.items()}

    def _equal(self, kind: Kind, comparison: Comparison) -> dict[str, Record] | None:
        field = kind.field(comparison.field)
        if field is None or comparison.operator not in ("=", "IN") or field.type not in (*TEXTS, "id", "reference"):
            return None
        wanted = [text_value(field, literal) for literal in comparison.values]
        if not all(wanted):
            return None
        found = [self._world.records.having(kind.name, field.name, value) for value in dict.fromkeys(wanted)]
        return {record["Id"]: record for records in found for record in records}

    def _sorted(self, records: list[Record], part: Order, path: _Path) -> list[Record]:
        pairs = [(self._value(record, path), record) for record in records]
        empty = [record for value, record in pairs if value is None]
        filled = [(value.casefold() if isinstance(value, str) else value, record) for value, record in pairs
                  if value is not None]  # fmt: skip
        filled.sort(key=lambda pair: pair[0], reverse=part.descending)
        full = [record for _, record in filled]
        return full + empty if part.nulls_last else empty + full

    def _value(self, record: Record, path: _Path) -> Any:
        *through, last = path
        at: Record = record
        for field in through:
            found = self._world.find(at.get(field.name))
            if found is None:
                return None
            at = found[1]
        return at.get(last.name)

    def _test(self, kind: Kind, condition: Condition) -> _Test:
        if isinstance(condition, Comparison):
            return self._compared(kind, condition)
        tests = [self._test(kind, part) for part in condition.parts]
        if condition.word == "NOT":
            return lambda record: not tests[0](record)
        if condition.word == "AND":
            return lambda record: all(test(record) for test in tests)
        return lambda record: any(test(record) for test in tests)

    def _compared(self, kind: Kind, comparison: Comparison) -> _Test:
        path = self._path(kind, comparison.field)
        field = path[-1]
        if not field.filterable:
            message = f"field '{field.name}' can not be filtered in a query call"
            raise refused_request("INVALID_FIELD", message)
        test = test_of(field, comparison, today=self._world.now.date())
        if len(path) == 1:
            return lambda record: test(record.get(field.name))
        return lambda record: test(self._value(record, path))


def attributes(kind: Kind, key: str, *, api: str) -> dict[str, str]:
    """What stands before the fields of a record."""
    return {"type": kind.name, "url": f"/services/data/v{api}/sobjects/{kind.name}/{key}"}


def _expanded(kind: Kind, query: Query) -> list[str]:
    names: list[str] = []
    for name in query.fields:
        if name in ("FIELDS(ALL)", "FIELDS(STANDARD)", "FIELDS(CUSTOM)"):
            if name != "FIELDS(STANDARD)" and (query.limit is None or query.limit > 200):
                message = "The SOQL FIELDS function must have a LIMIT of at most 200"
                raise refused_request("MALFORMED_QUERY", message)
            wanted = {"FIELDS(ALL)": (True, False), "FIELDS(STANDARD)": (False,), "FIELDS(CUSTOM)": (True,)}[name]
            names += [field.name for field in kind.fields.values() if field.name.endswith("__c") in wanted]
        else:
            names.append(name.removeprefix("COUNT(").removesuffix(")") if name.startswith("COUNT(") else name)
    if len({name.lower() for name in names}) < len(names):
        twice = next(name for at, name in enumerate(names) if name.lower() in {one.lower() for one in names[:at]})
        raise refused_request("INVALID_FIELD", f"duplicate field selected: {twice}")
    return names


def _no_such_column(name: str, kind: Kind) -> Refused:
    return refused_request(
        "INVALID_FIELD",
        f"No such column '{name}' on entity '{kind.name}'. If you are attempting to use a custom field, be sure to "
        "append the '__c' after the custom field name. Please reference your WSDL or the describe call for the "
        "appropriate names.",
    )
