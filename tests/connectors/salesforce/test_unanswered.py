"""Requests that get no answer, also after others of the same call did: what was written stays known, and what was not
sent is not uncertain.
"""

from dataclasses import replace

import pytest

from bridge.connector import Delivered, Hold, Retry
from bridge.model.delivery import Claim
from bridge.model.event import Kind
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD, claim_of, next_attempt, other_lead
from bridge.testing.settings import read_settings
from connectors.salesforce import Salesforce, SalesforceSettings
from tests.connectors.salesforce.orgs import Way, alive, settings_for
from tests.processes import free_port

LOOK = {"path": "/services/data/v62.0/composite", "body_contains": '"GET"'}


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


WRITE = {"path": "/services/data/v62.0/composite", "body_contains": '"POST"'}


def visitor(number: int = 1) -> Claim:
    return claim_of(replace(LEAD, email=f"visitor{number}@example.com", phone=""), number)


@pytest.mark.parametrize("fault", [{"reset": True}, {"hang": True}, {"garbage": True}], ids=str)
@pytest.mark.parametrize("stored", [True, False])
def test_a_write_whose_answer_does_not_come_is_uncertain(org: Org, fault: dict[str, bool], *, stored: bool) -> None:
    way = Way(org, timeout_s=0.7)
    org.fault(match=WRITE, stored=stored, **fault)

    found = way.outcome(visitor())

    assert isinstance(found, Retry), found
    assert found.uncertain
    assert stored == len(alive(org, "Lead"))
    again = replace(visitor(), attempts=1, uncertain=True)
    assert isinstance(Way(org).outcome(again), Delivered)
    assert 1 == len(alive(org, "Lead"))


def test_an_org_that_nobody_answers_for_has_nothing(org: Org) -> None:
    way = Way(org)
    port = free_port()
    given = settings_for(f"http://127.0.0.1:{port}")
    way.caller = replace(way.caller, connector=Salesforce(read_settings(SalesforceSettings, given)))

    found = way.outcome(visitor())

    assert isinstance(found, Retry)
    assert (False, "no access token: connect: refused") == (found.uncertain, found.reason)


@pytest.mark.parametrize("fault", ["expired_session", "edge_page", "locked_row", "trigger_lock"])
@pytest.mark.parametrize("match", [LOOK, WRITE], ids=["look", "write"])
def test_what_passes_at_the_look_or_the_write_loses_nothing(org: Org, fault: str, match: dict[str, str]) -> None:
    way = Way(org)
    org.fault(match=match, **{"as": fault})

    found = way.outcome(visitor())

    assert isinstance(found, Retry | Delivered), found
    assert not isinstance(found, Hold)
    assert isinstance(way.outcome(visitor()), Delivered)
    assert 1 == len(alive(org, "Lead"))
