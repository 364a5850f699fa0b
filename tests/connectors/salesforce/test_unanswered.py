"""Requests that get no answer after others of the same call did: what was written stays known, and what was not sent is
not uncertain.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bridge.connector import Delivered, Retry
from bridge.model.delivery import Claim
from bridge.model.event import Kind
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import claim_of, next_attempt, other_lead
from tests.connectors.salesforce.orgs import Way, alive

LOOK = {"path": "/services/data/v62.0/composite", "body_contains": '"GET"'}


@pytest.fixture
def org() -> Iterator[Org]:
    with Org() as org:
        yield org


def appointments() -> list[Claim]:
    """Of three visitors who named no time: each a Lead and a Task."""
    events = [replace(other_lead(n), kind=Kind.APPOINTMENT, content="Please call me") for n in (1, 2, 3)]
    return [claim_of(event, number) for number, event in enumerate(events, 1)]


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("fault", [{"reset": True}, {"hang": True}], ids=str)
def test_leads_stay_known_where_the_answer_to_their_tasks_is_lost(
    org: Org, fault: dict[str, bool], *, stored: bool
) -> None:
    org.fault(match={"body_contains": '"Task"'}, stored=stored, **fault)
    claims = appointments()
    results = Way(org, timeout_s=2.0).deliver(*claims)

    assert [(Retry, True)] * 3 == [(type(one.outcome), getattr(one.outcome, "uncertain", None)) for one in results]
    assert [lead["Id"] for lead in alive(org, "Lead")] == [one.links[0].crm_id for one in results]
    assert (3 if stored else 0) == len(alive(org, "Task"))

    again = Way(org).deliver(*map(next_attempt, claims, results))

    assert [Delivered] * 3 == [type(one.outcome) for one in again]
    assert (3, 3) == (len(alive(org, "Lead")), len(alive(org, "Task")))


def test_a_look_that_gets_no_answer_leaves_nothing_uncertain(org: Org) -> None:
    org.fault(match=LOOK, reset=True, times=5)
    results = Way(org).deliver(*appointments())

    assert [(Retry, False)] * 3 == [(type(one.outcome), getattr(one.outcome, "uncertain", None)) for one in results]
    assert [] == alive(org, "Lead")


def test_after_a_request_without_an_answer_nothing_more_is_sent(org: Org) -> None:
    org.fault(match=LOOK, reset=True, times=5)
    way = Way(org)
    way.deliver(*appointments())

    assert ["POST composite"] == way.calls()
