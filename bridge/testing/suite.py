"""Suite: what is asked of every connector."""

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from typing import ClassVar

import pytest

from bridge.connector import Delivered, Hold, Reject, Retry, Usable
from bridge.engine.batch import attempt_batch
from bridge.model.event import Event
from bridge.testing.api import Fault, Response
from bridge.testing.parts import Parts, must_not_have_raised
from bridge.testing.samples import APPOINTMENT, LEAD, ODD, SPARSE, claim_of, next_attempt, next_revision
from bridge.testing.settings import SettingsRefused, is_required, secrets_in

REFUSALS: dict[int, tuple[type, ...]] = {
    400: (Reject,),
    401: (Hold,),
    403: (Hold,),
    404: (Reject, Hold),
    408: (Retry,),
    409: (Reject, Retry),
    422: (Reject,),
    429: (Hold,),
    500: (Retry,),
    502: (Retry,),
    503: (Retry, Hold),
    504: (Retry,),
    302: (Hold, Reject),
}
GARBAGE = (b"", b"<html>Welcome</html>", b'{"id":', b"null", b"[]", b'{"id": {"a": [1]}}', b"\xff\xfe\x00", b"1" * 5000)


LOST = (Fault(cut=0), Fault(cut=60), Fault(Response(502, b"")), Fault(Response(504, b"")))  # ways to lose an answer


