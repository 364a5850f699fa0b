"""Crm: what was sent and answered, against the records of a CRM that the default mapping writes: each visitor one
person, each appointment one activity of that person, each text once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import requests

from bridge.sandbox.hubspot.portal import Portal
from bridge.sandbox.salesforce.org import Org
from tests.chaos.ledger import Sent


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    email: str
    phone: str
    text: str


@dataclass(frozen=True, slots=True)
class Activity:
    id: str
    person: str  # the id of whom it is about
    text: str


def in_salesforce(org: Org) -> tuple[list[Person], list[Activity]]:
    """The org's own records."""
    leads = [
        Person(row["Id"], str(row["Email"]), row["Phone"] or "", row["Description"] or "")
        for row in org.records("Lead")
    ]
    rows = [row for kind in ("Event", "Task") for row in org.records(kind)]
    return leads, [Activity(row["Id"], str(row["WhoId"]), row["Description"] or "") for row in rows]


def in_hubspot(portal: Portal) -> tuple[list[Person], list[Activity]]:
    """The portal's own records: what was said to a contact stands in its notes; appointments without a time are tasks.
    From now on the portal is sound.
    """
    portal.random([])
    portal.change(rolling_requests=1_000_000)
    notes, tasks = portal.records("notes"), portal.records("tasks")
    whose = _contacts_of(portal, "notes", notes) | _contacts_of(portal, "tasks", tasks)
    texts: dict[str, str] = {}
    for note in notes:
        contact = whose.get(note["id"], "")
        texts[contact] = f"{texts.get(contact, '')}\n{note['properties'].get('hs_note_body')}"
    persons = [
        Person(
            row["id"],
            row["properties"].get("email") or "",
            row["properties"].get("phone") or "",
            texts.get(row["id"], ""),
        )
        for row in portal.records("contacts")
    ]
    activities = [
        Activity(row["id"], whose.get(row["id"], ""), row["properties"].get("hs_task_body") or "") for row in tasks
    ]
    return persons, activities


def _contacts_of(portal: Portal, kind: str, rows: list[dict[str, Any]]) -> dict[str, str]:
    """The contact that each of these is associated with."""
    headers = {"Authorization": f"Bearer {portal.settings['access_token']}"}
    url = f"{portal.url}/crm/v4/associations/{kind}/contacts/batch/read"
    found: dict[str, str] = {}
    for start in range(0, len(rows), 100):
        asked = {"inputs": [{"id": row["id"]} for row in rows[start : start + 100]]}
        answer = requests.post(url, json=asked, headers=headers, timeout=30)
        found |= {one["from"]["id"]: str(one["to"][0]["toObjectId"]) for one in answer.json()["results"]}
    return found


def broken(sent: Iterable[Sent], persons: list[Person], activities: list[Activity]) -> Iterator[str]:
    """Every promise that was not kept."""
    sent = list(sent)
    answered = {one.fact for one in sent if one.answered and not one.fact.forged}
    said = {_email(one.fact.visitor) for one in sent if not one.fact.forged}
    by_email: dict[str, list[Person]] = {}
    for person in persons:
        by_email.setdefault(person.email.lower(), []).append(person)
    for email, found in by_email.items():
        if len(found) > 1:
            yield f"doubled: {email} is there as {', '.join(one.id for one in found)}"
        if email not in said:
            yield f"invented: nobody sent {email}"
    of_person: dict[str, list[str]] = {}
    for activity in activities:
        of_person.setdefault(activity.person, []).append(activity.text)
    for fact in answered:
        mine = by_email.get(_email(fact.visitor), [])
        texts = [one.text for one in mine]
        if fact.kind != "Lead":
            texts = [text for one in mine for text in of_person.get(one.id, [])]
        times = Counter(count for text in texts if (count := text.count(fact.mark)))
        if times != Counter({1: 1}):
            yield f"{'doubled' if times else 'lost'}: {fact} is there so often: {dict(times)}"
        if fact.phone and not all(one.phone for one in mine):
            yield f"lost: the phone of {fact}"
    for id_ in of_person.keys() - {person.id for person in persons}:
        yield f"orphaned: an activity is about {id_}, whom there is not"


def _email(visitor: int) -> str:
    return f"visitor{visitor}@example.com"
