"""What a target gets for one event where nothing else is configured, and what stays the same on every attempt."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.mapping import idempotency_key, records_for, whole_event
from bridge.model.delivery import Claim
from bridge.model.event import Event, Kind, StoredEvent
from bridge.model.record import Link, Record

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
    canary=st.booleans(),
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
