"""Which event is it, is it news, whom is it about: the same in any spelling, and never the same by accident."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bridge.core.identity import (
    Alias,
    Known,
    adds_nothing,
    aliases_of,
    content_of,
    digests_of,
    key_of,
    keyed_hash,
    merged,
    person_of,
)
from bridge.core.normalise import normalise
from bridge.model.event import CONTENT_FIELDS, Event, Kind
from bridge.model.rules import SourceRule

SALT = b"salt"
AT = datetime(2023, 11, 23, 18, 36, 21, 512302, tzinfo=UTC)
EVENT = Event("smarterbot", Kind.LEAD, chatbot_id="bot", session_id="31305", created_at=AT)
FULL = replace(
    EVENT,
    first_name="Ana",
    last_name="Cruz",
    email="ana@x.io",
    phone="+12125550147",
    content="hi",
    page_url="https://x.io",
)

words = st.text(st.characters(categories=["L", "N", "P"]), max_size=6)
said = st.fixed_dictionaries(
    {},
    optional={
        "first_name": words,
        "last_name": words,
        "email": st.sampled_from(["", "ana@x.io", "ANA@x.io", "bea@x.io"]),
        "phone": st.sampled_from(["", "+12125550147", "(212) 555-0147", "+44 20 7946 0018", "12"]),
        "content": words,
        "page_url": st.sampled_from(["", "https://x.io", "http://x.io/", "https://x.io/a"]),
    },
)
events = said.map(lambda fields: replace(EVENT, **fields))
moments = st.datetimes(timezones=st.just(UTC))


def key(event: Event = EVENT, **changed: Any) -> str:
    return key_of(replace(event, **changed), region="US", salt=SALT)


def key_as_sent(**vendor: Any) -> str:
    body = {"Type": "Lead", "SerialNumber": "bot", "SessionID": 31305, "CreateTime": "2023-11-23T18:36:21.512302Z"}
    ((event, _),) = normalise(json.dumps(body | vendor).encode(), source=SourceRule("smarterbot")).events
    return key(event)


def digests(event: Event) -> dict[str, str]:
    return digests_of(content_of(event, region="US"), salt=SALT)


def whole(event: Event) -> dict[str, str]:
    """What an event says, however its name is divided."""
    return {name: text for name, text in content_of(event, region="US").items() if not name.endswith("_name")}


# -- the key


@given(
    session=st.sampled_from([31305, "31305", " 31305", 31305.0]),
    time=st.sampled_from(
        ["2023-11-23T18:36:21Z", "2023-11-23 18:36:21.9", "2023-11-23T18:36:21.000000001Z", "2023-11-23T13:36:21-05:00"]
    ),
    kind=st.sampled_from(["Lead", "lead", " LEAD "]),
    name=st.sampled_from(
        [{}, {"Name": "Ana  Cruz"}, {"FirstName": "Ana", "LastName": "Cruz "}, {"FullName": "ana cruz"}]
    ),
    rest=st.dictionaries(st.sampled_from(["Email", "Phone", "Content", "URI"]), words),
)
def test_with_session_and_time_the_key_is_the_same_whatever_the_spelling_and_the_content(
    session: object, time: str, kind: str, name: dict[str, str], rest: dict[str, str]
) -> None:
    assert key() == key_as_sent(SessionID=session, CreateTime=time, Type=kind, **name, **rest)


@given(moment=moments)
@example(moment=datetime.max.replace(tzinfo=UTC))
def test_the_key_cuts_the_time_to_whole_seconds(moment: datetime) -> None:
    assert key(created_at=moment.replace(microsecond=0)) == key(created_at=moment)


@given(one=moments, other=moments | st.integers(-5, 5).map(lambda s: AT + timedelta(seconds=s)))
def test_another_second_is_another_event(one: datetime, other: datetime) -> None:
    assume(one.replace(microsecond=0) != other.replace(microsecond=0))

    assert key(created_at=one) != key(created_at=other)


@given(field=st.sampled_from(["source", "chatbot_id", "session_id"]), other=words)
def test_another_source_chatbot_or_session_is_another_event(field: str, other: str) -> None:
    assume(other != getattr(EVENT, field))

    assert key() != key(**{field: other})


def test_another_kind_or_another_salt_is_another_key() -> None:
    assert 3 == len({key(), key(kind=Kind.APPOINTMENT), key_of(EVENT, region="US", salt=b"other")})


@given(fields=said, other=said, gap=st.sampled_from([{"session_id": ""}, {"created_at": None}]))
def test_without_session_or_time_the_content_decides(
    fields: dict[str, str], other: dict[str, str], gap: dict[str, Any]
) -> None:
    one, two = replace(EVENT, **fields, **gap), replace(EVENT, **other, **gap)

    assert (whole(one) == whole(two)) == (key(one) == key(two))


@pytest.mark.parametrize("gap", [{"session_id": ""}, {"created_at": None}])
@pytest.mark.parametrize(
    "spelling",
    [
        {"first_name": "ANA", "last_name": "cruz"}, {"first_name": "", "last_name": "Ana  Cruz"}, {"email": "ANA@X.io"},
        {"phone": "+1 (212) 555-0147"}, {"content": " HI"}, {"page_url": "http://x.io/"},
    ],
)  # fmt: skip
def test_without_session_or_time_the_spelling_does_not_matter(gap: dict[str, Any], spelling: dict[str, str]) -> None:
    assert key(FULL, **gap) == key(FULL, **gap, **spelling)


@given(text=st.text(max_size=12), cuts=st.tuples(st.integers(0, 12), st.integers(0, 12)))
def test_moving_a_letter_from_one_part_to_the_next_changes_the_hash(text: str, cuts: tuple[int, int]) -> None:
    splits = {(text[:cut], text[cut:]) for cut in cuts} | {(text,), (text, "", "")}

    assert len(splits) == len({keyed_hash(SALT, *parts) for parts in splits})


def test_a_letter_does_not_move_between_the_parts_of_a_key_or_of_a_person() -> None:
    one, other = (replace(EVENT, chatbot_id=bot, session_id=session) for bot, session in (("a1", "2"), ("a", "12")))

    assert key(one) != key(other)
    assert aliases_of(one, region="US", salt=SALT) != aliases_of(other, region="US", salt=SALT)


# -- the revision


@given(event=events)
def test_an_event_adds_nothing_to_itself_nor_does_one_that_says_less(event: Event) -> None:
    assert adds_nothing(digests(event), [{"name": "other"}, digests(event)])
    assert adds_nothing({}, [digests(event)])
    assert adds_nothing(digests(replace(event, email="", content="")), [digests(event)])
    assert not adds_nothing(digests(event), [])


@given(event=events, known=st.lists(events, max_size=3))
def test_it_adds_nothing_only_where_one_known_revision_says_all_of_it(event: Event, known: list[Event]) -> None:
    stays = any(whole(merged(event, one)) == whole(one) for one in known)

    assert stays == adds_nothing(digests(event), [digests(one) for one in known])


@pytest.mark.parametrize(
    "spelling",
    [
        {"first_name": " ANA"},
        {"email": "ANA@X.IO"},
        {"phone": "212-555-0147"},
        {"content": "Hi "},
        {"page_url": "x.io/"},
    ],
)
def test_another_spelling_adds_nothing(spelling: dict[str, str]) -> None:
    assert adds_nothing(digests(replace(FULL, **spelling)), [digests(FULL)])


@pytest.mark.parametrize("field", CONTENT_FIELDS)
def test_any_field_can_be_news(field: str) -> None:
    other = replace(FULL, **{field: "https://other" if field == "page_url" else "other"})

    assert not adds_nothing(digests(other), [digests(FULL)])
    assert not adds_nothing(digests(FULL), [digests(replace(FULL, **{field: ""}))])


def test_digests_are_keyed_and_of_what_is_said_only() -> None:
    assert ["name", "first_name", "email"] == list(digests(replace(EVENT, first_name="Ana", email="a@x.io")))
    assert digests(FULL) != digests_of(content_of(FULL, region="US"), salt=b"other")
    assert len(set(digests(replace(EVENT, first_name="a", email="a", content="a")).values())) == 4


@given(newer=events, older=events)
def test_a_revision_says_all_that_the_newer_says_and_what_only_the_older_said(newer: Event, older: Event) -> None:
    both = merged(newer, older)

    names = {"name", "first_name", "last_name"}
    said = digests(older) | digests(newer)
    assert {name: said[name] for name in said.keys() - names} == {
        name: digest for name, digest in digests(both).items() if name not in names
    }
    assert adds_nothing(digests(newer), [digests(both)])
    assert (key(newer), newer.raw) == (key(both), both.raw)
    assert both == merged(both, older) == merged(both, newer)


@pytest.mark.parametrize(
    ("newer", "older", "both", "is_news"),
    [
        (("Ana", ""), ("Ana", "Cruz"), ("Ana", "Cruz"), False),
        (("", "cruz"), ("Ana", "Cruz"), ("Ana", "cruz"), False),
        (("", ""), ("Ana", "Cruz"), ("Ana", "Cruz"), False),
        (("Bea", ""), ("Ana", "Cruz"), ("Bea", "Cruz"), True),
        (("Bea", "Kim"), ("Ana", "Cruz"), ("Bea", "Kim"), True),
        (("", "Cruz"), ("Ana", ""), ("Ana", "Cruz"), True),
        (("Ana Cruz", ""), ("Ana", "Cruz"), ("Ana", "Cruz"), False),
        (("Ana", "Cruz"), ("", "ana cruz"), ("Ana", "Cruz"), False),
        (("ana cruz", ""), ("", "Ana Cruz"), ("ana cruz", ""), False),
    ],
)
def test_the_part_of_a_name_that_is_not_said_stays_and_is_no_news(
    newer: tuple[str, str], older: tuple[str, str], both: tuple[str, str], is_news: bool
) -> None:
    one, two = (replace(EVENT, first_name=first, last_name=last) for first, last in (newer, older))

    assert both == (merged(one, two).first_name, merged(one, two).last_name)
    assert is_news == (not adds_nothing(digests(one), [digests(two)]))


# -- the person

EMAIL, PHONE, SESSION = ("email", 2), ("phone", 1), ("session", 0)
ranks = st.sampled_from([0, 1, 2])


def test_a_person_is_recognised_by_email_then_phone_then_session() -> None:
    assert [2, 1, 0] == [rank for _, rank in aliases_of(FULL, region="US", salt=SALT)]
    assert () == aliases_of(replace(EVENT, session_id="", phone="12"), region="US", salt=SALT)


@pytest.mark.parametrize(
    ("field", "one", "same", "other"),
    [("email", "ana@x.io", "ANA@x.io", "bea@x.io"), ("phone", "+12125550147", "212 555 0147", "+12125550148")],
)
def test_an_alias_is_the_same_in_any_spelling_and_in_any_session(field: str, one: str, same: str, other: str) -> None:
    sessions = product((one, same, other), ("1", "2"))
    found = [replace(EVENT, session_id=session, **{field: text}) for text, session in sessions]

    best = [aliases_of(event, region="US", salt=SALT)[0][0] for event in found]
    assert (True, 2) == (best[0] == best[1] == best[2] == best[3], len(set(best)))


@pytest.mark.parametrize(
    "said",
    [
        {"email": "d***@example.com"},
        {"email": "\u2022\u2022\u2022@example.com"},
        {"email": "none"},
        {"email": "n/a"},
        {"email": "-"},
        {"email": "@"},
        {"email": "no @ all"},
        {"phone": "0000000000"},
        {"phone": "+1 111 111 1111"},
        {"phone": "1234567890"},
        {"phone": "001 111 111 1111"},
        {"phone": "+1 *** ***-0147"},
        {"phone": "xxx-xxx-0147"},
    ],
)
def test_what_many_strangers_say_recognises_nobody(said: dict[str, str]) -> None:
    ((_, rank),) = aliases_of(replace(EVENT, **said), region="US", salt=SALT)

    assert 0 == rank  # the chat's own


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"email": "info@straße.de"}, {"email": "info@strasse.de"}),
        ({"phone": "212 555 0147 x10"}, {"phone": "212 555 0147 x20"}),
        ({"phone": "212 555 0147 x10"}, {"phone": "212 555 0147"}),
    ],
)
def test_those_who_are_near_one_another_are_two(one: dict[str, str], other: dict[str, str]) -> None:
    found = [aliases_of(replace(EVENT, **said), region="US", salt=SALT)[0] for said in (one, other)]

    assert found[0] != found[1]
    assert not adds_nothing(digests(replace(EVENT, **one)), [digests(replace(EVENT, **other))])


def test_an_address_is_the_same_however_its_letters_are_put_together() -> None:
    one, other = (replace(EVENT, email=email) for email in ("JOS\u00c9@x.io", "jose\u0301@x.io"))

    assert aliases_of(one, region="US", salt=SALT) == aliases_of(other, region="US", salt=SALT)


def test_who_is_in_no_session_is_nobody_elses_visitor() -> None:
    anonymous = replace(EVENT, email="", phone="")

    assert aliases_of(anonymous, region="US", salt=SALT)
    assert not aliases_of(replace(anonymous, session_id="0"), region="US", salt=SALT)


def test_session_zero_is_no_session() -> None:
    zero, none = (replace(EVENT, session_id=session) for session in ("0", ""))

    assert key(zero) == key(none)
    assert key(zero) != key(zero, email="other@example.com")


@pytest.mark.parametrize("phone", ["+1 234 567 8901", "+49 111 1112", "212 555 0147 x12"])
def test_a_number_that_only_looks_made_up_recognises(phone: str) -> None:
    assert 1 == aliases_of(replace(EVENT, phone=phone), region="US", salt=SALT)[0][1]


def test_a_session_is_that_of_its_source_and_chatbot() -> None:
    others = [EVENT, replace(EVENT, source="other"), replace(EVENT, chatbot_id="other"), replace(EVENT, session_id="2")]

    assert 4 == len({aliases_of(event, region="US", salt=SALT) for event in others})


@given(key=st.text(), other=st.text(), known=st.dictionaries(st.text(), st.builds(Known, st.text(), ranks)))
def test_an_event_without_identity_is_its_own_person(key: str, other: str, known: dict[str, Known]) -> None:
    assert person_of((), known, key=key) == person_of((), {}, key=key)
    assert (key == other) == (person_of((), {}, key=key) == person_of((), {}, key=other))


@given(mine=ranks, phone=ranks, session=ranks)
def test_the_best_alias_decides_if_it_is_known_whatever_the_others_say(mine: int, phone: int, session: int) -> None:
    known = {"email": Known("A", mine), "phone": Known("B", phone), "session": Known("C", session)}

    assert "A" == person_of((EMAIL, PHONE, SESSION), known, key="k")
    assert "B" == person_of((PHONE, SESSION), known, key="k")
    assert "C" == person_of((SESSION,), known, key="k")


@pytest.mark.parametrize(
    ("aliases", "known", "expected"),
    [
        ((EMAIL, PHONE, SESSION), {}, "email"),
        ((EMAIL, SESSION), {"session": Known("A", 0)}, "A"),
        ((EMAIL, SESSION), {"session": Known("A", 1)}, "A"),
        ((EMAIL, SESSION), {"session": Known("A", 2)}, "email"),
        ((EMAIL, PHONE), {"phone": Known("A", 1)}, "A"),
        ((EMAIL, PHONE), {"phone": Known("A", 2)}, "email"),
        ((EMAIL, PHONE, SESSION), {"phone": Known("A", 2), "session": Known("B", 0)}, "B"),
        ((EMAIL, PHONE, SESSION), {"phone": Known("A", 1), "session": Known("B", 0)}, "A"),
        ((PHONE, SESSION), {"session": Known("A", 2)}, "A"),
        ((PHONE, SESSION), {"session": Known("A", 0)}, "A"),
        ((PHONE, SESSION), {"session": Known("A", 1)}, "phone"),
        ((SESSION,), {}, "session"),
    ],
)
def test_a_lesser_alias_decides_where_no_second_email_or_phone_would_join(
    aliases: tuple[Alias, ...], known: dict[str, Known], expected: str
) -> None:
    assert expected == person_of(aliases, known, key="k")
