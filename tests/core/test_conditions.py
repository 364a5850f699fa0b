"""What `when` may say, when it holds, and what is said about the rest."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.conditions import Conditions, unmet
from bridge.core.expression import Language
from bridge.core.filters import FILTERS

NAMES = {
    "kind": "lead",
    "source": "main",
    "chatbot_id": "0042",
    "email": "Ada@Example.com",
    "phone": "",
    "page_url": "https://www.example.com/Pricing?x=1",
    "received_at": datetime(2023, 11, 28, 12, tzinfo=UTC),
    "raw": {"score": 7, "text": "7.5", "ok": True, "tags": [], "when": "2023-11-28T12:00:00Z"},
    "vars": {"start": None, "hour": 9},
}


def reader() -> Conditions:
    return Conditions(Language(FILTERS), variables=["start", "hour"], sources=["main", "other"])


@pytest.mark.parametrize(
    ("declared", "holds"),
    [
        ({"kind": "lead"}, True),
        ({"kind": ["appointment", "lead"]}, True),
        ({"kind": "appointment"}, False),
        ({"kind": "lead", "phone": {"present": True}}, False),  # all that stands in one mapping
        ({"chatbot_id": "0042"}, True),
        ({"chatbot_id": "42"}, False),
        ({"raw.score": 7}, True),
        ({"raw.score": "7"}, True),  # as text
        ({"raw.ok": True}, True),
        ({"raw.ok": "true"}, True),
        ({"raw.missing": {"present": False}}, True),
        ({"raw.tags": {"present": True}}, False),
        ({"vars.start": {"present": False}}, True),
        ({"email": {"equals": "ada@example.com"}}, False),
        ({"email": {"contains": "@example"}}, True),  # in any case
        ({"email": {"starts_with": "ada", "ends_with": ".COM"}}, True),
        ({"email": {"matches": r"@example\.com$"}}, False),
        ({"email": {"matches": r"(?i)@example\.com$"}}, True),
        ({"phone": {"matches": ".*"}}, False),  # nothing is said, so nothing matches
        ({"email": {"not": {"contains": "spam"}}}, True),
        ({"kind": {"not": ["lead", "appointment"]}}, False),
        ({"kind": {"one_of": ["lead"]}}, True),
        ({"vars.hour": {"at_least": 9, "below": 17}}, True),
        ({"vars.hour": {"above": 9}}, False),
        ({"raw.text": {"above": 7, "at_most": "7.5"}}, True),
        ({"email": {"above": 7}}, False),  # no number is neither more nor less
        ({"phone": {"not": {"above": 7}}}, True),
        ({"received_at": {"at_least": "2023-11-28T12:00:00Z", "below": "2023-11-29"}}, True),
        ({"raw.when": {"above": "2023-11-28T11:59:59Z"}}, True),
        ({"any": [{"kind": "appointment"}, {"page_url": {"contains": "/pricing"}}]}, True),
        ({"all": [{"kind": "lead"}, {"not": {"phone": {"present": True}}}]}, True),
        ({"not": {"kind": "lead"}}, False),
        ({"not": {"kind": "lead", "phone": {"present": True}}}, True),
    ],
)
def test_a_condition_holds_or_does_not(declared: Any, holds: bool) -> None:
    one = reader()

    condition = one.read(declared)

    assert [] == one.found
    assert holds is condition.holds(NAMES)


@pytest.mark.parametrize(
    ("declared", "path", "message", "hint"),
    [
        ([{"kind": "lead"}], (), "a condition is a mapping", "any: or all:"),
        ("lead", (), "a condition is a mapping", "{kind: lead}"),
        ({}, (), "says nothing", "take `when` away"),
        ({"knd": "lead"}, ("knd",), "an event has no 'knd'", "did you mean kind?"),
        ({"ani": [{"kind": "lead"}]}, ("ani",), "an event has no 'ani'", "did you mean any?"),
        ({"kind": "meeting"}, ("kind",), "unknown kind", "one of: lead, appointment"),
        ({"kind": ["lead", "Lead"]}, ("kind", 1), "unknown kind", "did you mean 'lead'?"),
        ({"kind": []}, ("kind",), "one_of is a list of values", ""),
        ({"source": "mian"}, ("source",), "unknown source", "did you mean 'main'?"),
        ({"email": {}}, ("email",), "nothing is said", "present: true"),
        ({"email": None}, ("email",), "equals needs one value", "present: false"),
        ({"email": {"contain": "x"}}, ("email", "contain"), "no 'contain'", "did you mean contains?"),
        ({"email": {"present": "yes"}}, ("email", "present"), "present is true or false", ""),
        ({"email": {"matches": "("}}, ("email", "matches"), "", ""),
        ({"email": {"matches": ["a"]}}, ("email", "matches"), "matches needs one value", ""),
        ({"email": "{{ phone }}"}, ("email",), "compares with constants", "make a var"),
        ({"received_at": {"above": "noon"}}, ("received_at", "above"), "needs a number or a time", "2026"),
        ({"received_at": {"above": "09:00"}}, ("received_at", "above"), "a time of day", "format('%H') | to_int"),
        ({"created_at": {"below": 17}}, ("created_at", "below"), "created_at is a time", "2026"),
        ({"any": {"kind": "lead"}}, ("any",), "`any` is a list", "any: [{kind: lead}"),
        ({"all": []}, ("all",), "`all` of nothing", "at least one"),
        ({"any": [{"kind": "lead"}, {"knd": "x"}]}, ("any", 1, "knd"), "an event has no 'knd'", ""),
        ({"email | lower": "x"}, ("email | lower",), "is no name", "make it one of `vars`"),
        ({"vars.strat": {"present": True}}, ("vars.strat",), "there is no var 'strat'", "did you mean vars.start?"),
    ],
)
def test_what_cannot_be_meant_is_told_at_its_place(declared: Any, path: Any, message: str, hint: str) -> None:
    one = reader()

    assert one.read(declared) is None

    (found,) = one.found
    assert path == found.path
    assert message in found.fault.message
    assert hint in found.fault.hint


json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kind", "email", "any", "all", "not", "equals", "matches", "present", "raw.x", "above"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(json)
def test_any_declaration_can_be_asked_or_is_refused(declared: Any) -> None:
    one = reader()

    condition = one.read(declared)

    assert (condition is None) == bool(one.found)
    if condition is not None:
        assert condition.holds(NAMES) in (True, False)


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ({"email": {"present": True}}, ""),
        ({"email": {"present": True}, "kind": "appointment"}, "kind: appointment"),
        ({"chatbot_id": ["42", "x"]}, "chatbot_id: [42, x]"),
        ({"email": {"not": {"contains": "@"}}}, "not: {email: {contains: @}}"),
        ({"any": [{"kind": "appointment"}, {"phone": "1"}]}, "any: [{kind: appointment}, {phone: 1}]"),
        ({"not": {"kind": "lead", "email": {"present": True}}}, "not: {kind: lead, email: {present: true}}"),
    ],
)
def test_what_of_a_condition_does_not_hold_is_told_as_it_is_written(when: Any, told: str) -> None:
    assert told == unmet(reader().read(when), NAMES)
