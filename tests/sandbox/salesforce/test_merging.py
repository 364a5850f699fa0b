"""Records that a person merges in an org."""

from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce

from bridge.sandbox.salesforce.org import Org
from tests.sandbox.salesforce.refusals import refused_for

LEAD = {"LastName": "Lovelace", "Company": "Analytical", "Email": "ada@example.com"}
DELETED = "SELECT Id, MasterRecordId FROM Lead WHERE IsDeleted = true ORDER BY Id"


def merge(org: Org, kept: Any, *others: Any) -> requests.Response:
    return requests.post(f"{org.url}/_/merge", json={"id": kept, "others": list(others)}, timeout=10)


def test_one_is_kept_and_the_others_name_it_in_the_bin(org: Org, client: Salesforce) -> None:
    kept, *others = [client.Lead.create(LEAD)["id"] for _ in range(3)]
    task = client.Task.create({"Subject": "Call", "WhoId": others[1]})["id"]

    assert {"kept": [kept], "gone": others} == merge(org, kept, *others).json()

    assert [kept] == [row["Id"] for row in client.query("SELECT Id FROM Lead")["records"]]
    gone = client.query(DELETED, include_deleted=True)["records"]
    assert [(key, kept) for key in others] == [(row["Id"], row["MasterRecordId"]) for row in gone]
    assert kept == client.Task.get(task)["WhoId"]
    assert (404, "ENTITY_IS_DELETED") == refused_for(lambda: client.Lead.update(others[0], {"FirstName": "x"}))[:2]


def test_what_was_only_deleted_names_nobody(org: Org, client: Salesforce) -> None:
    client.Lead.delete(client.Lead.create(LEAD)["id"])

    [row] = client.query(DELETED, include_deleted=True)["records"]

    assert row["MasterRecordId"] is None


def test_a_merged_one_may_be_merged_on(org: Org, client: Salesforce) -> None:
    first, second, third = [client.Lead.create(LEAD)["id"] for _ in range(3)]
    org.merge(second, first)
    org.merge(third, second)

    gone = client.query(DELETED, include_deleted=True)["records"]

    assert [(first, second), (second, third)] == [(row["Id"], row["MasterRecordId"]) for row in gone]


@pytest.mark.parametrize("case", ["nobody", "itself", "another object", "four", "none", "converted"])
def test_what_cannot_be_merged(org: Org, client: Salesforce, case: str) -> None:
    leads = [client.Lead.create(LEAD)["id"] for _ in range(4)]
    others: dict[str, list[Any]] = {
        "nobody": ["00Q5e0000000099EAA"],
        "itself": [leads[0]],
        "another object": [client.Account.create({"Name": "x"})["id"]],
        "four": leads[1:],
        "none": [],
        "converted": [org.convert(leads[1])["lead"]],
    }

    assert 400 == merge(org, leads[0], *others[case]).status_code
    assert [] == client.query(DELETED, include_deleted=True)["records"]
