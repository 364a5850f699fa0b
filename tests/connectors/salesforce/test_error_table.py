"""What each of Salesforce's errors means, in each place where it can stand: the whole call, a subrequest of a composite
one (`errorCode`), a row of a collection (`statusCode`). Bodies are spelled as the vendor spells them.
"""

import json
from collections.abc import Iterator

import pytest
import responses
from requests import PreparedRequest

from bridge.connector import Delivered, Hold, Outcome, Plan, Record, Reject, Retry
from connectors.salesforce.errors import CROWDED_S, QUOTA_S, STORAGE_S
from tests.connectors.salesforce.answers import (
    DATA,
    LEAD_ID,
    URL,
    Org,
    all_outcomes,
    fault,
    outcomes,
    plan,
    same,
    serve,
)

LOCKED_IN_A_TRIGGER = (
    "LeadTrigger: execution of BeforeInsert caused by: System.DmlException: Update failed. First exception on row 0; "
    "first error: UNABLE_TO_LOCK_ROW, unable to obtain exclusive access to this record: []"
)
NOT_OUR_KEY = f"duplicate value found: Code__c duplicates value on record with id: {LEAD_ID}"
RETRY, UNSURE = Retry(""), Retry("", uncertain=True)

# status of a call or subrequest, code, message, what it comes to
TABLE: list[tuple[int, str, str, Outcome]] = [
    (400, "UNABLE_TO_LOCK_ROW", f"unable to obtain exclusive access to this record or 1 records: {LEAD_ID}", RETRY),
    (400, "QUERY_TIMEOUT", "Your query request was running for too long.", RETRY),
    (400, "REQUEST_RUNNING_TOO_LONG", "Your request was running for too long, and has been stopped.", RETRY),
    (403, "API_CURRENTLY_DISABLED", "API is currently disabled", RETRY),
    (400, "TXN_SECURITY_METERING_ERROR", "Transaction security metering error", RETRY),
    (503, "SERVER_UNAVAILABLE", "Server temporarily unavailable", RETRY),
    (
        400,
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        LOCKED_IN_A_TRIGGER,
        RETRY,
    ),
    (400, "APEX_ERROR", "System.LimitException: Too many SOQL queries: 101", RETRY),
    (400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "LeadTrigger: System.LimitException: Apex CPU time limit", RETRY),
    (500, "UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId: 1234-5678", UNSURE),
    (
        400,
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "LeadTrigger: execution of AfterInsert caused by: System.NullPointerException: Attempt to de-reference a null",
        Reject("", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"),
    ),
    (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", Hold("", QUOTA_S)),
    (
        403,
        "REQUEST_LIMIT_EXCEEDED",
        "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
        Hold("", CROWDED_S, crowded=True),
    ),
    (400, "STORAGE_LIMIT_EXCEEDED", "storage limit exceeded", Hold("", STORAGE_S)),
    (403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.", Hold("")),
    (401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE", Hold("")),
    (403, "INVALID_OPERATION_WITH_EXPIRED_PASSWORD", "The users password has expired", Hold("")),
    (403, "INSUFFICIENT_ACCESS", "insufficient access rights on object id", Reject("", "INSUFFICIENT_ACCESS")),
    (
        400,
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "insufficient access rights on object id",
        Reject("", "INSUFFICIENT_ACCESS_OR_READONLY"),
    ),
    (
        400,
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        "insufficient access rights on cross-reference id",
        Reject("", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"),
    ),
    (400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Company]", Reject("", "REQUIRED_FIELD_MISSING")),
    (400, "INVALID_FIELD", "No such column 'Compny' on sobject of type Lead", Reject("", "INVALID_FIELD")),
    (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "A phone is needed", Reject("", "FIELD_CUSTOM_VALIDATION_EXCEPTION")),
    (400, "INVALID_CROSS_REFERENCE_KEY", "Owner ID: owner cannot be blank", Reject("", "INVALID_CROSS_REFERENCE_KEY")),
    (400, "INACTIVE_OWNER_OR_USER", "operation performed with inactive user", Reject("", "INACTIVE_OWNER_OR_USER")),
    (400, "MALFORMED_ID", "Lead ID: id value of incorrect type: 12", Reject("", "MALFORMED_ID")),
    (400, "JSON_PARSER_ERROR", "Unexpected character at [line:1, column:9]", Reject("", "JSON_PARSER_ERROR")),
    (404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: X__c", Reject("", "NOT_FOUND")),
    (404, "UNSUPPORTED_API_VERSION", "The requested version is not supported", Reject("", "UNSUPPORTED_API_VERSION")),
    (400, "DUPLICATE_VALUE", NOT_OUR_KEY, Reject("", "DUPLICATE_VALUE")),
    (400, "SOMETHING_NEW", "nobody has heard of it", Reject("", "SOMETHING_NEW")),
]  # fmt: skip
WHOLE: list[tuple[int, bytes, dict[str, str], Outcome]] = [
    (429, b"", {}, Hold("")),
    (429, b"", {"Retry-After": "17"}, Hold("", 17)),
    (503, b"<html><body>Service Unavailable</body></html>", {"Content-Type": "text/html"}, UNSURE),
    (502, b"<html>Bad Gateway</html>", {"Content-Type": "text/html"}, UNSURE),
    (504, b"", {}, UNSURE),
    (500, b'{"message": "oops"}', {}, UNSURE),
    (408, b"", {}, Retry("")),
    (406, b"<html>Not Acceptable</html>", {"Content-Type": "text/html"}, RETRY),
    (420, b"<html>Your request cannot be served</html>", {"Content-Type": "text/html"}, RETRY),
    (405, b'[{"errorCode":"METHOD_NOT_ALLOWED","message":"not allowed"}]', {}, Reject("", "METHOD_NOT_ALLOWED")),
    (413, b"", {}, Reject("", "http 413")),
    (414, b"<html>Too long</html>", {}, Reject("", "http 414")),
    (415, b"", {}, Reject("", "http 415")),
    (431, b"", {}, Reject("", "http 431")),
    (503, b'{"errorCode":"SERVER_UNAVAILABLE","message":"Server is unavailable"}', {}, RETRY),  # no list: also seen
    (200, b"<html>Welcome</html>", {"Content-Type": "text/html"}, UNSURE),
    (200, b"", {}, UNSURE),
    (200, b"[]", {}, UNSURE),
    (204, b"", {}, UNSURE),
    (302, b"", {"Location": f"{URL}/elsewhere"}, Hold("")),
    (401, b"<html>Sign in</html>", {"Content-Type": "text/html"}, Hold("")),
]  # fmt: skip


@pytest.fixture
def mocked() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


@pytest.mark.parametrize(("status", "code", "message", "expected"), TABLE, ids=lambda value: str(value)[:40])
@pytest.mark.parametrize("place", ["call", "subrequest", "row"])
def test_each_error_means_what_the_table_says(
    mocked: responses.RequestsMock, place: str, status: int, code: str, message: str, expected: Outcome
) -> None:
    org = Org()
    if place == "call":
        org.write = (status, json.dumps([fault("errorCode", code, message)]).encode(), {})
    elif place == "subrequest":
        org.subrequest = (status, [fault("errorCode", code, message)])
    else:
        org.row = fault("statusCode", code, message)
    serve(mocked, org)

    found = outcomes(plan(1, "Bad"), *([plan(2)] if place == "row" else []))

    assert same(expected, found[0]), found[0]
    assert code in getattr(found[0], "reason", "")
    if place == "row":
        assert isinstance(found[1], Delivered), "a failing row fails no neighbour"


@pytest.mark.parametrize(("status", "body", "headers", "expected"), WHOLE, ids=lambda value: str(value)[:30])
def test_each_answer_that_is_no_word_of_salesforces_means_what_the_table_says(
    mocked: responses.RequestsMock, status: int, body: bytes, headers: dict[str, str], expected: Outcome
) -> None:
    serve(mocked, Org(write=(status, body, headers)))

    (found,) = outcomes(plan(1))

    assert same(expected, found), found


def test_a_session_that_ended_twice_is_the_accounts_fault(mocked: responses.RequestsMock) -> None:
    ended = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    mocked.add("POST", f"{DATA}/composite", json=ended, status=401)

    (found,) = outcomes(plan(1))

    assert isinstance(found, Hold)


@pytest.mark.parametrize(
    "message", ["Connected app is not attached to Agent", "This session is not valid for use with the REST API"]
)
def test_a_401_that_no_new_session_would_heal_asks_for_none(mocked: responses.RequestsMock, message: str) -> None:
    said = [{"message": message, "errorCode": "INVALID_SESSION_ID"}]
    mocked.add("POST", f"{DATA}/composite", json=said, status=401)

    (found,) = outcomes(plan(1))

    assert same(Hold(""), found), found
    assert message in found.reason  # type: ignore[union-attr]
    assert 1 == len(mocked.calls)


def test_a_sibling_that_was_only_halted_says_nothing(mocked: responses.RequestsMock) -> None:
    halted = [
        {"errorCode": "PROCESSING_HALTED", "message": "The transaction was rolled back since another operation …"}
    ]
    refused = [{"errorCode": "REQUIRED_FIELD_MISSING", "message": "Required fields are missing: [Subject]"}]

    def composite(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        asked = json.loads(request.body or "")["compositeRequest"]
        bodies = {"person": (400, halted), "task": (400, refused)}
        if len(asked) == 1:
            bodies["person"] = (201, {"id": LEAD_ID, "success": True, "errors": []})  # type: ignore[assignment]
        rows = []
        for one in asked:
            status, body = bodies[one["referenceId"]]
            rows.append({"body": body, "httpStatusCode": status, "referenceId": one["referenceId"]})
        return 200, {}, json.dumps({"compositeResponse": rows})

    mocked.add_callback("POST", f"{DATA}/composite", callback=composite)
    person = plan(1, match=()).records[0]
    task = Record("task", "Task", "key-1", {"WhoId": "a"}, "key-1-task")
    (found,) = all_outcomes(Plan(1, [person, task]))

    assert [Delivered, Reject] == [type(one) for one in found]
    assert "REQUIRED_FIELD_MISSING" == found[1].cause  # type: ignore[union-attr]


def test_several_records_under_our_key_are_the_newest_or_named(mocked: responses.RequestsMock) -> None:
    older, newer = "00Q7e000001WZ30EAG", "00Q7e000001WZ31EAG"
    urls = [f"/services/data/v62.0/sobjects/Lead/{id_}" for id_ in (older, newer)]
    serve(mocked, Org(subrequest=(300, urls)))

    (named,) = outcomes(plan(1), external_ids={"Lead": "Chat_Key__c"}, on_multiple="reject")

    assert isinstance(named, Reject)
    assert older in named.reason
    assert newer in named.reason


def test_our_key_that_is_there_already_leads_to_its_record(mocked: responses.RequestsMock) -> None:
    """As where a neighbour of another worker was quicker."""
    text = f"duplicate value found: Chat_Key__c duplicates value on record with id: {LEAD_ID}"
    refused = [{"errorCode": "DUPLICATE_VALUE", "message": text, "fields": ["Chat_Key__c"]}]
    row = {"Id": LEAD_ID, "CreatedDate": "2026-01-01T00:00:00.000+0000", "IsConverted": False, "Chat_Key__c": "key-1"}

    def composite(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        asked = json.loads(request.body or "")["compositeRequest"]
        found = []
        for one in asked:
            status, body = 200, {"totalSize": 1, "done": True, "records": [row] if LEAD_ID in one["url"] else []}
            if one["method"] != "GET":
                status, body = (204, None) if one["url"].endswith(LEAD_ID) else (400, refused)  # type: ignore[assignment]
            found.append({"body": body, "httpStatusCode": status, "referenceId": one["referenceId"]})
        return 200, {}, json.dumps({"compositeResponse": found})

    mocked.add_callback("POST", f"{DATA}/composite", callback=composite)

    (found,) = outcomes(plan(1), external_ids={"Lead": "Chat_Key__c"})

    assert Delivered(LEAD_ID, f"{URL}/{LEAD_ID}") == found
