"""What the org refuses in a field is shortened or left out, once; the value is kept in Description, and the delivery
says what happened.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bridge.connector import Delivered, Reject
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD, claim_of, other_lead
from tests.connectors.salesforce.orgs import Way, alive, one, plant

FIELDS: dict[str, Any] = {
    "FirstName": "{{ first_name }}",
    "LastName": "{{ last_name }}",
    "Company": "Acme",
    "Email": "{{ email }}",
    "Title": "{{ raw.Title }}",
    "Rating": "{{ raw.Rating }}",
    "State": "{{ raw.State }}",
    "NumberOfEmployees": "{{ raw.Employees }}",
    "Description": {"value": "{{ content }}", "write": "append"},
}
PERSON = {"name": "person", "object": "Lead", "keyed_by": "person", "match": ["Email"], "fields": FIELDS}


@pytest.fixture
def org() -> Iterator[Org]:
    with Org(objects={"Lead": {"fields": {"Rating": {"restricted": True, "picklist": ["Hot", "Cold"]}}}}) as org:
        yield org


@pytest.fixture(params=["one", "many"])
def neighbours(request: pytest.FixtureRequest) -> int:
    """How many sound leads go in the same call: one lead goes in a transaction, many go in collections."""
    return 0 if request.param == "one" else 2


def delivered(way: Way, neighbours: int, **said: Any) -> Any:
    """What came of the one lead; the others have to be delivered whole."""
    others = [claim_of(other_lead(number), number) for number in range(2, 2 + neighbours)]
    mine, *rest = way.deliver(claim_of(replace(LEAD, **said)), *others)
    assert all(isinstance(one.outcome, Delivered) and not one.outcome.degraded for one in rest)
    return mine.outcome


def mine(org: Org) -> dict[str, Any]:
    (row,) = [row for row in alive(org, "Lead") if row["FirstName"] == "David"]
    return row


def test_texts_that_are_too_long_are_cut_and_kept_whole(org: Org, neighbours: int) -> None:
    way = Way(org, records=[PERSON])
    name, title = "Garcia" * 20, "Head of " * 30

    outcome = delivered(way, neighbours, last_name=name, raw={"Title": title})

    assert isinstance(outcome, Delivered), outcome
    row = mine(org)
    assert (name[:80], title[:128].strip()) == (row["LastName"], row["Title"].strip())
    assert f"LastName: {name}" in row["Description"]
    assert title.strip() in row["Description"]
    assert "Do you have rooms in May?" in row["Description"]
    assert ("LastName was cut to 80 characters", "Title was cut to 128") == (
        outcome.degraded.split("; ")[0], outcome.degraded.split("; ")[1][:20],
    )  # fmt: skip
    assert 1 == sum("describe" in call for call in way.calls())


@pytest.mark.parametrize(
    ("said", "field", "code"),
    [
        ({"raw": {"Rating": "Lukewarm"}}, "Rating", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"email": "no address"}, "Email", "INVALID_EMAIL_ADDRESS"),
    ],
)
def test_a_value_that_the_org_does_not_take_is_left_out_and_kept(
    org: Org, neighbours: int, said: dict[str, Any], field: str, code: str
) -> None:
    outcome = delivered(Way(org, records=[PERSON]), neighbours, **said)

    assert isinstance(outcome, Delivered), outcome
    assert f"{field} was refused and left out ({code})" == outcome.degraded
    row = mine(org)
    assert row[field] is None
    assert f"{field}: {said.get('email') or said['raw'][field]}" in row["Description"]


@pytest.mark.parametrize(
    ("code", "message", "fields"),
    [
        (
            "FIELD_INTEGRITY_EXCEPTION",
            "There's a problem with this state, even though it may appear correct.",
            ["State"],
        ),
        (
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "Unable to create/update fields: State. Please check the security settings",
            [],
        ),
        ("NUMBER_OUTSIDE_VALID_RANGE", "State: value outside of valid range on numeric field", []),
        ("INVALID_TYPE_ON_FIELD_IN_RECORD", "State: value not of required type: Atlantis", ["State"]),
    ],
)
def test_whatever_an_error_names_is_left_out(
    org: Org, neighbours: int, code: str, message: str, fields: list[str]
) -> None:
    """The org's own words for what no rule of a sandbox can know."""
    trigger = {"object": "Lead", "on": ["create"], "code": code, "message": message, "fields": fields, "times": 1}
    org.change(triggers=[trigger])

    outcome = delivered(Way(org, records=[PERSON]), neighbours, raw={"State": "Atlantis"})

    assert isinstance(outcome, Delivered), outcome
    assert f"State was refused and left out ({code})" == outcome.degraded
    assert "State: Atlantis" in mine(org)["Description"]


