"""Limits: the org's daily quota is spared before it is used up, and waited for when it is; so is the room for calls at
once, and storage. No lead is lost by it.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bridge.connector import Delivered, Hold, Usable
from bridge.connector.quota import SLOW_S
from bridge.model.delivery import Claim
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD, claim_of
from connectors.salesforce.errors import CROWDED_S, QUOTA_S, STORAGE_S
from connectors.salesforce.limits import Limits
from tests.connectors.salesforce.orgs import Way, alive, one

MANY = 1_000_000  # calls a day: no call changes the percentage
OF_THE_ORG = "of the org's daily API requests are used"


@pytest.fixture
def org() -> Iterator[Org]:
    with Org(daily_requests=MANY) as org:
        yield org


def used(org: Org, percent: float) -> None:
    org.change(requests_used=int(MANY * percent / 100))


def claim(number: int) -> Claim:
    return claim_of(replace(LEAD, email=f"visitor{number}@example.com", phone=""), number)


def deliver(way: Way, number: int) -> None:
    assert isinstance(way.outcome(claim(number)), Delivered)


@pytest.mark.parametrize(
    ("percent", "warned", "waits"),
    [
        (0, [], []),
        (79, [], []),
        (80.5, [f"more than 80% {OF_THE_ORG}"], []),
        (94, [f"more than 80% {OF_THE_ORG}"], []),
        (95.5, [f"more than 95% {OF_THE_ORG}: delivering slowly, in batches"], [SLOW_S]),
    ],
)
def test_it_warns_at_80_percent_and_slows_down_at_95(
    org: Org, percent: float, warned: list[str], waits: list[float]
) -> None:
    used(org, percent)
    way = Way(org, timeout_s=600)

    deliver(way, 1)
    assert [] == way.shared.waited, "nothing is known before the first answer"
    deliver(way, 2)

    assert sorted(set(way.warned)) == warned
    assert waits == way.shared.waited


def test_the_wait_leaves_time_for_the_work(org: Org) -> None:
    used(org, 96)
    way = Way(org, timeout_s=20)

    deliver(way, 1)
    deliver(way, 2)

    (waited,) = way.shared.waited
    assert 4 < waited <= 5


def test_when_the_day_is_over_it_is_quick_again(org: Org) -> None:
    used(org, 96)
    way = Way(org, timeout_s=600)
    deliver(way, 1)
    used(org, 10)
    deliver(way, 2)
    way.shared.waited.clear()
    way.warned.clear()

    deliver(way, 3)

    assert ([], []) == (way.shared.waited, way.warned)


def test_a_probe_says_how_much_is_used(org: Org) -> None:
    used(org, 42)
    way = Way(org)

    found = way.connector.probe(way.caller.door.call())

    assert isinstance(found, Usable)
    assert "42% of the daily API requests are used" == found.note


@pytest.mark.parametrize(
    ("header", "share"),
    [
        ("api-usage=400/5000", "8%"),
        ("api-usage=4500/5000", "90%"),
        ("api-usage=18/5000; per-app-api-usage=17/20(appName=sample-connected-app)", "85%"),
        ("api-usage=4900/5000; per-app-api-usage=17/250(appName=per-app-api-usage=1/2)", "98%"),
        ("per-app-api-usage=1/4(appName=x)", "25%"),
        ("api-usage=6000/5000", "120%"),
        ("api-usage=5/0", ""),
        ("api-usage=a/b", ""),
        ("api-usage=99999999999999999999/1", ""),
        ("", ""),
    ],
)
def test_whatever_the_header_says_it_is_read(header: str, share: str) -> None:
    with Org() as org:
        way, limits = Way(org), Limits()

        limits.heed(header, way.caller.door.call())

        assert limits.note.partition(" of ")[0] == share
        if "5000; " in header:
            assert 1 == len(way.warned)


def test_at_the_quota_the_target_is_held_until_it_clears(org: Org) -> None:
    way = Way(org)
    deliver(way, 1)
    used(org, 100)

    for _ in range(2):
        found = way.outcome(claim(2))
        assert isinstance(found, Hold)
        assert (QUOTA_S, False, False) == (found.for_s, found.crowded, found.uncertain)
        assert "REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded." in found.reason
    probed = way.connector.probe(way.caller.door.call())
    assert isinstance(probed, Hold)

    used(org, 10)
    deliver(way, 2)
    assert 2 == len(alive(org, "Lead"))


def test_too_many_calls_at_once_are_made_fewer(org: Org) -> None:
    org.change(concurrent_requests=0)
    way = Way(org)

    found = way.outcome(claim(1))

    assert isinstance(found, Hold)
    assert (CROWDED_S, True) == (found.for_s, found.crowded)
    assert "REQUEST_LIMIT_EXCEEDED: ConcurrentRequests" in found.reason


@pytest.mark.parametrize("fault", ["quota", "concurrent"])
@pytest.mark.parametrize("place", ["/services/data/v62.0/composite", "/services/data/v62.0/composite/sobjects"])
def test_a_batch_that_is_refused_so_waits_as_a_whole(org: Org, fault: str, place: str) -> None:
    org.fault(match={"path": place}, **{"as": fault})
    way = Way(org)

    found = [result.outcome for result in way.deliver(*map(claim, (1, 2, 3)))]

    assert {(Hold, fault == "concurrent")} == {(type(one), getattr(one, "crowded", None)) for one in found}
    assert [Delivered] * 3 == [type(result.outcome) for result in way.deliver(*map(claim, (1, 2, 3)))]
    assert 3 == len(alive(org, "Lead"))


@pytest.mark.parametrize("alone", [True, False])
def test_where_storage_is_full_the_target_is_held_and_nothing_is_lost(org: Org, *, alone: bool) -> None:
    org.change(storage_records=0)
    way = Way(org)
    claims = [claim(number) for number in ([1] if alone else [1, 2])]

    found = [result.outcome for result in way.deliver(*claims)]

    for outcome in found:
        assert isinstance(outcome, Hold)
        assert (STORAGE_S, False) == (outcome.for_s, outcome.crowded)
        assert "STORAGE_LIMIT_EXCEEDED: storage limit exceeded" in outcome.reason
    org.change(storage_records=None)
    assert [Delivered] * len(claims) == [type(result.outcome) for result in way.deliver(*claims)]


def test_an_api_that_is_off_is_the_accounts_fault(org: Org) -> None:
    org.change(api_enabled=False)
    way = Way(org)

    found = [way.outcome(claim(1)), way.connector.probe(way.caller.door.call())]

    assert [Hold] * 2 == [type(outcome) for outcome in found]
    assert all("API_DISABLED_FOR_ORG" in outcome.reason for outcome in found)


def test_a_locked_row_passes(org: Org) -> None:
    way = Way(org)
    org.fault(match={"path": "/services/data/v62.0/composite", "body_contains": "POST"}, **{"as": "locked_row"})

    assert "UNABLE_TO_LOCK_ROW" in way.outcome(claim(1)).reason
    deliver(way, 1)
    assert one(org, "Lead")["Email"] == "visitor1@example.com"
