"""Of whatever a signed body holds, each part is an event, unreadable, ignored or a test: none is lost, none raises."""

import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.normalise import MAX_DEPTH, is_signed_test, is_unsigned_test, normalise, vendor_object
from bridge.model.event import Event, Kind, Reading
from bridge.model.rules import SourceRule
from tests.processes import LEAD as VENDOR

LEAD = {"Type": "Lead", "SessionID": 1}
DEEP = b"[" * 100_000 + b"]" * 100_000


def read(body: object, *, ignore_types: Collection[str] = (), chatbots: Collection[str] = ()) -> Reading:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    source = SourceRule("smarterbot", ignore_types=frozenset(ignore_types), chatbots=frozenset(chatbots))
    return normalise(raw, source=source)


def faults(reading: Reading) -> list[tuple[str, str]]:
    return [(part.path, part.reason) for part in reading.unreadable]


texts = st.text(st.characters(), max_size=8)  # NUL and lone surrogates among them
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(texts, v, max_size=3), max_leaves=5)
fields = st.dictionaries(st.sampled_from([*VENDOR, "Name", "phone", "URL", "X"]), values, max_size=5)
objects = st.tuples(fields, st.sampled_from([{"Type": "Lead"}, {"type": " appointment "}, {}])).map(
    lambda p: p[0] | p[1]
)


@given(body=st.binary() | st.text('[]{},:" \n\\0tnNTypeLad1.e-', max_size=40).map(str.encode))
def test_any_bytes_are_read(body: bytes) -> None:
    reading = read(body)

    assert reading.test or reading.events or reading.unreadable or b"[]" == b"".join(body.split())


@given(elements=st.lists(values | objects, max_size=6))
def test_each_element_of_an_array_is_an_event_or_unreadable_and_keeps_its_place(elements: list[Any]) -> None:
    elements = json.loads(json.dumps(elements))  # two halves of an emoji are one character on the wire
    reading = read(elements)

    if len(elements) == 1 and is_signed_test(elements[0]):
        assert Reading([], [], test=True) == reading
        return
    unreadable = {int(part.path[1:].partition("]")[0]) if part.path[:1] == "[" else 0 for part in reading.unreadable}
    rest = [element for place, element in enumerate(elements) if place not in unreadable]
    assert len(reading.unreadable) == len(unreadable)
    assert rest == [json.loads(raw) for _, raw in reading.events]
    assert [elements[place] for place in sorted(unreadable)] == [json.loads(part.raw) for part in reading.unreadable]


@given(value=objects)
def test_what_an_event_says_and_its_vendor_object_can_be_stored(value: dict[str, Any]) -> None:
    for event, raw in read([value, LEAD]).events:
        said = json.dumps([event.first_name, event.email, event.content, vendor_object(raw)], ensure_ascii=False)

        said.encode("utf-8")
        assert "\\u0000" not in said.replace("\\\\", "")
        assert event.created_at is None or event.created_at.tzinfo == UTC


def test_the_vendors_lead_is_read_to_the_letter() -> None:
    body = json.dumps(VENDOR, indent=2).encode()

    expected = Event(
        "smarterbot", Kind.LEAD, "59001dd73709417321c58b11693183a2", session_id="31305", first_name="David",
        last_name="Garcia", email="test@qq.com", phone="", content="test", page_url="https://www.google.com",
        created_at=datetime(2023, 11, 23, 18, 36, 21, 512302, tzinfo=UTC), raw=VENDOR,
    )  # fmt: skip
    assert Reading([(expected, body)], []) == read(body)


def test_a_type_is_all_that_an_event_needs() -> None:
    empty = dict.fromkeys(VENDOR, "") | {"Type": " APPOINTMENT ", "X": 1}
    null = dict.fromkeys(VENDOR) | {"Type": "appointment", "X": 1}

    for value in ({"Type": "Appointment"}, empty, null):
        assert Reading([(Event("smarterbot", Kind.APPOINTMENT, raw=value), json.dumps(value).encode())], []) == read(
            value
        )


