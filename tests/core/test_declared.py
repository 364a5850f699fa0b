"""A source that declares its fields: each event is read by the paths, or is in quarantine with the path at fault."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.identity import key_of
from bridge.core.normalise import MAX_DEPTH, normalise
from bridge.model.event import Event, Kind, Reading
from bridge.model.fields import TEXTS, Fields, KindOf, Path
from bridge.model.rules import SourceRule

VENDOR = {
    "event": "Lead.Created",
    "data": {
        "id": 7,
        "lead": {"email": " a@x.io ", "full": "Ana María Cruz", "phones": [{"number": "+1 212 555 0147"}]},
        "at": 1700764581,
        "page": "www.example.com",
    },
}
FIELDS = Fields(
    texts={
        "email": (("data", "lead", "mail"), ("data", "lead", "email")),
        "name": (("data", "lead", "full"),),
        "phone": (("data", "lead", "phones", "0", "number"),),
        "created_at": (("data", "at"),),
        "page_url": (("data", "page"),),
    },
    kind=KindOf(path=("event",), values={"lead.created": "lead", "meeting.booked": "appointment"}),
)
EVERY = Fields(texts={name: ((name,),) for name in TEXTS})


def read(body: object, fields: Fields | None = FIELDS, *, key: tuple[Path, ...] = (), **given: Any) -> Reading:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    source = SourceRule("acme", fields=fields, key=key, is_platform=False, **given)
    return normalise(raw, source=source)


def one(body: object, fields: Fields | None = FIELDS, **given: Any) -> Event:
    ((event, _),) = read(body, fields, **given).events
    return event


def faults(reading: Reading) -> list[tuple[str, str]]:
    return [(part.path, part.reason) for part in reading.unreadable]


def key(value: dict[str, Any], *paths: Path) -> str:
    return key_of(one(value, EVERY, key=paths), region="US", salt=b"salt")


def test_each_field_is_read_from_where_it_is_declared_to_be() -> None:
    expected = Event(
        "acme", Kind.LEAD, first_name="Ana María", last_name="Cruz", email="a@x.io", phone="+1 212 555 0147",
        page_url="https://www.example.com", created_at=datetime(2023, 11, 23, 18, 36, 21, tzinfo=UTC), raw=VENDOR,
    )  # fmt: skip

    assert Reading([(expected, json.dumps(VENDOR).encode())], []) == read(VENDOR)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (1700764581, datetime(2023, 11, 23, 18, 36, 21, tzinfo=UTC)),
        (1700764581.5, datetime(2023, 11, 23, 18, 36, 21, 500000, tzinfo=UTC)),
        (1700764581500, datetime(2023, 11, 23, 18, 36, 21, 500000, tzinfo=UTC)),
        ("1700764581", datetime(2023, 11, 23, 18, 36, 21, tzinfo=UTC)),
        ("2023-11-23T18:36:21Z", datetime(2023, 11, 23, 18, 36, 21, tzinfo=UTC)),
        (2023, None),
        (10**16, None),
        (-1700764581, None),
        ("tomorrow", None),
    ],
)
def test_a_time_may_be_a_text_or_a_number(said: object, expected: datetime | None) -> None:
    assert expected == one({"email": "a@x.io", "created_at": said}, EVERY).created_at


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        (KindOf(), {}, Kind.LEAD),
        (KindOf(always="appointment"), {}, Kind.APPOINTMENT),
        (FIELDS.kind, {"event": " MEETING.booked "}, Kind.APPOINTMENT),
        (KindOf(path=("n",), values={"1": "lead", "*": "appointment"}), {"n": 1}, Kind.LEAD),
        (KindOf(path=("n",), values={"1": "lead", "*": "appointment"}), {"n": 2}, Kind.APPOINTMENT),
        (KindOf(path=("n",), values={"1": "lead", "*": "appointment"}), {}, Kind.APPOINTMENT),
        (FIELDS.kind, {"event": "lead.deleted"}, ("event", "a kind of event that is not declared")),
        (FIELDS.kind, {}, ("event", "no kind of event")),
        (FIELDS.kind, {"event": ["lead"]}, ("event", "expected text or a number, found an array")),
    ],
)
def test_the_kind_is_one_for_all_or_what_a_field_says(kind: KindOf, body: dict[str, Any], expected: object) -> None:
    reading = read({"email": "a@x.io"} | body, Fields(texts={"email": (("email",),)}, kind=kind))

    assert [expected] == [event.kind for event, _ in reading.events] + faults(reading)


def test_a_type_that_is_to_be_ignored_is_passed_over() -> None:
    reading = read([VENDOR, VENDOR | {"event": "Chat.Ended"}], ignore_types=frozenset({"chat.ended"}))

    assert (1, 1, []) == (len(reading.events), reading.ignored, reading.unreadable)


def test_a_chatbot_that_is_not_listed_is_passed_over() -> None:
    bodies = [{"email": "a@x.io", "chatbot_id": one} for one in ("A1", "B2", " A1 ")]

    reading = read(bodies, EVERY, chatbots=frozenset({"A1"}))

    assert (2, 1) == (len(reading.events), reading.ignored)


@pytest.mark.parametrize(
    ("body", "path", "reason"),
    [
        ({"event": "lead.created"}, "", "none of the declared fields says anything"),
        ({"event": "lead.created", "data": "x"}, "", "none of the declared fields says anything"),
        (
            VENDOR | {"data": {"lead": {"email": {"a": 1}}}},
            "data.lead.email",
            "expected text or a number, found an object",
        ),
        ("text", "", "expected an object, found text"),
        (b"not JSON", "", "not JSON: nothing readable at character 0"),
    ],
)
def test_what_does_not_fit_the_declaration_is_kept_with_its_place(body: object, path: str, reason: str) -> None:
    assert [(path, reason)] == faults(read(body))


def test_events_may_stand_in_a_list_of_the_body_and_each_keeps_its_own_json() -> None:
    fields = Fields(texts={"email": (("mail",),)}, events=("payload", "items"))
    items = [{"mail": "a@x.io", "n": 1.5}, {"mail": ""}, {"mail": "b@x.io", "half": "\ud83d"}]

    reading = read({"payload": {"items": items}}, fields)

    assert ["a@x.io", "b@x.io"] == [event.email for event, _ in reading.events]
    assert [items[0], items[2]] == [json.loads(raw) for _, raw in reading.events]
    assert [("[1]", "none of the declared fields says anything")] == faults(reading)
    assert Reading([], []) == read({"payload": {"items": []}}, fields)


@pytest.mark.parametrize("body", [{}, {"payload": []}, {"payload": {"items": {}}}, [1], b"[" * 5000 + b"]" * 5000])
def test_a_body_without_its_list_of_events_is_kept_whole(body: object) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    reading = read(raw, Fields(texts={"email": (("mail",),)}, events=("payload", "items")))

    assert ([], [raw]) == (reading.events, [part.raw for part in reading.unreadable])


def test_what_is_nested_too_deeply_is_kept() -> None:
    deep: Any = "a@x.io"
    for _ in range(MAX_DEPTH + 1):
        deep = [deep]

    assert [("", "nested too deeply")] == faults(read({"email": "a@x.io", "x": deep}, EVERY))


def test_without_declared_fields_the_platforms_names_are_looked_for_and_all_are_leads() -> None:
    event = one({"Email": "a@x.io", "name": "Ana Cruz"}, None)

    assert (Kind.LEAD, "a@x.io", "Cruz") == (event.kind, event.email, event.last_name)


@pytest.mark.parametrize("body", [{}, {"Type": "Test"}, {"SerialNumber": "7"}])
def test_a_test_request_is_the_platforms_alone(body: dict[str, Any]) -> None:
    assert not read(body, EVERY).test
    assert not read(body, None).test
    assert normalise(json.dumps(body).encode(), source=SourceRule("smarterbot")).test


def test_key_fields_say_which_event_it_is_whatever_else_it_says() -> None:
    first = {"id": 7, "email": "a@x.io", "session_id": "1", "created_at": "2023-11-23"}
    again = {"id": "7 ", "email": "b@x.io", "session_id": "2", "created_at": "2024-11-23"}

    assert key(first, ("id",)) == key(again, ("id",))
    assert key(first) != key(again)
    assert 3 == len({key(first, ("id",)), key(first | {"id": 8}, ("id",)), key(first | {"chatbot_id": "x"}, ("id",))})


@pytest.mark.parametrize("missing", [{}, {"id": ""}, {"id": None}])
def test_where_a_key_field_is_missing_session_and_time_are_the_key(missing: dict[str, Any]) -> None:
    said = {"email": "a@x.io", "session_id": "1", "created_at": "2023-11-23", "part": 1}

    assert key(said | missing) == key(said | missing, ("id",)) == key(said | missing, ("part",), ("id",))


def test_several_key_fields_are_one_key() -> None:
    said = {"email": "a@x.io", "a": "1", "b": "12"}

    assert key(said, ("a",), ("b",)) != key(said | {"a": "11", "b": "2"}, ("a",), ("b",))
    assert key(said, ("a",), ("b",)) != key(said, ("b",), ("a",))


def test_a_key_that_is_no_text_is_kept_with_its_place() -> None:
    assert [("x.id", "expected text or a number, found true or false")] == faults(
        read({"email": "a@x.io", "x": {"id": True}}, EVERY, key=(("x", "id"),))
    )


words = st.sampled_from(["data", "lead", "email", "full", "phones", "0", "number", "event", "at", "page", "x"])
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(words, v, max_size=4), max_leaves=8)


@given(body=values | st.lists(values), events=st.sampled_from([(), ("data",), ("data", "lead"), ("0",)]))
def test_any_body_is_read_and_each_part_is_an_event_or_unreadable(body: Any, events: Path) -> None:
    body = json.loads(json.dumps(body))  # two halves of an emoji are one character on the wire
    fields = Fields(texts=FIELDS.texts, kind=KindOf(path=("event",), values={"*": "lead"}), events=events)

    reading = read(body, fields, key=(("data", "id"), ("x",)))

    assert all(isinstance(event.natural, tuple) for event, _ in reading.events)
    if not events:
        assert (len(body) if isinstance(body, list) else 1) == len(reading.events) + len(reading.unreadable)
