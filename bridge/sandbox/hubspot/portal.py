"""A HubSpot portal that is none: an HTTP server which clients of the real one can use, and which tests can look into.

    with Portal(search_lag_s=0.0) as portal:
        client = hubspot.Client.create(access_token=portal.settings["access_token"], retry=False)
        api = client.crm.contacts.basic_api
        api.api_client.configuration.host = portal.url
        api.create({"properties": {"email": "ada@example.com"}})
        assert portal.records("contacts")[0]["properties"]["email"] == "ada@example.com"

`portal.calls` is the ledger of API calls, `portal.cost` what they count; `portal.fault(status=503, stored=True)` makes
the next call fail after it was done; `portal.change(daily_requests=10)` changes a setting, `portal.plant("contacts",
email="byron@example.com")` puts a record there past all limits, `portal.merge(id, other_id)` merges two contacts,
`portal.end_tokens()` ends all tokens from OAuth, `portal.catch_up()` lets search find everything at once.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from bridge.sandbox.crm.app import Crm
from bridge.sandbox.crm.calling import Answer
from bridge.sandbox.crm.records import Record
from bridge.sandbox.exchange import Reply, Request
from bridge.sandbox.hubspot import contacts
from bridge.sandbox.hubspot.api import Api, kind_for, scopes_for
from bridge.sandbox.hubspot.asked import Asked, Result, asked
from bridge.sandbox.hubspot.associations import Associations
from bridge.sandbox.hubspot.errors import Refused, over_limit
from bridge.sandbox.hubspot.limits import Limits
from bridge.sandbox.hubspot.objects import Objects
from bridge.sandbox.hubspot.pipelines import owners, pipelines
from bridge.sandbox.hubspot.schema import KINDS, kind_of, schema
from bridge.sandbox.hubspot.settings import DEFAULTS, NAMED_FAULTS, check
from bridge.sandbox.hubspot.tokens import Tokens
from bridge.sandbox.hubspot.world import World

_JSON = {"Content-Type": "application/json;charset=utf-8"}


class Portal(Crm):
    """See above, and `Crm` for all that other CRMs share."""

    title = "HubSpot"
    defaults: ClassVar[Mapping[str, Any]] = DEFAULTS
    faults: ClassVar[Mapping[str, Mapping[str, Any]]] = NAMED_FAULTS

    def _configured(self) -> None:
        check(self._settings)
        known = schema(self._settings["properties"])
        if not hasattr(self, "_world"):
            self._world = World(self._records, self._settings, known)
            self._limits, self._tokens = Limits(self._world), Tokens(self._world)
            self._api = Api(self._world, self._limits)
        self._world.settings, self._world.schema = self._settings, known
        try:
            owners(self._world)
            for kind in KINDS.values():
                pipelines(self._world, kind)
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"owners and pipelines need an id, pipelines their stages, too: {error}") from error

    def reset(self) -> None:
        """Empties records and ledger, clears faults and counted limits; settings stay."""
        with self._changed:
            super().reset()
            self._world.restart()
            self._limits.clear()

    def _answer(self, request: Request) -> Answer:
        try:
            call = asked(request, self._settings["versions"])
        except Refused as refusal:
            return _answered(Result(refusal.status, refusal.as_answer(), "refused"))
        if call.parts[:1] == ("oauth",):
            return _answered(self._tried(call, lambda: self._tokens.answer(call)), cost=0)
        try:
            private_app = self._tokens.check(request.header("Authorization"))
        except Refused as refusal:
            return _answered(Result(refusal.status, refusal.as_answer(), "refused"))
        searches = call.parts[-1:] == ("search",)
        policy = self._limits.exceeded(search=searches)
        headers = {} if searches else self._limits.headers(private_app=private_app)
        if policy is not None:
            return _answered(Result(429, over_limit(policy), "limited"), cost=0, headers=headers)
        return _answered(self._tried(call, lambda: self._permitted(call)), headers=headers)

    def _permitted(self, call: Asked) -> Result:
        self._tokens.check_scopes(scopes_for(call))
        return self._api.call(call)

    def _tried(self, call: Asked, do: Callable[[], Result]) -> Result:
        mark = self._world.begin()
        try:
            result = do()
        except Refused as refusal:
            self._world.undo(mark)
            result = Result(refusal.status, refusal.as_answer())
        return result if result.kind else Result(result.status, result.body, kind_for(call), result.headers)

    def _spoiled(self, status: int) -> bytes:
        if status == 429:
            return json.dumps(over_limit("TEN_SECONDLY_ROLLING")).encode()
        message, category = _SPOILED.get(status, ("internal error", "INTERNAL_ERROR"))
        return json.dumps(Refused(message, category).as_answer()).encode()

    def _delayed(self, answer: Answer, latency_s: float) -> None:
        """A portal locks nothing while it works."""

    def _control(self, asked: str, body: Any) -> Any:
        match asked:
            case "POST /_/expire":
                self.end_tokens()
                return {"status": "ok"}
            case "POST /_/merge":
                return self.merge(str(body["into"]), str(body["id"]))
            case "POST /_/catch_up":
                self.catch_up()
                return {"status": "ok"}
        raise LookupError(asked)

    def end_tokens(self) -> None:
        """Ends all tokens from OAuth; that of the private app stays."""
        with self._changed:
            self._tokens.expire_all()
            self._database.commit()

    def merge(self, into: str, key: str, *, kind: str = "contacts") -> dict[str, Any]:
        """Merges the record with this id into another; returns what became of both. ValueError if it cannot be."""
        with self._changed:
            body = {"primaryObjectId": into, "objectIdToMerge": key}
            try:
                merged = contacts.merge(self._world, Associations(self._world), KINDS[kind], body)
            except Refused as refusal:
                raise ValueError(refusal.message) from refusal
            self._write()
            return dict(merged)

    def catch_up(self) -> None:
        """Search finds everything as it is now."""
        with self._changed:
            self._world.catch_up()

    def _plant(self, kind: str, fields: Mapping[str, Any]) -> Record:
        found = kind_of(kind)
        if found is None:
            raise ValueError(f"{kind}: no such object")
        associations = fields.get("associations", [])
        properties = {name: value for name, value in fields.items() if name != "associations"}
        mark = self._world.mark()
        try:
            planted = Objects(self._world).plant(found, properties, associations)
        except Refused as refusal:
            self._world.undo(mark)
            raise ValueError(refusal.message) from refusal
        self._world.find_at_once(found, planted)
        return planted


def _answered(result: Result, *, cost: int = 1, headers: Mapping[str, str] | None = None) -> Answer:
    body = b"" if result.body is None else json.dumps(result.body, ensure_ascii=False).encode(errors="replace")
    told = result.body.get("correlationId") if isinstance(result.body, Mapping) else None
    more = {"X-HubSpot-Correlation-Id": told or str(uuid.uuid4())}
    reply = Reply(result.status, {**_JSON, **more, **result.headers, **(headers or {})}, body)
    return Answer(reply, result.kind, cost)


_SPOILED = {
    401: ("Authentication credentials not found.", "INVALID_AUTHENTICATION"),
    404: ("resource not found", "OBJECT_NOT_FOUND"),
    423: ("This record is locked, wait at least 2 seconds", "LOCKED"),
    477: ("A migration of this account is in progress", "MIGRATION_IN_PROGRESS"),
    502: ("bad gateway", "BAD_GATEWAY"),
    503: ("service unavailable", "SERVICE_UNAVAILABLE"),
    504: ("gateway timeout", "GATEWAY_TIMEOUT"),
}
