"""Contradictions: conditions that no event can meet."""

from collections.abc import Iterable, Iterator
from typing import Any

from bridge.core.conditions import Every, Found, Opposite, Path, Test, tests_in
from bridge.core.expression import Fault
from bridge.core.filters import text_of
from bridge.core.operators import measure
from bridge.model.event import Kind
from bridge.model.mapping import RecordRule

_LOWER, _UPPER = ("above", "at_least"), ("below", "at_most")


def contradictions(when: Any, records: Iterable[RecordRule], *, at: Path) -> Iterator[Found]:
    """Faults for each condition of a target that can never hold, alone or together with those around it."""
    if why := _impossible(when):
        yield _found((*at, "when"), why)
        return
    for number, record in enumerate(records):
        if why := _impossible(when, record.when):
            yield _found((*at, "records", number, "when"), why)
            continue
        for field in record.fields:
            if field.when is not None and (why := _impossible(when, record.when, field.when)):
                yield _found((*at, "records", number, "fields", field.name, "when"), why)


def _found(at: Path, why: str) -> Found:
    return Found(at, Fault(f"this can never be true: {why}", "mend it, or take it away"), in_key=True)


def _impossible(*conditions: Any) -> str:
    """Why no event meets all of the conditions; empty where one might."""
    by_name: dict[str, tuple[list[Test], list[Test]]] = {}
    for condition in conditions:
        for test in tests_in(condition):
            by_name.setdefault(test.name, ([], []))[0].append(test)
        for test in _refused_in(condition):
            by_name.setdefault(test.name, ([], []))[1].append(test)
    return next((why for name, (its, refused) in by_name.items() if (why := _conflict(name, its, refused))), "")


def _refused_in(condition: Any) -> Iterator[Test]:
    """The tests that must not hold for the condition to hold."""
    if isinstance(condition, Every):
        for part in condition.parts:
            yield from _refused_in(part)
    elif isinstance(condition, Opposite):
        refused = list(condition.part.parts) if isinstance(condition.part, Every) else [condition.part]
        if len(refused) == 1 and isinstance(refused[0], Test):  # of several, one may hold
            yield refused[0]


def _conflict(name: str, tests: list[Test], refused: list[Test]) -> str:
    demands = {test.expected for test in tests if test.operator == "present"}
    others = [test for test in tests if test.operator != "present"]
    if len(demands) == 2 or (False in demands and any(_needs_a_value(test) for test in others)):
        return f"{name} must be there, and must not"
    options: set[str] | None = {kind.value for kind in Kind} if name == "kind" else None
    for test in others:
        if test.operator in ("equals", "one_of"):
            values = test.expected if test.operator == "one_of" else [test.expected]
            options = {text_of(one) for one in values if options is None or text_of(one) in options}
    if options is not None and not options:
        return f"{name} must be different things at once"
    if options and not any(_passes(one, others, refused) for one in options):
        return f"{name} must be {' or '.join(sorted(options))}, and must not"
    return _empty_range(name, others)


def _needs_a_value(test: Test) -> bool:
    return test.operator != "equals" or test.expected != ""


def _passes(value: str, tests: list[Test], refused: list[Test]) -> bool:
    demanded = all(test.holds_for(value) for test in tests if test.operator not in ("equals", "one_of"))
    return demanded and not any(test.holds_for(value) for test in refused)


def _empty_range(name: str, tests: list[Test]) -> str:
    for one in tests:
        for other in tests:
            if one.operator in _LOWER and other.operator in _UPPER:
                least, most = measure(one.expected), measure(other.expected)
                strict = one.operator == "above" or other.operator == "below"
                if type(least) is type(most) and (least > most or (strict and least == most)):  # type: ignore[operator]
                    return f"{name} must be more than it may be"
    return ""