class ConnectorSuite(Parts):
    """Inherit it, and name the connector, its settings and a stand-in for its API."""

    refusals: ClassVar[Mapping[int, tuple[type, ...]]] = {}  # what another HTTP status than usual means to this API
    events: ClassVar[tuple[Event, ...]] = (LEAD, APPOINTMENT, ODD, SPARSE)

    # -- the good case

    def test_each_event_arrives_with_all_its_records(self) -> None:
        with self.serving() as server:
            for number, event in enumerate(self.events, 1):
                claim = claim_of(event, number)
                before = server.api.count()
                assert isinstance(self.attempt(server, claim).outcome, Delivered)
                assert before + len(self.records(claim)) == server.api.count()

    def test_a_probe_says_whether_the_target_can_be_used(self) -> None:
        with self.serving() as server:
            assert isinstance(self.caller(server).probe(), Usable)
            before = server.api.count()
            for status in (401, 403):
                server.fault = Fault(self.refusal(status), logins=True)
                if server.requests:  # one that asks nothing cannot know
                    assert isinstance(self.caller(server).probe(), Hold), status
            assert before == server.api.count()

    def test_the_same_event_makes_the_same_requests_on_every_attempt(self) -> None:
        sent = []
        for attempts in (0, 3):
            with self.serving() as server:
                self.attempt(server, replace(claim_of(LEAD), attempts=attempts, token=f"{attempts}.9"))
                sent.append([self.comparable(request, server.url) for request in server.requests])
        assert sent[0] == sent[1]

    def test_many_threads_may_use_one_instance(self) -> None:
        with self.serving() as server, ThreadPoolExecutor(8) as pool:
            caller = self.caller(server)
            claims = [claim_of(LEAD, number) for number in range(1, 25)]
            outcomes = [result.outcome for result in pool.map(caller.attempt, claims)]
            assert all(isinstance(outcome, Delivered) for outcome in outcomes)
            assert sum(len(self.records(claim)) for claim in claims) == server.api.count()

    def test_a_batch_says_what_came_of_each_of_its_plans(self) -> None:
        with self.serving() as server:
            caller = self.caller(server)
            if not callable(getattr(caller.connector, "deliver_batch", None)):
                pytest.skip("it takes one delivery at a time")
            claims = [claim_of(LEAD, number) for number in range(1, caller.max_batch + 1)][:25]
            results, sound = attempt_batch(caller, claims, number=1)
            assert sound
            assert [Delivered] * len(claims) == [type(result.outcome) for result in results]
            assert sum(len(self.records(claim)) for claim in claims) == server.api.count()
            server.fault = Fault(self.refusal(401))
            results, _ = attempt_batch(caller, [claim_of(LEAD, 90), claim_of(LEAD, 91)], number=2)
            assert [Hold, Hold] == [type(result.outcome) for result in results]

    # -- the bad cases

    @pytest.mark.parametrize("status", REFUSALS)
    def test_a_refusal_is_told_by_whose_fault_it_is(self, status: int) -> None:
        with self.serving() as server:
            server.fault = Fault(self.refusal(status))
            outcome = self.attempt(server, claim_of(LEAD)).outcome
            assert isinstance(outcome, (REFUSALS | dict(self.refusals))[status])
            assert getattr(outcome, "reason", ""), "an operator reads it"

    def test_a_target_that_says_when_it_can_be_asked_again_is_heard(self) -> None:
        with self.serving() as server:
            server.fault = Fault(replace(self.refusal(429), headers={"Retry-After": "17"}))
            outcome = self.attempt(server, claim_of(LEAD)).outcome
            assert (Hold, 17) == (type(outcome), getattr(outcome, "for_s", None))

    def test_a_login_that_is_refused_is_the_targets_fault(self) -> None:
        with self.serving() as server:
            server.fault = Fault(self.refusal(401), logins=True)
            assert isinstance(self.attempt(server, claim_of(LEAD)).outcome, Hold)
            server.fault = Fault(self.refusal(503), logins=True)
            assert isinstance(self.attempt(server, claim_of(LEAD)).outcome, Retry | Hold)

    @pytest.mark.parametrize("status", [200, 500])
    @pytest.mark.parametrize("body", GARBAGE)
    def test_no_answer_makes_it_raise(self, status: int, body: bytes) -> None:
        with self.serving() as server:
            server.fault = Fault(Response(status, body))
            for headers in ({}, {"Content-Type": "text/html"}):
                server.fault = Fault(Response(status, body, headers))
                must_not_have_raised(self.attempt(server, claim_of(LEAD)).outcome)

    @pytest.mark.parametrize("cut", [0, 20, 120])
    def test_an_answer_that_breaks_off_leaves_it_uncertain(self, cut: int) -> None:
        with self.serving() as server:
            server.fault = Fault(Response(200, b"x" * 1000), cut=cut)
            outcome = self.attempt(server, claim_of(LEAD)).outcome
            assert isinstance(outcome, Retry)
            assert outcome.uncertain

    def test_an_answer_that_never_comes_is_not_waited_for_beyond_the_deadline(self) -> None:
        with self.serving() as server:
            server.fault = Fault(hang=True)
            result = self.attempt(server, claim_of(LEAD), timeout_s=0.5)
            assert isinstance(result.outcome, Retry)
            assert result.took_ms < 5000

    def test_a_target_that_is_not_there_gets_nothing_and_nothing_is_uncertain(self) -> None:
        with self.serving() as server:
            gone = self.caller(server)
        assert isinstance(outcome := gone.attempt(claim_of(LEAD)).outcome, Retry)
        assert not outcome.uncertain

    # -- never twice

    @pytest.mark.parametrize(
        "fault", [Fault(cut=0), Fault(cut=60), Fault(Response(502, b"")), Fault(Response(504, b""))]
    )
    def test_what_may_have_been_written_is_not_written_twice(self, fault: Fault) -> None:
        with self.serving() as server:
            claim = claim_of(LEAD)
            for _ in range(2 + len(self.records(claim))):
                server.fault = replace(fault, stored=True, writes_only=True)
                claim = next_attempt(claim, self.attempt(server, claim))
            server.fault = None
            assert isinstance(self.attempt(server, claim).outcome, Delivered)
            assert len(self.records(claim)) == server.api.count()

    def test_what_is_known_by_its_id_is_changed_and_not_made_again(self) -> None:
        with self.serving() as server:
            claim = claim_of(LEAD)
            first = self.attempt(server, claim)
            more = next_revision(claim, first, replace(LEAD, phone="+12125550199"))
            assert isinstance(self.attempt(server, more).outcome, Delivered)
            assert len(self.records(claim)) == server.api.count()

    # -- settings and secrets

    def test_settings_that_it_does_not_know_are_refused(self) -> None:
        with pytest.raises(SettingsRefused):
            self.read(self.settings("https://api.example.com") | {"no_such_setting": 1})

    def test_settings_that_it_needs_must_be_there(self) -> None:
        given = self.settings("https://api.example.com")
        self.read(given)
        for one in fields(self.connector.Settings):
            if one.name in given and is_required(one):
                with pytest.raises(SettingsRefused):
                    self.read({name: value for name, value in given.items() if name != one.name})

    def test_no_secret_is_shown_in_a_text_a_log_or_an_outcome(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        with self.serving() as server:
            settings = self.read(self.settings(server.url))
            shown = [repr(settings), str(settings), repr(self.connector(settings)), str(self.connector(settings))]
            for status in (400, 401, 422, 429, 500):
                server.fault = Fault(Response(status), echo=True)
                shown.append(repr(self.attempt(server, claim_of(LEAD)).outcome))
                shown.append(repr(self.caller(server).probe()))
            secrets = list(secrets_in(settings))
            assert not [secret for secret in secrets if any(secret in text for text in (*shown, caplog.text))]
