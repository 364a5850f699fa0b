"""How declared records become rules, and what is refused."""

from typing import Any

import pytest

from bridge.core.expression import Expression, Language
from bridge.core.filters import FILTERS
from bridge.core.nested import Nested
from bridge.core.records import MOST_FIELDS, MOST_RECORDS, Reader, read_defaults
from bridge.model.mapping import RecordRule
from bridge.model.record import Ref


def record(**more: Any) -> dict[str, Any]:
    return {"name": "person", "object": "Lead", "fields": {"Email": "{{ email }}"}} | more


def rules_of(*declared: Any) -> tuple[RecordRule, ...]:
    reader = Reader(Language(FILTERS), variables=["start"])
    found = reader.records(list(declared))
    assert [] == reader.found
    return found


def test_a_value_is_a_constant_an_expression_or_an_earlier_records_id() -> None:
    fields = {"Of": "{{ records.person.id }}", "Tags": ["chat"], "Text": "{{content}}", "At": {"a": "{{ vars.start }}"}}

    person, note = rules_of(record(), record(name="note", fields=fields))

    assert ["Email"] == [field.name for field in person.fields]
    of, tags, text, at = note.fields
    assert (Ref("person"), ["chat"]) == (of.value, tags.value)
    assert (Expression, Nested) == (type(text.value), type(at.value))
    assert {"person"} == note.needs


def test_a_record_has_its_policies() -> None:
    long = {
        "value": "{{ content }}",
        "required": True,
        "on_error": "omit",
        "nulls": "send",
        "max_length": 5,
        "write": "append",
        "when": {"kind": "lead"},
    }
    declared = record(keyed_by="person", match="Email", mode="create", when={"kind": "lead"}, fields={"Email": long})

    (rule,) = rules_of(declared)

    assert ("person", ("Email",), "create") == (rule.keyed_by, rule.match, rule.mode)
    (field,) = rule.fields
    assert (True, "omit", "send", 5, "append") == (
        field.required,
        field.on_error,
        field.nulls,
        field.max_length,
        field.write,
    )
    assert rule.when
    assert field.when


def test_the_object_is_the_name_where_nothing_else_is_said() -> None:
    (rule,) = rules_of({"name": "lead", "fields": {"email": "{{ email }}"}})

    assert "lead" == rule.object


@pytest.mark.parametrize(
    ("declared", "path", "message"),
    [
        (record(name="Lead"), (0, "name"), "no usable name"),
        (record(name="a" * 32), (0, "name"), "no usable name"),
        (record(object=""), (0, "object"), "must be a text"),
        (record(keyed_by="visitor"), (0, "keyed_by"), "must be event or person"),
        (record(mode="insert"), (0, "mode"), "must be upsert or create"),
        (record(match=["Phone"]), (0, "match", 0), "'Phone' is none of this record's fields"),
        (record(match="Emial"), (0, "match"), "'Emial' is none"),
        (record(matches=[]), (0, "matches"), "unknown key 'matches'"),
        (record(fields=[]), (0, "fields"), "a mapping of field names to values"),
        (record(fields={str(n): n for n in range(MOST_FIELDS + 1)}), (0, "fields"), "at most 200 fields"),
        (record(fields={"{{ email }}": 1}), (0, "fields", "{{ email }}"), "a key is a constant"),
        (record(fields={"A": {"b": {"{{ c }}": 1}}}), (0, "fields", "A", "b", "{{ c }}"), "a key is a constant"),
        (record(fields={"A": [1, {"b": "{{ emial }}"}]}), (0, "fields", "A", 1, "b"), "an event has no 'emial'"),
        (record(fields={"A": {"value": 1, "currency": "USD"}}), (0, "fields", "A", "currency"), "unknown key"),
        (record(fields={"A": {"required": True}}), (0, "fields", "A", "value"), "'value' is missing"),
        (record(fields={"A": {"value": 1, "required": 1}}), (0, "fields", "A", "required"), "true or false"),
        (record(fields={"A": {"value": 1, "max_length": 0}}), (0, "fields", "A", "max_length"), "whole number"),
        (record(fields={"A": {"value": 1, "write": "never"}}), (0, "fields", "A", "write"), "must be always or"),
        (record(fields={"A": {"value": 1, "when": {}}}), (0, "fields", "A", "when"), "says nothing"),
        (record(fields={"A": "{{ records.later.id }}"}), (0, "fields", "A"), "no earlier record 'later'"),
        ("a text", (0,), "a record is a mapping"),
    ],
)
def test_what_cannot_be_meant_is_told_at_its_place(declared: Any, path: Any, message: str) -> None:
    reader = Reader(Language(FILTERS))

    reader.records([declared])

    (found,) = reader.found
    assert path == found.path
    assert message in found.fault.message


def test_two_records_have_two_names_and_there_are_not_too_many() -> None:
    reader = Reader(Language(FILTERS))

    reader.records([record(), record(), *(record(name=f"r{n}") for n in range(MOST_RECORDS))])

    assert {(1, "name"), (MOST_RECORDS,)} == {found.path for found in reader.found}


def test_a_connectors_author_is_told_all_that_is_wrong_with_its_default_records() -> None:
    with pytest.raises(ValueError, match="default_records") as raised:
        read_defaults([record(name="X", fields={"Email": "{{ emial }}"}), record(name="note", objekt="x")], {})

    assert [
        "default_records[0].name: this is no usable name",
        "default_records[0].fields.Email: an event has no 'emial': did you mean email?",
        "default_records[1].objekt: unknown key 'objekt': did you mean 'object'?",
    ] == [text.split(": a-z")[0] for text in str(raised.value).split("; ")]


@pytest.mark.parametrize("declared", [[], (), {}, "text", None])
def test_no_records_at_all_are_no_default_records(declared: Any) -> None:
    with pytest.raises(ValueError, match="default_records"):
        read_defaults(declared, {})
