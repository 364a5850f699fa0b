"""Single records: written, changed, found, shown and deleted with the real client."""

from collections.abc import Callable

import pytest
import requests
from simple_salesforce import Salesforce, format_external_id

from bridge.sandbox.salesforce.org import Org
from tests.sandbox.salesforce.refusals import refusal, refused_for

ADA = {"FirstName": "Ada", "LastName": "Lovelace", "Company": "Analytical", "Email": "Ada@Example.com"}


def test_a_new_lead_has_its_system_fields(org: Org, client: Salesforce) -> None:
    answer = client.Lead.create(ADA)

    assert {"id": "00Q5e0000000001EAA", "success": True, "errors": []} == answer
    [lead] = org.records("Lead")
    assert ADA.items() <= lead.items()
    assert ("Ada Lovelace", "Open - Not Contacted", False, False) == (
        *(lead["Name"], lead["Status"]),
        *(lead["IsDeleted"], lead["IsConverted"]),
    )
    assert lead["CreatedDate"] == lead["LastModifiedDate"] == lead["SystemModstamp"]
    assert lead["CreatedDate"].endswith(".000+0000")
    assert org.records("User")[0]["Id"] == lead["OwnerId"] == lead["CreatedById"]


def test_a_record_is_shown_by_its_id_in_either_length(client: Salesforce) -> None:
    key = client.Lead.create(ADA)["id"]

    whole = client.Lead.get(key)
    assert {"type": "Lead", "url": f"/services/data/v59.0/sobjects/Lead/{key}"} == whole["attributes"]
    assert whole == client.Lead.get(key[:15])
    assert {"attributes": whole["attributes"], "Email": "Ada@Example.com"} == client.Lead.get(f"{key}?fields=Email")
    assert (404, "NOT_FOUND") == refused_for(lambda: client.Lead.get(key[:15].swapcase()))[:2]


def test_a_change_leaves_all_else(org: Org, client: Salesforce) -> None:
    key = client.Lead.create(ADA)["id"]

    assert 204 == client.Lead.update(key, {"FirstName": "Augusta", "Company": "  Engine  ", "Email": ""})

    [lead] = org.records("Lead")
    assert ("Augusta Lovelace", "Engine", None) == (lead["Name"], lead["Company"], lead["Email"])


def test_an_external_id_creates_once_and_then_changes(org: Org, client: Salesforce) -> None:
    where = format_external_id("Chat_Key__c", "a/b c+é?")

    created = client.Lead.upsert(where, ADA, raw_response=True)
    changed = client.Lead.upsert(where, {"FirstName": "Augusta"}, raw_response=True)

    key = created.json()["id"]
    assert (201, {"id": key, "success": True, "errors": [], "created": True}) == (created.status_code, created.json())
    assert (200, {"id": key, "success": True, "errors": [], "created": False}) == (changed.status_code, changed.json())
    assert ["a/b c+é?"] == [lead["Chat_Key__c"] for lead in org.records("Lead")]
    assert "Augusta" == client.restful(f"sobjects/Lead/{where}")["FirstName"]


def test_up_to_api_45_an_upsert_that_changes_has_no_body(connect: Callable[..., Salesforce]) -> None:
    client = connect(version="45.0")

    answers = [client.Lead.upsert("Chat_Key__c/k", ADA, raw_response=True) for _ in range(2)]

    assert [201, 204] == [answer.status_code for answer in answers]
    assert "created" not in answers[0].json()
    assert "" == answers[1].text


def test_update_only_creates_nothing(org: Org, client: Salesforce) -> None:
    call = {"method": "PATCH", "json": ADA}
    assert (404, "NOT_FOUND") == refused_for(
        lambda: client.restful("sobjects/Lead/Chat_Key__c/k?updateOnly=true", **call)
    )[:2]
    assert [] == org.records("Lead")


def test_an_external_id_that_several_have_is_answered_with_all_of_them(org: Org, client: Salesforce) -> None:
    keys = [org.plant("Contact", LastName="Byron", Email="b@example.com")["Id"] for _ in range(2)]

    status, body = refusal(lambda: client.Contact.upsert("Email/B@example.com", {"LastName": "Gordon"}))

    assert 300 == status
    assert [f"/services/data/v59.0/sobjects/Contact/{key}" for key in keys] == body


def test_a_field_that_is_no_external_id(client: Salesforce) -> None:
    assert (404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: Phone", []) == (
        refused_for(lambda: client.Lead.upsert("Phone/1", ADA))
    )


@pytest.mark.parametrize(
    ("path", "name"), [("", "Id"), ("/00Q5e0000000001EAA", "Id"), ("/Chat_Key__c/k", "Chat_Key__c")]
)
def test_a_key_stands_in_the_path_and_nowhere_else(client: Salesforce, path: str, name: str) -> None:
    client.Lead.create(ADA)
    method = "PATCH" if path else "POST"

    refused = refused_for(lambda: client.restful(f"sobjects/Lead{path}", method=method, json={**ADA, name: "k"}))

    assert (400, "INVALID_FIELD", f"The {name} field should not be specified in the sobject data.", [name]) == refused


def test_what_is_deleted_is_gone_but_for_query_all(client: Salesforce) -> None:
    key = client.Lead.create(ADA)["id"]

    assert 204 == client.Lead.delete(key)

    deleted = (404, "ENTITY_IS_DELETED", "entity is deleted", [])
    assert deleted == refused_for(lambda: client.Lead.get(key))
    assert deleted == refused_for(lambda: client.Lead.update(key, {"FirstName": "x"}))
    assert deleted == refused_for(lambda: client.Lead.delete(key))
    assert 0 == client.query("SELECT Id FROM Lead")["totalSize"]
    [record] = client.query("SELECT Id, IsDeleted FROM Lead", include_deleted=True)["records"]
    assert (key, True) == (record["Id"], record["IsDeleted"])
    assert 201 == client.Lead.upsert("Email/ada@example.com", {"LastName": "L", "Company": "C"})


