"""An honest connector with a login, look-ups and a batch, and the API that it talks to: to plant mistakes in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from bridge.connector import (
    Answer,
    Call,
    Delivered,
    Hold,
    Outcome,
    Plan,
    Record,
    Ref,
    Reject,
    Retry,
    Secret,
    Token,
    Usable,
    found_at,
    id_from,
    judge,
)
from bridge.testing import ConnectorSuite, Request, Response

LOGIN = "/oauth/token"


@dataclass(frozen=True)
class Settings:
    url: str
    client_secret: Secret
    allow_private_addresses: bool = False


class Honest:
    Settings: ClassVar[type] = Settings
    max_batch = 50
    default_records = (
        {"name": "person", "object": "contacts", "keyed_by": "person", "fields": {"email": "{{ email }}"}},
        {
            "name": "meeting",
            "object": "meetings",
            "fields": {"contact_id": "{{ records.person.id }}", "source": "Chat"},
        },
    )

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def deliver(self, record: Record, call: Call) -> Outcome:
        known_id = self.known_id(record)
        if known_id is None and self.may_be_there(record):
            looked = self.ask(call, "GET", f"/{record.object}?ref={record.key}")
            rows = found_at(looked.json(), "data")
            if not isinstance(self.judged(looked), Delivered) or not isinstance(rows, list):
                return self.not_looked()
            known_id = id_from(found_at(rows, "0.id")) or None
        fields = dict(record.fields) | {"ref": self.ref(record)}
        if known_id:
            return self.outcome(self.ask(call, "PATCH", f"/{record.object}/{known_id}", fields))
        return self.outcome(self.ask(call, "POST", f"/{record.object}", fields))

    def deliver_batch(self, plans: Sequence[Plan], call: Call) -> Sequence[Sequence[Outcome]]:
        persons = [plan.records[0] for plan in plans if plan.records[0].object == "contacts"]
        new = [one for one in persons if self.known_id(one) is None and not self.may_be_there(one)]
        made: dict[str, Outcome] = {}
        if new:
            answer = self.ask(
                call, "POST", "/contacts/batch", [dict(one.fields) | {"ref": self.ref(one)} for one in new]
            )
            rows = found_at(answer.json(), "data")
            whole = self.judged(answer)
            for place, one in enumerate(new):
                row = self.row(rows if isinstance(rows, list) else [], one, place)
                made[one.key] = self.row_outcome(row) if isinstance(whole, Delivered) else whole
        return self.in_order([self.plan(plan, made, call) for plan in plans])

    def plan(self, plan: Plan, made: dict[str, Outcome], call: Call) -> list[Outcome]:
        outcomes: list[Outcome] = []
        ids: dict[str, str] = {}
        for record in plan.records:
            fields = {name: self.value(value, ids) for name, value in record.fields.items()}
            outcome = made.get(record.key) or self.deliver(replace(record, fields=fields), call)
            outcomes.append(outcome)
            if not isinstance(outcome, Delivered):
                break
            ids[record.name] = outcome.id
        return outcomes

    def probe(self, call: Call) -> Usable | Hold:
        outcome = self.judged(self.ask(call, "GET", "/me"))
        return Usable() if isinstance(outcome, Delivered) else Hold(getattr(outcome, "reason", ""))

    def outcome(self, answer: Answer) -> Outcome:
        outcome = self.judged(answer)
        if not isinstance(outcome, Delivered):
            return outcome
        id_ = id_from(found_at(answer.json(), "data.id"))
        return Delivered(id_) if id_ else self.unreadable()

    def row_outcome(self, row: Any) -> Outcome:
        if error := found_at(row, "error"):
            return Reject(str(error))
        id_ = id_from(found_at(row, "id"))
        return Delivered(id_) if id_ else self.unreadable()

    def ask(self, call: Call, method: str, path: str, json: Any = None) -> Answer:
        token = call.token(lambda last: self.fetch(call))
        answer = self.send(call, token, method, path, json)
        if self.is_over(answer):
            renewed = call.token(lambda last: self.fetch(call), instead_of=token)
            answer = self.send(call, renewed, method, path, json)
        return answer

    def send(self, call: Call, token: Token, method: str, path: str, json: Any) -> Answer:
        headers = {"Authorization": f"Bearer {token.text.reveal()}"}
        return call.http.request(method, self.settings.url + path, headers=headers, json=json)

    def fetch(self, call: Call) -> Token | Hold | Retry:
        secret = {"client_secret": self.settings.client_secret.reveal()}
        answer = call.http.request("POST", self.settings.url + LOGIN, json=secret)
        outcome = self.judged(answer)
        if not isinstance(outcome, Delivered):
            return outcome if isinstance(outcome, Retry | Hold) else Hold(f"login refused: {outcome.reason}")
        text = found_at(answer.json(), "access_token")
        return Token(Secret(text), valid_s=1700) if isinstance(text, str) and text else Retry("no token")

    # what a mistake is planted in

    def judged(self, answer: Answer) -> Outcome:
        return judge(answer)

    def known_id(self, record: Record) -> str | None:
        return record.known_id

    def may_be_there(self, record: Record) -> bool:
        return record.uncertain

    def ref(self, record: Record) -> str:
        return record.key

    def not_looked(self) -> Outcome:
        return Retry("cannot look whether it is there", uncertain=True)

    def unreadable(self) -> Outcome:
        return Retry("no id in the answer", uncertain=True)

    def is_over(self, answer: Answer) -> bool:
        return answer.status == 401

    def value(self, value: Any, ids: dict[str, str]) -> Any:
        return ids[value.record] if isinstance(value, Ref) else value

    def row(self, rows: list[Any], record: Record, place: int) -> Any:
        return next((row for row in rows if found_at(row, "ref") == record.key), None)

    def in_order(self, outcomes: list[list[Outcome]]) -> list[list[Outcome]]:
        return outcomes


class HonestApi:
    """Makes a record for each POST, and answers the rows of a batch in another order."""

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Any]] = {}

    def answer(self, request: Request) -> Response:
        url = urlsplit(request.path)
        if url.path == LOGIN:
            return Response(200, {"access_token": "a-token-that-is-long"})
        if request.headers.get("authorization") != "Bearer a-token-that-is-long":
            return Response(401)
        if url.path == "/me":
            return Response(200, {"data": {}})
        if url.path == "/contacts/batch":
            if len(request.json()) > Honest.max_batch:
                return Response(400)
            return Response(200, {"data": [self.made(row) for row in request.json()][::-1]})
        if request.method == "GET":
            ref = parse_qs(url.query)["ref"][0]
            return Response(200, {"data": [one for one in self.records.values() if one["ref"] == ref]})
        if request.method == "PATCH":
            id_ = url.path.rpartition("/")[2]
            self.records[id_] |= request.json()
            return Response(200, {"data": {"id": id_}})
        row = self.made(request.json())
        return Response(400, row) if "error" in row else Response(201, {"data": row})

    def made(self, fields: dict[str, Any]) -> dict[str, Any]:
        if fields.get("email") == "nobody":
            return {"ref": fields["ref"], "error": "email: no address"}
        id_ = f"z{len(self.records) + 1}"
        self.records[id_] = fields | {"id": id_}
        return self.records[id_]

    def count(self) -> int:
        return len(self.records)


class HonestSuite(ConnectorSuite):
    connector = Honest
    unwanted: ClassVar[dict[str, Any]] = {"email": "nobody"}

    def settings(self, url: str) -> dict[str, Any]:
        return {"url": url, "client_secret": "a-secret-for-tests", "allow_private_addresses": True}

    def api(self) -> HonestApi:
        return HonestApi()

    def is_login(self, request: Request) -> bool:
        return request.path == LOGIN
