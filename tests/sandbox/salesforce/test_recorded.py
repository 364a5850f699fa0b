"""Calls and answers as real orgs gave them to CumulusCI's recorder (github.com/SFDO-Tooling/CumulusCI,
cumulusci/tasks/bulkdata/tests/cassettes, commit 598cda5), condensed: the org answers in the same shape.
"""

from typing import Any

import pytest
import requests

from bridge.sandbox.salesforce.org import Org

ROOT = "/services/data/v59.0"


def ask(org: Org, method: str, path: str, body: Any = None) -> requests.Response:
    headers = {"Authorization": "Bearer 00Dsandbox!given"}
    return requests.request(method, f"{org.url}{ROOT}/{path}", json=body, headers=headers, timeout=10)


def shape(value: Any) -> Any:
    """The value with ids and addresses made alike."""
    if isinstance(value, dict):
        return {name: "…" if name in ("id", "url") else shape(one) for name, one in value.items()}
    return [shape(one) for one in value] if isinstance(value, list) else value


def row(kind: str, **fields: Any) -> dict[str, Any]:
    return {**fields, "attributes": {"type": kind}}


ADA = row("Contact", FirstName="Ada", LastName="Byron", Email="ada@example.com")
MARY = row("Contact", FirstName="Mary", LastName="Somerville", Email="mary@example.com")


@pytest.mark.parametrize(
    ("calls", "answer"),
    [
        (
            [("POST", "composite/sobjects", {"allOrNone": False, "records": [row("Account", Name="Engines Ltd")]})],
            [{"id": "…", "success": True, "errors": []}],
        ),
        (
            [("PATCH", "composite/sobjects/Contact/Email", {"allOrNone": False, "records": [ADA, MARY]})],
            [{"id": "…", "success": True, "errors": [], "created": True}] * 2,
        ),
        (
            [
                ("PATCH", "composite/sobjects/Contact/Email", {"allOrNone": False, "records": [ADA]}),
                (
                    *("PATCH", "composite/sobjects/Contact/Email"),
                    {"allOrNone": False, "records": [{**ADA, "LastName": "Lovelace"}, MARY]},
                ),
            ],
            [
                {"id": "…", "success": True, "errors": [], "created": False},
                {"id": "…", "success": True, "errors": [], "created": True},
            ],
        ),
        (
            [
                (
                    *("PATCH", "composite/sobjects/Account/Id"),
                    {"allOrNone": False, "records": [row("Account", Name="x", AccountNumber="420", Id=None)]},
                )
            ],
            [{"id": "…", "success": True, "errors": [], "created": True}],
        ),
        (
            [("POST", "sobjects/Account/", {"Name": "Looms", "AccountNumber": "420"})],
            {"id": "…", "success": True, "errors": []},
        ),
        (
            [
                ("POST", "sobjects/Account/", {"Name": "Engines Ltd", "AccountNumber": "420"}),
                ("GET", "query/?q=select+Name+from+Account+where+AccountNumber%3D%27420%27", None),
            ],
            {
                "totalSize": 1,
                "done": True,
                "records": [{"attributes": {"type": "Account", "url": "…"}, "Name": "Engines Ltd"}],
            },
        ),
        (
            [("GET", "query/?q=select+Id%2CAccountNumber+from+Account", None)],
            {"totalSize": 0, "done": True, "records": []},
        ),
        (
            [
                ("POST", "sobjects/Contact", {"LastName": "x"}),
                ("GET", "limits/recordCount?sObjects=Contact", None),
            ],
            {"sObjects": [{"count": 1, "name": "Contact"}]},
        ),
        ([("GET", "limits/recordCount?sObjects=Opportunity", None)], {"sObjects": []}),
        (
            [
                (
                    *("POST", "composite"),
                    {"compositeRequest": [{"referenceId": "ref0", "method": "GET", "url": f"{ROOT}/sobjects/Foo"}]},
                )
            ],
            {
                "compositeResponse": [
                    {
                        "body": [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}],
                        "httpHeaders": {},
                        "httpStatusCode": 404,
                        "referenceId": "ref0",
                    }
                ]
            },
        ),
        (
            [
                (
                    *("POST", "composite"),
                    {
                        "compositeRequest": [
                            {
                                "referenceId": "one",
                                "method": "GET",
                                "url": f"{ROOT}/query?q=SELECT Id FROM Account LIMIT 1",
                            }
                        ]
                    },
                )
            ],
            {
                "compositeResponse": [
                    {
                        "body": {"totalSize": 0, "done": True, "records": []},
                        "httpHeaders": {},
                        "httpStatusCode": 200,
                        "referenceId": "one",
                    }
                ]
            },
        ),
    ],
)
def test_the_last_answer_has_the_recorded_shape(org: Org, calls: list[Any], answer: Any) -> None:
    for call in calls:
        last = ask(org, *call)

    assert answer == shape(last.json())
    assert "application/json;charset=UTF-8" == last.headers["Content-Type"]


def test_the_organization_as_recorded(org: Org) -> None:
    found = ask(org, "GET", "sobjects/Organization/00D5e0000000001EAA").json()

    assert {"attributes", "Id", "Name", "TimeZoneSidKey", "DefaultLocaleSidKey", "IsSandbox"} < found.keys()
    assert "America/Los_Angeles" == found["TimeZoneSidKey"]


def test_a_describe_has_the_keys_that_clients_read(org: Org) -> None:
    whole = ask(org, "GET", "sobjects/Contact/describe").json()

    assert {"name", "label", "keyPrefix", "fields", "createable", "updateable", "urls"} < whole.keys()
    field = next(one for one in whole["fields"] if one["name"] == "LastName")
    recorded = {
        "createable": True, "updateable": True, "nillable": False, "defaultedOnCreate": False, "length": 80,
        "byteLength": 240, "type": "string", "soapType": "xsd:string", "externalId": False, "idLookup": False,
        "unique": False, "restrictedPicklist": False, "picklistValues": [], "referenceTo": [], "filterable": True,
        "relationshipName": None, "calculated": False, "autoNumber": False, "custom": False, "label": "Last Name",
        "precision": 0, "scale": 0, "digits": 0, "caseSensitive": False, "defaultValue": None, "sortable": True,
    }  # fmt: skip
    assert recorded.items() <= field.items()
