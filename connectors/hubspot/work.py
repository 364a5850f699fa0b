"""Work: what the requests of one call share: the client, the account, and whether to go on."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bridge.connector import Answer, Call, Outcome, Reject, id_from
from connectors.hubspot.account import Account
from connectors.hubspot.choices import Choices
from connectors.hubspot.client import Client
from connectors.hubspot.errors import outcome_of
from connectors.hubspot.objects import page_of
from connectors.hubspot.problem import Problem, problem_of
from connectors.hubspot.row import Row
from connectors.hubspot.settings import HubSpotSettings

MOST = 100  # rows in a batch (https://developers.hubspot.com/docs/api/crm/contacts: limits)

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

    @property
    def now_s(self) -> float:
        return self._call.now_s

    def page(self, object_: str, id_: str) -> str:
        return page_of(object_, id_, portal=self.account.portal, domain=self.account.domain)

    def choice(self, object_: str, name: str, text: str) -> str | None:
        """What HubSpot calls the option that was meant by the text, if that is another."""
        return self._choices.choice(object_, name, text, self.client, now_s=self.now_s)

    def problem(self, answer: Answer) -> Problem:
        return problem_of(answer, secrets=self.settings.secrets)

    def judge(self, problem: Problem) -> Outcome:
        return outcome_of(problem, now_s=self._call.now_s, zone=self.account.zone)

    def fail(self, rows: Iterable[Row], problem: Problem) -> None:
        """All these rows end with it; anything but the rows' own fault ends the call's other requests, too."""
        outcome = self.judge(problem)
        for row in rows:
            row.outcome = outcome
        if not isinstance(outcome, Reject):
            self.stopped = outcome

    def found(self, answer: Answer, rows: Iterable[Row]) -> list[Found] | None:
        """The objects in an answer; None: it cannot be read, and the rows have their outcome."""
        body = answer.json()
        results = body.get("results") if isinstance(body, Mapping) else None
        if not 200 <= answer.status < 300 or not isinstance(results, list):
            self.fail(rows, self.problem(answer))
            return None
        return [found for one in results if (found := object_in(one))]


def object_in(result: Any) -> Found | None:
    if not isinstance(result, Mapping) or not (id_ := id_from(result.get("id"))):
        return None
    properties = result.get("properties")
    return id_, properties if isinstance(properties, Mapping) else {}


def chunks(rows: Sequence[Any], most: int = MOST) -> list[Sequence[Any]]:
    return [rows[at : at + most] for at in range(0, len(rows), most)]