SPELLINGS = [
    ("session_id", "31305", [{"SessionID": v} for v in (31305, "31305", " 31305 ", 31305.0, 3.1305e4)]),
    ("session_id", "3.5", [{"SessionID": 3.5}]),
    ("session_id", "ab-1", [{"sessionId": "ab-1"}, {"SESSIONID": "ab-1"}]),
    ("chatbot_id", "7", [{"SerialNumber": 7}, {"serialnumber": "7"}]),
    ("phone", "12125550147", [{"PhoneNumber": 12125550147}, {"Phone": "12125550147"}, {"phone": " 12125550147"}]),
    ("phone", "1", [{"PhoneNumber": "", "Phone": "1"}, {"PhoneNumber": " ", "Phone": "1"}, {"Phone": "1"}]),
    ("email", "a@x.io", [{"Email": " a@x.io "}, {"email": "a@x.io"}, {"EMAIL": "a@\x00x.io"}]),
    ("first_name", "Ana María", [{"Name": "Ana  María Cruz"}, {"FullName": "Ana María X"}]),
    ("last_name", "Cruz", [{"Name": "Ana Cruz"}, {"Name": "Cruz"}, {"FirstName": " ", "name": "A Cruz"}]),
    ("first_name", "Ana", [{"FirstName": "Ana", "Name": "Eva Cruz"}, {"firstname": "Ana\x00"}]),
    ("content", "half \ufffd", [{"Content": "half \ud83d"}, {"content": " half \ude00\x00"}]),
    ("content", "whole 😀", [{"Content": "whole 😀"}, {"Content": "whole \ud83d\ude00"}]),
    ("page_url", "https://x.io:8080/a", [{"URI": "x.io:8080/a"}, {"url": "https://x.io:8080/a"}]),
    ("created_at", datetime(2023, 11, 23, 18, 36, 21, 500000, UTC),
     [{"CreateTime": f"2023-11-23{rest}"} for rest in ("T18:36:21.5Z", " 18:36:21.500000999", "T13:36:21,50-05:00")]),
    ("created_at", datetime(2023, 11, 23, tzinfo=UTC), [{"createdAt": "2023-11-23"}, {"createtime": "2023-11-23"}]),
    ("created_at", datetime(2023, 11, 23, 18, 36, 21, tzinfo=UTC),
     [{"CreateTime": v} for v in (1700764581, "1700764581", 1700764581000, "2023-11-23 18:36:21 UTC")]),
    ("created_at", None, [{"CreateTime": v} for v in (None, "", "soon", 7, "2023-02-30T00:00:00Z")]),
    ("created_at", None, [{"CreateTime": v} for v in ("0001-01-01", "0001-01-01T00:00:00.0000000Z")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "expected", "said"), [(field, expected, said) for field, expected, many in SPELLINGS for said in many]
)
def test_a_field_is_read_from_any_of_its_spellings(field: str, expected: object, said: dict[str, Any]) -> None:
    ((event, _),) = read({"Type": "Lead"} | said).events

    assert expected == getattr(event, field)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (LEAD | {"Email": True}, ("Email", "expected text or a number, found true or false")),
        ({"Type": "Lead", "sessionid": False}, ("sessionid", "expected text or a number, found true or false")),
        (LEAD | {"Content": ["a"]}, ("Content", "expected text or a number, found an array")),
        (LEAD | {"Name": {"First": "Ana"}}, ("Name", "expected text or a number, found an object")),
        (LEAD | {"Type": "Conversation"}, ("Type", "unknown Type")),
        (LEAD | {"Type": " "}, ("Type", "no Type")),
        (LEAD | {"Type": 7}, ("Type", "unknown Type")),
        ({"SessionID": 1}, ("Type", "no Type")),
        ("Lead", ("", "expected an object, found text")),
        (7, ("", "expected an object, found a number")),
        (None, ("", "expected an object, found null")),
        ([[LEAD]], ("", "expected an object, found an array")),
    ],
)
def test_what_is_no_event_is_unreadable_with_its_place_and_reason(value: object, fault: tuple[str, str]) -> None:
    assert [fault] == faults(read(value))


