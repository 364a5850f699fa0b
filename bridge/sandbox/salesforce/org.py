"""A Salesforce org that is none: an HTTP server which clients of the real one can use, and which tests can look into.

    with Org(objects={"Lead": {"fields": {"Chat_Key__c": {"external_id": True, "unique": True}}}}) as org:
        session = requests.Session()
        session.mount("https://", org.adapter())
        salesforce = Salesforce(instance_url=org.instance_url, session_id=org.settings["access_token"], session=session)
        salesforce.Lead.create({"LastName": "Lovelace", "Company": "Analytical"})
        assert org.records("Lead")[0]["LastName"] == "Lovelace"

`org.calls` is the ledger of API calls, `org.cost` what they count; `org.fault(status=503, stored=True)` makes the next
call fail after it was done; `org.change(daily_requests=10)` changes a setting, `org.plant("Contact", LastName="Byron")`
puts a record there past all rules, `org.convert(lead_id)` converts a lead, `org.merge(kept, *others)` merges records,
`org.end_sessions()` ends all sessions.
"""

import json
import re
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from bridge.sandbox.crm.adapter import Detour
from bridge.sandbox.crm.app import Crm
from bridge.sandbox.crm.calling import JSON, Answer
from bridge.sandbox.crm.records import Record
from bridge.sandbox.exchange import Reply, Request
from bridge.sandbox.salesforce import limits, soap
from bridge.sandbox.salesforce.asked import Asked, Result, errors_of, json_body, split
from bridge.sandbox.salesforce.convert import converted
from bridge.sandbox.salesforce.errors import Error, Refused, not_found, refused_request
from bridge.sandbox.salesforce.fields import schema
from bridge.sandbox.salesforce.ids import full_id, new_id
from bridge.sandbox.salesforce.merge import merged
from bridge.sandbox.salesforce.pages import Pages
from bridge.sandbox.salesforce.rest import Rest
from bridge.sandbox.salesforce.sessions import Sessions
from bridge.sandbox.salesforce.settings import DEFAULTS, NAMED_FAULTS
from bridge.sandbox.salesforce.tokens import Tokens
from bridge.sandbox.salesforce.values import moment_text
from bridge.sandbox.salesforce.world import World

_OLDEST_API = 31
_LONGEST_URI = 16_384
_FREE = {"login", "identity", "refused", "versions"}  # do not count against the quota


