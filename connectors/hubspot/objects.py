"""Objects: what is known of HubSpot's kinds of objects: their associations, pages, and by what one is recognised."""

from collections.abc import Mapping
from typing import Any

CONTACTS = "contacts"
EMAILS = ("email", "hs_additional_emails")  # a contact is found by each of its addresses
NAMES = ("firstname", "lastname")
NAMED = ("email", *NAMES)  # HubSpot makes no contact that has none of these
# A field that is no property: the last name of a contact that would be made without any of those. One that is there
# already keeps its name.
UNNAMED = "lastname_if_unnamed"
# Nor is this: a record that has it is only changed, where it is there, and never made. `degraded` says its text.
ONLY_CHANGE = "only_change"
ACTIVITIES = frozenset({"notes", "meetings", "tasks"})

TO = "to_"  # begins a field that is no property but an association: to_contact: "{{ records.person.id }}"

# The kinds of association, from one object to another, that HubSpot defines
# (https://developers.hubspot.com/docs/api/crm/associations/v4; hubspot.crm.AssociationType).
ASSOCIATIONS: Mapping[str, int] = {
    "contacts.to_company": 279,
    "notes.to_contact": 202,
    "notes.to_company": 190,
    "notes.to_deal": 214,
    "notes.to_ticket": 228,
    "meetings.to_contact": 200,
    "meetings.to_company": 188,
    "meetings.to_deal": 212,
    "meetings.to_ticket": 226,
    "tasks.to_contact": 204,
    "tasks.to_company": 192,
    "tasks.to_deal": 216,
    "tasks.to_ticket": 230,
    "deals.to_contact": 3,
    "deals.to_company": 341,
    "leads.to_contact": 578,  # the primary one, which a lead must have
    "leads.to_meeting": 600,
    "tickets.to_contact": 16,
    "tickets.to_company": 339,
    "tickets.to_deal": 28,
}

PLURALS: Mapping[str, str] = {"to_company": "companies"}  # of others: with an s

# By these properties an object is recognised that an earlier attempt may have made.
MARKS: Mapping[str, tuple[str, ...]] = {
    "notes": ("hs_timestamp", "hs_note_body"),
    "meetings": ("hs_meeting_start_time", "hs_meeting_title", "hs_meeting_body"),
    "tasks": ("hs_timestamp", "hs_task_subject", "hs_task_body"),
    "deals": ("dealname",),
    "leads": ("hs_lead_name",),
    "tickets": ("subject", "content"),
}

BODY: Mapping[str, str] = {"notes": "hs_note_body", "meetings": "hs_meeting_body", "tasks": "hs_task_body"}

# Without these the object is not worth having: an error about one of them is no reason to do without it.
NEEDED = frozenset(
    {
        *BODY.values(),
        "hs_timestamp",
        "hs_meeting_start_time",
        "hs_meeting_end_time",
        "hs_task_subject",
        "dealname",
        "hs_lead_name",
    }
)

# A colleague moves these on: only an empty one is filled.
CREATE_ONLY = frozenset(
    {"hs_lead_status", "pipeline", "dealstage", "hs_pipeline", "hs_pipeline_stage", "hs_task_status"}
)

_PAGES: Mapping[str, str] = {"contacts": "0-1", "companies": "0-2", "deals": "0-3", "tickets": "0-5", "leads": "0-136"}


def object_of(to: str) -> str:
    """The objects to which a field such as to_contact leads."""
    return PLURALS.get(to, f"{to.removeprefix(TO)}s")


def addresses_in(properties: Mapping[str, Any]) -> list[str]:
    """The addresses of a contact, as HubSpot keeps them: in lower case, further ones with ; between them."""
    texts = [text for name in EMAILS if isinstance(text := properties.get(name), str)]
    return [value.strip().lower() for text in texts for value in text.split(";") if value.strip()]


def page_of(object_: str, id_: str, *, portal: str, domain: str) -> str:
    """The record's page; empty where it has none: activities stand on those of their contacts."""
    kind = _PAGES.get(object_)
    return f"https://{domain}/contacts/{portal}/record/{kind}/{id_}" if kind and portal and id_ else ""
