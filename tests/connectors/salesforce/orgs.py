"""What the tests of the Salesforce connector share: a sandbox org, and the connector on its way to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests
from simple_salesforce import Salesforce as SimpleSalesforce

from bridge.core.records import read_defaults
from bridge.engine.attempt import Caller
from bridge.engine.batch import attempt_batch
from bridge.model.delivery import Claim, Result
from bridge.model.mapping import MappingRule
from bridge.model.rules import Policy, TargetRule
from bridge.outbound import Door
from bridge.sandbox.salesforce.org import Org
from bridge.testing.parts import CLOCK, Counting
from bridge.testing.settings import read_settings
from connectors.salesforce import Salesforce, SalesforceSettings

KEY_FIELD = {"external_id": True, "unique": True, "length": 64}
KEYED = {"Lead": {"fields": {"Chat_Key__c": KEY_FIELD}}, "Event": {"fields": {"Chat_Key__c": KEY_FIELD}}}


def settings_for(url: str, **other: Any) -> dict[str, Any]:
    """Settings as they stand in a configuration, for a sandbox at this address."""
    auth = {"client_credentials": {"consumer_key": "sandbox-client", "consumer_secret": "sandbox-secret"}}
    return {"url": url, "auth": auth, "allow_private_addresses": True} | other


@dataclass
class Way:
    """The connector's way to one org: what a worker has."""

    org: Org
    settings: Mapping[str, Any] = field(default_factory=dict)
    records: Sequence[Mapping[str, Any]] | None = None
    timeout_s: float = 10.0

    def __post_init__(self) -> None:
        given = settings_for(self.org.url, **self.settings)
        self.warned: list[str] = []
        self.shared = Warned(self.warned)
        self.connector = Salesforce(read_settings(SalesforceSettings, given))
        rule = TargetRule("crm", "salesforce", policy=Policy(timeout_s=self.timeout_s), mapping=self._mapping())
        door = Door(timeout_s=self.timeout_s, allow_private_addresses=True, shared=self.shared)
        self.caller = Caller(rule, self.connector, door, CLOCK)

    def deliver(self, *claims: Claim) -> list[Result]:
        """What came of one call with these claims, in their order."""
        found, _ = attempt_batch(self.caller, claims, number=1)
        by_id = {result.claim.delivery_id: result for result in found}
        return [by_id[claim.delivery_id] for claim in claims]

    def outcome(self, claim: Claim) -> Any:
        return self.deliver(claim)[0].outcome

    def calls(self) -> list[str]:
        """What the ledger says of all API calls but the logins."""
        return [
            f"{call.method} {call.path.partition('.0/')[2]}"
            for call in self.org.calls
            if call.path.startswith("/services/data/")
        ]

    def _mapping(self) -> MappingRule:
        if self.records is None:
            return read_defaults(Salesforce.default_records, Salesforce.default_vars)
        return read_defaults(self.records, {})


class Warned(Counting):
    def __init__(self, told: list[str]) -> None:
        super().__init__()
        self._told = told
        self.waited: list[float] = []

    def warn(self, text: str) -> None:
        self._told.append(text)

    def wait(self, seconds: float, *, within_s: float) -> None:
        self.waited.append(seconds)


def plant(org: Org, name: str, **fields: Any) -> str:
    """The id of a record that was there before us."""
    return str(org.plant(name, **fields)["Id"])


def alive(org: Org, name: str) -> list[dict[str, Any]]:
    """The records that are not deleted, in the order of their creation."""
    return [row for row in org.records(name) if not row["IsDeleted"]]


def one(org: Org, name: str) -> dict[str, Any]:
    """The only record of its kind."""
    (row,) = alive(org, name)
    return row


def colleague(org: Org) -> SimpleSalesforce:
    """Somebody else who works at the org, with the same client library."""
    session = requests.Session()
    session.mount("https://", org.adapter())
    return SimpleSalesforce(instance_url=org.instance_url, session_id=org.settings["access_token"], session=session)
