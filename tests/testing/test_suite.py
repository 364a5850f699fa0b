"""The suite passes an honest connector, and catches each mistake that is planted in it."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import requests

from bridge.connector import Delivered, Reject, Secret, Token
from tests.testing.honest import Honest, HonestSuite


class TestHonest(HonestSuite):
    """Nothing is asked that an honest connector cannot meet."""


class NoIdempotency(Honest):
    def ref(self, record):
        return uuid4().hex


class IgnoresUncertain(Honest):
    def may_be_there(self, record):
        return False


class IgnoresUncertainInBatches(Honest):
    def deliver_batch(self, plans, call):
        self_ = IgnoresUncertain(self.settings)
        self_.deliver = self.deliver
        return Honest.deliver_batch(self_, plans, call)


class WaitsAreRejected(Honest):
    def judged(self, answer):
        return Reject("too many") if answer.status == 429 else super().judged(answer)


class ShowsItsSecret(Honest):
    def probe(self, call):
        found = super().probe(call)
        return found if not hasattr(found, "reason") else type(found)(self.settings.client_secret.reveal())


class ShowsItsSecretWhereALoginFails(Honest):
    def fetch(self, call):
        found = super().fetch(call)
        return found if not hasattr(found, "reason") else type(found)(self.settings.client_secret.reveal())


class ShowsItsToken(Honest):
    def send(self, call, token, method, path, json):
        answer = super().send(call, token, method, path, json)
        if answer.status == 422:
            return SimpleNamespace(status=422, headers={}, body=b"", json=lambda: {"token": token.text.reveal()})
        return answer

    def outcome(self, answer):
        found = answer.json() if answer.status == 422 else None
        return Reject(f"refused {found['token']}") if found else super().outcome(answer)

    def deliver_batch(self, plans, call):
        return [[self.deliver(plan.records[0], call)] for plan in plans]


class KeepsTheRecord(Honest):
    def deliver(self, record, call):
        self.record = record
        self.ask(call, "GET", "/me")
        return super().deliver(self.record, call)


class KeepsTheToken(Honest):
    def send(self, call, token, method, path, json):
        self.token = token
        return super().send(call, token, method, path, json)


class ForgetsKnownIds(Honest):
    def known_id(self, record):
        return None


class GarbageIsDelivered(Honest):
    def unreadable(self):
        return Delivered()


class NotFoundIsWhatCannotBeRead(Honest):
    def may_be_there(self, record):
        return False

    def deliver(self, record, call):
        looked = self.ask(call, "GET", f"/{record.object}?ref={record.key}")
        found = looked.json()
        rows = found.get("data", []) if isinstance(found, dict) else []
        if record.uncertain and rows:
            return Delivered(rows[0]["id"])
        return super().deliver(record, call)


class LosesTheOrder(Honest):
    def in_order(self, outcomes):
        return outcomes[::-1]


class ReadsRowsByPlace(Honest):
    def row(self, rows, record, place):
        return rows[place] if place < len(rows) else None


class RowsNeverFail(Honest):
    def row_outcome(self, row):
        return Delivered(row["ref"]) if isinstance(row, dict) and "error" in row else super().row_outcome(row)


class SendsRefs(Honest):
    def value(self, value, ids):
        return value if isinstance(value, str) else str(value)


class CatchesAll(Honest):
    def deliver_batch(self, plans, call):
        try:
            return super().deliver_batch(plans, call)
        except Exception:  # noqa: BLE001  the mistake
            return [[Delivered("x") for _ in plan.records] for plan in plans]


class OwnWayOut(Honest):
    def probe(self, call):
        requests.get(f"{self.settings.url}/me", timeout=5)
        return super().probe(call)


class ProbeWrites(Honest):
    def probe(self, call):
        self.ask(call, "POST", "/contacts", {"ref": "a probe"})
        return super().probe(call)


class KeepsARefusedToken(Honest):
    def is_over(self, answer):
        return False


class TakesGarbageForAToken(Honest):
    def fetch(self, call):
        found = super().fetch(call)
        if getattr(found, "reason", "") != "no token":
            return found
        return Token(Secret("None"), valid_s=60)


class TooManyInABatch(Honest):
    max_batch = 5000


TWICE = HonestSuite.test_what_may_have_been_written_is_not_written_twice
REVISED = HonestSuite.test_what_was_brought_with_a_lost_answer_is_changed_by_the_next_revision
BATCH = HonestSuite.test_a_batch_says_what_came_of_each_of_its_plans
KEPT = HonestSuite.test_it_keeps_nothing_of_a_call_in_itself
SECRET = HonestSuite.test_no_secret_is_shown_in_a_text_a_log_or_an_outcome


@pytest.mark.parametrize(
    ("mistake", "test", "arguments", "told"),
    [
        (NoIdempotency, TWICE, {"lost": "no answer", "leads": 1}, "has to find what is there"),
        (IgnoresUncertain, TWICE, {"lost": "502", "leads": 1}, "has to find what is there"),
        (IgnoresUncertainInBatches, TWICE, {"lost": "no answer", "leads": 3}, "has to find what is there"),
        (GarbageIsDelivered, REVISED, {"lost": "200 and a page", "leads": 3}, "without its id"),
        (ForgetsKnownIds, REVISED, {"lost": "no answer", "leads": 3}, "records were due"),
        (WaitsAreRejected, HonestSuite.test_a_target_that_says_when_it_can_be_asked_again_is_heard, {}, "429"),
        (NotFoundIsWhatCannotBeRead, HonestSuite.test_where_it_cannot_look_it_writes_nothing,
         {"unreadable": "200 and a page", "leads": 1}, "does not say that nothing is there"),
        (KeepsTheRecord, KEPT, {}, r"self\.record \(Record\)"),
        (KeepsTheToken, KEPT, {}, r"self\.token \(Token\)"),
        (LosesTheOrder, BATCH, {}, "in the order of the plans"),
        (ReadsRowsByPlace, BATCH, {}, "each with its own outcomes"),
        (SendsRefs, BATCH, {}, "a Ref was sent"),
        (RowsNeverFail, HonestSuite.test_one_that_is_refused_costs_the_others_of_its_batch_nothing, {}, "the third"),
        (CatchesAll, HonestSuite.test_an_answer_that_breaks_off_leaves_it_uncertain, {"cut": 0, "leads": 3}, "0 bytes"),
        (OwnWayOut, HonestSuite.test_every_request_goes_through_the_bridges_door, {}, "call.spend"),
        (ProbeWrites, HonestSuite.test_a_probe_says_whether_the_target_can_be_used, {}, "a probe writes nothing"),
        (KeepsARefusedToken, HonestSuite.test_another_token_is_fetched_for_one_that_was_refused, {}, "instead_of"),
        (TakesGarbageForAToken, HonestSuite.test_a_login_that_answers_garbage_gives_no_token, {}, "no token came"),
        (TooManyInABatch, HonestSuite.test_the_bridge_takes_it, {}, "from 1 to 1000"),
    ],
)  # fmt: skip
def test_a_planted_mistake_is_caught_and_told(
    mistake: type, test: Callable[..., None], arguments: dict[str, Any], told: str
) -> None:
    suite = HonestSuite()
    suite.connector = mistake

    with pytest.raises(AssertionError, match=told):
        test(suite, **arguments)


@pytest.mark.parametrize("mistake", [ShowsItsSecret, ShowsItsSecretWhereALoginFails, ShowsItsToken])
def test_a_secret_that_is_shown_is_caught_and_not_shown_again(mistake: type, caplog: pytest.LogCaptureFixture) -> None:
    suite = HonestSuite()
    suite.connector = mistake

    with pytest.raises(
        AssertionError, match=r"a secret of the settings or an access token stands in: .*\*\*\*\*"
    ) as told:
        SECRET(suite, caplog)
    assert "a-secret-for-tests" not in str(told.value).partition("\n")[0]


def test_threads_that_share_what_is_kept_in_the_instance_are_caught() -> None:
    suite = HonestSuite()
    suite.connector = KeepsTheRecord

    with pytest.raises(AssertionError):
        suite.test_many_threads_may_use_one_instance()
