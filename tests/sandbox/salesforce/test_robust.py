"""Whatever is sent, the org answers as an org does; and under faults its ledger agrees with its records."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.sandbox.salesforce.org import Org

ROOT = "/services/data/v59.0"
BEARER = {"Authorization": "Bearer 00Dsandbox!given"}
JSON = {**BEARER, "Content-Type": "application/json"}

names = st.sampled_from(["LastName", "Company", "Email", "Id", "Chat_Key__c", "WhoId", "StartDateTime", "attributes",
                         "IsConverted", "NumberOfEmployees", "Owner", "Account", "OwnerId"])  # fmt: skip
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
odd = st.sampled_from(["00Q5e0000000001EAA", "0035e0000000001AAA", "2026-01-01T00:00:00Z", "@{a.id}", "@{a.b[0].c}"])
values = st.recursive(
    plain | odd,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | st.text(max_size=5), inner, max_size=4),
)
kinds = st.sampled_from(["Lead", "Contact", "Event", "Task", "Account", "User", "Organization", "Nothing"])
typed = st.builds(lambda kind, row: {**row, "attributes": {"type": kind}}, kinds, st.dictionaries(names, values))
calls = st.fixed_dictionaries(
    {
        "referenceId": st.sampled_from(["a", "b"]) | values,
        "method": st.sampled_from(["GET", "POST", "PATCH", "DELETE"]) | values,
        "url": st.sampled_from([f"{ROOT}/sobjects/Lead", f"{ROOT}/sobjects/Lead/@{{a.id}}", f"{ROOT}/composite"])
        | values,
    },
    optional={"body": values, "httpHeaders": values},
)
bodies = st.one_of(
    values,
    st.dictionaries(names, values),
    st.fixed_dictionaries({"records": st.lists(typed | values, max_size=3), "allOrNone": st.booleans() | values}),
    st.fixed_dictionaries({"compositeRequest": st.lists(calls, max_size=3), "allOrNone": st.booleans()}),
    st.fixed_dictionaries({"batchRequests": st.lists(calls | values, max_size=3) | values}),
    st.fixed_dictionaries({"ids": values, "fields": values}),
)
paths = st.sampled_from(
    ["sobjects/Lead", "sobjects/Lead/00Q5e0000000001EAA", "sobjects/Lead/Chat_Key__c/k", "sobjects/Event", "sobjects",
     "composite", "composite/batch", "composite/sobjects", "composite/sobjects/Lead", "composite/sobjects/Lead/Email",
     "composite/sobjects/Lead/Id", "query", "limits", "sobjects/Organization/00D5e0000000001EAA", "sobjects/User"]
)  # fmt: skip


@pytest.fixture(scope="module")
def shared() -> Iterator[Org]:
    fields = {"Chat_Key__c": {"external_id": True, "unique": True}}
    with Org(objects={"Lead": {"fields": fields}}) as org:
        yield org


@settings(max_examples=400)
@given(method=st.sampled_from(["POST", "PATCH", "DELETE", "GET", "PUT"]), path=paths, body=bodies)
def test_whatever_is_sent_is_answered_as_an_org_does(shared: Org, method: str, path: str, body: Any) -> None:
    answer = requests.request(method, f"{shared.url}{ROOT}/{path}", data=json.dumps(body), headers=JSON, timeout=10)

    assert answer.status_code < 500, answer.text
    assert "api-usage=" in answer.headers["Sforce-Limit-Info"]
    if answer.status_code >= 400:
        assert all({"message", "errorCode"} <= error.keys() for error in answer.json())


@settings(max_examples=200)
@given(
    target=st.text(st.characters(codec="ascii", exclude_characters="\r\n #\0\t"), max_size=40),
    method=st.sampled_from(["GET", "POST"]),
)
def test_whatever_path_is_asked_is_answered(shared: Org, target: str, method: str) -> None:
    url = f"{shared.url}{ROOT}/sobjects/{target}"

    assert requests.request(method, url, headers=BEARER, timeout=10).status_code < 500


def test_under_faults_the_ledger_agrees_with_the_records() -> None:
    table = [
        {"probability": 0.1, "status": 503},
        {"probability": 0.1, "status": 503, "stored": True},
        {"probability": 0.1, "reset": True},
        {"probability": 0.1, "reset": True, "stored": True},
        {"probability": 0.1, "latency_s": 0.01},
        {"probability": 0.1, "garbage": True, "stored": True},
        {"probability": 0.1, "as": "expired_session"},
    ]
    with Org() as org:
        org.random(table, seed=1)

        def create(number: int) -> bool:
            row = {"LastName": str(number), "Company": "x"}
            try:
                answer = requests.post(f"{org.url}{ROOT}/sobjects/Lead", json=row, headers=BEARER, timeout=10)
                return bool(answer.json()["success"]) if answer.status_code == 201 else False
            except requests.RequestException:
                return False

        with ThreadPoolExecutor(8) as pool:
            told = {number for number, known in enumerate(pool.map(create, range(300))) if known}

        kept = Counter(int(lead["LastName"]) for lead in org.records("Lead"))
        assert told <= set(kept)
        assert sum(kept.values()) == sum(call.done for call in org.calls)
        assert 300 == len(org.calls) > sum(kept.values()) > len(told)
