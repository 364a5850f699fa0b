"""What was there already is associated, too: no association is dropped without a word."""

from dataclasses import replace
from typing import Any

import pytest

from bridge.connector import Delivered, Outcome, Plan, Record, Ref, Retry
from bridge.testing import Response
from bridge.testing.api import Fault
from bridge.testing.samples import LEAD, next_attempt, next_revision
from tests.connectors.hubspot.standin import Standing
from tests.connectors.hubspot.test_unanswered import Then
from tests.connectors.hubspot.trying import Trying, contact, trying

ASSOCIATE = "/crm/v4/associations/contacts/companies/batch/create"


def at_firm(hubspot: Trying, *numbers: int, **more: Any) -> list[Outcome]:
    """What comes of contacts of a company, who are known by their addresses."""
    firm = hubspot.api.add("companies", name="Analytical Engines")
    fields = {"to_company": firm, "firstname": "Ada"}
    return hubspot.write(*(contact(f"k{n}", email=f"a{n}@example.com", **fields, **more) for n in numbers))


def test_a_contact_that_is_found_by_its_address_gets_its_company() -> None:
    with trying() as hubspot:
        mine = hubspot.api.add("contacts", email="a1@example.com")

        outcomes = at_firm(hubspot, 1, 2)

        assert [Delivered, Delivered] == [type(one) for one in outcomes]
        (firm,) = hubspot.api.objects["companies"]
        assert [[("279", firm)]] * 2 == [hubspot.api.links[one.id] for one in outcomes]
        assert mine == outcomes[0].id
        assert ["POST /crm/v3/objects/contacts/batch/upsert", f"POST {ASSOCIATE}"] == hubspot.paths()


def test_what_is_made_takes_its_associations_along() -> None:
    with trying() as hubspot:
        hubspot.bring(hubspot.lead_of())

        assert not [path for path in hubspot.paths() if "/associations/" in path]


def test_an_association_that_is_refused_costs_no_contact_and_is_said() -> None:
    class Refusing(Standing):
        def answer(self, request: Any) -> Any:
            if request.path == ASSOCIATE and any(one["from"]["id"] == mine for one in request.json()["inputs"]):
                return Response(400, {"category": "VALIDATION_ERROR", "message": "no"})
            return super().answer(request)

    with trying(Refusing()) as hubspot:
        mine = hubspot.api.add("contacts", email="a1@example.com")

        first, second = at_firm(hubspot, 1, 2)

        assert ("HubSpot did not take to_company", "") == (first.degraded, second.degraded)
        assert [second.id] == [id_ for id_ in hubspot.api.objects["contacts"] if hubspot.api.links.get(id_)]


@pytest.mark.parametrize("stored", [True, False])
def test_where_the_answer_to_it_is_lost_it_is_associated_again(stored: bool) -> None:
    with trying(Then()) as hubspot:

        def then(request: Any) -> None:
            hubspot.server.fault = Fault(cut=0, stored=stored) if "batch/upsert" in request.path else None

        hubspot.api.then = then  # type: ignore[attr-defined]
        (lost,) = at_firm(hubspot, 1)
        assert (Retry, True) == (type(lost), lost.uncertain)

        hubspot.api.then, hubspot.server.fault = (lambda _: None), None  # type: ignore[attr-defined]
        (again,) = at_firm(hubspot, 1)

        assert Delivered is type(again)
        assert hubspot.api.links[again.id]


def test_a_note_that_was_changed_hangs_at_the_contact_that_was_made_anew() -> None:
    with trying(Then()) as hubspot:
        claim = hubspot.lead_of()
        (first,) = hubspot.bring(claim)
        hubspot.api.objects["contacts"].clear()

        def then(request: Any) -> None:
            if hubspot.api.of("contacts"):
                hubspot.fail(503, {})

        hubspot.api.then = then  # type: ignore[attr-defined]
        changed = next_revision(claim, first, replace(LEAD, content="Hello again"))
        (result,) = hubspot.bring(changed)
        assert Retry is type(result.outcome)

        hubspot.api.then, hubspot.server.fault = (lambda _: None), None  # type: ignore[attr-defined]
        (again,) = hubspot.bring(next_attempt(changed, result))

        assert Delivered is type(again.outcome)
        (new,) = hubspot.api.objects["contacts"]
        (note,) = [id_ for id_ in hubspot.api.objects["notes"] if ("202", new) in hubspot.api.links[id_]]
        assert hubspot.api.objects["notes"][note]["hs_note_body"].startswith("Hello again")


def test_one_that_is_only_to_be_made_is_left_as_it_is() -> None:
    with trying() as hubspot:
        mine = hubspot.api.add("contacts", email="ada@example.com")
        firm = Record("firm", "companies", "f", {"name": "Analytical Engines"})
        person = replace(contact(email="ada@example.com", to_company=Ref("firm")), mode="create")

        ((_, outcome),) = hubspot.hubspot.deliver_batch([Plan(1, [firm, person])], hubspot.call())

        assert (mine, None) == (getattr(outcome, "id", ""), hubspot.api.links.get(mine))