def test_one_bad_element_of_an_array_harms_only_itself_and_its_place_is_named() -> None:
    reading = read(b'[{"Type" : "Lead"} , "x", {"Type":"Lead","Email":true}, [ {} ],{},{"Type":"Lead"}]')

    assert [b'{"Type" : "Lead"}', b'{"Type":"Lead"}'] == [raw for _, raw in reading.events]
    assert ["[1]", "[2].Email", "[3]", "[4].Type"] == [path for path, _ in faults(reading)]
    assert [b'"x"', b'{"Type":"Lead","Email":true}', b"[ {} ]", b"{}"] == [part.raw for part in reading.unreadable]


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 500, 100_000])
def test_one_element_that_is_nested_too_deeply_harms_only_itself(levels: int) -> None:
    deep = b'{"Type":"Lead","X":' + b"[" * levels + b"]" * levels + b"}"

    reading = read(b'[{"Type":"Lead"},' + deep + b',{"Type":"Lead"}]')

    assert ([("[1]", "nested too deeply")], 2) == (faults(reading), len(reading.events))


def test_ten_thousand_events_of_one_array_are_read_each_with_its_own_bytes() -> None:
    reading = read([VENDOR | {"SessionID": n} for n in range(10_000)])

    assert [str(n) for n in range(10_000)] == [event.session_id for event, _ in reading.events]
    assert 9_999 == json.loads(reading.events[-1][1])["SessionID"]


@pytest.mark.parametrize("body", [b"[]", b" [ ] ", b"\xef\xbb\xbf[\n]"])
def test_an_empty_array_holds_nothing(body: bytes) -> None:
    assert Reading([], []) == read(body)


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"no json", b"{", b'{"Type":"Lead"', b'{"Type":"Lead"} x', b'{"Type":"Lead"}{}', b"[", b"[1", b"[,]",
        b'[{"Type":"Lead"},]', b'[{"Type":"Lead"} {"Type":"Lead"}]', b'[{"Type":"Lead"}] x', b"{'Type':'Lead'}",
        b'{"Type":"Lead","X":NaN}', b'{"Type":"Lead","X":-Infinity}', b'[{"Type":"Lead","X":Infinity}]',
        b'{"a":' * 100_000, b'{"Type":"Lead","X":' + DEEP + b"}", json.dumps(VENDOR).encode("utf-16"),
    ],
    ids=lambda body: body[:30],
)  # fmt: skip
def test_what_is_no_json_or_too_deep_is_unreadable_as_a_whole(body: bytes) -> None:
    (part,) = read(body).unreadable

    assert (body, "", True) == (part.raw, part.path, part.reason.startswith(("not JSON: ", "nested too deeply")))


