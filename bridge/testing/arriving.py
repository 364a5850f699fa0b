"""Arriving: the good case: what is asked of a connector when all goes well."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, ClassVar

import pytest

from bridge.connector import Delivered, Hold, Reject, Usable
from bridge.model.event import Event
from bridge.model.mapping import FieldRule, MappingRule, RecordRule
from bridge.plugins.wrong import lacks, wrong_with
from bridge.testing.api import Fault
from bridge.testing.parts import Counting, Parts
from bridge.testing.samples import APPOINTMENT, LEAD, ODD, SPARSE, claim_of, next_revision

VALUES: tuple[Any, ...] = (
    "a text",
    7,
    1.5,
    True,
    None,  # the field is to be emptied
    datetime(2023, 12, 1, 10, tzinfo=timezone(timedelta(hours=-5))),
    datetime(2023, 12, 1, 15, 0, 0, 1, tzinfo=UTC),
    date(2023, 12, 1),
    ["a", 1, None],
    {"a": {"b": datetime(2023, 12, 1, tzinfo=UTC)}},
)


class Arriving(Parts):
    events: ClassVar[tuple[Event, ...]] = (LEAD, APPOINTMENT, ODD, SPARSE)

    def test_the_bridge_takes_it(self) -> None:
        missing = lacks(self.connector, ("deliver", "probe"))
        assert not missing, f"{self.connector.__name__} has {', '.join(missing)}"
        assert not (wrong := wrong_with(self.connector)), wrong

    def test_each_event_arrives_with_all_its_records(self) -> None:
        with self.serving() as server:
            for number, event in enumerate(self.events, 1):
                claim = claim_of(event, number)
                before, due = server.api.count(), len(self.records(claim))
                outcome = self.attempt(server, claim).outcome
                assert isinstance(outcome, Delivered), f"event {number}: {outcome}"
                made = server.api.count() - before
                assert made == due, (
                    f"event {number}: {due} records were due, and count() of the stand-in rose by {made}"
                )

    @pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
    def test_a_value_of_any_kind_is_sent_or_refused(self, value: Any) -> None:
        declared = self.mapping.records or (RecordRule("event", "event", fields=(FieldRule("value", None),)),)
        records = [
            replace(one, fields=tuple(replace(field, value=value, nulls="send") for field in one.fields), match=())
            for one in declared
        ]
        with self.serving() as server:
            caller = self.caller(server)
            for record in records:  # each by itself: what it may refer to is a plain value here
                rule = replace(caller.rule, mapping=MappingRule((replace(record, needs=frozenset()),)))
                (result,) = self.attempts(replace(caller, rule=rule), [claim_of(LEAD)])
                reason = getattr(result.outcome, "reason", "")
                assert "cannot be written" not in reason, f"a mapping may give a field such a value: {reason}"

    def test_a_probe_says_whether_the_target_can_be_used(self) -> None:
        with self.serving() as server:
            before = server.api.count()
            assert isinstance(found := self.caller(server).probe(), Usable), f"the probe of a sound target gave {found}"
            for status in (401, 403):
                server.fault = Fault(self.refusal(status), logins=True)
                if server.requests:  # one that asks nothing cannot know
                    found = self.caller(server).probe()
                    assert isinstance(found, Hold), f"the probe of a target that answers HTTP {status} gave {found}"
            assert before == server.api.count(), "a probe writes nothing"

    def test_the_same_event_makes_the_same_requests_on_every_attempt(self) -> None:
        sent = []
        for attempts in (0, 3):
            with self.serving() as server:
                self.attempt(server, replace(claim_of(LEAD), attempts=attempts, token=f"{attempts}.9"))
                sent.append([self.comparable(request, server.url) for request in server.requests])
        assert sent[0] == sent[1], "what differs is no part of the event (a header may: name it in `changing`)"

    def test_what_is_known_by_its_id_is_changed_and_not_made_again(self) -> None:
        with self.serving() as server:
            claim = claim_of(LEAD)
            first = self.attempt(server, claim)
            more = next_revision(claim, first, replace(LEAD, phone="+12125550199"))
            assert isinstance(outcome := self.attempt(server, more).outcome, Delivered), outcome
            assert len(self.records(claim)) == server.api.count(), "a record with a known_id was made again"

    def test_a_lead_that_the_target_refuses_is_its_own_fault(self) -> None:
        self.unwanted_or_skip()
        with self.serving() as server:
            outcome = self.attempt(server, self.unwanted_one(claim_of(LEAD))).outcome
            assert isinstance(outcome, Reject), f"the target refuses what `unwanted` says, and it gave {outcome}"
            assert outcome.reason, "it has no reason, and an operator reads it"

    def test_every_request_goes_through_the_bridges_door(self) -> None:
        with self.serving() as server:
            caller = self.caller(server)
            caller.probe()
            self.attempts(caller, self.leads(2))
            counted = caller.door.shared
            assert isinstance(counted, Counting)
            assert len(server.requests) <= counted.count, (
                f"{len(server.requests)} requests arrived, and {counted.count} went through call.http or were announced"
                " with call.spend: no rate, deadline or check of addresses holds for the others"
            )
