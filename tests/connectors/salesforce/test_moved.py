"""An appointment that is moved, to a time that can be read or not."""

from dataclasses import replace
from typing import Any

import pytest

from bridge.connector import Delivered
from bridge.model.event import Event
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import APPOINTMENT, claim_of, next_revision, tried_before
from tests.connectors.salesforce.mappings import leads
from tests.connectors.salesforce.orgs import KEYED, Way, alive, colleague, one

LATER = replace(APPOINTMENT, content="Time: some day next week")


def moved(way: Way, *events: Event, beside: int = 0) -> str:
    """What was degraded in the last of these revisions."""
    claim = claim_of(events[0])
    (result, *_) = way.deliver(claim)
    for event in events[1:]:
        claim = next_revision(claim, result, event)
        (result, *_) = way.deliver(claim, *leads(beside, first=5))
    assert isinstance(result.outcome, Delivered), result.outcome
    return "; ".join(result.degraded)


@pytest.mark.parametrize("beside", [0, 2], ids=["one", "many"])
def test_an_event_whose_new_time_cannot_be_read_says_so_with_the_words_as_they_came(org: Org, beside: int) -> None:
    degraded = moved(Way(org), APPOINTMENT, LATER, beside=beside)

    event = one(org, "Event")
    assert ("Check the time: Grace Garcia", "2023-12-01T10:00:00.000+0000") == (
        event["Subject"], event["StartDateTime"],
    )  # fmt: skip
    assert "Time: 2023-12-01 10:00 AM" in event["Description"]
    assert (
        "no time could be read there, and the Event still has the one from before:\nTime: some day next week"
        in (event["Description"])
    )
    assert "no time could be read" in degraded
    assert "Arrange a time: Grace Garcia" == one(org, "Task")["Subject"]


def test_a_time_that_can_be_read_afterwards_moves_the_event(org: Org) -> None:
    degraded = moved(Way(org), APPOINTMENT, LATER, replace(APPOINTMENT, content="Time: 2023-12-05 11:00 AM"))

    event = one(org, "Event")
    assert ("Chat appointment: Grace Garcia", "2023-12-05T11:00:00.000+0000", "") == (
        event["Subject"], event["StartDateTime"], degraded,
    )  # fmt: skip


@pytest.mark.parametrize("is_uncertain", [False, True])
@pytest.mark.parametrize("settings", [{}, {"external_ids": {"Lead": "Chat_Key__c", "Event": "Chat_Key__c"}}])
def test_without_an_event_none_is_made_for_a_time_that_cannot_be_read(
    settings: dict[str, Any], *, is_uncertain: bool
) -> None:
    with Org(objects=KEYED) as org:
        way = Way(org, settings)
        claim = claim_of(LATER)
        (result,) = way.deliver(tried_before(claim) if is_uncertain else claim)

        assert isinstance(result.outcome, Delivered), result.outcome
        assert () == tuple(result.degraded)
        assert ([], 1) == (alive(org, "Event"), len(alive(org, "Task")))
        way.deliver(next_revision(claim, result, APPOINTMENT))
        assert 1 == len(alive(org, "Event"))


def test_an_event_that_a_colleague_deleted_is_not_made_again_for_a_time_that_cannot_be_read(org: Org) -> None:
    way, claim = Way(org), claim_of(APPOINTMENT)
    (result,) = way.deliver(claim)
    colleague(org).Event.delete(one(org, "Event")["Id"])

    (result,) = way.deliver(next_revision(claim, result, LATER))

    assert isinstance(result.outcome, Delivered), result.outcome
    assert ([], 1) == (alive(org, "Event"), len(alive(org, "Task")))
