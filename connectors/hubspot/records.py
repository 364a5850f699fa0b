"""Records: what a HubSpot target gets that says nothing of `records`: a contact for each person; for a lead a note; for
an appointment a meeting, or a note and a task where no time could be read. A meeting that is there is told of it.
"""

from typing import Any

from bridge.connector import APPOINTMENT_START

UNREAD = "The visitor wrote again, no time could be read there, and the meeting still has the one from before"

DEFAULT_VARS: dict[str, Any] = {
    "start": APPOINTMENT_START,
    "who": "{{ full_name | default(email) | default(phone) | default('a visitor') }}",
    "when": "{{ created_at | default(received_at) }}",
    "said": (
        "{{ content }}\n\n"
        "{{ 'Page: ' ~ page_url ~ '\n' if page_url else '' }}"
        "{{ 'Chatbot: ' ~ chatbot_id ~ '\n' if chatbot_id else '' }}"
        "{{ 'Chat: ' ~ session_id if session_id else '' }}"
    ),
}

_PERSON: dict[str, Any] = {
    "name": "person",
    "object": "contacts",
    "keyed_by": "person",
    "fields": {
        # What is no address goes to HubSpot, too: it refuses it, and so it is in the note, and said.
        "email": {"value": "{{ email | email | default(email) }}", "write": "if_empty"},
        "firstname": "{{ first_name }}",
        "lastname": "{{ last_name }}",
        "lastname_if_unnamed": "{{ phone | default(email) | default('Visitor ' ~ session_id) }}",
        "phone": "{{ phone }}",
    },
}

_MEETING: dict[str, Any] = {
    "name": "meeting",
    "object": "meetings",
    "when": {"kind": "appointment"},
    "fields": {
        "to_contact": "{{ records.person.id }}",
        # A later revision without a time that can be read is told to the meeting that there is.
        "only_change": {"value": UNREAD, "when": {"vars.start": {"present": False}}},
        "hs_timestamp": "{{ vars.start }}",
        "hs_meeting_title": (
            "{{ 'Chat appointment: ' if vars.start is present else 'Check the time: ' }}{{ vars.who }}"
        ),
        "hs_meeting_body": f"{{{{ '' if vars.start is present else '{UNREAD}:\\n\\n' }}}}{{{{ vars.said }}}}",
        "hs_meeting_start_time": "{{ vars.start }}",
        "hs_meeting_end_time": "{{ vars.start | add(minutes=30) }}",
        "hs_meeting_outcome": {"value": "SCHEDULED", "when": {"vars.start": {"present": True}}},
    },
}

_NOTE: dict[str, Any] = {
    "name": "note",
    "object": "notes",
    "when": {"any": [{"kind": "lead"}, {"vars.start": {"present": False}}]},
    "fields": {
        "to_contact": "{{ records.person.id }}",
        "hs_timestamp": "{{ vars.when }}",
        "hs_note_body": "{{ vars.said }}",
    },
}

_TASK: dict[str, Any] = {
    "name": "task",
    "object": "tasks",
    "when": {"kind": "appointment", "vars.start": {"present": False}},
    "fields": {
        "to_contact": "{{ records.person.id }}",
        "hs_timestamp": {"value": "{{ vars.when }}", "write": "if_empty"},  # when it is due, which colleagues move on
        "hs_task_subject": "Arrange a time: {{ vars.who }}",
        "hs_task_body": "{{ vars.said }}",
        "hs_task_status": "NOT_STARTED",
        "hs_task_type": "TODO",
    },
}

DEFAULT_RECORDS: tuple[dict[str, Any], ...] = (_PERSON, _MEETING, _NOTE, _TASK)
