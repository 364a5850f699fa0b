"""Whatever is asked in SOQL is answered or refused, and what is stored is found again, whatever it is."""

import sqlite3
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simple_salesforce import Salesforce, format_soql

from bridge.sandbox.crm.records import Records
from bridge.sandbox.salesforce.errors import Refused
from bridge.sandbox.salesforce.fields import schema
from bridge.sandbox.salesforce.org import Org
from bridge.sandbox.salesforce.query import Searcher
from bridge.sandbox.salesforce.soql import parse
from bridge.sandbox.salesforce.world import World

PIECES = (
    *(
        "SELECT",
        "Id",
        "Owner.Name",
        "COUNT()",
        "FROM",
        "Lead",
        "WHERE",
        "Email",
        "IsConverted",
        "CreatedDate",
        "AND",
        "OR",
    ),
    *("NOT", "(", ")", ",", "=", "!=", ">=", "LIKE", "IN", "'a'", "'\\\\'", "'%'", "null", "true", "1", "2026-01-01"),
    *("2026-01-01T00:00:00Z", "2026-99-01T00:00:00Z", "TODAY", "LAST_N_DAYS:9999999", "ORDER", "BY", "DESC", "NULLS"),
    *("LIMIT", "OFFSET", "99999999999", "'", "\\\\", "\x00", "-", "Foo", "NumberOfEmployees", "WhoId", "Id = null"),
)
CODES = {"MALFORMED_QUERY", "INVALID_FIELD", "INVALID_TYPE", "INVALID_QUERY_FILTER_OPERATOR",
         "NUMBER_OUTSIDE_VALID_RANGE"}  # fmt: skip


def code_of(text: str) -> str:
    """The code with which a text is refused as a query; "" for one that is answered."""
    world = World(Records(sqlite3.connect(":memory:")), {}, schema({}))
    world.records.put("Lead", "00Q5e0000000001EAA", {"Id": "00Q5e0000000001EAA", "IsDeleted": False, "LastName": "a"})
    try:
        Searcher(world, api="59.0").run(parse(text), deleted=False)
    except Refused as refusal:
        return refusal.errors[0].code
    return ""


@given(st.text())
def test_any_text_is_malformed(text: str) -> None:
    assert "MALFORMED_QUERY" == code_of(text)


@settings(max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
def test_whatever_stands_in_a_condition_is_answered_or_refused(pieces: str) -> None:
    assert code_of(f"SELECT Id FROM Lead WHERE {pieces}") in {"", *CODES}
    assert code_of(f"SELECT {pieces} FROM Lead") in {"", *CODES}
    assert code_of(f"SELECT Id FROM Lead {pieces}") in {"", *CODES}


def test_deep_nesting_is_malformed() -> None:
    assert "MALFORMED_QUERY" == code_of("SELECT Id FROM Lead WHERE " + "(" * 10_000)
    assert "MALFORMED_QUERY" == code_of("SELECT Id FROM Lead WHERE " + "NOT " * 10_000)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(text=st.text(min_size=1, max_size=80).filter(str.strip))
def test_a_stored_text_is_found_again_by_its_escaped_literal(org: Org, client: Salesforce, text: str) -> None:
    key = client.Lead.create({"LastName": text, "Company": "x"})["id"]
    name: Any = org.records("Lead")[-1]["LastName"]

    found = client.query(format_soql("SELECT Id FROM Lead WHERE LastName = {}", name))["records"]
    assert key in [record["Id"] for record in found]
    liked = client.query(format_soql("SELECT Id FROM Lead WHERE LastName LIKE '%{:like}%'", name))["records"]
    assert key in [record["Id"] for record in liked]


def test_the_index_says_what_a_full_search_says() -> None:
    records = Records(sqlite3.connect(":memory:"))
    records.put("Lead", "1", {"Id": "1", "Email": "A"})
    assert ["1"] == [record["Id"] for record in records.having("Lead", "Email", "a")]

    records.put("Lead", "2", {"Id": "2", "Email": "a"})
    mark = records.mark()
    records.put("Lead", "1", {"Id": "1", "Email": "b"})
    records.put("Lead", "3", {"Id": "3", "Email": "A"})
    assert ["2", "3"] == [record["Id"] for record in records.having("Lead", "Email", "A")]

    records.undo(mark)
    assert {"1", "2"} == {record["Id"] for record in records.having("Lead", "Email", "A")}
    assert ["1", "2"] == [record["Id"] for record in records.all("Lead")]
