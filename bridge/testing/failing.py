"""Failing: what is asked of a connector when the target refuses, breaks off, hangs, or talks nonsense."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import pytest

from bridge.connector import Hold, Reject, Retry
from bridge.testing.api import Fault, Response
from bridge.testing.parts import Parts, must_not_have_raised
from bridge.testing.samples import LEAD, claim_of

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


class Failing(Parts):
    refusals: ClassVar[Mapping[int, tuple[type, ...]]] = {}  # what another HTTP status than usual means to this API

    @pytest.mark.parametrize("status", REFUSALS)
    @pytest.mark.parametrize("leads", [1, 3])
    def test_a_refusal_is_told_by_whose_fault_it_is(self, status: int, leads: int) -> None:
        expected = (REFUSALS | dict(self.refusals))[status]
        with self.serving() as server:
            server.fault = Fault(self.refusal(status))
            for result in self.attempts(self.caller(server), self.leads(leads)):
                assert isinstance(result.outcome, expected), (
                    f"HTTP {status} gave {result.outcome}, not {' or '.join(kind.__name__ for kind in expected)};"
                    f" if it means that to this API: refusals = {{{status}: (…,)}}"
                )
                assert getattr(result.outcome, "reason", "-"), "it has no reason, and an operator reads it"

    def test_a_target_that_says_when_it_can_be_asked_again_is_heard(self) -> None:
        with self.serving() as server:
            server.fault = Fault(replace(self.refusal(429), headers={"Retry-After": "17"}))
            outcome = self.attempt(server, claim_of(LEAD)).outcome
            told = (type(outcome), getattr(outcome, "for_s", None))
            assert (Hold, 17) == told, f"HTTP 429 with Retry-After: 17 gave {outcome}"

    def test_a_login_that_is_refused_is_the_targets_fault(self) -> None:
        with self.serving() as server:
            server.fault = Fault(self.refusal(401), logins=True)
            assert isinstance(outcome := self.attempt(server, claim_of(LEAD)).outcome, Hold), outcome
            server.fault = Fault(self.refusal(503), logins=True)
            assert isinstance(outcome := self.attempt(server, claim_of(LEAD)).outcome, Retry | Hold), outcome

    def test_another_token_is_fetched_for_one_that_was_refused(self) -> None:
        with self.serving() as server:
            caller = self.caller(server)
            self.attempts(caller, self.leads(1))
            if not server.logins:
                pytest.skip("it does not log in (if it does: say in is_login(request) which requests do)")
            server.fault = Fault(self.refusal(401))
            self.attempts(caller, self.leads(1, first=2))
            server.fault = None
            self.attempts(caller, self.leads(1, first=3))
            assert len(server.logins) > 1, (
                "the target refused the token as refusal(401) says, and it is still in use:"
                " call.token(fetch, instead_of=token) brings another"
            )

    def test_a_login_that_answers_garbage_gives_no_token(self) -> None:
        with self.serving() as server:
            self.attempt(server, claim_of(LEAD))
            if not server.logins:
                pytest.skip("it does not log in")
            for body in GARBAGE:
                server.requests.clear()
                server.fault = Fault(Response(200, body), logins=True)
                outcome = self.attempt(server, claim_of(LEAD)).outcome
                assert isinstance(outcome, Retry | Hold), f"a login that was answered with {body[:20]!r} gave {outcome}"
                others = [request.path for request in server.requests if not self.is_login(request)]
                assert not others, f"no token came with {body[:20]!r}, and yet something was sent to {others[0]}"

    @pytest.mark.parametrize("status", [200, 500])
    @pytest.mark.parametrize("body", GARBAGE)
    def test_no_answer_makes_it_raise(self, status: int, body: bytes) -> None:
        with self.serving() as server:
            for headers in ({}, {"Content-Type": "text/html"}):
                server.fault = Fault(Response(status, body, headers))
                for result in self.attempts(self.caller(server), self.leads(2)):
                    must_not_have_raised(result.outcome)
                self.caller(server).probe()

    @pytest.mark.parametrize("cut", [0, 20, 120])
    @pytest.mark.parametrize("leads", [1, 3])
    def test_an_answer_that_breaks_off_leaves_it_uncertain(self, cut: int, leads: int) -> None:
        with self.serving() as server:
            server.fault = Fault(Response(200, b"x" * 1000), cut=cut, writes_only=True)
            outcomes = [result.outcome for result in self.attempts(self.caller(server), self.leads(leads))]
            for outcome in outcomes:
                assert isinstance(outcome, Retry), f"an answer of which {cut} bytes came gave {outcome}"
            assert any(getattr(outcome, "uncertain", False) for outcome in outcomes), (
                f"it may have been done all the same, and {outcomes} does not say so"
            )

    def test_an_answer_that_never_comes_is_not_waited_for_beyond_the_deadline(self) -> None:
        with self.serving() as server:
            server.fault = Fault(hang=True)
            result = self.attempt(server, claim_of(LEAD), timeout_s=0.5)
            assert isinstance(result.outcome, Retry), result.outcome
            assert result.took_ms < 5000, f"the deadline was 0.5 s, and it took {result.took_ms} ms"

    def test_a_target_that_is_not_there_gets_nothing_and_nothing_is_uncertain(self) -> None:
        with self.serving() as server:
            gone = self.caller(server)
        outcome = gone.attempt(claim_of(LEAD)).outcome
        assert isinstance(outcome, Retry), outcome
        assert not outcome.uncertain, f"nothing was sent, and {outcome} says that it may have been written"
