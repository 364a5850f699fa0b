"""The activity of a person whose Lead a colleague converted meanwhile: neither lost nor written twice."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from bridge.connector import Delivered
from bridge.model.delivery import Claim, Result
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import APPOINTMENT, claim_of, next_revision
from tests.connectors.salesforce.mappings import BOTH, leads
from tests.connectors.salesforce.orgs import KEYED, Way, alive, colleague, one

UNSEEN: dict[str, Any] = {"Contact": {"readable": False}}
# Where a lookup leads to an object that the user does not see, some orgs do not show him the lookup either.
WITHOUT_LOOKUP = UNSEEN | {"Lead": {"fields": {"ConvertedContactId": None}}}
SIGHT = pytest.mark.parametrize("objects", [{}, UNSEEN, WITHOUT_LOOKUP], ids=["seen", "unseen", "no lookup"])
MAPPING = pytest.mark.parametrize("records", [None, BOTH], ids=["marked", "unmarked"])


def begun(way: Way, claim: Claim, *, uncertain: bool) -> Claim:
    """Its person is written, and of its activity it is not known, or it is known not to be there."""
    (result,) = way.deliver(claim)
    persons = {(link.record_key, link.object): link for link in result.links if link.object == "Lead"}
    return replace(claim, attempts=1, uncertain=uncertain, links=persons, done=frozenset(persons))


def again(way: Way, claim: Claim, most: int) -> Result:
    (result, *_) = way.deliver(claim, *leads(most - 1, first=7))
    assert isinstance(result.outcome, Delivered), result.outcome
    return result


def activities(org: Org, whose: str) -> list[str]:
    """Whom the activities of this visitor hang on."""
    rows = [*alive(org, "Event"), *alive(org, "Task")]
    return [row["WhoId"] for row in rows if whose in row["Subject"]]


@SIGHT
@MAPPING
def test_one_that_an_earlier_attempt_made_is_found_where_the_conversion_put_it(
    objects: Mapping[str, Any], records: Sequence[Mapping[str, Any]] | None, most: int
) -> None:
    with Org(objects=objects) as org:
        way = Way(org, records=records)
        claim = begun(way, claim_of(APPOINTMENT), uncertain=True)
        contact = org.convert(one(org, "Lead")["Id"])["contact"]

        again(way, claim, most)

        assert [contact] == activities(org, "Grace")
        assert most == len(alive(org, "Lead"))


@SIGHT
@MAPPING
def test_one_that_is_missing_is_made_and_the_delivery_says_what_to_do(
    objects: Mapping[str, Any], records: Sequence[Mapping[str, Any]] | None, most: int
) -> None:
    with Org(objects=objects) as org:
        way = Way(org, records=records)
        claim = begun(way, claim_of(APPOINTMENT), uncertain=True)
        for kind in ("Event", "Task"):
            for row in alive(org, kind):
                getattr(colleague(org), kind).delete(row["Id"])
        contact = org.convert(one(org, "Lead")["Id"])["contact"]

        result = again(way, claim, most)

        (whose,) = activities(org, "Grace")
        assert (whose == contact) is (not objects)
        assert ["Read on Contact" in told for told in result.degraded] == ([True] if objects else [])


@pytest.mark.parametrize("hidden", [{}, UNSEEN], ids=["seen", "unseen"])
def test_with_a_key_of_ours_it_stays_where_the_conversion_put_it(hidden: Mapping[str, Any]) -> None:
    with Org(objects=KEYED | hidden) as org:
        way = Way(org, {"external_ids": {"Event": "Chat_Key__c"}})
        claim = begun(way, claim_of(APPOINTMENT), uncertain=True)
        contact = org.convert(one(org, "Lead")["Id"])["contact"]

        again(way, claim, 1)

        assert [contact] == activities(org, "Grace")


def test_without_a_mark_one_that_may_be_anothers_is_not_taken() -> None:
    """Two visitors of one name said the same; whose is whose, a user who does not see them cannot tell."""
    with Org(objects=WITHOUT_LOOKUP) as org:
        way = Way(org, records=BOTH)
        same = [claim_of(replace(one.stored.event, first_name="Dana", content="Hi"), one.stored.id) for one in leads(2)]
        claims = [begun(way, claim, uncertain=True) for claim in same]
        contacts = [org.convert(lead["Id"])["contact"] for lead in alive(org, "Lead")]

        again(way, claims[0], 1)

        assert [*contacts, alive(org, "Lead")[-1]["Id"]] == activities(org, "Dana")


def test_an_activity_that_was_deleted_is_no_converted_lead(org: Org) -> None:
    fields = {"WhoId": "{{ records.person.id }}", "Subject": "{{ content }}", "StartDateTime": "2030-12-01T10:00:00Z"}
    event = {"name": "event", "object": "Event", "fields": fields | {"DurationInMinutes": 30}}
    way, claim = Way(org, records=[BOTH[0], event]), claim_of(APPOINTMENT)
    (result,) = way.deliver(claim)
    colleague(org).Event.delete(one(org, "Event")["Id"])

    again(way, next_revision(claim, result, replace(APPOINTMENT, content="Later")), 1)

    assert ("Later", one(org, "Lead")["Id"]) == (one(org, "Event")["Subject"], one(org, "Event")["WhoId"])
