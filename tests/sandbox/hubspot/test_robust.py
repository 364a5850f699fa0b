"""Whatever is sent, the portal answers as a portal does; and under faults its ledger agrees with its records."""

import copy
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest
import urllib3
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.sandbox.hubspot.portal import Portal
from tests.sandbox.hubspot.clients import ask, to

EXAMPLES = 600
NAMES = ["email", "phone", "hs_object_id", "lifecyclestage", "hubspot_owner_id", "createdate", "closedate", "plan",
         "hs_additional_emails", "hs_timestamp", "dealstage", "pipeline", "chat_key", "amount"]  # fmt: skip
ODD = ["501", "a@example.com", "A@example.com;b@example.com", "1001", "k", "2026-01-01", "customer", "default", "-1",
       "999999999999999", "١", "00004"]  # fmt: skip

names, odd = st.sampled_from(NAMES), st.sampled_from(ODD)
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | odd
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | st.text(max_size=5), inner, max_size=4)
)


def table(_optional: dict[str, st.SearchStrategy[Any]] | None = None, **parts: st.SearchStrategy[Any]) -> Any:
    return st.fixed_dictionaries(parts, optional=_optional)


def few(part: st.SearchStrategy[Any]) -> Any:
    return st.lists(part, max_size=3)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """All places in a JSON value: what holds it, and under which key."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in list(inner):
        yield value, key
        yield from places(part)


@st.composite
def spoiled(draw: st.DrawFn, body: st.SearchStrategy[Any]) -> Any:
    """Such a body, mostly with something else in one place of it."""
    made = copy.deepcopy(draw(body))
    if draw(st.integers(0, 3)) and (found := list(places(made))):
        holder, key = draw(st.sampled_from(found))
        holder[key] = draw(values)
    return made


properties = st.dictionaries(names, plain, max_size=3)
end = table(id=odd)
number = st.sampled_from([202, 201, 449, 578, "3"])
types = few(table(associationCategory=st.just("HUBSPOT_DEFINED"), associationTypeId=number))
links = few(table(to=end, types=types))
record = table({"associations": links}, properties=properties)
row = table(
    {"idProperty": st.sampled_from(["email", "chat_key"]), "objectWriteTraceId": odd, "associations": links},
    id=odd,
    properties=properties,
)
operators = st.sampled_from(["EQ", "NEQ", "IN", "NOT_IN", "LT", "GTE", "BETWEEN", "HAS_PROPERTY", "CONTAINS_TOKEN"])
one_filter = table(propertyName=names, operator=operators, value=plain, values=few(plain), highValue=plain)
definition = table(
    {"options": few(table(label=st.just("x"), value=odd))},
    name=st.sampled_from(["a", "b", "hs_c"]),
    label=st.just("x"),
    groupName=st.just("note"),
    type=st.sampled_from(["string", "enumeration"]),
    fieldType=st.sampled_from(["text", "select"]),
)
kinds = st.sampled_from(["contacts", "notes", "deals", "leads", "0-1"]) | st.just("whales")
keys = (odd | st.text(max_size=5)).map(lambda text: quote(text, safe=""))


def calls(method: str, path: str, body: Any, *parts: st.SearchStrategy[str]) -> Any:
    """A call of this path with a body made for it, or nearly so; now and then with another method."""
    methods = st.sampled_from([*[method] * 7, "GET", "PUT", "DELETE"])
    return st.tuples(methods, st.builds(path.format, *parts), spoiled(body))


OBJECTS = [
    calls("POST", "/crm/v3/objects/{}", record, kinds),
    calls("PATCH", "/crm/v3/objects/{}/{}", record, kinds, keys),
    calls("GET", "/crm/v3/objects/{}/{}?idProperty={}&associations={}", record, kinds, keys, names, kinds),
    calls("POST", "/crm/v3/objects/{}/merge", table(primaryObjectId=odd, objectIdToMerge=odd), kinds),
    calls("POST", "/crm/v3/objects/{}/gdpr-delete", table(objectId=odd, idProperty=names), kinds),
]
several = st.sampled_from(["create", "update", "upsert", "archive"])
read = table({"idProperty": names}, inputs=few(row), properties=few(names))
BATCHES = [
    calls("POST", "/crm/v3/objects/{}/batch/{}", table(inputs=few(row)), kinds, several),
    calls("POST", "/crm/objects/2026-03/{}/batch/read", read, kinds),
]
search = table(
    {"limit": st.integers(0, 3), "after": odd, "sorts": few(names), "query": odd, "properties": few(names)},
    filterGroups=few(table(filters=few(one_filter))),
)
pair = table(**{"from": end, "to": end | few(end), "types": types, "id": odd})
linked = st.sampled_from(["create", "read", "archive", "associate/default", "labels/archive"])
LINKS = [
    calls("PUT", "/crm/v4/objects/{}/{}/associations/{}/{}", types, kinds, keys, kinds, keys),
    calls("GET", "/crm/v4/objects/{}/{}/associations/{}?limit=1&after={}", types, kinds, keys, kinds, keys),
    calls("POST", "/crm/v4/associations/{}/{}/batch/{}", table(inputs=few(pair)), kinds, kinds, linked),
]
known = st.sampled_from(["email", "a", "groups", "groups/note"])
OTHERS = [
    calls("POST", "/crm/v3/objects/{}/search", search, kinds),
    calls("POST", "/crm/v3/properties/{}", definition, kinds),
    calls("PATCH", "/crm/v3/properties/{}/{}", definition, kinds, known),
    calls("POST", "/crm/v3/properties/{}/batch/create", table(inputs=few(definition)), kinds),
    calls("POST", "/crm/v3/properties/{}/batch/read", table(inputs=few(table(name=names))), kinds),
    calls("POST", "/oauth/v1/token", table(client_id=st.just("sandbox-client"), client_secret=odd)),
    calls(
        "GET", "/{}/{}", values, st.sampled_from(["v3", "crm", "oauth/v1", "account-info/v3", "crm/v3/owners"]), keys
    ),
]


@pytest.fixture(scope="module")
def shared() -> Iterator[Portal]:
    changes = {"contacts": {"chat_key": {"hasUniqueValue": True}, "plan": {"options": ["free", "paid"]}}}
    with Portal(
        search_lag_s=0.0, properties=changes, rolling_requests=10**9, search_requests=10**9, daily_requests=10**9
    ) as portal:
        yield portal


@settings(max_examples=EXAMPLES)
@given(call=st.one_of(*OBJECTS, *BATCHES, *LINKS, *OTHERS))
def test_anything_is_answered(shared: Portal, call: tuple[str, str, Any]) -> None:
    status, answer, _ = ask(shared, *call)

    assert status < 500
    if status >= 400:
        assert "error" == answer["status"] or "BAD_" in answer["status"]
        assert answer["message"]


@settings(max_examples=60)
@given(
    body=st.binary(max_size=60),
    kind=st.sampled_from(["application/json", "text/xml", "application/x-www-form-urlencoded"]),
)
def test_bytes_that_are_no_json_are_answered(shared: Portal, body: bytes, kind: str) -> None:
    headers = {"Authorization": "Bearer pat-na1-sandbox", "Content-Type": kind}

    for path in ("/crm/v3/objects/contacts", "/oauth/v1/token"):
        answer = urllib3.request("POST", shared.url + path, body=body, headers=headers, retries=False)
        assert answer.status in (400, 415)
        assert json.loads(answer.data)["message"]


def test_half_a_character_is_kept_as_it_is(shared: Portal) -> None:
    contact = {"properties": {"chat_key": "\ud800", "firstname": "\udfff"}}

    assert 201 == ask(shared, "POST", "/crm/v3/objects/contacts", contact)[0]
    assert 400 == ask(shared, "POST", "/crm/v3/objects/contacts", contact)[0]


def test_under_random_faults_the_ledger_agrees_with_the_records() -> None:
    """What the ledger says was done is there, and nothing else; each note with its contact."""
    table = [
        {"probability": 0.2, "status": 503},
        {"probability": 0.2, "status": 502, "stored": True},
        {"probability": 0.1, "reset": True, "stored": True},
        {"probability": 0.1, "latency_s": 0.005},
    ]
    with Portal(search_lag_s=0.0, rolling_requests=10**6) as portal:
        contact = portal.plant("contacts", email="a@example.com")["id"]
        portal.random(table, seed=7)

        def create(number: int) -> None:
            note = {"properties": {"hs_timestamp": "0", "hs_note_body": str(number)}}
            try:
                ask(portal, "POST", "/crm/v3/objects/notes", {**note, "associations": [to(contact, 202)]})
            except urllib3.exceptions.HTTPError:
                pass

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(create, range(120)))

        done = Counter(json.loads(call.body)["properties"]["hs_note_body"] for call in portal.calls if call.done)
        assert done == Counter(note["properties"]["hs_note_body"] for note in portal.records("notes"))
        assert 20 < len(done) < 120
        portal.random([])
        _, linked, _ = ask(portal, "GET", f"/crm/v4/objects/contacts/{contact}/associations/notes")
        assert {note["id"] for note in portal.records("notes")} == {one["toObjectId"] for one in linked["results"]}
