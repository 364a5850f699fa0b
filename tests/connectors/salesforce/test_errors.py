"""Answers in odd shapes: each is somebody's fault, and none is taken for a success. What each error means is in
test_error_table.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import responses
from requests import PreparedRequest

from bridge.connector import Delivered, Outcome, Plan, Reject, Retry
from tests.connectors.salesforce.answers import (
    DATA,
    LEAD_ID,
    Org,
    all_outcomes,
    outcomes,
    plan,
    same,
    serve,
)

UNSURE = Retry("", uncertain=True)
OK = {"id": LEAD_ID, "success": True, "errors": []}
LOCKED = {"errorCode": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain exclusive access to this record"}


@pytest.fixture
def mocked() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


# one record


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, LOCKED, Retry("")),  # an object where a list is usual
        (400, [LOCKED | {"fields": None}], Retry("")),
        (400, [LOCKED | {"message": None}], Retry("")),
        (400, [{"errorCode": None, "message": "x"}], Reject("", "http 400")),
        (400, ["a text"], Reject("", "http 400")),
        (400, None, Reject("", "http 400")),
        (400, "<html>Bad Request</html>", Reject("", "http 400")),
        (201, {"success": True}, UNSURE),
        (201, {"id": None}, UNSURE),
        (201, {"id": 5}, UNSURE),
        (201, None, UNSURE),
        (201, [OK], UNSURE),
        (204, None, UNSURE),  # of one that was to be made: its id is not known
        (503, None, UNSURE),
        (500, [], UNSURE),
        (0, None, UNSURE),
    ],
    ids=str,
)
def test_a_subrequest_in_an_odd_shape(
    mocked: responses.RequestsMock, status: int, body: Any, expected: Outcome
) -> None:
    serve(mocked, Org(subrequest=(status, body)))

    (found,) = outcomes(plan(1))

    assert same(expected, found), found
    assert getattr(found, "reason", "")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"compositeResponse": None},
        {"compositeResponse": []},
        {"compositeResponse": [None]},
        {"compositeResponse": [{"httpStatusCode": 201, "body": OK}]},
        {"compositeResponse": [{"httpStatusCode": 201, "body": OK, "referenceId": "somebody"}]},
        {"compositeResponse": [{"httpStatusCode": "201", "body": OK, "referenceId": "person"}]},
        {"compositeResponse": [{"body": OK, "referenceId": "person"}]},
        [],
        "text",
        None,
        7,
    ],
    ids=str,
)
def test_a_composite_answer_in_an_odd_shape_is_uncertain(mocked: responses.RequestsMock, body: Any) -> None:
    serve(mocked, Org(write=(200, json.dumps(body).encode(), {})))

    (found,) = outcomes(plan(1))

    assert same(UNSURE, found), found


def test_halted_rows_alone_say_nothing_and_are_tried_again(mocked: responses.RequestsMock) -> None:
    halted = [{"errorCode": "PROCESSING_HALTED", "message": "The transaction was rolled back …"}]
    serve(mocked, Org(subrequest=(400, halted)))

    (found,) = outcomes(plan(1))

    assert not isinstance(found, Delivered)
    assert "PROCESSING_HALTED" != getattr(found, "cause", "")


def test_the_cause_is_the_same_whatever_the_value_and_names_the_fields(mocked: responses.RequestsMock) -> None:
    causes = set()
    for value in ("one", "another"):
        message = f"Phone must be better than {value}"
        refused = {"errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": message, "fields": ["Phone", "Email"]}
        mocked.reset()
        serve(mocked, Org(subrequest=(400, [refused])))
        (found,) = outcomes(plan(1))
        assert isinstance(found, Reject)
        assert value in found.reason
        causes.add(found.cause)

    assert {"FIELD_CUSTOM_VALIDATION_EXCEPTION Email Phone"} == causes


@pytest.mark.parametrize("place", ["subrequest", "row"])
def test_a_required_field_that_is_too_long_is_cut_as_the_refusal_says(
    mocked: responses.RequestsMock, place: str
) -> None:
    name = "Garcia (max length=3) " + "x" * 90
    sent: list[str] = []
    key = "errorCode" if place == "subrequest" else "statusCode"
    too_long = {key: "STRING_TOO_LONG", "message": f"Last Name: data value too large: {name} (max length=80)"}
    too_long["fields"] = ["LastName"]  # type: ignore[assignment]

    def composite(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        (asked,) = json.loads(request.body or "")["compositeRequest"]
        sent.append(asked["body"]["LastName"])
        is_short = len(sent[-1]) <= 80
        answer = {"httpStatusCode": 201 if is_short else 400, "body": OK if is_short else [too_long]}
        return 200, {}, json.dumps({"compositeResponse": [answer | {"referenceId": asked["referenceId"]}]})

    def collection(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        rows = json.loads(request.body or "")["records"]
        sent.extend(row["LastName"] for row in rows if row["LastName"] != "Other")
        bad = {"success": False, "errors": [too_long]}
        return 200, {}, json.dumps([OK if len(row["LastName"]) <= 80 else bad for row in rows])

    mocked.add_callback("POST", f"{DATA}/composite", callback=composite)
    mocked.add_callback("POST", f"{DATA}/composite/sobjects", callback=collection)
    mocked.get(f"{DATA}/sobjects/Lead/describe", status=404)

    found = outcomes(plan(1, name, match=()), *([plan(2, "Other", match=())] if place == "row" else []))

    assert [name, name[:80]] == sent
    assert "LastName was cut to 80 characters" == getattr(found[0], "degraded", found[0])


# many rows


@pytest.mark.parametrize(
    "change",
    [lambda rows: rows[:-1], lambda rows: [*rows, OK], lambda rows: [], lambda rows: {"rows": rows}, lambda rows: None],
    ids=["one short", "one more", "none", "an object", "null"],
)
def test_a_list_that_is_not_as_long_as_what_was_sent_is_uncertain_for_all(
    mocked: responses.RequestsMock, change: Any
) -> None:
    serve(mocked, Org())
    mocked.replace("POST", f"{DATA}/composite/sobjects", json=change([OK, OK, OK]))

    found = outcomes(plan(1), plan(2), plan(3))

    assert all(same(UNSURE, one) for one in found), found


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (None, Retry),
        ({}, Retry),
        ("text", Retry),
        ({"success": "true", "id": LEAD_ID}, Retry),
        ({"success": True}, Retry),
        (["x"], Retry),
        ({"success": False, "errors": []}, Retry),
        ({"success": False, "errors": None}, Retry),
        ({"success": False, "errors": [LOCKED]}, Retry),
        ({"success": False, "errors": [{"statusCode": "INVALID_FIELD", "message": "x"}]}, Reject),
    ],
    ids=str,
)
def test_a_row_in_an_odd_shape_is_its_own_affair(mocked: responses.RequestsMock, row: Any, expected: type) -> None:
    serve(mocked, Org())
    mocked.replace("POST", f"{DATA}/composite/sobjects", json=[OK, row, OK])

    found = outcomes(plan(1), plan(2), plan(3))

    assert [Delivered, expected, Delivered] == [type(one) for one in found], found
    is_refused = isinstance(row, dict) and row.get("errors")
    assert bool(is_refused) is not getattr(found[1], "uncertain", False), "it may have been written"


def test_a_page_in_place_of_the_rows_passes_for_all(mocked: responses.RequestsMock) -> None:
    serve(mocked, Org())
    mocked.replace("POST", f"{DATA}/composite/sobjects", body="<html>down</html>", status=503)

    assert all(same(UNSURE, one) for one in outcomes(plan(1), plan(2)))


@pytest.mark.parametrize("count", [1, 2])
def test_a_look_that_fails_leaves_nothing_uncertain(mocked: responses.RequestsMock, count: int) -> None:
    mocked.post(f"{DATA}/composite", status=200, json={"compositeResponse": []})

    found = all_outcomes(*(Plan(number, plan(number).records) for number in range(count)))

    assert [[Retry]] * count == [[type(one) for one in outcome] for outcome in found]
    assert 1 == len(mocked.calls), "nothing was written"
