"""What HubSpot refuses is left out, kept in the note, and said."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bridge.connector import Delivered, Reject
from bridge.testing import Request, Response
from tests.connectors.hubspot.standin import Refused, Standing, invalid
from tests.connectors.hubspot.trying import at, contact, trying


def refusing(name: str, code: str, *, only: str = "contacts") -> Standing:
    def refuse(object_: str, properties: dict[str, str]) -> None:
        if object_ == only and name in properties:
            raise invalid(code, name)

    found = Standing()
    found.refuse = refuse
    return found


@pytest.mark.parametrize(
    "code",
    ["PROPERTY_DOESNT_EXIST", "INVALID_OPTION", "READ_ONLY_VALUE", "INVALID_INTEGER", "INVALID_LONG", "INVALID_DATE"],
)
@pytest.mark.parametrize("whole", [True, False])
def test_a_refused_property_is_left_out_and_kept_in_the_note(code: str, whole: bool) -> None:
    api = refusing("phone", code)
    api.whole = whole
    with trying(api) as hubspot:
        (result,) = hubspot.bring(hubspot.lead_of())

        assert Delivered is type(result.outcome)
        assert ("HubSpot did not take phone",) == result.degraded
        assert "phone" not in api.of("contacts")[0]
        assert api.of("notes")[0]["hs_note_body"].endswith("Not in a field of HubSpot:<br>phone: +12125550147")


def test_an_address_that_hubspot_refuses_makes_a_visitor_without_one() -> None:
    def refuse(object_: str, properties: dict[str, str]) -> None:
        if object_ == "contacts" and "phone" in properties and not known:
            known.append(True)
            raise invalid("INVALID_EMAIL", "email")

    known: list[bool] = []
    api = Standing()
    api.refuse = refuse
    with trying(api) as hubspot:
        mine = api.add("contacts", phone="+1 212 555 0147")

        (result,) = hubspot.bring(hubspot.lead_of())

        assert Delivered is type(result.outcome)
        assert [mine] == list(api.objects["contacts"])
        assert "email: david@example.com" in api.of("notes")[0]["hs_note_body"]


def test_an_option_that_is_named_by_its_label_is_meant() -> None:
    api = Standing()
    api.options = {"industry": [{"value": "IT_SERVICES", "label": "IT services"}]}

    def refuse(object_: str, properties: dict[str, str]) -> None:
        if properties.get("industry", "IT_SERVICES") != "IT_SERVICES":
            raise invalid("INVALID_OPTION", "industry")

    api.refuse = refuse
    with trying(api) as hubspot:
        (outcome,) = hubspot.write(contact(email="ada@example.com", industry="it services"))

        assert ("", "IT_SERVICES") == (outcome.degraded, api.of("contacts")[0]["industry"])


@pytest.mark.parametrize(("names", "kind"), [("abc", Delivered), ("abcd", Reject)])
def test_what_is_refused_in_turn_is_left_out_up_to_three_times(names: str, kind: type) -> None:
    def refuse(object_: str, properties: dict[str, str]) -> None:
        for name in names:
            if name in properties:
                raise invalid("INVALID_OPTION", name)

    api = Standing()
    api.refuse = refuse
    with trying(api) as hubspot:
        (outcome,) = hubspot.write(contact(email="ada@example.com", **dict.fromkeys(names, "1")))

        assert kind is type(outcome)
        assert 4 == len([path for path in hubspot.paths() if path.endswith("upsert")])


def test_an_option_that_is_refused_under_its_own_name_too_is_left_out() -> None:
    api = Standing()
    api.options = {"industry": [{"value": "IT_SERVICES", "label": "IT services"}]}

    def refuse(object_: str, properties: dict[str, str]) -> None:
        if "industry" in properties:
            raise invalid("INVALID_OPTION", "industry")

    api.refuse = refuse
    with trying(api) as hubspot:
        (outcome,) = hubspot.write(contact(email="ada@example.com", industry="it services"))

        assert (Delivered, ("industry",)) == (type(outcome), outcome.not_taken)


@pytest.mark.parametrize("name", ["hs_note_body", "hs_timestamp"])
def test_a_note_is_nothing_without_its_text_and_time(name: str) -> None:
    with trying(refusing(name, "INVALID_DATE", only="notes")) as hubspot:
        (result,) = hubspot.bring(hubspot.lead_of())

        assert Reject is type(result.outcome)
        assert f"http 400 VALIDATION_ERROR {name} INVALID_DATE" == result.outcome.cause


@pytest.mark.parametrize(
    "told",
    [
        {"errors": [{"message": "no", "code": "INVALID_OPTION", "context": {"propertyName": ["city"]}}]},
        {"context": {"propertyName": ["city"]}},
        {"message": f"not valid: {json.dumps([{'name': 'city', 'error': 'INVALID_OPTION'}])} thanks"},
    ],
)
def test_a_refused_property_is_found_wherever_hubspot_names_it(told: dict[str, Any]) -> None:
    class Telling(Standing):
        def answer(self, request: Request) -> Response:
            if b'"city"' in request.body:
                return Response(400, {"status": "error", "category": "VALIDATION_ERROR", "message": "no"} | told)
            return super().answer(request)

    with trying(Telling()) as hubspot:
        (outcome,) = hubspot.write(contact(email="ada@example.com", city="Paris"))

        assert "HubSpot did not take city" == outcome.degraded


def test_an_address_that_only_the_category_names_is_left_out() -> None:
    def refuse(object_: str, properties: dict[str, str]) -> None:
        if len(refused) < 1:
            refused.append(object_)
            raise Refused("INVALID_EMAIL", "Email address david@example.com is invalid")

    refused: list[str] = []
    api = Standing()
    api.refuse = refuse
    with trying(api) as hubspot:
        (result,) = hubspot.bring(hubspot.lead_of())

        assert ("HubSpot did not take email",) == result.degraded
        assert "email" not in api.of("contacts")[0]


@pytest.mark.parametrize("status", [400, 409])
@pytest.mark.parametrize("email", ["bob@example.com", ""])
def test_a_unique_value_of_somebody_else_does_not_make_a_visitor_that_contact(status: int, email: str) -> None:
    number = {"contacts": {"customer_no": {"hasUniqueValue": True}}}
    with at(properties=number, unique_clash_status=status) as hubspot:
        hubspot.portal.plant("contacts", email="ada@example.com", firstname="Ada", customer_no="4711")
        record = contact(email=email, firstname="Bob", customer_no="4711")

        (outcome,) = hubspot.write(record)

        assert isinstance(outcome, Delivered), outcome
        assert ("customer_no",) == outcome.not_taken
        assert [("Ada", "4711"), ("Bob", "")] == hubspot.shown("contacts", "firstname", "customer_no")


@pytest.mark.parametrize("status", [400, 409])
def test_a_unique_value_to_match_by_makes_a_visitor_that_contact_also_where_the_search_lags(status: int) -> None:
    number = {"contacts": {"customer_no": {"hasUniqueValue": True}}}
    with at(properties=number, unique_clash_status=status, search_lag_s=3600.0) as hubspot:
        first = hubspot.write(contact(firstname="Ada", customer_no="4711"))
        again = replace(contact("k2", firstname="Ada", city="Paris", customer_no="4711"), match=("customer_no",))

        assert [one.id for one in first] == [one.id for one in hubspot.write(again)]
        assert [("Ada", "Paris")] == hubspot.shown("contacts", "firstname", "city")
