"""SOQL as the real client sends it: what is found, how it is shown, how mistakes are told."""

from datetime import UTC, datetime, timedelta

import pytest
from simple_salesforce import Salesforce

from bridge.sandbox.salesforce.org import Org
from tests.sandbox.salesforce.refusals import refused_for


@pytest.fixture
def people(org: Org) -> Org:
    account = org.plant("Account", Name="Engines", Phone="7")["Id"]
    for first, last, amount, day, more in [
        ("Ada", "Lovelace", 10, "2026-01-01", {"Email": "ada@example.com", "Phone": "(212) 555-0123"}),
        ("Charles", "Babbage", 30, "2026-01-02", {"Email": "charles@example.com", "IsConverted": True}),
        (None, "o'Hara_100%", None, "2026-01-03", {"Description": "d"}),
    ]:
        at = f"{day}T10:00:00.000+0000"
        values = {"FirstName": first, "LastName": last, "NumberOfEmployees": amount, "CreatedDate": at, **more}
        org.plant("Lead", **values)
    org.plant("Contact", LastName="Byron", AccountId=account)
    org.plant("Contact", LastName="Alone")
    return org


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Email = 'ADA@example.com'", "L"),
        ("email='ada@example.com' and isconverted=false", "L"),
        ("Email != 'ada@example.com'", "BO"),
        ("Email <> 'ada@example.com'", "BO"),
        ("Email = null", "O"),
        ("Email = ''", "O"),
        ("Email != null AND NOT IsConverted = true", "L"),
        ("Phone = '(212) 555-0123'", "L"),
        ("Phone = '2125550123'", ""),
        ("LastName LIKE 'LOVE%'", "L"),
        ("LastName LIKE '_abbage'", "B"),
        (r"LastName LIKE '%\_100\%'", "O"),
        (r"LastName LIKE 'o\'Hara%'", "O"),
        (r"LastName = 'o\'Hara_100%'", "O"),
        ("LastName IN ('lovelace', 'Babbage', 'x')", "LB"),
        ("LastName NOT IN ('Lovelace')", "BO"),
        ("FirstName NOT IN ('Ada')", "BO"),
        ("LastName > 'c' AND LastName < 'm'", "L"),
        ("(LastName = 'Lovelace' OR LastName = 'Babbage') AND IsConverted = true", "B"),
        ("NOT (LastName = 'Lovelace' OR LastName = 'Babbage')", "O"),
        ("LastName = 'Lovelace' OR (Email = 'charles@example.com' AND IsConverted = true)", "LB"),
        ("LastName = 'Lovelace' OR NumberOfEmployees = 30", "LB"),
        ("Email = 'ada@example.com' AND LastName = 'Babbage'", ""),
        ("NumberOfEmployees > 10", "B"),
        ("NumberOfEmployees >= 10.0", "LB"),
        ("NumberOfEmployees < 100", "LB"),
        ("NumberOfEmployees = null", "O"),
        ("CreatedDate >= 2026-01-02T10:00:00Z", "BO"),
        ("CreatedDate > 2026-01-02T11:00:00+01:00", "O"),
        ("CreatedDate = 2026-01-02T10:00:00.000+0000", "B"),
        ("CreatedDate < TODAY", "LBO"),
        ("CreatedDate = LAST_N_DAYS:2", ""),
        ("Id = '00Q5e0000000001'", "L"),
        ("Id IN ('00Q5e0000000001EAA', '00Q5e0000000002EAA')", "LB"),
        ("Owner.Name = 'integration user'", "LBO"),
        ("Lead.LastName = 'Lovelace'", "L"),
    ],
)  # fmt: skip
def test_what_a_condition_finds(people: Org, client: Salesforce, where: str, found: str) -> None:
    records = client.query(f"SELECT LastName FROM Lead WHERE {where}")["records"]

    assert list(found) == [record["LastName"][0].upper() for record in records]


@pytest.mark.parametrize(
    ("tail", "found"),
    [
        ("ORDER BY LastName", "BLO"),
        ("ORDER BY LastName DESC", "OLB"),
        ("ORDER BY FirstName", "OLB"),
        ("ORDER BY FirstName DESC", "OBL"),
        ("ORDER BY FirstName ASC NULLS LAST", "LBO"),
        ("ORDER BY IsConverted DESC, CreatedDate DESC NULLS FIRST", "BOL"),
        ("ORDER BY Owner.Name, NumberOfEmployees DESC NULLS LAST LIMIT 2", "BL"),
        ("ORDER BY CreatedDate DESC LIMIT 1 OFFSET 1", "B"),
        ("LIMIT 0", ""),
    ],
)
def test_order_limit_and_offset(people: Org, client: Salesforce, tail: str, found: str) -> None:
    records = client.query(f"SELECT LastName FROM Lead {tail}")["records"]

    assert list(found) == [record["LastName"][0].upper() for record in records]


def test_what_is_shown_of_a_record(people: Org, client: Salesforce) -> None:
    answer = client.query("select id, Account.Name, Account.Phone from contact")

    byron, alone = answer["records"]
    assert ["attributes", "Id", "Account"] == list(byron)
    account = people.records("Account")[0]["Id"]
    attributes = {"type": "Account", "url": f"/services/data/v59.0/sobjects/Account/{account}"}
    assert {"attributes": attributes, "Name": "Engines", "Phone": "7"} == byron["Account"]
    assert alone["Account"] is None
    assert (2, True) == (answer["totalSize"], answer["done"])


def test_counting(people: Org, client: Salesforce) -> None:
    assert {"totalSize": 3, "done": True, "records": []} == client.query("SELECT COUNT() FROM Lead")
    assert 3 == client.query("SELECT COUNT(Id) FROM Lead")["records"][0]["expr0"]
    assert 1 == client.query("SELECT COUNT() FROM Lead LIMIT 1")["totalSize"]


