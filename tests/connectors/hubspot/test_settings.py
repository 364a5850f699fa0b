"""Settings of a HubSpot target: every mistake at once, each with its place; and where requests go by them."""

from typing import Any

import pytest
from hubspot.crm import AssociationType

from bridge.connector import Delivered, Field, Hold, Secret, WrongSettings
from bridge.testing import Request, Response
from bridge.testing.settings import read_settings
from connectors.hubspot import Association, HubSpotSettings, OAuth, Unique
from connectors.hubspot.objects import ASSOCIATIONS
from tests.connectors.hubspot.standin import Standing
from tests.connectors.hubspot.trying import contact, trying

OAUTH = {"client_id": "bridge", "client_secret": "a-secret", "refresh_token": "a-refresh-token"}


def wrong(**given: Any) -> dict[str, str]:
    """What is wrong with these settings, by place."""
    made = given | {"access_token": Secret(given["access_token"])} if "access_token" in given else given
    made |= {"oauth": OAuth("c", Secret("s"), Secret("r"))} if "oauth" in given else {}
    made |= {"associations": {name: Association(1) for name in given.get("associations", ())}}
    with pytest.raises(WrongSettings) as raised:
        HubSpotSettings(**made, **({"unique": Unique()} if "unique" not in made else {}))
    return {".".join(map(str, one.at)): one.message for one in raised.value.wrong}


def test_a_token_or_oauth_is_needed_and_not_both() -> None:
    assert {"access_token": "this is missing"} == wrong()
    assert {"oauth": "there is an access_token beside this"} == wrong(access_token="t", oauth=True)


def test_all_mistakes_are_told_at_once() -> None:
    found = wrong(
        access_token="two words", base_url="http://127.0.0.1:1", portal_id="my portal", associations=["to_contact"]
    )

    assert {"access_token", "base_url", "portal_id", "associations.to_contact"} == found.keys()


def test_a_token_alone_is_enough() -> None:
    settings = read_settings(HubSpotSettings, {"access_token": "pat-na1-x"})

    assert ("https://api.hubapi.com", "v3") == (settings.base_url, settings.api_version)


@pytest.mark.parametrize("missing", OAUTH)
def test_a_part_of_oauth_that_is_empty_is_told(missing: str) -> None:
    with pytest.raises(AssertionError, match="this is empty"):
        read_settings(HubSpotSettings, {"oauth": OAUTH | {missing: ""}})


def test_a_name_of_a_property_must_be_one() -> None:
    with pytest.raises(AssertionError, match="this is no name of a property"):
        read_settings(HubSpotSettings, {"access_token": "x", "unique": {"contact": "Chat Key"}})


def test_another_version_of_the_api_has_other_paths() -> None:
    with trying(api_version="2026-03", probed=False) as hubspot:
        hubspot.hubspot.probe(hubspot.call())
        hubspot.write(contact(email="ada@example.com"))
        hubspot.hubspot.describe("contacts", hubspot.call())

        assert [
            "/account-info/2026-03/details",
            "/crm/objects/2026-03/contacts?limit=1",
            "/crm/objects/2026-03/contacts/batch/upsert",
            "/crm/properties/2026-03/contacts",
        ] == [one.path for one in hubspot.server.requests]


def test_the_properties_of_an_object_are_told_and_what_it_may_hang_at() -> None:
    api = Standing()
    api.options = {"hs_lead_status": [{"value": "NEW", "label": "New"}]}
    api.add("contacts", email="ada@example.com")
    with trying(api) as hubspot:
        fields = hubspot.hubspot.describe("contacts", hubspot.call())
        notes = hubspot.hubspot.describe("notes", hubspot.call())

        assert Field("email", "string", label="email", unique=True) in fields
        assert Field("hs_lead_status", "enumeration", label="hs_lead_status", choices=("NEW",)) in fields
        assert ["to_contact", "to_company", "to_deal", "to_ticket"] == [
            one.name for one in notes if one.type == "association"
        ]


def test_an_object_that_cannot_be_described_says_why() -> None:
    with trying() as hubspot:
        hubspot.fail(403, {"status": "error", "category": "MISSING_SCOPES", "message": "no"})

        assert Hold("HTTP 403: the app lacks scopes: no") == hubspot.hubspot.describe("contacts", hubspot.call())


def test_the_kinds_of_association_are_those_that_hubspots_own_client_knows() -> None:
    for name, number in ASSOCIATIONS.items():
        object_, _, to = name.partition(".to_")
        known = f"{object_.removesuffix('s')}_TO_{to}".upper()
        assert number == getattr(AssociationType, known, number)


def test_a_refused_login_holds_the_target() -> None:
    class Refusing(Standing):
        def answer(self, request: Request) -> Response:
            body = {"status": "BAD_REFRESH_TOKEN", "message": "missing or invalid refresh token"}
            return Response(400, body) if "oauth" in request.path else super().answer(request)

    with trying(Refusing(), access_token=None, oauth=OAUTH) as hubspot:
        (result,) = hubspot.bring(hubspot.lead_of())

        assert Hold is type(result.outcome)
        assert "missing or invalid refresh token" in result.outcome.reason
        assert 1 == len(hubspot.server.requests)


def test_the_refresh_token_that_came_last_is_used() -> None:
    class Rotating(Standing):
        logins = 0

        def answer(self, request: Request) -> Response:
            if "oauth" in request.path:
                self.logins += 1
                tokens = {"access_token": f"t{self.logins}", "refresh_token": f"r{self.logins}", "expires_in": 1800}
                return Response(200, tokens)
            if request.headers["authorization"] == "Bearer t1":
                return Response(401, {"status": "error", "category": "EXPIRED_AUTHENTICATION", "message": "expired"})
            return super().answer(request)

    with trying(Rotating(), probed=False, access_token=None, oauth=OAUTH) as hubspot:
        (result,) = hubspot.bring(hubspot.lead_of())

        assert Delivered is type(result.outcome)
        first, second = [one.body.decode() for one in hubspot.server.requests if "oauth" in one.path]
        assert "refresh_token=a-refresh-token" in first
        assert "refresh_token=r1" in second
