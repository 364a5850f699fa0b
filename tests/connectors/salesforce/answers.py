"""What the tests of single answers share: an org that answers as it is told, and what comes of a record there."""

import json
from dataclasses import dataclass
from typing import Any

import responses
from requests import PreparedRequest

from bridge.connector import Outcome, Plan, Record, Secret
from bridge.errors import CallEnded
from bridge.outbound import Door
from connectors.salesforce import Salesforce, SalesforceSettings
from connectors.salesforce.settings import Given

URL = "https://acme.my.salesforce.com"
DATA = f"{URL}/services/data/v62.0"
LEAD_ID = "00Q7e000001WZ30EAG"


@dataclass
class Org:
    """A Salesforce org that answers as it is told; a look finds nothing."""

    subrequest: tuple[int, Any] = (201, {"id": LEAD_ID, "success": True, "errors": []})
    row: Any = None
    write: tuple[int, bytes, dict[str, str]] | None = None

    def composite(self, request: PreparedRequest) -> tuple[int, dict[str, str], bytes | str]:
        asked = json.loads(request.body or "")["compositeRequest"]
        if all(one["method"] == "GET" for one in asked):
            nothing = {"totalSize": 0, "done": True, "records": []}
            found = [{"body": nothing, "httpStatusCode": 200, "referenceId": one["referenceId"]} for one in asked]
        elif self.write:
            status, body, headers = self.write
            return status, headers, body
        else:
            status, content = self.subrequest
            found = [{"body": content, "httpStatusCode": status, "referenceId": one["referenceId"]} for one in asked]
        return 200, {}, json.dumps({"compositeResponse": found})

    def collection(self, request: PreparedRequest) -> tuple[int, dict[str, str], bytes | str]:
        rows = json.loads(request.body or "")["records"]
        made = [{"id": f"00Q7e00000{number:08d}", "success": True, "errors": []} for number in range(len(rows))]
        bad = next((number for number, row in enumerate(rows) if row["LastName"] == "Bad"), None)
        if bad is not None and self.row is not None:
            made[bad] = {"success": False, "errors": [self.row]}
        return 200, {}, json.dumps(made)


def serve(mocked: responses.RequestsMock, org: Org) -> None:
    mocked.add_callback("POST", f"{DATA}/composite", callback=org.composite)
    mocked.add_callback("POST", f"{DATA}/composite/sobjects", callback=org.collection)


def plan(number: int, name: str = "Garcia", *, match: tuple[str, ...] = ("Email",)) -> Plan:
    fields = {"LastName": name, "Company": "x", "Email": f"visitor{number}@example.com"}
    return Plan(number, [Record("person", "Lead", f"key-{number}", fields, f"key-{number}-1", match=match)])


def outcomes(*plans: Plan, **settings: Any) -> list[Outcome]:
    """What came of the first record of each plan."""
    return [found[0] for found in all_outcomes(*plans, **settings)]


def all_outcomes(*plans: Plan, **settings: Any) -> list[list[Outcome]]:
    connector = Salesforce(SalesforceSettings(URL, Given(Secret("a session")), **settings))
    try:
        return [list(found) for found in connector.deliver_batch(plans, Door(timeout_s=10).call())]
    except CallEnded as ended:  # as the bridge does
        return [[ended.outcome] for _ in plans]


def same(expected: Outcome, found: Outcome) -> bool:
    """Whether it is the same outcome; reasons are looked at apart."""
    if type(expected) is not type(found):
        return False
    names = ("uncertain", "for_s", "after_s", "crowded", "cause")
    return all(getattr(expected, name, None) == getattr(found, name, None) for name in names)


def fault(key: str, code: str, message: str) -> dict[str, Any]:
    return {key: code, "message": message, "fields": []}
