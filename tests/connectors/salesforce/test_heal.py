"""What the org refuses in a record is shortened or left out, once: no lead is lost for one field, and the delivery says
what happened. What was taken out stands in the Description, of which test_heal_kept tells more.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from bridge.connector import Delivered, Reject
from bridge.sandbox.salesforce.org import Org
from bridge.testing.samples import LEAD
from tests.connectors.salesforce.healing import (
    LONG,
    PERSON,
    RESTRICTED,
    WITH_TEXT,
    claim,
    delivered,
    of_garcia,
    outcomes,
)
from tests.connectors.salesforce.orgs import Way, alive, one


@pytest.fixture
def org() -> Iterator[Org]:
    with Org(objects=RESTRICTED) as org:
        yield org


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize(
    ("said", "field", "left", "kept", "told"),
    [
        ({"raw": {"Rating": "Wet"}}, "Rating", None, "Rating: Wet", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"raw": {"State": "Bavaria"}}, "State", None, "State: Bavaria", "FIELD_INTEGRITY_EXCEPTION"),
        ({"email": "no address"}, "Email", None, "Email: no address", "INVALID_EMAIL_ADDRESS"),
        ({"raw": {"Score": "7"}}, "Score__c", None, "Score__c: 7", "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"raw": {"Revenue": 1e300}}, "AnnualRevenue", None, "AnnualRevenue: 1e+300", "NUMBER_OUTSIDE_VALID_RANGE"),
        ({"first_name": LONG}, "FirstName", LONG[:40], f"FirstName: {LONG}", ""),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_refused_is_left_out_or_cut_and_kept_in_the_description(
    org: Org, said: dict[str, Any], field: str, left: Any, kept: str, told: str, *, alone: bool
) -> None:
    found = delivered(outcomes(Way(org, records=[PERSON]), claim(**said), alone=alone))

    row = next(row for row in alive(org, "Lead") if row["Id"] == found.id)
    assert (left, kept) == (row[field], row["Description"])
    what = f"was refused and left out ({told})" if told else "was cut to 40 characters"
    assert f"{field} {what}" == found.degraded


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize(
    ("said", "fields", "kept"),
    [
        ({"raw": {"Score": "7", "Level": "8"}}, ("Score__c", "Level__c"), "Score__c: 7\nLevel__c: 8"),
        ({"email": "none", "raw": {"Rating": "Wet"}}, ("Email", "Rating"), "Email: none\nRating: Wet"),
        ({"email": "none", "raw": {"Score": "7"}}, ("Email", "Score__c"), "Email: none\nScore__c: 7"),
    ],
    ids=["of one fault", "of two faults", "of two refusals, one after the other"],
)
def test_several_that_are_refused_are_all_left_out(
    org: Org, said: dict[str, Any], fields: tuple[str, ...], kept: str, *, alone: bool
) -> None:
    found = delivered(outcomes(Way(org, records=[PERSON]), claim(**said), alone=alone))

    row = next(row for row in alive(org, "Lead") if row["Id"] == found.id)
    assert [None, None] == [row[field] for field in fields]
    assert set(kept.splitlines()) == set(row["Description"].splitlines())
    assert all(f"{field} was refused and left out" in found.degraded for field in fields)


@pytest.mark.parametrize("alone", [True, False])
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
        ("INVALID_TYPE_ON_FIELD_IN_RECORD", "State: value not of required type: Ohio", ["State"]),
    ],
)
def test_whatever_an_error_names_is_left_out(
    org: Org, code: str, message: str, fields: list[str], *, alone: bool
) -> None:
    """The org's own words for what no rule of a sandbox can know."""
    way = Way(org, records=[PERSON])
    trigger = {"object": "Lead", "on": ["create"], "code": code, "message": message, "fields": fields, "times": 1}
    org.change(triggers=[trigger])
    others = [] if alone else [claim(2, email="b@example.com", phone="")]

    mine, *rest = [delivered(result.outcome) for result in way.deliver(claim(raw={"State": "Ohio"}), *others)]

    assert f"State was refused and left out ({code})" == mine.degraded
    assert [""] * len(others) == [one.degraded for one in rest]
    assert "State: Ohio" == of_garcia(org)["Description"]


@pytest.mark.parametrize("alone", [True, False])
def test_several_that_are_too_long_are_cut_at_once_by_one_look_at_the_lengths(org: Org, *, alone: bool) -> None:
    way = Way(org, records=[WITH_TEXT])
    texts = {"FirstName": LONG, "LastName": "Garcia" * 20, "Phone": LONG, "Title": "Head of " * 30}
    said = claim(first_name=LONG, last_name=texts["LastName"], phone=LONG, raw={"Title": texts["Title"]})

    found = delivered(outcomes(way, said, alone=alone))

    row = of_garcia(org)
    for (name, text), longest in zip(texts.items(), (40, 80, 40, 128), strict=True):
        assert text[:longest].strip() == row[name].strip()
        assert f"{name}: {text}".strip() in [line.strip() for line in row["Description"].splitlines()]
        assert f"{name} was cut to {longest} characters" in found.degraded
    assert row["Description"].startswith(LEAD.content)
    assert 1 == sum("describe" in call for call in way.calls())
    way.outcome(claim(4, first_name=LONG, email="other@example.com", phone=""))
    assert 1 == sum("describe" in call for call in way.calls()), "it is known by then"


