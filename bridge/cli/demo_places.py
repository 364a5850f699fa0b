"""The places where the demo's records arrive: each a sandbox of this process, with its own ledger, from which the last
columns of the table are read.
"""

from typing import Any, Protocol

from bridge.cli.samples import Sample
from bridge.sandbox.hubspot.portal import Portal
from bridge.sandbox.inbox import Inbox
from bridge.sandbox.salesforce.org import Org

HAS_PHONE = "has its phone now"

DELIVERY = "{timeout: 2s, retry: [400ms, 800ms, 2s, 5s]}"


class Sandbox(Protocol):
    """A sandbox, and what the demo has to know of it."""

    name: str  # of the target
    where: str  # what the column is called
    url: str

    def target(self) -> str:
        """The target, as it stands in the configuration."""

    def fault(self, declared: dict[str, Any]) -> None: ...
    def found(self, sample: Sample) -> tuple[int, str]:
        """How many records of this sample are there, and a word on them."""

    def total(self) -> int:
        """How many records are there."""


class AtInbox:
    name = "inbox"
    where = "at the inbox"

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self.url = inbox.url

    def target(self) -> str:
        settings = f'{{url: "{self.url}/leads", allow_private_addresses: true}}'
        return f"  inbox:\n    connector: http\n    settings: {settings}\n    delivery: {DELIVERY}\n"

    def fault(self, declared: dict[str, Any]) -> None:
        self._inbox.add_fault(**declared)

    def found(self, sample: Sample) -> tuple[int, str]:
        mine = [item for item in self._inbox.items() if _is_of(sample, item)]
        arrived = sum(self._inbox.keys()[f"{item['key']}-{item['revision']}"].arrivals for item in mine)
        return len(mine), f"{arrived} requests, one key" if arrived > len(mine) else ""

    def total(self) -> int:
        return len(self._inbox.items())


class InSalesforce:
    name = "salesforce"
    where = "in Salesforce"

    def __init__(self, org: Org) -> None:
        self._org = org
        self.url = org.url

    def target(self) -> str:
        known = self._org.settings
        auth = f'{{consumer_key: "{known["client_id"]}", consumer_secret: "{known["client_secret"]}"}}'
        settings = f'{{url: "{self.url}", auth: {{client_credentials: {auth}}}, allow_private_addresses: true}}'
        return f"  salesforce:\n    connector: salesforce\n    settings: {settings}\n    delivery: {DELIVERY}\n"

    def fault(self, declared: dict[str, Any]) -> None:
        self._org.fault(**declared)

    def found(self, sample: Sample) -> tuple[int, str]:
        """A revision makes no record of its own: it changes the lead that is there."""
        leads = [lead for lead in self._org.records("Lead") if lead["Email"] == sample.visitor.get("Email")]
        if sample.kind == "appointment":
            return sum(event["WhoId"] in {lead["Id"] for lead in leads} for event in self._org.records("Event")), ""
        if sample.revision > 1:
            changed = bool(leads) and all(lead["Phone"] for lead in leads)
            return 0, HAS_PHONE if changed else "the lead lacks its phone"
        return len(leads), ""

    def total(self) -> int:
        return sum(len(self._org.records(kind)) for kind in ("Lead", "Contact", "Event", "Task"))


class InHubSpot:
    name = "hubspot"
    where = "in HubSpot"

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self.url = portal.url

    def target(self) -> str:
        token = self._portal.settings["access_token"]
        settings = f'{{access_token: "{token}", base_url: "{self.url}", allow_private_addresses: true}}'
        return f"  hubspot:\n    connector: hubspot\n    settings: {settings}\n    delivery: {DELIVERY}\n"

    def fault(self, declared: dict[str, Any]) -> None:
        self._portal.fault(**declared)

    def found(self, sample: Sample) -> tuple[int, str]:
        """A lead is a contact with a note on it, an appointment a meeting. A revision changes what is there."""
        contacts, notes = self._portal.records("contacts"), self._portal.records("notes")
        email = sample.visitor.get("Email", "").lower()
        mine = [row for row in contacts if row["properties"].get("email") == email]
        if sample.kind == "appointment":
            return len(self._portal.records("meetings")), ""
        if sample.revision > 1:
            changed = bool(mine) and all(row["properties"].get("phone") for row in mine)
            return 0, HAS_PHONE if changed else "the contact lacks its phone"
        return len(mine), "with its note" if len(notes) == len(contacts) else f"{len(notes)} notes in all"

    def total(self) -> int:
        """Each contact counts with its note; a note beyond these counts by itself."""
        count = {kind: len(self._portal.records(kind)) for kind in ("contacts", "notes", "meetings", "tasks")}
        return max(count["contacts"], count["notes"]) + count["meetings"] + count["tasks"]


def _is_of(sample: Sample, item: dict[str, Any]) -> bool:
    said = (item.get("email"), item.get("kind"), item.get("revision"))
    return said == (sample.visitor.get("Email"), sample.kind, sample.revision)