@pytest.mark.parametrize(
    ("kind", "path", "message"),
    [
        ("Lead", "0015e0000000001EAA", "The requested resource does not exist"),
        ("Lead", "x", "The requested resource does not exist"),
        ("Nothing", "00Q5e0000000009EAA", "The requested resource does not exist"),
    ],
)
def test_what_is_not_there(client: Salesforce, kind: str, path: str, message: str) -> None:
    assert (404, "NOT_FOUND", message, []) == refused_for(lambda: client.restful(f"sobjects/{kind}/{path}"))


def test_a_method_that_a_resource_does_not_know(client: Salesforce) -> None:
    status, code, message, _ = refused_for(lambda: client.restful("sobjects/Lead", method="PATCH", json={}))

    assert (405, "METHOD_NOT_ALLOWED") == (status, code)
    assert "HTTP Method 'PATCH' not allowed. Allowed are GET,POST" == message


@pytest.mark.parametrize("body", [b"{", b"[1]", b'"x"', b"", b"[" * 100_000])
def test_a_body_that_is_no_object(org: Org, client: Salesforce, body: bytes) -> None:
    assert (400, "JSON_PARSER_ERROR") == refused_for(lambda: client.restful("sobjects/Lead", method="POST", data=body))[
        :2
    ]


def test_another_organization(org: Org, client: Salesforce) -> None:
    org.change(org_id="00D5e0000000002EAA")

    assert ["00D5e0000000002EAA"] == [one["Id"] for one in client.query("SELECT Id FROM Organization")["records"]]
    with pytest.raises(ValueError, match="org_id: x is no id"):
        org.change(org_id="x")


def test_versions_and_resources(org: Org, client: Salesforce) -> None:
    versions = requests.get(f"{org.url}/services/data", timeout=10).json()

    assert {"label": "Winter '24", "url": "/services/data/v59.0", "version": "59.0"} in versions
    assert {"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"} == versions[-1]
    assert "/services/data/v59.0/sobjects" == client.restful("")["sobjects"]
    client.base_url = client.base_url.replace("v59.0", "v99.0")
    assert (404, "NOT_FOUND") == refused_for(lambda: client.restful("limits"))[:2]


def test_describe_says_what_may_be_written(client: Salesforce) -> None:
    whole = client.Lead.describe()
    fields = {field["name"]: field for field in whole["fields"]}

    assert ("00Q", True, False) == (whole["keyPrefix"], whole["createable"], whole["custom"])
    assert (80, "Last Name", False, True) == (
        *(fields["LastName"]["length"], fields["LastName"]["label"]),
        *(fields["LastName"]["nillable"], fields["LastName"]["createable"]),
    )
    assert fields["Email"]["idLookup"]
    assert fields["Chat_Key__c"]["externalId"]
    assert not fields["Name"]["createable"]
    assert ["Group", "User"] == fields["OwnerId"]["referenceTo"]
    [default] = [value["value"] for value in fields["Status"]["picklistValues"] if value["defaultValue"]]
    assert "Open - Not Contacted" == default
    names = [each["name"] for each in client.describe()["sobjects"]]
    assert ["Account", "Contact", "Event", "Group", "Lead", "Opportunity", "Organization", "Task", "User"] == names


def test_an_object_of_the_customers_own(org: Org, client: Salesforce) -> None:
    fields = {
        "Guests__c": {"type": "double"},
        "Lead__c": {"references": ["Lead"]},
        "Paid__c": {"type": "boolean"},
    }
    org.change(objects={"Booking__c": {"fields": fields}})
    lead = client.Lead.create(ADA)["id"]

    client.Booking__c.create({"Guests__c": 4, "Lead__c": lead})

    [found] = client.query("SELECT Name, Guests__c, Paid__c, Lead__r.Email FROM Booking__c")["records"]
    assert (4.0, False, "Ada@Example.com") == (found["Guests__c"], found["Paid__c"], found["Lead__r"]["Email"])
    assert "Booking__c" in [each["name"] for each in client.describe()["sobjects"]]
    assert client.Lead.describe()["fields"], "what was set before is still set"
    assert org.settings["objects"]["Lead"]["fields"]["Chat_Key__c"]["unique"]


def test_a_standard_object_that_the_sandbox_has_not(org: Org, client: Salesforce) -> None:
    fields = {"LeadId": {"references": ["Lead"]}, "Status": {"picklist": ["Sent"], "restricted": True}}
    org.change(objects={"CampaignMember": {"prefix": "00v", "fields": fields}})
    lead = client.Lead.create(ADA)["id"]

    member = client.CampaignMember.create({"LeadId": lead, "Status": "Sent"})["id"]

    assert "00v" == member[:3]
    [found] = client.query("SELECT Lead.Email FROM CampaignMember")["records"]
    assert "Ada@Example.com" == found["Lead"]["Email"]
    assert "00v" == client.CampaignMember.describe()["keyPrefix"]


def test_an_address_that_is_too_long(client: Salesforce) -> None:
    ids = ",".join(["'00Q5e0000000001EAA'"] * 900)

    assert (414, "URI_TOO_LONG") == refused_for(lambda: client.query(f"SELECT Id FROM Lead WHERE Id IN ({ids})"))[:2]