def test_the_length_is_read_from_the_refusal_where_the_org_describes_nothing(org: Org) -> None:
    org.fault(match={"path": "/services/data/v62.0/sobjects/Lead/describe"}, times=9, status=404, stored=False)
    visitor = f"(max length=3) {LONG}"

    found = delivered(Way(org, records=[PERSON]).outcome(claim(first_name=visitor)))

    assert visitor[:40] == one(org, "Lead")["FirstName"]
    assert "FirstName was cut to 40 characters" == found.degraded


def test_what_a_visitor_writes_is_not_taken_for_what_the_org_says(org: Org) -> None:
    """The org quotes the value that it refuses."""
    visitor = "cannot reference converted lead; UNABLE_TO_LOCK_ROW: " + LONG

    found = delivered(Way(org, records=[PERSON]).outcome(claim(first_name=visitor)))

    assert "FirstName was cut to 40 characters" == found.degraded


@pytest.mark.parametrize("alone", [True, False])
def test_what_is_refused_once_more_is_the_events_fault(org: Org, *, alone: bool) -> None:
    org.change(validation_rules=[{"object": "Lead", "field": "Rating", "message": "say how hot"}])
    way = Way(org, records=[PERSON])
    others = [] if alone else [claim(2, email="b@example.com", phone="", raw={"Rating": "Hot"})]

    found = [result.outcome for result in way.deliver(claim(raw={"Rating": "Scorching"}), *others)]

    assert isinstance(found[0], Reject), found[0]
    assert "FIELD_CUSTOM_VALIDATION_EXCEPTION: say how hot" in found[0].reason
    assert "FIELD_CUSTOM_VALIDATION_EXCEPTION Rating" == found[0].cause
    assert [Delivered] * len(others) == [type(one) for one in found[1:]]
    assert len(others) == len(alive(org, "Lead"))


@pytest.mark.parametrize("alone", [True, False])
def test_a_required_field_that_is_refused_is_not_left_out(org: Org, *, alone: bool) -> None:
    fields = {"LastName": "{{ last_name }}", "Company": "{{ raw.Company }}", "Email": "{{ email }}"}
    way = Way(org, records=[PERSON | {"fields": fields, "match": []}])

    found = [result.outcome for result in way.deliver(*[claim(number) for number in ([1] if alone else [1, 2])])]

    assert {(Reject, "REQUIRED_FIELD_MISSING Company")} == {(type(one), one.cause) for one in found}  # type: ignore[union-attr]
    assert [] == alive(org, "Lead")


EVENT = {
    "name": "event",
    "object": "Event",
    "fields": {
        "WhoId": "{{ records.person.id }}",
        "StartDateTime": "{{ created_at }}",
        "EndDateTime": "{{ created_at | add(minutes=30) }}",
        "Location": "{{ raw.Room }}",
        "ShowAs": "{{ raw.ShowAs }}",
    },
}
TASK = {
    "name": "task",
    "object": "Task",
    "fields": {"WhoId": "{{ records.person.id }}", "Subject": "{{ raw.Room }}"},
}


@pytest.mark.parametrize("alone", [True, False])
def test_an_event_and_a_task_are_healed_and_still_belong_to_the_person(org: Org, *, alone: bool) -> None:
    way = Way(org, records=[PERSON, EVENT, TASK])
    said = claim(raw={"Room": "the large room upstairs", "ShowAs": "Busy"})
    others = [] if alone else [claim(2, email="b@example.com", phone="", raw={"Room": "7", "ShowAs": "Busy"})]

    results = way.deliver(said, *others)

    assert [Delivered] * len(results) == [type(result.outcome) for result in results]
    person = of_garcia(org)
    event, task = (next(row for row in alive(org, name) if row["WhoId"] == person["Id"]) for name in ("Event", "Task"))
    assert (person["Id"], "the large", "Location: the large room upstairs") == (
        event["WhoId"], event["Location"], event["Description"],
    )  # fmt: skip
    assert (person["Id"], "the large room upsta", "Subject: the large room upstairs") == (
        task["WhoId"], task["Subject"], task["Description"],
    )  # fmt: skip
    assert ("Location was cut to 10 characters", "Subject was cut to 20 characters") == results[0].degraded


def test_a_restricted_value_of_an_event_is_left_out(org: Org) -> None:
    found = delivered(Way(org, records=[PERSON, EVENT]).outcome(claim(raw={"ShowAs": "Asleep", "Room": "7"})))

    assert ("Busy", "ShowAs: Asleep") == (one(org, "Event")["ShowAs"], one(org, "Event")["Description"])
    assert "ShowAs was refused and left out" in found.degraded
