"""Work: what the requests of one call share: the client, the account, and whether to go on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bridge.connector import Answer, Call, Hold, Outcome, Retry, found_at, id_from
from connectors.hubspot.account import Account
from connectors.hubspot.choices import Choices
from connectors.hubspot.client import Client
from connectors.hubspot.errors import outcome_of
from connectors.hubspot.objects import page_of
from connectors.hubspot.problem import Problem, problem_of
from connectors.hubspot.row import Row
from connectors.hubspot.settings import HubSpotSettings
from connectors.hubspot.unique import PREPARE

OF_ROWS = (400, 404, 409, 413, 422)  # statuses of a batch that one of its rows may be to blame for
MOST = 100  # rows in a batch (https://developers.hubspot.com/docs/api/crm/contacts: limits)
SEARCH_LAGS_S = 10.0  # behind what was written: who looks at once does not see it

Found = tuple[str, Mapping[str, Any]]  # an object's id and properties


class Work:
    """After `stopped` nothing more is sent: what stopped one request would stop the next."""

    def __init__(
        self, client: Client, settings: HubSpotSettings, account: Account, choices: Choices, call: Call
    ) -> None:
        self.client = client
        self.settings = settings
        self.account = account
        self.stopped: Outcome | None = None
        self._choices = choices
        self._call = call
        self._has_waited = False

    @property
    def now_s(self) -> float:
        return self._call.now_s

    @property
    def unsent(self) -> Outcome | None:
        """What stopped an earlier request, for rows that were not sent: nothing of them is uncertain."""
        stopped = self.stopped
        return Retry(stopped.reason, after_s=stopped.after_s) if isinstance(stopped, Retry) else stopped

    def let_search_see(self) -> None:
        """Waits until a search can find what an earlier attempt wrote; once in a call."""
        if not self._has_waited:
            self._has_waited = True
            self._call.wait(min(SEARCH_LAGS_S, self._call.deadline_s / 8))

    def page(self, object_: str, id_: str) -> str:
        return page_of(object_, id_, portal=self.account.portal, domain=self.account.domain)

    def choice(self, row: Row, name: str) -> str | None:
        """What HubSpot calls the option that was meant by the row's text, if that is another. Where the options cannot
        be asked for now, the row has its outcome; an app that may not see them does without.
        """
        refused = self._choices.learn(row.object, self.client, now_s=self.now_s)
        if refused is not None and refused.status not in (403, 404):
            self.fail([row], self.problem(refused))
        return self._choices.choice(row.object, name, row.properties[name])

    def problem(self, answer: Answer) -> Problem:
        return problem_of(answer, secrets=self.client.secrets)

    def judge(self, problem: Problem) -> Outcome:
        return outcome_of(problem, now_s=self._call.now_s, zone=self.account.zone)

    def fail(self, rows: Iterable[Row], problem: Problem) -> None:
        """All these rows end with it; anything but the rows' own fault ends the call's other requests, too."""
        outcome = self.judge(problem)
        for row in rows:
            row.outcome = outcome
        if isinstance(outcome, Hold) or (isinstance(outcome, Retry) and not problem.of_row):
            self.stopped = outcome

    def fail_for_lack_of(self, unique: str, rows: Iterable[Row]) -> None:
        """The account has no unique property of this name: that is no row's fault."""
        self.stopped = Hold(f"HubSpot has no unique property {unique}; {PREPARE}")
        for row in rows:
            row.outcome = self.stopped

    def found(self, answer: Answer, rows: Iterable[Row], *, counted: bool = False) -> list[Found] | None:
        """The objects in an answer; None: it cannot be read, and the rows have their outcome. `counted`: it says how
        many there are, as those of a search do.
        """
        body = answer.json()
        results = body.get("results") if isinstance(body, Mapping) else None
        if counted and not isinstance(found_at(body, "total"), int):
            results = None
        if not 200 <= answer.status < 300 or not isinstance(results, list):
            self.fail(rows, self.problem(answer))
            return None
        return [found for one in results if (found := object_in(one))]

    def read(
        self, rows: Sequence[Row], ids: Sequence[str], *, properties: Sequence[str], by: str = ""
    ) -> list[Found] | None:
        """The objects of these ids, or values of a unique property; None: that cannot be told, and the rows have their
        outcome. HubSpot names what is not there: an answer that says nothing of an id does not say that. What is
        refused, or names too few, is asked again in halves: one id may be to blame, or two may be one object.
        """
        if self.stopped is not None:
            return None
        answer = self.client.read(rows[0].object, ids, properties=properties, by=by)
        if by and by != "email" and answer.status == 400:
            self.fail_for_lack_of(by, rows)
            return None
        results = found_at(answer.json(), "results") if 200 <= answer.status < 300 else None
        named = isinstance(results, list) and (len(results) >= len(set(ids)) or _names_missing(answer.json()))
        if len(ids) > 1 and not named and (answer.status in OF_ROWS or results):
            each = halves(rows) if len(rows) == len(ids) else (rows, rows)
            parts = [
                self.read(some, part, properties=properties, by=by)
                for some, part in zip(each, halves(ids), strict=True)
            ]
            return None if self.stopped else [one for part in parts for one in part or ()]
        found = self.found(answer, rows)
        if found is None or named:
            return found
        self.fail(rows, replace(self.problem(answer), status=200))
        return None


def _names_missing(body: Any) -> bool:
    """Shape: {numErrors, errors: [{category: "OBJECT_NOT_FOUND", context: {ids: [..]}}]}."""
    errors = found_at(body, "errors")
    return isinstance(errors, list) and any(found_at(one, "category") == "OBJECT_NOT_FOUND" for one in errors)


def object_in(result: Any) -> Found | None:
    if not isinstance(result, Mapping) or not (id_ := id_from(result.get("id"))):
        return None
    properties = result.get("properties")
    return id_, properties if isinstance(properties, Mapping) else {}


def chunks(rows: Sequence[Any], most: int = MOST) -> list[Sequence[Any]]:
    return [rows[at : at + most] for at in range(0, len(rows), most)]


def halves(rows: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    """Of a batch that is refused as a whole: until the row is alone that it is about."""
    return rows[: len(rows) // 2], rows[len(rows) // 2 :]