class Org(Crm):
    """See above, and `Crm` for all that other CRMs share."""

    title = "Salesforce"
    aside = frozenset(
        {"Organization", "User", "Group", "CreatedById", "LastModifiedById", "LastModifiedDate", "SystemModstamp"}
    )
    defaults: ClassVar[Mapping[str, Any]] = DEFAULTS
    faults: ClassVar[Mapping[str, Mapping[str, Any]]] = NAMED_FAULTS

    def _configured(self) -> None:
        if not hasattr(self, "_world"):
            self._world = World(self._records, self._settings, schema(self._settings["objects"]))
            self._running: list[tuple[float, float]] = []  # calls whose answer is late: since when, until when
            self._sessions = Sessions(self._world)
            self._rest = Rest(self._world, Pages(self._world), used=self._used)
        self._world.settings, self._world.schema = self._settings, schema(self._settings["objects"])
        self._tokens = Tokens(self._world, self._sessions, url=self.url)
        self._plant_standard()

    def _used(self) -> int:
        return self._calls.cost + int(self._settings["requests_used"])

    def _answer(self, request: Request) -> Answer:
        self._world.touched.clear()
        if request.path.startswith("/services/Soap/u/"):
            return Answer(soap.login(self._world, self._sessions, request, url=self.url), "login", 0)
        result = self._result(request)
        cost = 0 if result.kind in _FREE else 1
        headers = {**JSON, **result.headers}
        if request.path.startswith("/services/data/v"):
            headers["Sforce-Limit-Info"] = limits.as_header(self._world, self._used() + cost)
        body = b"" if result.body is None else json.dumps(result.body, ensure_ascii=False).encode(errors="replace")
        reply = Reply(result.status, headers, body)
        return Answer(reply, result.kind, cost, frozenset(self._world.touched))

    def _result(self, request: Request) -> Result:
        path = request.path.rstrip("/")
        if path == "/services/oauth2/token":
            return self._tokens.answer(request)
        if path == "/services/data":
            return Result(body=self._versions(), kind="versions")
        try:
            self._sessions.check(request.header("Authorization"))
        except Refused as refusal:
            return errors_of(refusal, kind="refused")
        if path == "/services/oauth2/userinfo" or path.startswith("/id/"):
            return Result(body=self._tokens.identity(), kind="identity")
        try:
            limits.check_quota(self._world, self._used())
            limits.check_concurrency(self._world, self._long_running())
        except Refused as refusal:
            return errors_of(refusal, kind="refused")
        try:
            return self._rest.call(self._asked(request))
        except Refused as refusal:
            return errors_of(refusal, kind="other")

    def _asked(self, request: Request) -> Asked:
        if len(request.path) + len(request.query) > _LONGEST_URI:
            raise Refused(Error("URI_TOO_LONG", "URI Too Long"), status=414)
        parts, query = split(f"{request.path}?{request.query}")
        found = re.fullmatch(r"v(\d+)\.0", parts[2]) if parts[:2] == ("services", "data") and len(parts) > 2 else None
        if not found or not _OLDEST_API <= int(found[1]) <= self._settings["newest_api"]:
            raise not_found()
        kind = request.header("Content-Type") or "application/json"
        if request.body and "json" not in kind:
            raise refused_request("UNSUPPORTED_MEDIA_TYPE", f"Content type {kind} is not supported")
        method = request.method
        if method == "POST" and query.get("_HttpMethod") in ("PATCH", "DELETE", "GET"):  # for clients without PATCH
            method = query["_HttpMethod"]
        return Asked(method, parts[3:], query, request.headers, json_body(request.body), parts[2][1:])

    def _versions(self) -> list[dict[str, str]]:
        newest = self._settings["newest_api"]
        return [
            {"label": _season(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
            for number in range(_OLDEST_API, newest + 1)
        ]

    def _spoiled(self, status: int) -> bytes:
        code, message = _SPOILED.get(status, ("UNKNOWN_EXCEPTION", "An unexpected error occurred."))
        return json.dumps([{"message": message, "errorCode": code}]).encode()

    def _delayed(self, answer: Answer, latency_s: float) -> None:
        now = time.monotonic()
        self._running.append((now, now + latency_s))
        self._world.locked |= answer.locks
        self._server.loop.call_later(latency_s, self._unlock, answer.locks)

    def _unlock(self, keys: frozenset[str]) -> None:
        with self._changed:
            self._world.locked -= keys

    def _long_running(self) -> int:
        now, long_s = time.monotonic(), self._settings["long_request_s"]
        self._running = [one for one in self._running if one[1] > now]
        return sum(now - since >= long_s for since, _ in self._running)

    @property
    def instance_url(self) -> str:
        """This org as clients name it that know https only; `adapter` brings them here."""
        return self.url.replace("http://", "https://")

    def adapter(self) -> Detour:
        """To be mounted for https:// in a session of requests: whatever host is asked, this org answers."""
        return Detour(self.url)

    def _control(self, asked: str, body: Any) -> Any:
        match asked:
            case "POST /_/expire":
                self.end_sessions()
                return {"status": "ok"}
            case "POST /_/convert":
                return self.convert(body.get("id"))
            case "POST /_/merge":
                return self._merged(body.get("id"), body.get("others"))
        raise LookupError(asked)

    def end_sessions(self) -> None:
        """Ends all sessions, that of the given access token, too."""
        with self._changed:
            self._sessions.end_all()
            self._database.commit()

    def convert(self, lead_id: str) -> dict[str, str]:
        """Makes a contact of a lead, with an account; returns the ids of all three. ValueError if it cannot be."""
        with self._changed:
            ids = converted(self._world, lead_id)
            self._write()
            return ids

    def merge(self, kept: str, *others: str) -> dict[str, list[str]]:
        """Merges up to two leads, contacts or accounts into one; returns the ids. ValueError if it cannot be."""
        return self._merged(kept, list(others))

    def _merged(self, kept: str, others: list[str]) -> dict[str, list[str]]:
        with self._changed:
            ids = merged(self._world, kept, others)
            self._write()
            return ids

    def _plant(self, kind: str, fields: Mapping[str, Any]) -> Record:
        found = self._world.schema.get(kind.lower())
        if found is None:
            raise ValueError(f"{kind}: no such object")
        if unknown := [name for name in fields if found.field(name) is None]:
            raise ValueError(f"{kind}: no field {', '.join(unknown)}")
        now, user = moment_text(self._world.now), self._world.user_id
        key = full_id(fields["Id"]) if "Id" in fields else self._world.next_id(found)
        if key is None:
            raise ValueError(f"Id: {fields['Id']!r:.50} is none")
        record = {field.name: field.default for field in found.fields.values()}
        record |= dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), now)
        record |= dict.fromkeys(("CreatedById", "LastModifiedById"), user)
        if "OwnerId" in record:
            record["OwnerId"] = user
        if found.field("LastName"):
            record["Name"] = " ".join(filter(None, (fields.get("FirstName"), fields.get("LastName"))))
        self._records.put(found.name, key, record | dict(fields) | {"Id": key})
        return self._records.get(found.name, key) or {}

    def _plant_standard(self) -> None:
        """The organization, its users and queues."""
        settings = self._settings
        if full_id(settings["org_id"]) != settings["org_id"] or settings["org_id"][:3] != "00D":
            raise ValueError(f"org_id: {settings['org_id']} is no id of an organization in 18 characters")
        for other in [one for one in self._records.all("Organization") if one["Id"] != settings["org_id"]]:
            self._records.put("Organization", other["Id"], None)
        organization = {"Name": settings["org_name"], "TimeZoneSidKey": settings["time_zone"], "IsSandbox": True}
        more = {"DefaultLocaleSidKey": "en_US", "LanguageLocaleKey": "en_US", "OrganizationType": "Developer Edition"}
        self._plant("Organization", {"Id": self._world.org_id, "InstanceName": "SBX01", **organization, **more})
        first = {"Username": settings["username"], "Email": settings["username"], "LastName": "User",
                 "FirstName": "Integration"}  # fmt: skip
        for number, user in enumerate([first, *settings["users"]], start=1):
            standard = {"IsActive": True, "TimeZoneSidKey": settings["time_zone"], "UserType": "Standard"}
            self._plant("User", {"Id": new_id("005", number), **standard, **user})
        for number, name in enumerate(settings["queues"], start=1):
            self._plant("Group", {"Id": new_id("00G", number), "Name": name, "Type": "Queue"})


def _season(number: int) -> str:
    """Version 59.0 is Winter '24; three a year."""
    year, season = divmod(number + 13, 3)
    return f"{('Winter', 'Spring', 'Summer')[season]} '{year:02d}"


_SPOILED = {
    401: ("INVALID_SESSION_ID", "Session expired or invalid"),
    403: ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    404: ("NOT_FOUND", "The requested resource does not exist"),
    503: ("SERVER_UNAVAILABLE", "Server is unavailable"),
}
