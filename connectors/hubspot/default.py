"""Default: the records of a target that declares none: a contact for each person; for each lead a note; for each
appointment a meeting, or a note and a task where no time can be read in it.
"""

from typing import Any

# A date and a time of day behind a label, as "Time: 2023-12-01 10:00 AM". What fits here, `datetime` can read: both ask
# this one pattern, so that each appointment is either a meeting or a task.
_DAY = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_TIME_OF_DAY = (
    "(?:(?:0?[1-9]|1[0-2]):[0-5][0-9] ?[AaPp][Mm]|(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?! ?[AaPp][Mm]))(?![0-9:])"
)
_WHEN = (
    "(?im)^[^A-Za-z0-9\\n]*(?:time|appointment|date|when|start)[^:=\\n]{0,40}[:=][^0-9\\n]{0,5}"
    f"((?:20[0-9][0-9]-{_DAY}|20(?:[02468][048]|[13579][26])-02-29) {_TIME_OF_DAY})"
)
_START = (
    "content | find('" + _WHEN.replace("\\n", "\\\\n") + "')"
    " | datetime(['%Y-%m-%d %I:%M %p', '%Y-%m-%d %I:%M%p', '%Y-%m-%d %H:%M'])"
)
_READABLE = {"content": {"matches": _WHEN}}

_AT = "{{ created_at | default(received_at) }}"
_BODY = (
    "{{ content }}\n\n"
    "{{ 'Page: ' ~ page_url ~ '\\n' if page_url else '' }}"
    "{{ 'Chatbot: ' ~ chatbot_id ~ '\\n' if chatbot_id else '' }}"
    "{{ 'Chat: ' ~ session_id if session_id else '' }}"
)
_WHO = "{{ full_name | default(email) | default(phone) | default('a visitor') }}"

DEFAULT_RECORDS: tuple[dict[str, Any], ...] = (
    {
        "name": "person",
        "object": "contacts",
        "keyed_by": "person",
        "fields": {
            "email": {"value": "{{ email | email }}", "write": "if_empty"},
            "firstname": "{{ first_name }}",
            # HubSpot makes no contact that has neither a name nor an address.
            "lastname": "{{ last_name if full_name or email else phone | default('Visitor ' ~ session_id) }}",
            "phone": "{{ phone | phone }}",
        },
    },
    {
        "name": "meeting",
        "object": "meetings",
        "when": {"kind": "appointment", **_READABLE},
        "fields": {
            "to_contact": "{{ records.person.id }}",
            "hs_timestamp": "{{ " + _START + " }}",
            "hs_meeting_title": f"Appointment with {_WHO}",
            "hs_meeting_body": _BODY,
            "hs_meeting_start_time": {"value": "{{ " + _START + " }}", "required": True},
            "hs_meeting_end_time": "{{ " + _START + " | add(minutes=30) }}",
            "hs_meeting_outcome": "SCHEDULED",
        },
    },
    {
        "name": "note",
        "object": "notes",
        "when": {"any": [{"kind": "lead"}, {"not": _READABLE}]},
        "fields": {"to_contact": "{{ records.person.id }}", "hs_timestamp": _AT, "hs_note_body": _BODY},
    },
    {
        "name": "task",
        "object": "tasks",
        "when": {"kind": "appointment", "not": _READABLE},
        "fields": {
            "to_contact": "{{ records.person.id }}",
            "hs_timestamp": _AT,
            "hs_task_subject": f"Agree on a time with {_WHO}",
            "hs_task_body": _BODY,
            "hs_task_status": "NOT_STARTED",
            "hs_task_type": "TODO",
        },
    },
)
