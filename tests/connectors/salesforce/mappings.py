"""Mappings that several of these tests use, and leads for them."""

from dataclasses import replace
from typing import Any

from bridge.model.delivery import Claim
from bridge.testing.samples import claim_of, other_lead

BY_EMAIL = {
    "name": "person",
    "object": "Lead",
    "keyed_by": "person",
    "match": ["Email"],
    "fields": {"LastName": "{{ last_name }}", "Company": "x", "Email": "{{ email }}", "FirstName": "{{ first_name }}"},
}
NOTE = {
    "name": "note",
    "object": "Task",
    "fields": {
        "WhoId": "{{ records.person.id }}",
        "Subject": "Chat: {{ first_name }}",
        "Description": "{{ content }}",
        "Status": "{{ raw.Status }}",
    },
}
BOTH = (BY_EMAIL, NOTE)

USUAL = {
    "name": "person",
    "object": "Lead",
    "keyed_by": "person",
    "match": ["Email", "Phone"],
    "fields": {
        "LastName": {"value": "{{ last_name }}", "write": "if_empty"},
        "Company": {"value": "[not provided]", "write": "if_empty"},
        "Email": "{{ email }}",
        "Phone": {"value": "{{ phone }}", "write": "if_empty"},
        "City": "{{ raw.City }}",
        "Description": {"value": "{{ content }}", "write": "append"},
    },
}

FILLING: dict[str, Any] = {
    "LastName": {"value": "{{ last_name }}", "write": "if_empty"},
    "Company": {"value": "x", "write": "if_empty"},
    "Email": {"value": "{{ email }}", "write": "if_empty"},
    "Phone": {"value": "{{ phone }}", "write": "if_empty"},
    "Description": {"value": "{{ content }}", "write": "append"},
}
FILLED: dict[str, Any] = {
    "name": "person",
    "object": "Lead",
    "keyed_by": "person",
    "match": ["Email", "Phone"],
    "fields": FILLING,
}
TASK = {"name": "task", "object": "Task", "fields": {"WhoId": "{{ records.person.id }}", "Subject": "{{ content }}"}}


def leads(count: int, *, first: int = 1, **said: Any) -> list[Claim]:
    return [claim_of(replace(other_lead(number), **said), number) for number in range(first, first + count)]
