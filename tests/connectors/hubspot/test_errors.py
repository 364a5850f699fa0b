"""Whose fault each of HubSpot's errors is: as its answers word them, over a real connection."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.connector import Delivered, Hold, Reject, Retry, Usable
from tests.connectors.hubspot.trying import contact, trying

PERSON = contact(email="ada@example.com", firstname="Ada")
RATE = {"status": "error", "message": "You have reached your limit.", "errorType": "RATE_LIMIT", "correlationId": "c"}
SCOPES = {
    "status": "error",
    "message": "This app hasn't been granted all required scopes to make this call.",
    "category": "MISSING_SCOPES",
    "errors": [
        {
            "message": "…",
            "context": {"requiredGranularScopes": ["crm.objects.contacts.write", "crm.objects.leads.write"]},
        }
    ],
}


def error(category: str, message: str = "no", **more: Any) -> dict[str, Any]:
    return {"status": "error", "category": category, "message": message, "correlationId": "c"} | more


CASES: list[tuple[str, int, Any, dict[str, str], type, dict[str, Any]]] = [
    ("expired", 401, error("EXPIRED_AUTHENTICATION"), {}, Hold, {"for_s": None}),
    ("refused token", 401, error("INVALID_AUTHENTICATION"), {}, Hold, {"for_s": None}),
    ("scopes", 403, SCOPES, {}, Hold, {"for_s": None}),
    ("forbidden", 403, b"", {}, Hold, {}),
    ("rolling", 429, RATE | {"policyName": "TEN_SECONDLY_ROLLING"}, {}, Hold, {"for_s": 10.0, "crowded": True}),
    ("secondly", 429, RATE | {"policyName": "SECONDLY"}, {}, Hold, {"for_s": 1.0}),
    ("daily", 429, RATE | {"policyName": "DAILY"}, {}, Hold, {"for_s": 3600.0, "crowded": False}),
    ("other limit", 429, error("RATE_LIMITS"), {}, Hold, {"for_s": 10.0}),
    ("told how long", 429, RATE | {"policyName": "SECONDLY"}, {"Retry-After": "17"}, Hold, {"for_s": 17.0}),
    ("told at length", 429, RATE | {"policyName": "SECONDLY"}, {"Retry-After": "00000000090"}, Hold, {"for_s": 90.0}),
    ("told two days", 429, RATE | {"policyName": "DAILY"}, {"Retry-After": "172800"}, Hold, {"for_s": 172800.0}),
    ("locked", 423, b"", {}, Hold, {"for_s": 2.0, "crowded": True}),
    ("moving", 477, b"", {"Retry-After": "7200"}, Hold, {"for_s": 7200.0}),
    ("moving, no time", 477, b"", {}, Hold, {"for_s": 3600.0}),
    ("500", 500, error("INTERNAL_ERROR"), {}, Retry, {"uncertain": True}),
    ("502", 502, b"<html>", {}, Retry, {"uncertain": True}),
    ("503", 503, b"", {}, Retry, {"uncertain": True}),
    ("504", 504, b"", {}, Retry, {"uncertain": True}),
    ("524", 524, b"", {}, Retry, {"uncertain": True}),
    ("408", 408, b"", {}, Retry, {"uncertain": False}),
    ("521", 521, b"", {}, Retry, {"uncertain": False}),
    ("523", 523, b"", {}, Retry, {"uncertain": False}),
    ("522", 522, b"", {}, Hold, {"for_s": 60.0}),
    ("525", 525, b"", {}, Hold, {"for_s": 60.0}),
    ("526", 526, b"", {}, Hold, {"for_s": 60.0}),
    ("400", 400, error("VALIDATION_ERROR", "Invalid input JSON"), {}, Reject, {"cause": "http 400 VALIDATION_ERROR"}),
    ("404", 404, error("OBJECT_NOT_FOUND"), {}, Reject, {"cause": "http 404 OBJECT_NOT_FOUND"}),
    ("405", 405, b"", {}, Reject, {"cause": "http 405"}),
    ("409", 409, error("CONFLICT"), {}, Reject, {"cause": "http 409 CONFLICT"}),
    ("413", 413, b"", {}, Reject, {}),
    ("414", 414, b"", {}, Reject, {}),
    ("415", 415, b"", {}, Reject, {}),
    ("moved", 302, b"", {}, Hold, {}),
    ("a page", 200, b"<html>Welcome</html>", {}, Retry, {"uncertain": True}),
    ("nothing", 204, b"", {}, Retry, {"uncertain": True}),
    ("no rows", 200, {"status": "COMPLETE", "results": []}, {}, Retry, {"uncertain": True}),
    ("no rows, no errors", 207, {"status": "COMPLETE", "results": [], "errors": []}, {}, Retry, {"uncertain": True}),
]


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "said"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_an_error_means_what_hubspot_means(
    status: int, body: Any, headers: dict[str, str], kind: type, said: dict[str, Any]
) -> None:
    with trying(probed=False) as hubspot:
        hubspot.fail(status, body, headers)

        (outcome,) = hubspot.write(PERSON)

        assert kind is type(outcome), outcome
        assert said == {name: getattr(outcome, name) for name in said}
        assert hubspot.api.count() == 0


def test_a_hold_names_the_scopes_that_the_app_lacks() -> None:
    with trying() as hubspot:
        hubspot.fail(403, SCOPES)

        (outcome,) = hubspot.write(PERSON)

        assert "crm.objects.contacts.write, crm.objects.leads.write" in outcome.reason


def test_a_daily_limit_rests_until_the_day_of_the_account_ends() -> None:
    with trying() as hubspot:
        assert isinstance(hubspot.hubspot.probe(hubspot.call()), Usable)  # which tells the account's time zone
        hubspot.fail(429, RATE | {"policyName": "DAILY"})

        (outcome,) = hubspot.write(PERSON)

        midnight = datetime(2023, 11, 24, 5, tzinfo=UTC)  # in US/Eastern; the clock stands at 18:40 UTC the day before
        assert Hold is type(outcome)
        assert (midnight - datetime(2023, 11, 23, 18, 40, tzinfo=UTC)).total_seconds() == outcome.for_s


def test_rows_of_one_batch_have_outcomes_of_their_own() -> None:
    def answered(hubspot: Any) -> Any:
        errors = [
            error("CONFLICT", "Contact already exists. Existing ID: 77") | {"context": {"objectWriteTraceId": ["k1"]}},
            error("VALIDATION_ERROR", "no") | {"context": {"objectWriteTraceId": ["k2"]}},
            error("RATE_LIMITS", "slow down") | {"context": {"objectWriteTraceId": ["k4"]}},
        ]
        ours = {"id": "33", "properties": {}, "objectWriteTraceId": "k3", "new": True}
        hubspot.fail(207, {"status": "COMPLETE", "results": [ours], "errors": errors})
        return hubspot.write(*(contact(f"k{n}", email=f"a{n}@example.com") for n in range(1, 6)))

    with trying() as hubspot:
        first, second, third, fourth, fifth = answered(hubspot)

        assert Hold is type(first)  # it is to be changed now, and the limit that stops the fourth stops that, too
        assert Reject is type(second)
        assert ("33", Delivered) == (third.id, type(third))
        assert (Hold, 10.0) == (type(fourth), fourth.for_s)
        assert isinstance(fifth, Retry)
        assert fifth.uncertain


def test_a_property_that_the_account_requires_is_named() -> None:
    with trying() as hubspot:
        said = "Error creating CONTACT. Some required properties were not set."
        hubspot.fail(400, error("VALIDATION_ERROR", said, context={"properties": ["region"]}))

        (outcome,) = hubspot.write(PERSON)

        assert Reject(f"HTTP 400: {said} (region)", cause="http 400 VALIDATION_ERROR region") == outcome


def test_a_row_that_is_locked_rests_and_is_not_dead() -> None:
    with trying() as hubspot:
        locked = error("LOCKED", "This record is locked") | {"context": {"objectWriteTraceId": ["k1"]}}
        ours = {"id": "33", "properties": {}, "objectWriteTraceId": "k2", "new": True}
        hubspot.fail(207, {"status": "COMPLETE", "results": [ours], "errors": [locked]})

        first, second = hubspot.write(*(contact(f"k{n}", email=f"a{n}@example.com") for n in (1, 2)))

        assert (Hold, 2.0, Delivered) == (type(first), first.for_s, type(second))


def test_a_reason_holds_no_secret_and_a_cause_no_value() -> None:
    bad = [{"isValid": False, "message": "ada@example is no address", "error": "INVALID_PHONE", "name": "phone2"}]
    text = f"pat-na1-a-token-for-tests said: Property values were not valid: {json.dumps(bad)}"
    with trying() as hubspot:
        hubspot.fail(400, error("VALIDATION_ERROR", text))

        (outcome,) = hubspot.write(PERSON)

        assert isinstance(outcome, Reject)
        assert "pat-na1" not in outcome.reason
        assert "*** said" in outcome.reason
        assert outcome.cause == "http 400 VALIDATION_ERROR phone2 INVALID_PHONE"


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_probe_of_an_account_that_cannot_be_used_says_why(status: int) -> None:
    with trying() as hubspot:
        hubspot.fail(status, error("MISSING_SCOPES" if status == 403 else "OTHER"))

        assert isinstance(hubspot.hubspot.probe(hubspot.call()), Hold)