def test_all_fields(people: Org, client: Salesforce) -> None:
    [record] = client.query("SELECT FIELDS(ALL) FROM Lead LIMIT 1")["records"]

    assert {"Email", "Chat_Key__c", "Id"} < set(record)
    assert "MALFORMED_QUERY" == refused_for(lambda: client.query("SELECT FIELDS(ALL) FROM Lead"))[1]


def test_who_and_what_an_activity_is_about(people: Org, client: Salesforce) -> None:
    contact = people.records("Contact")[0]["Id"]
    client.Event.create({"WhoId": contact, "StartDateTime": "2026-01-01T00:00:00Z", "DurationInMinutes": 1})

    [record] = client.query("SELECT Who.Name, What.Name FROM Event WHERE Who.Name = 'Byron'")["records"]

    assert ("Byron", "Contact", None) == (
        *(record["Who"]["Name"], record["Who"]["attributes"]["type"]),
        record["What"],
    )


@pytest.mark.parametrize("literal", ["TODAY", "THIS_WEEK", "THIS_MONTH", "THIS_YEAR", "LAST_N_DAYS:0"])
def test_today_is_within_what_is_named_after_it(org: Org, client: Salesforce, literal: str) -> None:
    client.Lead.create({"LastName": "x", "Company": "y"})

    assert 1 == client.query(f"SELECT Id FROM Lead WHERE CreatedDate = {literal}")["totalSize"]
    assert 0 == client.query(f"SELECT Id FROM Lead WHERE CreatedDate > {literal}")["totalSize"]
    assert 1 == client.query(f"SELECT Id FROM Lead WHERE CreatedDate >= {literal}")["totalSize"]


@pytest.mark.parametrize(("literal", "day"), [("YESTERDAY", -1), ("TOMORROW", 1), ("N_DAYS_AGO:3", -3)])
def test_days_beside_today(org: Org, client: Salesforce, literal: str, day: int) -> None:
    at = (datetime.now(UTC) + timedelta(days=day)).strftime("%Y-%m-%d")
    client.Task.create({"ActivityDate": at})

    assert 1 == client.query(f"SELECT Id FROM Task WHERE ActivityDate = {literal}")["totalSize"]
    assert 1 == client.query(f"SELECT Id FROM Task WHERE ActivityDate = {at}")["totalSize"]
    assert 0 == client.query("SELECT Id FROM Task WHERE ActivityDate = TODAY")["totalSize"]


@pytest.mark.parametrize(
    ("query", "code", "text"),
    [
        ("SELECT Foo FROM Lead", "INVALID_FIELD", "No such column 'Foo' on entity 'Lead'. If you are attempting"),
        ("SELECT Id FROM Foo", "INVALID_TYPE", "sObject type 'Foo' is not supported."),
        ("SELECT Foo.Name FROM Lead", "INVALID_FIELD", "No such column 'Foo.Name' on entity 'Lead'"),
        ("SELECT Id, id FROM Lead", "INVALID_FIELD", "duplicate field selected: id"),
        ("SELECT Id FROM Lead WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered in a query call"),
        ("SELECT Id FROM Lead WHERE Email = 1", "INVALID_FIELD", "must be of type string and should be enclosed"),
        ("SELECT Id FROM Lead WHERE CreatedDate = '2026-01-01'", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Lead WHERE IsConverted = 'true'", "INVALID_FIELD", "must be of type boolean"),
        ("SELECT Id FROM Lead WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: x"),
        ("SELECT Id FROM Lead OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"),
        ("SELECT Id FROM Lead WHERE Id != null AND Email = null OR Phone = null", "MALFORMED_QUERY", "'OR'"),
        ("SELECT Id FROM Lead WHERE LastName = 'o'Hara'", "MALFORMED_QUERY", "no viable alternative at character '''"),
        ("SELECT Id FROM Lead WHERE LastName = 'x", "MALFORMED_QUERY", "no viable alternative at character '''"),
        (r"SELECT Id FROM Lead WHERE LastName = '\q'", "MALFORMED_QUERY", r"no viable alternative at character '\q'"),
        ("SELECT Id FROM Lead WHERE", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT FROM Lead", "MALFORMED_QUERY", "unexpected token"),
        ("DELETE FROM Lead", "MALFORMED_QUERY", "unexpected token: 'DELETE'"),
        ("SELECT Id FROM Lead LIMIT x", "MALFORMED_QUERY", "unexpected token: 'x'"),
        ("", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
    ],
)
def test_a_query_that_is_wrong(client: Salesforce, query: str, code: str, text: str) -> None:
    status, found, message, _ = refused_for(lambda: client.query(query))

    assert (400, code) == (status, found)
    assert text in message


def test_long_answers_come_in_pages(org: Org, client: Salesforce) -> None:
    for number in range(4001):
        org.plant("Lead", LastName=str(number))

    first = client.query("SELECT LastName FROM Lead")
    assert (4001, False, 2000) == (first["totalSize"], first["done"], len(first["records"]))
    last = client.query_more(first["nextRecordsUrl"].replace("-2000", "-4000"), identifier_is_url=True)
    assert (4001, True, ["4000"]) == (last["totalSize"], last["done"], [one["LastName"] for one in last["records"]])
    assert 4001 == len(client.query_all("SELECT Id FROM Lead")["records"])
    small = client.query("SELECT Id FROM Lead", headers={"Sforce-Query-Options": "batchSize=200"})
    assert 200 == len(small["records"])
    assert "INVALID_QUERY_LOCATOR" == refused_for(lambda: client.query_more("01gx-2000"))[1]