def test_faults_that_the_org_names_one_after_the_other_are_all_mended(org: Org, neighbours: int) -> None:
    outcome = delivered(Way(org, records=[PERSON]), neighbours, email="no address", raw={"Rating": "Lukewarm"})

    assert isinstance(outcome, Delivered), outcome
    row = mine(org)
    assert (None, None) == (row["Email"], row["Rating"])
    assert "Email: no address" in row["Description"]
    assert "Rating: Lukewarm" in row["Description"]


def test_what_is_refused_for_something_else_then_is_dead(org: Org, neighbours: int) -> None:
    org.change(validation_rules=[{"object": "Lead", "field": "Rating", "message": "A rating is needed."}])
    way = Way(org, records=[PERSON])

    (result, *_) = way.deliver(
        claim_of(replace(LEAD, raw={"Rating": "Lukewarm"})),
        *[claim_of(replace(other_lead(n), raw={"Rating": "Hot"}), n) for n in range(2, 2 + neighbours)],
    )

    assert isinstance(result.outcome, Reject), result.outcome
    assert "A rating is needed." in result.outcome.reason
    assert neighbours == len(alive(org, "Lead"))


def test_a_field_without_which_there_is_no_record_is_not_left_out(org: Org, neighbours: int) -> None:
    record = {**PERSON, "fields": {**FIELDS, "Company": None}}

    outcome = Way(org, records=[record]).outcome(claim_of(LEAD))

    assert isinstance(outcome, Reject), outcome
    assert "REQUIRED_FIELD_MISSING Company" == outcome.cause


def test_what_stands_in_the_description_of_a_known_lead_is_not_lost(org: Org, neighbours: int) -> None:
    record = {**PERSON, "fields": {name: value for name, value in FIELDS.items() if name != "Description"}}
    lead = plant(
        org,
        "Lead",
        FirstName="David",
        LastName="Garcia",
        Company="x",
        Email="david@example.com",
        Description="Met in Delft.",
    )

    outcome = delivered(Way(org, records=[record]), neighbours, raw={"Rating": "Lukewarm"})

    assert lead == outcome.id
    assert "Met in Delft.\nRating: Lukewarm" == mine(org)["Description"]


def test_a_lead_that_is_a_contact_is_mended_as_one(org: Org) -> None:
    org.change(objects={"Contact": {"fields": {"LeadSource": {"restricted": True, "picklist": ["Web"]}}}})
    plant(org, "Contact", LastName="Garcia", Email="david@example.com", Description="Met in Delft.")
    record = {**PERSON, "fields": {**FIELDS, "LeadSource": "Carrier pigeon"}}

    outcome = Way(org, records=[record]).outcome(claim_of(LEAD))

    assert isinstance(outcome, Delivered), outcome
    row = one(org, "Contact")
    assert row["LeadSource"] is None
    assert row["Description"].startswith("Met in Delft.\n\nDo you have rooms in May?\n")
    assert row["Description"].endswith("\nLeadSource: Carrier pigeon")


def test_a_text_that_is_longer_than_any_description_is_cut(org: Org, neighbours: int) -> None:
    outcome = delivered(Way(org, records=[PERSON]), neighbours, content="x" * 40_000)

    assert isinstance(outcome, Delivered), outcome
    text = mine(org)["Description"]
    assert len(text) <= 32_000
    assert text.startswith("x" * 31_900)
    assert "Description" in outcome.degraded
