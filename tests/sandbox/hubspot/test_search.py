"""Search: what fits, how much of it is told, and how late it is found."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.sandbox.hubspot.portal import Portal
from tests.sandbox.hubspot.clients import Clients, ask, refused

PEOPLE = (
    {"email": "ada@example.com", "firstname": "Ada", "phone": "+1 650 253 0000", "createdate": "2026-01-01T00:00:00Z"},
    {"email": "byron@example.org", "firstname": "George Gordon", "plan": "paid", "closedate": "2026-02-03T00:00:00Z"},
    {"firstname": "Mary", "lastname": "Somerville", "hs_additional_emails": "m@a.example;s@a.example"},
)
TESTS = [  # property, operator, the rest of the filter, who fits
    ("email", "EQ", {"value": "ADA@example.com"}, [0]),
    ("email", "NEQ", {"value": "ada@example.com"}, [1, 2]),
    ("email", "IN", {"values": ["ada@example.com", "byron@example.org"]}, [0, 1]),
    ("email", "IN", {"values": ["Ada@example.com"]}, []),
    ("email", "NOT_IN", {"values": ["ada@example.com"]}, [1]),
    ("email", "HAS_PROPERTY", {}, [0, 1]),
    ("email", "NOT_HAS_PROPERTY", {}, [2]),
    ("email", "CONTAINS_TOKEN", {"value": "*@example.org"}, [1]),
    ("email", "NOT_CONTAINS_TOKEN", {"value": "ada"}, [1, 2]),
    ("firstname", "CONTAINS_TOKEN", {"value": "gordon"}, [1]),
    ("firstname", "CONTAINS_TOKEN", {"value": "gord"}, []),
    ("firstname", "CONTAINS_TOKEN", {"value": "Gord*"}, [1]),
    ("hs_searchable_calculated_phone_number", "EQ", {"value": "6502530000"}, [0]),
    ("hs_searchable_calculated_phone_number", "CONTAINS_TOKEN", {"value": "*2530000"}, [0]),
    ("hs_additional_emails", "EQ", {"value": "s@a.example"}, [2]),
    ("plan", "EQ", {"value": "paid"}, [1]),
    ("closedate", "GTE", {"value": "1770076800000"}, [1]),
    ("closedate", "GT", {"value": "1770076800000"}, []),
    ("closedate", "BETWEEN", {"value": "2026-02-01", "highValue": "2026-02-28"}, [1]),
    ("createdate", "LT", {"value": "2026-01-02"}, [0]),
    ("createdate", "LTE", {"value": "2026-01-01"}, [0]),
]

HAS_EMAIL = {"propertyName": "email", "operator": "HAS_PROPERTY"}


@pytest.fixture
def people(portal: Portal) -> list[str]:
    portal.change(search_requests=1000)
    return [portal.plant("contacts", **person)["id"] for person in PEOPLE]


def search(clients: Clients, *groups: list[dict[str, Any]], **more: Any) -> list[str]:
    body = {"filterGroups": [{"filters": list(group)} for group in groups], **more}
    return [one.id for one in clients.contacts_search.do_search(body).results]


@pytest.mark.parametrize(("name", "operator", "rest", "fits"), TESTS)
def test_operators(
    clients: Clients, people: list[str], name: str, operator: str, rest: dict[str, Any], fits: list[int]
) -> None:
    found = search(clients, [{"propertyName": name, "operator": operator, **rest}])

    assert [people[number] for number in fits] == found


def test_groups_are_alternatives_of_filters_that_all_hold(clients: Clients, people: list[str]) -> None:
    ada = {"propertyName": "firstname", "operator": "EQ", "value": "Ada"}
    nobody = {"propertyName": "lastname", "operator": "EQ", "value": "Nobody"}
    mary = {"propertyName": "lastname", "operator": "EQ", "value": "somerville"}

    assert [people[0], people[2]] == search(clients, [ada], [mary])
    assert [people[2]] == search(clients, [ada, nobody], [mary])
    assert people == search(clients)


def test_pages_orders_properties_and_words(portal: Portal, clients: Clients, people: list[str]) -> None:
    portal.change(null_properties=True)
    answer = clients.contacts_search.do_search({"sorts": ["-firstname"], "limit": 2, "properties": ["plan"]})

    assert (3, [people[2], people[1]]) == (answer.total, [one.id for one in answer.results])
    assert {"createdate", "hs_object_id", "lastmodifieddate", "plan"} == answer.results[0].properties.keys()
    assert [people[0]] == search(clients, sorts=["-firstname"], limit=2, after=answer.paging.next.after)
    assert [people[1]] == search(clients, query="george gordon")


@pytest.mark.parametrize(
    "body",
    [
        {"filterGroups": [{"filters": [{"propertyName": "colour", "operator": "EQ", "value": "x"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "IS", "value": "x"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "EQ"}]}]},
        {"filterGroups": [{"filters": []}] * 6},
        {"filterGroups": [{"filters": [HAS_EMAIL] * 7}]},
        {"filterGroups": [{"filters": [HAS_EMAIL] * 6}] * 3 + [{"filters": [HAS_EMAIL]}]},
        {"filterGroups": "all"},
        {"limit": 201},
        {"after": "9990", "limit": 20},
        {"sorts": ["colour"]},
    ],
)
def test_searches_that_are_none(clients: Clients, body: dict[str, Any]) -> None:
    status, told = refused(lambda: clients.contacts_search.do_search(body))

    assert (400, "VALIDATION_ERROR") == (status, told["category"])


@pytest.mark.parametrize(
    "body",
    [
        {"filterGroups": [{"filters": [HAS_EMAIL]}] * 5},
        {"filterGroups": [{"filters": [HAS_EMAIL] * 6}] * 3},
        {"limit": 200, "after": "9800"},
    ],
)
def test_searches_up_to_the_limits_are_answered(clients: Clients, body: dict[str, Any]) -> None:
    assert 0 == clients.contacts_search.do_search(body).total


@pytest.mark.parametrize(("fill", "longer", "status"), [("é", 0, 200), ("é", 1, 400), (" ", 0, 200), (" ", 1, 400)])
def test_a_search_has_3000_characters_at_most_of_whatever_kind(
    portal: Portal, fill: str, longer: int, status: int
) -> None:
    text = '{"query": "%s"}' if fill == "é" else '{%s"query": ""}'
    text %= fill * (3000 + longer - len(text % ""))

    answered, told, _ = ask(portal, "POST", "/crm/v3/objects/contacts/search", text=text)

    assert (3000 + longer, status) == (len(text), answered)
    assert status == 200 or told["category"] == "VALIDATION_ERROR"


def test_search_lags_behind_and_an_update_is_found_as_late(portal: Portal, clients: Clients) -> None:
    portal.change(search_lag_s=3600.0, search_requests=1000)
    key = clients.contacts.create({"properties": {"email": "a@example.com"}}).id
    by_city = [{"propertyName": "city", "operator": "EQ", "value": "Paris"}]
    assert [] == search(clients)
    assert 409 == refused(lambda: clients.contacts.create({"properties": {"email": "a@example.com"}}))[0]

    portal.catch_up()
    assert [key] == search(clients)

    clients.contacts.update(key, {"properties": {"city": "Paris"}})
    assert ([], [key]) == (search(clients, by_city), search(clients))
    clients.contacts.archive(key)
    assert [key] == search(clients)
    portal.change(search_lag_s=0.0)
    assert [] == search(clients)


def test_what_is_planted_is_found_at_once_and_nothing_else(portal: Portal, clients: Clients) -> None:
    portal.change(search_lag_s=3600.0)
    clients.contacts.create({"properties": {"firstname": "late"}})

    planted = portal.plant("contacts", firstname="early")

    assert [planted["id"]] == search(clients)


def test_what_was_refused_is_never_found(portal: Portal, clients: Clients) -> None:
    refused(lambda: clients.of("notes").create(
        {"properties": {"hs_timestamp": "0"}, "associations": [
            {"to": {"id": "9"}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}]}]}
    ))  # fmt: skip

    assert 0 == clients.of("notes", "search_api").do_search({}).total


@pytest.fixture(scope="module")
def crowded() -> Iterator[tuple[Portal, Clients]]:
    with Portal(search_lag_s=0.0, search_requests=10**6, contact_needs=[]) as portal:
        yield portal, Clients(portal)


TEXTS = st.text("abAB-+[?.@ é", min_size=1, max_size=6).map(str.strip).filter(bool)


@settings(max_examples=60)
@given(values=st.lists(TEXTS, max_size=6), wanted=TEXTS, limit=st.integers(1, 3))
def test_searches_find_what_a_simple_model_says(
    crowded: tuple[Portal, Clients], values: list[str], wanted: str, limit: int
) -> None:
    """For any texts: EQ is equality without case, NEQ the rest, and pages together are the whole, each once."""
    portal, clients = crowded
    portal.reset()
    keys = [portal.plant("contacts", firstname=value)["id"] for value in values]
    same = [key for key, value in zip(keys, values, strict=True) if value.casefold() == wanted.casefold()]

    def paged(operator: str) -> list[str]:
        found, after = list[str](), None
        one = {"propertyName": "firstname", "operator": operator, "value": wanted}
        while True:
            body = {"filterGroups": [{"filters": [one]}], "limit": limit, **({"after": after} if after else {})}
            answer = clients.contacts_search.do_search(body)
            found += [result.id for result in answer.results]
            if answer.paging is None:
                assert answer.total == len(found)
                return found
            after = answer.paging.next.after

    assert same == paged("EQ")
    assert [key for key in keys if key not in same] == paged("NEQ")
    assert set(same) <= set(paged("CONTAINS_TOKEN")) or "*" in wanted
