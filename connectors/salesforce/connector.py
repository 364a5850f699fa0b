"""Connector: Salesforce, through its REST API."""

from collections.abc import Sequence
from typing import ClassVar

from bridge.connector import Call, Field, Hold, Outcome, Plan, Record, Usable
from connectors.salesforce.decide import UNSEEN_CONTACT
from connectors.salesforce.deliver import Deliver
from connectors.salesforce.describe import Describes, described_or_hold
from connectors.salesforce.errors import hold_of, is_unseen
from connectors.salesforce.limits import Limits
from connectors.salesforce.login import SOAP_WARNING
from connectors.salesforce.org import Org, nothing_there
from connectors.salesforce.records import DEFAULT_RECORDS, DEFAULT_VARS
from connectors.salesforce.said import Said
from connectors.salesforce.settings import SalesforceSettings

# What an earlier attempt sent may still be under way at the org, where its worker was killed a moment ago: who looks
# at once does not see it. With a key of ours at the org nothing need be looked for, and nothing can be doubled.
UNDER_WAY_S = 5.0

_WHO, _CONTACT = "SELECT Id FROM Organization LIMIT 1", "SELECT Id FROM Contact LIMIT 1"


class Salesforce:
    """Leads, Contacts, and the Events and Tasks that hang on them; any other object as the mapping names it."""

    Settings: ClassVar[type] = SalesforceSettings
    api_version = 1
    max_batch = 200
    understands = frozenset({"match", "if_empty", "append"})
    default_records = DEFAULT_RECORDS
    default_vars = DEFAULT_VARS

    def __init__(self, settings: SalesforceSettings) -> None:
        self._settings = settings
        self._limits = Limits()
        self._describes = Describes()

    def deliver_batch(self, plans: Sequence[Plan], call: Call) -> Sequence[Sequence[Outcome]]:
        self._limits.before(call)
        if any(record.uncertain and not self._has_key(record) for plan in plans for record in plan.records):
            call.wait(min(UNDER_WAY_S, call.deadline_s / 8))
        return Deliver(self._org(call), self._describes).plans(plans)

    def deliver(self, record: Record, call: Call) -> Outcome:
        return self.deliver_batch([Plan(0, [record])], call)[0][0]

    def probe(self, call: Call) -> Usable | Hold:
        org = self._org(call)
        answer = org.query([_WHO, _CONTACT] if self._settings.match_contacts else [_WHO])
        told = [SOAP_WARNING if self._settings.is_soap else self._limits.note]
        if isinstance(answer, Said) and is_unseen(answer, "Contact"):
            told.append(UNSEEN_CONTACT)
            answer = org.query([_WHO])
        if isinstance(answer, Said):
            return hold_of(answer)
        id_ = answer[0][0].get("Id") if answer[0] else None
        if not isinstance(id_, str) or not id_:
            return Hold("the org does not say who it is: its user may not see Organization")
        return Usable(account=id_, note="; ".join(filter(None, told)))

    def describe(self, object: str, call: Call) -> Sequence[Field] | Hold:  # noqa: A002
        return described_or_hold(self._describes, object, self._org(call))

    def nothing_there(self, method: str, url: str, content: bytes) -> bytes | None:
        return nothing_there(method, url, content)

    def _has_key(self, record: Record) -> bool:
        return record.object in self._settings.external_ids

    def _org(self, call: Call) -> Org:
        return Org(self._settings, call, self._limits)
