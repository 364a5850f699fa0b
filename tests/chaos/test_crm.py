"""The books of a CRM are found wrong where they are."""

import pytest

from tests.chaos.crm import Activity, Person, broken
from tests.chaos.ledger import Sent
from tests.chaos.story import Fact

LEAD = Fact(1, "lead-1", "Lead")
CALLED = Fact(1, "lead-1", "Lead", phone="+12125550001")
BOOKED = Fact(1, "appointment-1", "Appointment")
PERSON = Person("00Q1", "visitor1@example.com", "+12125550001", "lead-1")
ACTIVITY = Activity("00T1", "00Q1", "appointment-1")


def sent(*facts: Fact, answered: bool = True) -> list[Sent]:
    return [Sent(fact, 0.0, 1.0, answered) for fact in facts]


def test_sound_books_are_sound() -> None:
    assert [] == list(broken(sent(LEAD, CALLED, BOOKED), [PERSON], [ACTIVITY]))
    assert [] == list(broken(sent(LEAD, answered=False), [], []))


@pytest.mark.parametrize(
    ("persons", "activities", "said"),
    [
        ([], [], "lost: "),
        ([PERSON], [], "lost: Fact(visitor=1, mark='appointment-1'"),
        ([PERSON, Person("00Q2", "Visitor1@example.com", "1", "")], [ACTIVITY], "doubled: visitor1@example.com"),
        ([PERSON], [ACTIVITY, Activity("00T2", "00Q1", "appointment-1")], "doubled: Fact"),
        ([Person("00Q1", "visitor1@example.com", "1", "lead-1 lead-1")], [ACTIVITY], "doubled: Fact"),
        ([Person("00Q1", "visitor1@example.com", "", "lead-1")], [ACTIVITY], "lost: the phone"),
        ([PERSON, Person("00Q2", "mallory@example.com", "", "")], [ACTIVITY], "invented: nobody sent mallory"),
        ([PERSON], [ACTIVITY, Activity("00T2", "00Q9", "")], "orphaned: "),
    ],
)
def test_what_is_wrong_is_named(persons: list[Person], activities: list[Activity], said: str) -> None:
    assert any(line.startswith(said) for line in broken(sent(LEAD, CALLED, BOOKED), persons, activities))
