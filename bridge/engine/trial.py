"""Trial: runs the tests of a mapping. What a record would hold is what a worker would send: the same code maps it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from bridge.core.filters import text_of
from bridge.core.mapping import records_for
from bridge.core.skipped import TARGET, skipped_in, unwanted
from bridge.core.text import instant
from bridge.engine.plugged import reading_of
from bridge.engine.rehearse import claim_for, unknown_yet
from bridge.engine.written import Written
from bridge.errors import MappingError
from bridge.model.delivery import Claim
from bridge.model.rules import Rules
from bridge.model.trial import Expectation, Trial
from bridge.source import Source

ABSENT = object()
SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Difference:
    """Where what came is not what was expected."""

    what: str  # such as crm.person.Email
    expected: str
    found: str
    at: str = ""  # file:line


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one trial."""

    trial: Trial
    differences: list[Difference] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.differences


def run(trial: Trial, rules: Rules, *, plugins: Mapping[str, Source]) -> Verdict:
    """What comes of the trial; never raises for what an event or a mapping may hold. `plugins`: of the sources that
    have one, by the sources' names.
    """
    source = rules.sources[trial.source]
    reading = reading_of(json.dumps(trial.event).encode(), source=source, plugins=plugins)
    if len(reading.events) != 1:
        why = reading.unreadable[0].reason if reading.unreadable else "a test request, or of a kind that is ignored"
        return Verdict(trial, [Difference("event", "an event of this source", why, trial.at)])
    claim = claim_for(reading.events[0][0], region=source.phone_region, received_at=trial.received_at)
    found = {name: _mapped(claim, rules, name) for name in {one.target for one in trial.expect}}
    differences = []
    for expected in trial.expect:
        for one in _compared(expected, found[expected.target]):
            why = _why_skipped(expected, claim, rules) if one.found == SKIPPED else ""
            differences.append(replace(one, found=f"{SKIPPED}: {why}") if why else one)
    return Verdict(trial, differences)


def _why_skipped(expected: Expectation, claim: Claim, rules: Rules) -> str:
    rule = rules.targets[expected.target]
    found = {TARGET: unwanted(rule.route, claim)} | skipped_in(rule.mapping, claim)
    return found[TARGET] or found.get(expected.record, "")


def _mapped(claim: Claim, rules: Rules, target: str) -> dict[str, Mapping[str, Any]] | str:
    """The fields of each record that the target would get; or why the event cannot be mapped."""
    rule, event = rules.targets[target], claim.stored.event
    if not rule.route.wants(kind=event.kind.value, source=event.source, chatbot_id=event.chatbot_id):
        return {}
    written, found = Written(), {}
    try:
        for record in written.begin(records_for(claim, rule.mapping), claim):
            found[record.name] = written.resolved(record).fields
            written.add(record, unknown_yet(record))
    except MappingError as error:
        return str(error)
    return found


def _compared(expected: Expectation, found: dict[str, Mapping[str, Any]] | str) -> Iterator[Difference]:
    def differs(what: str, wanted: str, is_: str) -> Difference:
        return Difference(what, wanted, is_, expected.at)

    if isinstance(found, str):
        if not expected.error or expected.error not in found:
            yield differs(expected.name, f"an error with {expected.error!r}" if expected.error else "a record", found)
        return
    if expected.error:
        yield differs(expected.name, f"an error with {expected.error!r}", f"records: {', '.join(found) or 'none'}")
        return
    if expected.skipped or not expected.record:
        there = expected.record in found if expected.record else bool(found)
        if there and expected.skipped:
            yield differs(expected.name, "skipped", "a record is written")
        return
    if expected.record not in found:
        yield differs(expected.name, "a record", SKIPPED)
        return
    fields = found[expected.record]
    wanted = {**expected.fields, **(expected.exactly or {})}
    for name, value in wanted.items():
        if not _same(value, fields.get(name, ABSENT)):
            yield differs(f"{expected.name}.{name}", shown(value), shown(fields.get(name, ABSENT)))
    extra = set(fields) - wanted.keys() if expected.exactly is not None else set(expected.absent) & set(fields)
    for name in sorted(extra):
        yield differs(f"{expected.name}.{name}", shown(ABSENT), shown(fields[name]))
    for name, part in expected.contains.items():
        if name not in fields or part not in text_of(fields[name]):
            yield differs(f"{expected.name}.{name}", f"a text with {shown(part)}", shown(fields.get(name, ABSENT)))


def _same(expected: Any, found: Any) -> bool:
    """Whether a value of the file is this one: the same type, except that a time is written as a text."""
    if isinstance(found, date) and isinstance(expected, str):
        return expected == text_of(found) or (instant(expected) == found if hasattr(found, "hour") else False)
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all(_same(expected[key], found[key]) for key in found)
    if isinstance(found, list) and isinstance(expected, list):
        return len(found) == len(expected) and all(map(_same, expected, found))
    return type(expected) is type(found) and bool(expected == found)


def shown(value: Any) -> str:
    """A value so that its type can be told: a text stands in quotes."""
    if value is ABSENT:
        return "absent"
    return text_of(value) if isinstance(value, date) else json.dumps(value, ensure_ascii=False, default=text_of)
