"""Org: one attempt's way to the org's REST API: logged in once for all, a session that ended renewed once, usage heard.

simple-salesforce makes the requests, over the bridge's door. With a given session it neither renews nor retries.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from bridge.connector import Call, Http, NoAnswer, Token, as_json, came_to, requests_session, spellings
from connectors.salesforce.limits import Limits
from connectors.salesforce.login import session_for
from connectors.salesforce.said import Said
from connectors.salesforce.settings import SalesforceSettings

QUERIES_IN_ONE = 5  # that one composite call takes

# Refusals that another session would meet, too: to log in again would only lock the user out.
_NO_NEW_SESSION = ("not attached to Agent", "not valid for use with the REST API")


class Org:
    """Made for one attempt, which may end here with what the login raises. No answer to a request is an answer, too:
    what was written before it stays known.
    """

    def __init__(self, settings: SalesforceSettings, call: Call, limits: Limits) -> None:
        self.call = call
        self.settings = settings
        self._limits = limits
        self._fetch = session_for(settings, call)
        self._renewed = False
        self._over: Said | None = None
        self._log_in()

    @property
    def url(self) -> str:
        """The org's own address."""
        found = self._token.more.get("url", self.settings.url)
        return (found if isinstance(found, str) else found.reveal()).rstrip("/")

    @property
    def data(self) -> str:
        """The path before every resource, as composite subrequests want it."""
        return f"/services/data/v{self.settings.version}"

    def page(self, id_: str) -> str:
        """Where a person sees the record."""
        return f"{self.url}/{id_}"

    def ask(self, method: str, path: str, content: Any = None, *, headers: Mapping[str, str] | None = None) -> Said:
        """The answer to one REST call; `path` is below `/services/data/vNN.N/`. Logs in again, once, where the session
        has ended. After a request that got no answer, no more are sent: they would meet the same, and the time is gone.
        """
        if self._over is not None:
            return self._over
        try:
            said = self._ask(method, path, content, headers or {})
            if said.status == 401 and not self._renewed and _is_ended(said):
                self._renewed = True
                self._log_in(instead_of=self._token)
                said = self._ask(method, path, content, headers or {})
        except NoAnswer as failed:
            outcome = came_to(failed)
            self._over = Said(0, None, unanswered=replace(outcome, uncertain=False))
            return Said(0, None, unanswered=outcome)
        return said

    def composite(self, requests: list[dict[str, Any]], *, together: bool) -> Said | list[Said]:
        """What came of each subrequest, in their order; of the call, where it failed as a whole. `together`: all of
        them or none.
        """
        said = self.ask("POST", "composite", {"allOrNone": together, "compositeRequest": requests})
        rows = said.at("compositeResponse")
        if not said.is_fine or not isinstance(rows, list):
            return said
        named = {row.get("referenceId"): row for row in rows if isinstance(row, dict)}
        if any(request["referenceId"] not in named for request in requests):
            return said
        return [_subrequest_said(named[request["referenceId"]]) for request in requests]

    def query(self, soql: list[str], *, deleted: bool = False) -> Said | list[list[dict[str, Any]]]:
        """The rows of each query; the first answer that has none instead. Five queries cost one call. `deleted`: with
        those in the bin.
        """
        resource = f"{self.data}/{'queryAll' if deleted else 'query'}"
        found: list[list[dict[str, Any]]] = []
        for start in range(0, len(soql), QUERIES_IN_ONE):
            requests = [
                {"method": "GET", "url": f"{resource}?q={quote(text, safe='')}", "referenceId": f"q{number}"}
                for number, text in enumerate(soql[start : start + QUERIES_IN_ONE])
            ]
            answers = self.composite(requests, together=False)
            if isinstance(answers, Said):
                return answers
            for said in answers:
                rows = self._all_rows(said)
                if isinstance(rows, Said):
                    return rows
                found.append(rows)
        return found

    def _all_rows(self, said: Said) -> Said | list[dict[str, Any]]:
        """The rows of a query's answer and of those that it goes on with."""
        found: list[dict[str, Any]] = []
        while True:
            rows = said.at("records")
            if not said.is_fine or not isinstance(rows, list):
                return said
            found += [row for row in rows if isinstance(row, dict)]
            following = said.at("nextRecordsUrl")
            if not isinstance(following, str) or not following.startswith(f"{self.data}/"):
                return found
            said = self.ask("GET", following.removeprefix(f"{self.data}/"))

    def _log_in(self, *, instead_of: Token | None = None) -> None:
        from simple_salesforce.api import Salesforce  # here: it costs 0.3 s, which not every process has a use for

        self._token = self.call.token(self._fetch, instead_of=instead_of)
        session_id = self._token.text.reveal()
        self._heard = _Heard(self.call.http, session_id)
        self._client = Salesforce(
            session_id=session_id,
            instance_url=self.url,
            session=requests_session(self._heard),
            version=self.settings.version,
        )
        self._client.base_url = f"{self.url}{self.data}/"  # it writes https://, also where a sandbox has none

    def _ask(self, method: str, path: str, content: Any, headers: Mapping[str, str]) -> Said:
        from simple_salesforce.exceptions import SalesforceError

        http = self._heard
        body = None if content is None else as_json(content)
        try:
            found = self._client.restful(path, method=method, data=body, headers={"X-PrettyPrint": "0", **headers})
        except SalesforceError as refused:
            found = refused.content
        except (ValueError, TypeError):  # an answer that is no JSON, or none that has a length
            found = http.body[:1000].decode("utf-8", "replace")
        self._limits.heed(http.headers.get("Sforce-Limit-Info", ""), self.call)
        return Said(http.status, found, http.headers)


class _Heard:
    """The door, and what of an answer simple-salesforce does not hand on: its status and headers."""

    def __init__(self, http: Http, session_id: str) -> None:
        self._http = http
        self._spellings = [text.encode(errors="replace") for text in spellings([session_id])]
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.body = b""

    def request(self, method: str, url: str, **kwargs: Any) -> Any:
        answer = self._http.request(method, url, **kwargs)
        self.status, self.headers = answer.status, answer.headers
        self.body = answer.body
        for spelling in self._spellings:  # the org, or something on the way to it, may send back what it was sent
            self.body = self.body.replace(spelling, b"***")
        return self


def nothing_there(method: str, url: str, content: bytes) -> bytes | None:
    """What an org answers to a look that has nothing of it; None to all that is no look."""
    if method == "GET" and url.endswith("/describe"):
        return b'{"fields": []}'
    try:
        asked = json.loads(content)["compositeRequest"]
        if any(one["method"] != "GET" for one in asked):
            return None
        nothing = {"totalSize": 0, "done": True, "records": []}
        rows = [{"body": nothing, "httpStatusCode": 200, "referenceId": one["referenceId"]} for one in asked]
    except (ValueError, LookupError, TypeError):
        return None
    return as_json({"compositeResponse": rows})


def _is_ended(said: Said) -> bool:
    faults = said.faults
    if any(word in fault.message for fault in faults for word in _NO_NEW_SESSION):
        return False
    return not faults or any(fault.code == "INVALID_SESSION_ID" for fault in faults)


def _subrequest_said(row: dict[str, Any]) -> Said:
    status = row.get("httpStatusCode")
    headers = row.get("httpHeaders")
    return Said(status if isinstance(status, int) else 0, row.get("body"), headers if isinstance(headers, dict) else {})
