"""Requests that get no answer, or that come when others of the same call were answered: what was written stays known,
and what was not sent is not uncertain.
"""

from collections.abc import Callable
from typing import Any

import pytest

from bridge.connector import Delivered, Hold, Retry
from bridge.testing import Request, Response
from bridge.testing.api import Fault
from bridge.testing.samples import claim_of, next_attempt, other_lead
from tests.connectors.hubspot.standin import Standing, invalid
from tests.connectors.hubspot.trying import Trying, trying


class Then(Standing):
    """After each answer, `then` is told the request."""

    then: Callable[[Request], None] = staticmethod(lambda request: None)

    def answer(self, request: Request) -> Response:
        found = super().answer(request)
        self.then(request)
        return found


def lose_after(hubspot: Trying, path: str, fault: Fault) -> None:
    """All that comes after the first request to this path goes wrong."""

    def then(request: Request) -> None:
        if path in request.path:
            hubspot.server.fault = fault

    hubspot.api.then = then  # type: ignore[attr-defined]


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("hang", [True, False])
def test_contacts_stay_known_where_the_answer_to_their_notes_is_lost(*, stored: bool, hang: bool) -> None:
    with trying(Then()) as hubspot:
        lose_after(hubspot, "contacts/batch/upsert", Fault(cut=None if hang else 0, hang=hang, stored=stored))
        claims = [claim_of(other_lead(number), number) for number in (1, 2, 3)]
        caller = hubspot.caller(hubspot.server, timeout_s=1.0 if hang else 10.0)
        results = hubspot.attempts(caller, claims)

        assert [(Retry, True)] * 3 == [(type(one.outcome), one.outcome.uncertain) for one in results]
        assert [list(hubspot.api.objects["contacts"])] == [[one.links[0].crm_id for one in results]]

        hubspot.api.then, hubspot.server.fault = (lambda _: None), None
        hubspot.server.requests.clear()
        again = hubspot.bring(*map(next_attempt, claims, results))

        assert [Delivered] * 3 == [type(one.outcome) for one in again]
        assert {"contacts": 3, "notes": 3} == {name: len(them) for name, them in hubspot.api.objects.items()}
        assert not [path for path in hubspot.paths() if "contacts/batch" in path]


def test_what_was_not_sent_any_more_is_not_uncertain() -> None:
    with trying(Then()) as hubspot:
        lose_after(hubspot, "contacts/batch/upsert", Fault(cut=0))
        known, by_phone = hubspot.bring(claim_of(other_lead(1)), hubspot.lead_of(2, email=""))

        assert (Retry, False, 1) == (type(known.outcome), known.outcome.uncertain, len(known.links))
        assert (Retry, True, 0) == (type(by_phone.outcome), by_phone.outcome.uncertain, len(by_phone.links))


def test_a_look_that_gets_no_answer_leaves_nothing_uncertain() -> None:
    with trying() as hubspot:
        hubspot.server.fault = Fault(cut=0, reads_only=True)
        (result,) = hubspot.bring(hubspot.lead_of(email=""))

        assert (Retry, False) == (type(result.outcome), result.outcome.uncertain)
        assert 0 == hubspot.api.count()


def test_a_value_is_kept_in_the_note_also_where_that_goes_in_a_later_attempt() -> None:
    def refuse(object_: str, properties: dict[str, str]) -> None:
        if object_ == "contacts" and "phone" in properties:
            raise invalid("INVALID_INTEGER", "phone")

    api = Then()
    api.refuse = refuse
    with trying(api) as hubspot:

        def then(request: Request) -> None:
            if "contacts/batch/upsert" in request.path and hubspot.api.count():
                hubspot.fail(503, {})

        api.then = then
        claim = hubspot.lead_of()
        (result,) = hubspot.bring(claim)
        assert (Retry, ("phone",)) == (type(result.outcome), result.links[0].not_taken)
        assert ("HubSpot did not take phone",) == result.degraded

        api.then, hubspot.server.fault = (lambda _: None), None
        (again,) = hubspot.bring(next_attempt(claim, result))

        assert Delivered is type(again.outcome)
        assert api.of("notes")[0]["hs_note_body"].endswith("Not in a field of HubSpot:<br>phone: +12125550147")


@pytest.mark.parametrize(("status", "kind"), [(503, Retry), (429, Hold)])
def test_an_option_is_not_given_up_because_the_options_cannot_be_asked_for_now(status: int, kind: type) -> None:
    class Silent(Standing):
        well = False

        def answer(self, request: Request) -> Response:
            if "/properties/" in request.path and not self.well:
                return Response(status, {"policyName": "SECONDLY"})
            return super().answer(request)

    def refuse(object_: str, properties: dict[str, str]) -> None:
        if properties.get("phone", "A") != "A":
            raise invalid("INVALID_OPTION", "phone")

    api = Silent()
    api.refuse, api.options = refuse, {"phone": [{"value": "A", "label": "+12125550147"}]}
    with trying(api) as hubspot:
        claim = hubspot.lead_of()
        (result,) = hubspot.bring(claim)
        assert (kind, 0) == (type(result.outcome), api.count())

        api.well = True
        (again,) = hubspot.bring(next_attempt(claim, result))

        assert Delivered is type(again.outcome)
        assert "A" == api.of("contacts")[0]["phone"]


def test_an_app_that_may_not_see_the_options_does_without_the_property() -> None:
    class Closed(Standing):
        def answer(self, request: Request) -> Response:
            forbidden: Any = {"category": "MISSING_SCOPES"}
            return Response(403, forbidden) if "/properties/" in request.path else super().answer(request)

    api = Closed()
    api.refuse = lambda _, properties: _refuse_phone(properties)
    with trying(api) as hubspot:
        (result,) = hubspot.bring(hubspot.lead_of())

        assert (Delivered, ("HubSpot did not take phone",)) == (type(result.outcome), result.degraded)


def _refuse_phone(properties: dict[str, str]) -> None:
    if "phone" in properties:
        raise invalid("INVALID_OPTION", "phone")


def test_a_contact_that_is_deleted_before_its_note_is_made_anew_with_it() -> None:
    with trying(Then()) as hubspot:
        lose_after(hubspot, "contacts/batch/upsert", Fault(Response(503, {})))
        claim = hubspot.lead_of()
        (result,) = hubspot.bring(claim)
        assert (Retry, 1) == (type(result.outcome), len(result.links))

        hubspot.api.then, hubspot.server.fault = (lambda _: None), None
        hubspot.api.objects["contacts"].clear()
        (again,) = hubspot.bring(next_attempt(claim, result))

        assert Delivered is type(again.outcome)
        ((contact, note),) = zip(hubspot.api.objects["contacts"], hubspot.api.objects["notes"], strict=True)
        assert [("202", contact)] == hubspot.api.links[note]