@pytest.mark.parametrize(
    ("body", "field", "expected"),
    [
        (b'\xef\xbb\xbf {"Type":"Lead","Email":"a@x.io"}\r\n', "email", "a@x.io"),
        (b'{"Type":"Lead","Content":"caf\xe9"}', "content", "caf\ufffd"),
        (b'{"Type":"Lead","Content":"one\ntwo\x00"}', "content", "one\ntwo"),
        (b'{"Type":"Lead","Email":"a@x.io","Email":"b@x.io"}', "email", "b@x.io"),
        (b'{"Type":"Lead","SessionID":' + b"7" * 5000 + b"}", "session_id", "7" * 5000),
        (b'{"Type":"Lead","SessionID":1e400}', "session_id", "1e400"),
        (b'{"Type":"Lead","X":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b',"Email":"a@x.io"}', "email", "a@x.io"),
        (b'{"Type":"Lead","Content":"' + b"[" * 1000 + b'"}', "content", "[" * 1000),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_odd_but_can_be_read_is_read(body: bytes, field: str, expected: str) -> None:
    ((event, raw),) = read(body).events

    assert (expected, body, "Lead") == (getattr(event, field), raw, vendor_object(raw)["Type"])


def test_types_that_the_source_ignores_and_chatbots_that_it_does_not_list_are_passed_over() -> None:
    bodies = [LEAD | {"SerialNumber": " a "}, LEAD | {"SerialNumber": "b"}, LEAD, {"Type": " Conversation ", "X": [1]}]

    reading = read(bodies, ignore_types={"conversation"}, chatbots={"a"})

    assert 3 == len(read(bodies[:3]).events)
    assert (["a"], [], 3) == ([event.chatbot_id for event, _ in reading.events], reading.unreadable, reading.ignored)


UNSIGNED_TESTS = [b"{}", b"{" + b" " * 80 + b"}", b'{"Type":"Test"}', b'{"Type": " TEST ", "Email": "a@x.io"}',
                  json.dumps(VENDOR | {"Type": "test"}, indent=4).encode(),
                  json.dumps(VENDOR | {"Type": "Test", "Content": "x" * 50_000}).encode()]  # fmt: skip
EMPTY = dict.fromkeys(VENDOR, "") | {"SessionID": 0, "URI": None, "X": [], "Y": {}}


@pytest.mark.parametrize("body", UNSIGNED_TESTS)
def test_an_empty_object_or_one_of_type_test_is_a_test_request_signed_or_not(body: bytes) -> None:
    assert (True, Reading([], [], test=True)) == (is_unsigned_test(body), read(body))


@pytest.mark.parametrize("value", [EMPTY, EMPTY | {"SerialNumber": "bot"}, {"serialnumber": 7}, [EMPTY], [{}]])
def test_one_that_says_its_chatbot_only_is_a_test_request_when_signed(value: object) -> None:
    assert (False, Reading([], [], test=True)) == (is_unsigned_test(json.dumps(value).encode()), read(value))


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"null", b'"test"', b"\xff", b"{", DEEP, b'{"Type":"Lead"}',
        b'{"Type":"Lead","Content":"Type: test"}',
        b'{"Type":"Lead","X":{"Type":"Test"}}', b'{"Type":"Testing"}', b'[{"Type":"Test"},{"Type":"Test"}]',
        b'{"Type":"Test","X":' + DEEP + b"}", json.dumps(VENDOR).encode(),
    ],
    ids=lambda body: body[:30],
)  # fmt: skip
def test_nothing_else_is_a_test_request(body: bytes) -> None:
    assert (False, False) == (is_unsigned_test(body), read(body).test)


@given(
    body=st.binary() | st.sampled_from(UNSIGNED_TESTS).flatmap(lambda b: st.integers(0, len(b)).map(lambda n: b[:n]))
)
def test_any_bytes_are_a_test_request_or_none(body: bytes) -> None:
    assert not is_unsigned_test(body) or read(body).test or body[:1] not in b"{ \t\n\r"


def test_the_vendor_object_is_given_back_with_its_text_repaired() -> None:
    value = {"A\x00": "half \ud83d", "B": [{"\ude00": "\x00", "n": 1.5}], "C": None, "D": True, "E": "😀"}
    raw = json.dumps(LEAD | value).encode()

    expected = {"A": "half \ufffd", "B": [{"\ufffd": "", "n": 1.5}], "C": None, "D": True, "E": "😀"}
    assert LEAD | expected == vendor_object(raw)


@pytest.mark.parametrize("raw", [b"", b"x", b"[1]", b"7", b'{"a":NaN}', DEEP, b"\xff"], ids=lambda raw: raw[:10])
def test_where_there_is_no_vendor_object_it_is_empty(raw: bytes) -> None:
    assert {} == vendor_object(raw)
