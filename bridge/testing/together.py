"""Together: many deliveries at once, in one call or in many threads: each is told its own outcome."""

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from bridge.connector import Delivered, Hold
from bridge.engine.attempt import Caller
from bridge.model.delivery import Result
from bridge.testing.api import Fault, Server
from bridge.testing.course import Course, ids_of, same_ids
from bridge.testing.kept import kept_of_a_call
from bridge.testing.parts import Parts, must_not_have_raised
from bridge.testing.samples import tried_before

MOST = 200


class Together(Parts):
    def test_many_threads_may_use_one_instance(self) -> None:
        with self.serving() as server:
            claims, caller = self.leads(24), self.caller(server)
            server.slow_s = 0.005
            usual_s = sys.getswitchinterval()
            sys.setswitchinterval(1e-6)
            try:
                with ThreadPoolExecutor(8) as pool:
                    results = list(pool.map(caller.attempt, claims))
            finally:
                sys.setswitchinterval(usual_s)
            server.slow_s = 0.0
            self.must_have_arrived(server, results)
            self.must_be_their_own(
                server, results, "threads got into each other's way: nothing of a call is kept in self"
            )

    def test_it_keeps_nothing_of_a_call_in_itself(self) -> None:
        with self.serving() as server:
            caller, (claim, other) = self.caller(server), self.leads(2)
            self.attempts(caller, [claim, other])
            caller.probe()
            marks = {record.key for record in self.records(claim)} | {claim.stored.event.email}
            found = kept_of_a_call(caller.connector, marks=marks)
            assert not found, f"one instance serves many threads at once, and this is a call's: {', '.join(found)}"

    def test_a_batch_says_what_came_of_each_of_its_plans(self) -> None:
        with self.serving() as server:
            caller = self.batching_or_skip(server)
            results = self.attempts(caller, self.leads(min(caller.max_batch, MOST)))
            self.must_have_arrived(server, results)
            self.must_be_their_own(
                server, results, "the lists are in the order of the plans, each with its own outcomes"
            )
            left = [request.path for request in server.requests if b"Ref(" in request.body or "Ref(" in request.path]
            assert not left, f"a Ref was sent to {left[0]}: the id of that plan's earlier record belongs there"
            server.fault = Fault(self.refusal(401))
            refused = self.attempts(caller, self.leads(2, first=900))
            assert [Hold, Hold] == [type(result.outcome) for result in refused]

    def test_a_batch_may_hold_new_ones_known_ones_and_uncertain_ones(self) -> None:
        with self.serving() as server:
            caller = self.batching_or_skip(server)
            known = Course(self, server, self.leads(2))
            known.attempt()
            (revised, _), (_, claim) = known.revised().claims, self.leads(2)
            before = [result for result in known.last if result is not None]
            new = self.leads(2, first=11)
            results = self.attempts(caller, [new[0], revised, new[1], tried_before(claim)][: caller.max_batch])
            assert all(isinstance(result.outcome, Delivered) for result in results), [r.outcome for r in results]
            due = sum(len(self.records(one)) for one in (*known.claims, *new[: (caller.max_batch + 1) // 2]))
            assert due == server.api.count(), f"{due} records were due, and {server.api.count()} are there"
            for first, later in zip(before, results[1::2], strict=False):
                assert same_ids(ids_of(first), ids_of(later)), "a known record was told another id than before"

    def test_one_that_is_refused_costs_the_others_of_its_batch_nothing(self) -> None:
        self.unwanted_or_skip()
        with self.serving() as server:
            caller = self.batching_or_skip(server)
            claims = self.leads(4)
            claims[2] = self.unwanted_one(claims[2])
            results = self.attempts(caller, claims[: caller.max_batch])
            kinds = [type(result.outcome).__name__ for result in results]
            expected = ["Delivered", "Delivered", "Reject", "Delivered"][: caller.max_batch]
            assert expected == kinds, f"the third is refused, and this came of the four: {', '.join(kinds)}"
            sound = [result for result in results if isinstance(result.outcome, Delivered)]
            self.must_be_their_own(server, sound, "an answer belongs to the row whose reference it names")

    def batching_or_skip(self, server: Server) -> Caller:
        caller = self.caller(server)
        if not callable(getattr(caller.connector, "deliver_batch", None)):
            pytest.skip("it takes one delivery at a time")
        return caller

    def must_have_arrived(self, server: Server, results: Sequence[Result]) -> None:
        for result in results:
            must_not_have_raised(result.outcome)
            assert isinstance(result.outcome, Delivered), result.outcome
        due = sum(len(self.records(result.claim)) for result in results)
        assert due == server.api.count(), f"{due} records were due, and {server.api.count()} are there"

    def must_be_their_own(self, server: Server, results: Sequence[Result], why: str) -> None:
        """Looks for each record again, by itself: it is there, and has the id that was told."""
        before = server.api.count()
        caller = self.caller(server)
        for result in results:
            again = caller.attempt(tried_before(result.claim))
            assert isinstance(again.outcome, Delivered), again.outcome
            assert same_ids(ids_of(result), ids_of(again)), (
                f"delivery {result.claim.delivery_id} was told {ids_of(result)}, and looked for again it has"
                f" {ids_of(again)}: {why}"
            )
        assert before == server.api.count(), f"what was delivered is not found again under its own key: {why}"
