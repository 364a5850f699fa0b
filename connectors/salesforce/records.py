"""Records: what a Salesforce target gets that says nothing of `records`: a Lead, or the Contact that the person is
already; for an appointment an Event, or a Task with the text where no time could be read. An Event that there is
already is told of it.
"""

from typing import Any

from bridge.connector import APPOINTMENT_START

UNREAD = "The visitor wrote again, no time could be read there, and the Event still has the one from before"

DEFAULT_VARS: dict[str, Any] = {
    "start": APPOINTMENT_START,
    "said": (
        "{{ content }}\n"
        "({{ kind }} by chat {{ session_id | default('-') }}, chatbot {{ chatbot_id | default('-') }},"
        " {{ (created_at if created_at is present else received_at) | format('%Y-%m-%d %H:%M') }} UTC,"
        " page {{ page_url | default('-') }})"
    ),
}

_PERSON: dict[str, Any] = {
    "name": "person",
    "object": "Lead",
    "keyed_by": "person",
    "match": ["Email", "Phone"],
    "fields": {
        "FirstName": {"value": "{{ first_name }}", "write": "if_empty", "max_length": 40},
        "LastName": {
            "value": (
                "{{ last_name | blank_to_null or first_name | last_name or email | before('@')"
                " or phone | blank_to_null or 'Unknown' }}"
            ),
            "write": "if_empty",
            "max_length": 80,
        },
        "Company": {"value": "[not provided]", "write": "if_empty"},
        "Email": {"value": "{{ email | email }}", "write": "if_empty"},
        "Phone": {"value": "{{ phone }}", "write": "if_empty", "max_length": 40},
        "LeadSource": {"value": "Web", "write": "if_empty"},
        "Description": {"value": "{{ vars.said }}", "write": "append", "max_length": 30000},
    },
}

_EVENT: dict[str, Any] = {
    "name": "event",
    "object": "Event",
    "when": {"kind": "appointment"},
    "fields": {
        "WhoId": "{{ records.person.id }}",
        # A later revision without a time that can be read is told to the Event that there is.
        "only_change": {"value": UNREAD, "when": {"vars.start": {"present": False}}},
        "Subject": {
            "value": (
                "{{ 'Chat appointment: ' if vars.start is present else 'Check the time: ' }}"
                "{{ full_name | default(email) | default(phone) }}"
            ),
            "max_length": 255,
        },
        "StartDateTime": "{{ vars.start }}",
        "EndDateTime": "{{ vars.start | add(minutes=30) }}",
        "Description": {
            "value": f"{{{{ '' if vars.start is present else '{UNREAD}:\\n' }}}}{{{{ vars.said }}}}",
            "write": "append",
            "max_length": 30000,
        },
    },
}

_TASK: dict[str, Any] = {
    "name": "task",
    "object": "Task",
    "when": {"kind": "appointment", "vars.start": {"present": False}},
    "fields": {
        "WhoId": "{{ records.person.id }}",
        "Subject": {
            "value": "Arrange a time: {{ full_name | default(email) | default(phone) }}",
            "max_length": 255,
        },
        "ActivityDate": {  # when it is due, which colleagues move on
            "value": "{{ (created_at if created_at is present else received_at) | date }}",
            "write": "if_empty",
        },
        "Description": {"value": "{{ vars.said }}", "write": "append", "max_length": 30000},
    },
}

DEFAULT_RECORDS: tuple[dict[str, Any], ...] = (_PERSON, _EVENT, _TASK)
