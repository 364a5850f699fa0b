"""At the sandbox portal: merges, OAuth, and faults by chance: nothing is lost, and nothing comes twice."""

from dataclasses import replace
from typing import Any

import pytest

from bridge.connector import Delivered, Retry
from bridge.model.delivery import Claim, Result
from bridge.model.event import Kind
from bridge.testing.samples import LEAD, claim_of, next_attempt, next_revision, other_lead
from tests.connectors.hubspot.test_portal import HAS_UNIQUE, UNIQUE
from tests.connectors.hubspot.trying import at, contact


def next_lead(claim: Claim, last: Result) -> Claim:
    return next_revision(claim, last, replace(claim.stored.event, first_name="Dave"))


@pytest.mark.parametrize(
    "of_portal", [{"merged_ids": "follow"}, {"merged_ids": "gone"}, {"merged_ids": "gone", "merge_makes_new": True}]
)
@pytest.mark.parametrize("email", ["david@example.com", ""])
def test_a_contact_that_was_merged_is_the_one_that_is_left(of_portal: dict[str, Any], email: str) -> None:
    with at(**of_portal) as hubspot:
        claim = claim_of(replace(LEAD, email=email))
        (first,) = hubspot.bring(claim)
        other = hubspot.portal.plant("contacts", email="another@example.com")["id"]
        hubspot.portal.merge(other, first.links[0].crm_id)

        (result,) = hubspot.bring(next_lead(claim, first))

        assert Delivered is type(result.outcome), result.outcome
        (left,) = hubspot.there("contacts")
        assert left["id"] == result.links[0].crm_id
        assert ("Dave" if email else "David") == left["properties"]["firstname"], "a phone renames nobody"


def test_a_contact_that_was_deleted_is_made_again_with_its_note() -> None:
    with at() as hubspot:
        claim = claim_of(LEAD)
        (first,) = hubspot.bring(claim)
        hubspot.portal.reset()

        (result,) = hubspot.bring(next_lead(claim, first))

        assert Delivered is type(result.outcome), result.outcome
        assert (1, 1) == (len(hubspot.there("contacts")), len(hubspot.there("notes")))


def test_a_token_that_ended_is_renewed_and_the_refresh_token_with_it() -> None:
    client = {"client_id": "a-client", "client_secret": "a-secret", "refresh_token": "a-refresh"}
    with at({"oauth": client, "access_token": None}, rotate_refresh_tokens=True, **client) as hubspot:
        caller = hubspot.its_caller
        for number in (1, 2, 3):
            (result,) = hubspot.attempts(caller, [claim_of(other_lead(number), number)])
            assert Delivered is type(result.outcome), result.outcome
            hubspot.portal.end_tokens()

        assert 3 == sum(call.path.startswith("/oauth") for call in hubspot.portal.calls)


def test_a_token_that_cannot_be_renewed_now_leaves_nothing_uncertain() -> None:
    client = {"client_id": "a-client", "client_secret": "a-secret", "refresh_token": "a-refresh"}
    with at({"oauth": client, "access_token": None}, **client) as hubspot:
        caller = hubspot.its_caller
        hubspot.attempts(caller, [claim_of(other_lead(1), 1)])
        hubspot.portal.fault(**{"as": "expired"}, match={"path": "/crm/v3/objects/notes/*"})
        hubspot.portal.fault(status=500, match={"path": "/oauth/*"})

        (result,) = hubspot.attempts(caller, [claim_of(other_lead(2), 2)])

        assert (Retry, False, 1) == (type(result.outcome), result.outcome.uncertain, len(result.links))


def test_the_unique_properties_are_made_in_a_portal_that_has_none() -> None:
    with at({"unique": UNIQUE}) as hubspot:
        made = hubspot.its_caller.prepare()

        assert 4 == sum(line.startswith("made") for line in made)
        assert "is there" in str(hubspot.its_caller.prepare())
        (result,) = hubspot.bring(claim_of(replace(LEAD, email="")))
        assert Delivered is type(result.outcome), result.outcome


FAULTS = [
    {"status": 502, "stored": True, "probability": 0.15},
    {"status": 504, "stored": False, "probability": 0.05},
    {"reset": True, "stored": True, "probability": 0.1},
    {"garbage": True, "stored": True, "probability": 0.05},
    {"as": "page", "probability": 0.05},
]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("unique", [False, True])
def test_through_faults_by_chance_each_comes_once(seed: int, unique: bool) -> None:
    """Half of all answers are lost or spoiled, of what was carried out and of what was not."""
    with at({"unique": UNIQUE} if unique else {}, **({"properties": HAS_UNIQUE} if unique else {})) as hubspot:
        events = [other_lead(number) for number in range(1, 13)]
        events[2] = replace(events[2], email="")
        events[5] = replace(events[5], email="", first_name="", last_name="")
        events[7] = replace(events[7], kind=Kind.APPOINTMENT, content="Time: 2023-12-01 10:00 AM")
        open_ = {number: claim_of(event, number) for number, event in enumerate(events, 1)}
        caller, told = hubspot.its_caller, {}
        hubspot.portal.random(FAULTS, seed=seed)
        for name in ("nothing", "empty"):
            hubspot.portal.fault(**{"as": name}, match={"path": "/crm/v3/objects/*/batch/*"}, times=2)
        for turn in range(40):
            if turn == 30:
                hubspot.portal.random([])
            claims = list(open_.values())
            for together in [claims] if turn % 4 == 0 else [[claim] for claim in claims]:
                for result in hubspot.attempts(caller, together) if together else ():
                    if isinstance(result.outcome, Delivered):
                        del open_[result.claim.stored.id]
                    else:
                        told[result.claim.stored.id] = result.outcome
                        open_[result.claim.stored.id] = next_attempt(result.claim, result)

        assert {} == open_, {number: told[number] for number in open_}
        assert any((call.status or 500) >= 500 for call in hubspot.portal.calls)
        assert {"contacts": 12, "notes": 11, "meetings": 1} == {
            kind: len(hubspot.there(kind)) for kind in ("contacts", "notes", "meetings")
        }


@pytest.mark.parametrize("merge_makes_new", [False, True])
def test_a_contact_that_was_merged_is_found_among_others(merge_makes_new: bool) -> None:
    with at(merged_ids="follow", merge_makes_new=merge_makes_new) as hubspot:
        gone, left, other = (hubspot.portal.plant("contacts", lastname=name)["id"] for name in ("A", "B", "C"))
        left = hubspot.portal.merge(left, gone)["id"]
        records = [replace(contact(id_, lastname=f"x{id_}"), known_id=id_, if_empty=True) for id_ in (gone, other)]

        outcomes = hubspot.write(*records)

        assert [left, other] == [getattr(one, "id", None) for one in outcomes]
        assert 2 == len(hubspot.there("contacts"))
