"""The sandbox portal's errors, in HubSpot's words, mean what they are."""

from typing import Any

import pytest

from bridge.connector import Hold, Retry
from bridge.testing.samples import LEAD, claim_of
from tests.connectors.hubspot.trying import at

OAUTH = {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "refresh_token": "sandbox-refresh"}
NAMED: dict[str, tuple[type, dict[str, Any]]] = {
    "rolling": (Hold, {"for_s": 10.0, "crowded": True}),
    "secondly": (Hold, {"for_s": 1.0, "crowded": True}),
    "daily": (Hold, {"for_s": 37_200.0}),  # until midnight in US/Eastern, at 18:40 UTC
    "rate_limits": (Hold, {"for_s": 10.0}),
    "locked": (Hold, {"for_s": 2.0}),
    "migration": (Hold, {"for_s": 3600.0}),
    "expired": (Hold, {"for_s": None}),
    "unauthorized": (Hold, {"for_s": None}),
    "missing_scopes": (Hold, {"for_s": None}),
    "timeout": (Retry, {"uncertain": True}),
    "page": (Retry, {"uncertain": True}),
    "empty": (Retry, {"uncertain": True}),
    "nothing": (Retry, {"uncertain": True}),
}


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("kind", ["contacts", "notes"])
def test_an_error_that_has_a_name(name: str, kind: str) -> None:
    with at() as hubspot:
        hubspot.probe()
        hubspot.portal.fault(**{"as": name}, match={"path": f"/crm/v3/objects/{kind}/*"}, times=10)

        (result,) = hubspot.bring(claim_of(LEAD))

        expected, said = NAMED[name]
        assert expected is type(result.outcome), result.outcome
        assert said == {part: getattr(result.outcome, part) for part in said}


@pytest.mark.parametrize("scope", ["crm.objects.contacts.read", "crm.objects.contacts.write"])
def test_a_scope_that_is_missing_is_named(scope: str) -> None:
    with at() as hubspot:
        scopes = [one for one in hubspot.portal.settings["scopes"] if one != scope]
        hubspot.portal.change(scopes=scopes)

        outcome = hubspot.bring(claim_of(LEAD))[0].outcome if "write" in scope else hubspot.its_caller.probe()

        assert isinstance(outcome, Hold)
        assert scope in outcome.reason


def test_a_quota_of_the_day_that_is_used_up_holds_the_target() -> None:
    with at(daily_requests=2) as hubspot:
        hubspot.probe()
        (result,) = hubspot.bring(claim_of(LEAD))

        assert (Hold, 37_200.0) == (type(result.outcome), getattr(result.outcome, "for_s", None))


def test_properties_that_the_portal_refuses_are_left_out() -> None:
    with at(properties={"contacts": {"phone": None}}) as hubspot:
        (result,) = hubspot.bring(claim_of(LEAD))

        assert ("HubSpot did not take phone",) == result.degraded
        (note,) = hubspot.there("notes")
        assert note["properties"]["hs_note_body"].endswith(f"phone: {LEAD.phone}")


@pytest.mark.parametrize("oauth", [False, True])
@pytest.mark.parametrize(
    ("object_", "scope"),
    [
        ("contacts", "crm.objects.contacts.write"),
        ("notes", "crm.objects.contacts.write"),
        ("deals", "crm.objects.deals.read"),
    ],
)
def test_a_scope_that_is_missing_is_told_before_the_first_lead(object_: str, scope: str, *, oauth: bool) -> None:
    with at({"access_token": None, "oauth": OAUTH} if oauth else {}) as hubspot:
        assert not isinstance(hubspot.its_caller.describe(object_), Hold)
        hubspot.portal.change(scopes=[one for one in hubspot.portal.settings["scopes"] if one != scope])

        found = hubspot.its_caller.describe(object_)

        assert isinstance(found, Hold)
        assert f"({scope})" in found.reason


def test_where_hubspot_does_not_say_what_the_app_may_do_its_fields_are_told() -> None:
    with at() as hubspot:
        hubspot.portal.fault(match={"path": "/oauth/*"}, status=404)

        assert not isinstance(hubspot.its_caller.describe("contacts"), Hold)
