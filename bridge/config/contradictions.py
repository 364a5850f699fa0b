"""Contradictions: conditions that no event can meet."""

from collections.abc import Iterable, Iterator
from typing import Any

from bridge.core.conditions import Found, Path, Test, tests_in
from bridge.core.expression import Fault
from bridge.core.operators import measure
from bridge.model.mapping import RecordRule

_LOWER, _UPPER = ("above", "at_least"), ("below", "at_most")


def contradictions(when: Any, records: Iterable[RecordRule], *, at: Path) -> Iterator[Found]:
    """Faults for each condition of a target that can never hold, alone or together with those around it."""
    outer = list(tests_in(when))
    if why := _impossible(outer):
        yield _found((*at, "when"), why)
        return
    for number, record in enumerate(records):
        inner = [*outer, *tests_in(record.when)]
        if why := _impossible(inner):
            yield _found((*at, "records", number, "when"), why)
            continue
        for field in record.fields:
            if field.when is not None and (why := _impossible([*inner, *tests_in(field.when)])):
                yield _found((*at, "records", number, "fields", field.name, "when"), why)


def _found(at: Path, why: str) -> Found:
    return Found(at, Fault(f"this can never be true: {why}", "mend it, or take it away"), in_key=True)


def _impossible(tests: list[Test]) -> str:
    """Why no event meets all of the tests; empty where one might."""
    by_name: dict[str, list[Test]] = {}
    for test in tests:
        by_name.setdefault(test.name, []).append(test)
    return next((why for name, its in by_name.items() if (why := _conflict(name, its))), "")


def _conflict(name: str, tests: list[Test]) -> str:
    demands = {test.expected for test in tests if test.operator == "present"}
    others = [test for test in tests if test.operator != "present"]
    if len(demands) == 2 or (False in demands and any(_needs_a_value(test) for test in others)):
        return f"{name} must be there, and must not"
    options: set[str] | None = None
    for test in others:
        if test.operator in ("equals", "one_of"):
            values = test.expected if test.operator == "one_of" else [test.expected]
            options = {str(one) for one in values if options is None or str(one) in options}
    if options is not None and not options:
        return f"{name} must be different things at once"
    if options and not any(_passes(one, others) for one in options):
        return f"{name} must be {' or '.join(sorted(options))}, and must not"
    return _empty_range(name, others)


def _needs_a_value(test: Test) -> bool:
    return test.operator != "equals" or test.expected != ""


def _passes(value: str, tests: list[Test]) -> bool:
    return all(test.holds_for(value) for test in tests if test.operator not in ("equals", "one_of"))


def _empty_range(name: str, tests: list[Test]) -> str:
    for one in tests:
        for other in tests:
            if one.operator in _LOWER and other.operator in _UPPER:
                least, most = measure(one.expected), measure(other.expected)
                strict = one.operator == "above" or other.operator == "below"
                if type(least) is type(most) and (least > most or (strict and least == most)):  # type: ignore[operator]
                    return f"{name} must be more than it may be"
    return ""
