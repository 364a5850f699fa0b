"""Connector: what the bridge calls. Records become rows, layer by layer: first the contacts of all plans, then what
refers to them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import ClassVar

from bridge.connector import Answer, Call, Delivered, Field, Hold, Outcome, Plan, Record, Ref, Usable
from connectors.hubspot.access import Access
from connectors.hubspot.account import Accounts
from connectors.hubspot.choices import Choices
from connectors.hubspot.client import Client, nothing_there
from connectors.hubspot.described import fields_in
from connectors.hubspot.errors import outcome_of
from connectors.hubspot.limits import Limits
from connectors.hubspot.objects import ACTIVITIES, CONTACTS
from connectors.hubspot.problem import problem_of
from connectors.hubspot.records import DEFAULT_RECORDS, DEFAULT_VARS
from connectors.hubspot.row import Row, row_of
from connectors.hubspot.scopes import lacking
from connectors.hubspot.settings import HubSpotSettings
from connectors.hubspot.unique import PREPARE, make, named, properties_in, wrong_with
from connectors.hubspot.work import MOST, SEARCH_LAGS_S, Work
from connectors.hubspot.writing import write

UNDER_WAY_S = 5.0  # that what an earlier attempt sent may still be at HubSpot, whose worker was killed a moment ago


class HubSpot:
    """Contacts, and the notes, meetings and tasks that hang on them; any other object as the mapping names it."""

    Settings: ClassVar[type] = HubSpotSettings
    api_version = 1
    default_records = DEFAULT_RECORDS
    default_vars = DEFAULT_VARS
    understands = frozenset({"match", "if_empty", "append"})
    max_batch = MOST
    default_rate = (100, 10.0)  # of a private app; a larger account's operator says more

    def __init__(self, settings: HubSpotSettings) -> None:
        self._settings = settings
        self._access = Access(settings)
        self._accounts = Accounts(settings)
        self._choices = Choices()
        self._limits = Limits()

    def deliver(self, record: Record, call: Call) -> Outcome:
        ((outcome,),) = self.deliver_batch([Plan(0, [record])], call)
        return outcome

    def deliver_batch(self, plans: Sequence[Plan], call: Call) -> list[list[Outcome]]:
        self._limits.before(call)
        if wait_s := max((self._unseen_s(record) for plan in plans for record in plan.records), default=0.0):
            call.wait(min(wait_s, call.deadline_s / 8))
        client = self._client(call)
        work = Work(client, self._settings, self._accounts.known, self._choices, call)
        written: list[list[Row]] = [[] for _ in plans]
        for layer in zip_longest(*(plan.records for plan in plans)):
            rows = [
                (rows, self._row(record, rows))
                for record, rows in zip(layer, written, strict=True)
                if record is not None and all(isinstance(row.outcome, Delivered) for row in rows)
            ]
            for object_ in dict.fromkeys(row.object for _, row in rows):
                write([row for _, row in rows if row.object == object_ and row.outcome is None], work)
            for earlier, row in rows:
                earlier.append(row)
        return [[row.outcome for row in rows if row.outcome is not None] for rows in written]

    def probe(self, call: Call) -> Usable | Hold:
        client = self._client(call)
        told = client.account()
        account = self._accounts.learn(told)
        for answer in (told, client.first(CONTACTS)):
            if answer.status not in (200, 404) and not (answer is told and answer.status == 403):
                return _held(answer, client, call, zone=account.zone)
        for object_, name in named(self._settings):
            properties = properties_in(client.properties(object_))
            if properties is not None and (wrong := wrong_with(name, properties)):
                return Hold(f"the property {name} of {object_} {wrong}; {PREPARE}")
        return Usable(account=account.portal, note=self._limits.note)

    def prepare(self, call: Call) -> Sequence[str] | Hold:
        """Makes the unique properties that the settings name."""
        client, told = self._client(call), []
        for object_, name in named(self._settings):
            answer = client.properties(object_)
            properties = properties_in(answer)
            if properties is None:
                return _held(answer, client, call)
            if name in {one.get("name") for one in properties}:
                told.append(f"the property {name} of {object_} {wrong_with(name, properties) or 'is there'}")
            else:
                answer = make(object_, name, properties, client)
                if answer.status not in (200, 201):
                    return _held(answer, client, call)
                told.append(f"made the property {name} of {object_}")
        return told or ["there is nothing to make: the settings name no unique properties (unique: {contact: …})"]

    def describe(self, object: str, call: Call) -> Sequence[Field] | Hold:  # noqa: A002
        client = self._client(call)
        answer = client.properties(object)
        fields = fields_in(answer, object, self._settings)
        if fields is None:
            return _held(answer, client, call)
        if missing := lacking(object, client.granted()):
            return Hold(f"the app lacks scopes ({', '.join(missing)}) that {object} need: add them to it")
        return fields

    def nothing_there(self, method: str, url: str, content: bytes) -> bytes | None:
        return nothing_there(method, url)

    def _unseen_s(self, record: Record) -> float:
        """How long a look may miss what an earlier attempt wrote; 0 where an address or a key of ours finds it."""
        unique = self._settings.unique
        if not record.uncertain or record.known_id:
            return 0.0
        if record.object == CONTACTS:
            return 0.0 if record.fields.get("email") or unique.contact else SEARCH_LAGS_S
        if record.match:
            return SEARCH_LAGS_S
        return 0.0 if record.object in ACTIVITIES and unique.activity else UNDER_WAY_S

    def _client(self, call: Call) -> Client:
        return Client(self._settings, self._access, self._limits, call)

    def _row(self, record: Record, earlier: Sequence[Row]) -> Row:
        """The record with the ids of earlier ones in it, and with what HubSpot did not take of those."""
        ids: Mapping[str, str] = {
            row.record.name: row.outcome.id for row in earlier if isinstance(row.outcome, Delivered)
        }
        fields = {
            name: ids.get(value.record, "") if isinstance(value, Ref) else value
            for name, value in record.fields.items()
        }
        to = [row for row in earlier if Ref(row.record.name) in record.fields.values()]
        uncertain = record.uncertain and not any(row.is_new for row in to)  # what hangs at a new one is new itself
        row = row_of(replace(record, fields=fields, uncertain=uncertain), self._settings)
        for dropped in (*record.not_taken.values(), *(before.dropped for before in earlier)):
            row.keep(dropped)
        return row


def _held(answer: Answer, client: Client, call: Call, *, zone: str = "") -> Hold:
    """What keeps us from asking, as a Hold."""
    outcome = outcome_of(problem_of(answer, secrets=client.secrets), now_s=call.now_s, zone=zone)
    return outcome if isinstance(outcome, Hold) else Hold(getattr(outcome, "reason", "HubSpot is unwell"))
