"""What a connector declares as its records is refused at its place where it cannot be meant."""

from typing import Any

import pytest

from bridge.core.mapping import read_records
from bridge.model.record import Ref
from bridge.model.rules import Named


def record(**more: Any) -> dict[str, Any]:
    return {"name": "person", "object": "Lead", "fields": {"Email": "{{ email }}"}} | more


def test_a_field_is_a_name_a_constant_or_an_earlier_records_id() -> None:
    second = record(name="note", fields={"Of": "{{ records.person.id }}", "Tags": ["chat"], "Text": "{{content}}"})

    person, note = read_records([record(), second])

    assert (("Email", Named("email")),) == person.fields
    assert (("Of", Ref("person")), ("Tags", ["chat"]), ("Text", Named("content"))) == note.fields


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"Emails": ["{{ email }}"]}, "fields.Emails"),
        ({"Address": {"Street": {"Name": "{{ content }}"}}}, "fields.Address"),
        ({"Email": "to {{ email }}"}, "fields.Email"),
        ({"Email": "{{ emial }}"}, "did you mean email"),
        ({"Of": "{{ records.later.id }}"}, "no earlier record 'later'"),
    ],
)
def test_a_placeholder_that_would_not_be_filled_in_is_refused(fields: dict[str, Any], at: str) -> None:
    with pytest.raises(ValueError, match=at):
        read_records([record(fields=fields)])
