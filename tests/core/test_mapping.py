"""What a target gets for one event where nothing else is configured, and what stays the same on every attempt."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.expression import Language
from bridge.core.filters import FILTERS
from bridge.core.mapping import LONGEST_VALUE, idempotency_key, records_for, whole_event
from bridge.core.records import Reader
from bridge.errors import MappingError
from bridge.model.delivery import Claim
from bridge.model.event import Event, Kind, StoredEvent
from bridge.model.mapping import MappingRule, Origin
from bridge.model.record import Later, Link, Record, Ref

LOOKUPS = {"colours": {"red": "#f00"}}
ORIGIN = Origin("America/New_York", "US", LOOKUPS)

EVENT = Event(
    source="smarterbot",
    kind=Kind.LEAD,
    chatbot_id="bot",
    session_id="31305",
    first_name="David",
    last_name="Garcia",
    email="test@qq.com",
    phone="+12125550147",
    content="test",
    page_url="https://www.google.com",
    created_at=datetime(2023, 11, 23, 18, 36, 21, 512302, tzinfo=UTC),
    raw={"Type": "Lead", "SessionID": 31305},
)
STORED = StoredEvent(7, "k" * 32, 1, datetime(2023, 11, 23, 18, 36, 22, tzinfo=UTC), EVENT)
CLAIM = Claim(1, "1.1", "crm", "person", STORED, attempts=0, uncertain=False, if_empty=False, copy=0)

attempts = st.builds(
    replace,
    st.just(CLAIM),
    delivery_id=st.integers(1, 9),
    token=st.sampled_from(["1.1", "2.7"]),
    target=st.sampled_from(["crm", "sheet"]),
    attempts=st.integers(0, 12),
    uncertain=st.booleans(),
    if_empty=st.booleans(),
    holds=st.integers(0, 2),
    links=st.sampled_from([{}, {("k" * 32, "event"): Link("event", "k" * 32, "00Q1")}]),
)
moments = st.datetimes(timezones=st.just(UTC))


def test_the_whole_event_is_its_fields_and_what_the_store_knows() -> None:
    assert {
        "id": 7,
        "key": "k" * 32,
        "revision": 1,
        "source": "smarterbot",
        "kind": "lead",
        "chatbot_id": "bot",
        "session_id": "31305",
        "first_name": "David",
        "last_name": "Garcia",
        "email": "test@qq.com",
        "phone": "+12125550147",
        "content": "test",
        "page_url": "https://www.google.com",
        "created_at": "2023-11-23T18:36:21.512302Z",
        "received_at": "2023-11-23T18:36:22Z",
        "raw": {"Type": "Lead", "SessionID": 31305},
    } == whole_event(STORED)


def test_what_is_not_said_is_empty_and_a_time_that_is_not_known_is_null() -> None:
    found = whole_event(replace(STORED, event=Event("smarterbot", Kind.APPOINTMENT)))

    assert ("appointment", None, {}) == (found["kind"], found["created_at"], found["raw"])
    assert {""} == {found[name] for name in ("chatbot_id", "session_id", "first_name", "email", "phone", "page_url")}


@given(created_at=moments, received_at=moments)
def test_times_end_in_z_and_are_the_instants_that_they_were(created_at: datetime, received_at: datetime) -> None:
    found = whole_event(replace(STORED, received_at=received_at, event=replace(EVENT, created_at=created_at)))

    assert "ZZ" == found["created_at"][-1] + found["received_at"][-1]
    assert [created_at, received_at] == [datetime.fromisoformat(found[name]) for name in ("created_at", "received_at")]


def test_a_target_without_a_mapping_gets_one_record() -> None:
    expected = Record("event", "event", "k" * 32, whole_event(STORED), idempotency_key="k" * 32 + "-1")

    assert [expected] == records_for(CLAIM)


@given(claim=attempts)
def test_keys_and_fields_are_the_same_on_every_attempt(claim: Claim) -> None:
    (first,), (record,) = records_for(CLAIM), records_for(claim)

    assert (first.key, first.idempotency_key, first.fields) == (record.key, record.idempotency_key, record.fields)
    assert (claim.uncertain, claim.if_empty) == (record.uncertain, record.if_empty)


@given(
    one=st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 12), st.integers(0, 12)),
    other=st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 12), st.integers(0, 12)),
)
def test_another_key_revision_or_copy_has_another_idempotency_key(
    one: tuple[str, int, int], other: tuple[str, int, int]
) -> None:
    found = [
        idempotency_key(replace(CLAIM, copy=copy, stored=replace(STORED, key=key * 32, revision=revision)))
        for key, revision, copy in (one, other)
    ]

    assert (one == other) == (found[0] == found[1])


def test_a_copy_has_the_same_record_key_so_that_only_the_idempotency_key_is_new() -> None:
    (record,) = records_for(replace(CLAIM, copy=2))

    assert ("k" * 32, "k" * 32 + "-1-2") == (record.key, record.idempotency_key)


def mapped(*declared: dict[str, Any], when: Any = None, **variables: str) -> MappingRule:
    """The rule of a target with these records."""
    language = Language(FILTERS, LOOKUPS)
    found: dict[str, Any] = {}
    for name, text in variables.items():
        found[name] = Reader(language, variables=list(found)).value(text, ())
    reader = Reader(language, variables=list(found))
    condition = reader.condition(when, ()) if when else None
    rule = MappingRule(reader.records(list(declared)), condition, found, {"smarterbot": ORIGIN})
    assert [] == reader.found
    return rule


def fields_of(claim: Claim = CLAIM, /, **fields: Any) -> dict[str, Any]:
    (record,) = records_for(claim, mapped({"name": "lead", "fields": fields}))
    return dict(record.fields)


def saying(**said: Any) -> Claim:
    return replace(CLAIM, stored=replace(STORED, event=replace(EVENT, **said)))


def test_fields_are_filled_and_what_is_not_said_is_left_out() -> None:
    found = fields_of(saying(phone=""), Email="{{ email }}", Phone="{{ phone }}", Source="Web", Nothing=None, Empty="")

    assert {"Email": "test@qq.com", "Source": "Web"} == found


def test_an_empty_value_is_sent_where_that_is_wished() -> None:
    assert {"Phone": None} == fields_of(saying(phone=""), Phone={"value": "{{ phone }}", "nulls": "send"})


def test_a_field_that_is_required_and_empty_kills_the_delivery_and_is_named() -> None:
    with pytest.raises(MappingError, match=r"^lead.Phone: required, .*\{\{ phone \}\} is empty"):
        fields_of(saying(phone=""), Phone={"value": "{{ phone }}", "required": True})


def test_what_cannot_be_computed_kills_the_delivery_or_is_left_out() -> None:
    text = "{{ content | lookup('colours') }}"

    with pytest.raises(MappingError, match=r"^lead.Colour: .*colours.*, in \{\{ content \| lookup") as raised:
        fields_of(saying(content="a secret"), Colour=text)
    assert "secret" not in str(raised.value)
    assert {} == fields_of(Colour={"value": text, "on_error": "omit"})
    with pytest.raises(MappingError, match="required"):
        fields_of(Colour={"value": text, "on_error": "omit", "required": True})


def test_a_longer_text_is_cut_and_one_that_is_far_too_long_is_refused() -> None:
    assert {"Name": "Davi"} == fields_of(Name={"value": "{{ full_name }}", "max_length": 4})
    assert {"Text": "x" * LONGEST_VALUE} == fields_of(saying(content="x" * LONGEST_VALUE), Text="{{ content }}")
    with pytest.raises(MappingError, match="262,144"):
        fields_of(saying(content="x" * LONGEST_VALUE), Text="{{ content }}!")


def test_a_field_has_a_condition_of_its_own() -> None:
    field = {"value": "{{ content }}", "when": {"kind": "appointment"}}

    assert {} == fields_of(Text=field)
    assert {"Text": "test"} == fields_of(saying(kind=Kind.APPOINTMENT), Text=field)


def test_lists_and_mappings_are_filled_in_and_what_is_null_in_a_mapping_is_left_out() -> None:
    found = fields_of(
        Person={"mail": "{{ email }}", "phone": "{{ raw.missing }}", "fixed": None, "tags": ["a", "{{ kind }}"]}
    )

    assert {"Person": {"mail": "test@qq.com", "fixed": None, "tags": ["a", "lead"]}} == found


def test_vars_are_computed_once_when_asked_for_and_may_use_those_before() -> None:
    rule = mapped(
        {"name": "lead", "fields": {"A": "{{ vars.b }}"}}, a="{{ email }}", b="<{{ vars.a }}>", c="{{ 1 < '' }}"
    )

    (record,) = records_for(CLAIM, rule)

    assert {"A": "<test@qq.com>"} == record.fields  # c, which cannot be computed, is asked for by nobody


def test_a_var_that_cannot_be_computed_is_the_fault_of_the_field_that_asks() -> None:
    with pytest.raises(MappingError, match=r"^lead.A: .*, in \{\{ vars.a \}\}"):
        records_for(CLAIM, mapped({"name": "lead", "fields": {"A": "{{ vars.a }}"}}, a="{{ email < 1 }}"))


PERSON = {"name": "person", "object": "Lead", "keyed_by": "person", "fields": {"Email": "{{ email }}"}}
MEETING = {"name": "meeting", "object": "Event", "fields": {"WhoId": "{{ records.person.id }}", "Subject": "Chat"}}
NOTE = {"name": "note", "object": "Note", "fields": {"Text": "see {{ records.meeting.url }}"}}


def test_records_have_keys_of_their_own_and_know_each_other() -> None:
    person, meeting = records_for(CLAIM, mapped(PERSON, MEETING))

    assert ("person", "k" * 32) == (person.key, meeting.key)
    assert {"WhoId": Ref("person"), "Subject": "Chat"} == meeting.fields
    assert {f"{'k' * 32}-1-person", f"{'k' * 32}-1-meeting"} == {person.idempotency_key, meeting.idempotency_key}


def test_a_record_that_is_skipped_skips_those_that_need_it_and_leaves_the_keys_of_others_alone() -> None:
    rule = mapped(
        PERSON, MEETING | {"when": {"kind": "appointment"}}, NOTE, NOTE | {"name": "other", "fields": {"A": 1}}
    )

    found = records_for(CLAIM, rule)

    assert ["person", "other"] == [record.name for record in found]
    assert f"{'k' * 32}:other" == found[1].key


def test_a_value_around_an_id_waits_until_it_is_known() -> None:
    *_, note = records_for(CLAIM, mapped(PERSON, MEETING, NOTE))

    later = note.fields["Text"]
    assert isinstance(later, Later)
    assert {"meeting"} == later.records
    assert "see https://crm/1" == later.compute({"meeting": {"id": "1", "url": "https://crm/1"}})


def test_a_target_whose_condition_does_not_hold_gets_nothing() -> None:
    assert [] == records_for(CLAIM, mapped(PERSON, when={"content": {"contains": "pricing"}}))
    assert [] == records_for(CLAIM, mapped(when={"content": {"contains": "pricing"}}))
    assert 1 == len(records_for(CLAIM, mapped(when={"content": {"contains": "test"}})))


def test_a_condition_that_cannot_be_told_kills_the_delivery() -> None:
    with pytest.raises(MappingError, match=r"^person.when: "):
        records_for(CLAIM, mapped(PERSON | {"when": {"vars.a": "x"}}, a="{{ email < 1 }}"))


def test_the_policies_of_a_record_reach_the_connector() -> None:
    fields = {
        "Email": "{{ email }}",
        "Text": {"value": "{{ content }}", "write": "append"},
        "No": {"value": None, "write": "append"},
    }

    (record,) = records_for(CLAIM, mapped(PERSON | {"match": ["Email"], "mode": "create", "fields": fields}))

    assert (("Email",), "create", {"Text": "append"}) == (record.match, record.mode, record.writes)


def test_a_time_without_a_zone_is_in_the_zone_of_its_source() -> None:
    found = fields_of(
        saying(content="Time: 2023-12-01 10:00 AM"), At="{{ content | label('Time') | datetime('%Y-%m-%d %I:%M %p') }}"
    )

    assert datetime(2023, 12, 1, 15, tzinfo=UTC) == found["At"]
