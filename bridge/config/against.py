"""Against: a target's records, held against the fields that its account really has. For `check --connect`."""

from collections.abc import Iterable, Iterator
from typing import Any

from bridge.connector import Field
from bridge.core.conditions import Found, Path
from bridge.core.expression import Expression, Fault
from bridge.core.expression.possible import values_of
from bridge.core.filters import text_of
from bridge.core.nested import Nested
from bridge.core.text import nearest
from bridge.model.mapping import FieldRule, MappingRule, Origin, RecordRule
from bridge.model.record import Ref

MOST_NAMED = 12  # choices that a hint lists


def compared(
    record: RecordRule, known: Iterable[Field], *, mapping: MappingRule, at: Path, listed_by: str
) -> Iterator[Found]:
    """What the account would not take of the record, which is one of this mapping and stands at `at`. `listed_by`: the
    command that shows which fields there are.
    """
    fields = {one.name: one for one in known}
    for rule in record.fields:
        here = (*at, "fields", rule.name)
        field = fields.get(rule.name)
        if field is None:
            near = nearest(rule.name, fields)
            hint = f"did you mean {near}?" if near else f"`{listed_by}` lists them"
            yield Found(here, Fault(f"{record.object} has no field '{rule.name}'", hint), in_key=True)
        elif not field.writable:
            fault = Fault(f"{record.object}.{rule.name} cannot be written", "ask for the right to it, or leave it out")
            yield Found(here, fault, in_key=True)
        elif field.required and (rule.value is None or rule.value == ""):
            yield Found(here, Fault(f"{record.object} needs {rule.name}, and this says nothing", "map a value to it"))
        else:
            yield from _values(rule, field, mapping, here)
    named = {rule.name for rule in record.fields}
    for field in fields.values():
        if field.required and field.writable and field.name not in named:
            fault = Fault(f"{record.object} needs {field.name}", f"add {field.name}: … under fields")
            yield Found((*at, "fields"), fault, in_key=True)


def _values(rule: FieldRule, field: Field, mapping: MappingRule, at: Path) -> Iterator[Found]:
    longest = field.max_length
    if longest is not None and rule.max_length is not None and rule.max_length > longest:
        yield Found((*at, "max_length"), Fault(f"the field takes {longest} characters", f"write {longest} or less"))
    for value in _possible(rule.value, mapping):
        text = text_of(value)[: rule.max_length]
        if longest is not None and len(text) > longest:
            fault = Fault(f"'{text[:40]}' is longer than the {longest} characters of the field", "shorten it")
            yield Found((*at, "value"), fault)
        if field.choices and text not in field.choices:
            near = nearest(text, field.choices)
            others = ", ".join(field.choices[:MOST_NAMED]) + (", …" if len(field.choices) > MOST_NAMED else "")
            hint = f"did you mean '{near}'?" if near else f"it takes: {others}"
            yield Found((*at, "value"), Fault(f"the field does not take '{text[:40]}'", hint))


def _possible(value: Any, mapping: MappingRule) -> list[Any]:
    """The values that the field may have, as far as they can be told before an event is there."""
    if isinstance(value, Ref | Nested | list | dict):
        return []
    found: Iterable[Any] = [value]
    if isinstance(value, Expression):
        origin = next(iter(mapping.origins.values()), Origin())  # the lookups of all are the same
        found = values_of(value.possible, lookups=origin.lookups, variables=mapping.vars)
    scalars = (one for one in found if isinstance(one, str | int | float) and one != "")
    return list(dict.fromkeys(scalars))
