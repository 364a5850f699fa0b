"""What an operator may write between {{ and }}, what it comes to, and what is said about the rest."""

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.core.expression import MAX_TEXT, NAMES, Expression, Language
from bridge.core.filters import FILTERS, Filter
from bridge.core.mapping import names_for
from bridge.model.event import Event, Kind, StoredEvent
from bridge.model.mapping import MappingRule
from bridge.model.record import Ref

EVENT = Event(
    "main",
    Kind.LEAD,
    chatbot_id="0042",
    first_name="Ada",
    last_name="Lovelace",
    email="Ada@Example.com",
    created_at=datetime(2023, 11, 28, 12, tzinfo=UTC),
    raw={"items": ["a", {"b": None, "c": 7}], "ok": True, "Some name": "x", "keys": 1.5},
)
NAMES_OF_EVENT = names_for(StoredEvent(7, "k" * 32, 1, datetime(2023, 11, 28, 12, 1, tzinfo=UTC), EVENT), MappingRule())


def upper(value: str) -> str:
    return value.upper()


def odd(value: Any) -> object:
    return object()


def broken(value: str) -> str:
    raise RuntimeError(value)


LANGUAGE = Language(
    {**FILTERS, "odd": Filter("odd", odd), "broken": Filter("broken", broken), "shout": Filter("shout", upper)}
)


def value_of(text: str, names: Any = NAMES_OF_EVENT) -> Any:
    found = LANGUAGE.read(text)
    assert [] == found.faults
    return found.value.value(names) if isinstance(found.value, Expression) else found.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a constant", "a constant"),
        ("", ""),
        ("100 % } sure }}", "100 % } sure }}"),
        ("{{ email }}", "Ada@Example.com"),
        ("  {{ event_id }}\n", 7),  # as a folded text in YAML ends
        ("{{ created_at }}", datetime(2023, 11, 28, 12, tzinfo=UTC)),
        ("{{ raw.ok }}", True),
        ("{{ raw.keys }}", 1.5),  # the sender's own field, not a method of dictionaries
        ("{{ raw['Some name'] }}", "x"),
        ("{{ raw.items[1].c }}", 7),
        ("{{ raw.items[-1].b }}", None),
        ("{{ raw.items[9].b.c }}", None),
        ("{{ raw.missing.deeper }}", None),
        ("{{ raw.items }}", ["a", {"b": None, "c": 7}]),
        ("Hello {{ first_name }}!", "Hello Ada!"),
        ("{{ raw.missing }}-{{ event_id }}-{{ raw.ok }}-{{ created_at }}", "-7-true-2023-11-28T12:00:00Z"),
        ("{{ first_name ~ raw.missing ~ event_id }}", "Ada7"),
        ("{{ 'yes' if raw.ok and not phone else 'no' }}", "yes"),
        ("{{ 'x' if kind == 'appointment' }}", None),
        ("{{ raw.items[1].c > 5 and raw.items[1].c <= 7 }}", True),
        ("{{ kind in ['lead', 'appointment'] }}", True),
        ("{{ email is present and phone is not present and raw.missing is none }}", True),
        ("{{ -3 }}", -3),
        ("{{ true }}", True),
        ("{{ none }}", None),
        ("{{ first_name | shout }}", "ADA"),
        ("{{ raw.missing | shout }}", None),  # null stays null
        ("{{ '{{ email }}' }}", "{{ email }}"),
        ('{{ "}}" ~ \'"\' }}', '}}"'),
    ],
)
def test_an_expression_comes_to_a_value_with_its_type(text: str, expected: object) -> None:
    found = value_of(text)

    assert (type(expected), expected) == (type(found), found)


def test_the_whole_event_is_one_name() -> None:
    found = value_of("{{ event }}")

    assert ("Ada@Example.com", "2023-11-28T12:00:00Z") == (found["email"], found["created_at"])


def test_every_name_that_the_docs_list_can_be_asked_for() -> None:
    for name in NAMES:
        value_of(f"{{{{ {name} }}}}")


def test_the_id_of_an_earlier_record_is_a_reference_and_around_it_a_value_that_needs_it() -> None:
    def read(text: str) -> Any:
        return LANGUAGE.read(text, records=["person"]).value

    assert Ref("person") == read("{{ records.person.id }}")
    for text in ("{{ records.person.url }}", "see {{ records.person.id }}", "{{ records.person.id | shout }}"):
        assert {"person"} == read(text).records
    known = {"records": {"person": {"id": "00Q", "url": "https://crm/00Q"}}}
    assert "see 00Q" == read("see {{ records.person.id }}").value(known)


@pytest.mark.parametrize(
    ("text", "message", "hint", "at"),
    [
        ("{{ emial }}", "an event has no 'emial'", "did you mean email?", 3),
        ("to {{ emial | lowwer }}", "an event has no 'emial'", "did you mean email?", 6),
        ("{{ email | lowwer }}", "there is no filter 'lowwer'", "did you mean lower?", 11),
        ("{{ email | lower('x') }}", "takes no", "", 11),
        ("{{ SerialNumber }}", "an event has no 'SerialNumber'", "raw.SerialNumber", 3),
        ("{{ start }}", "an event has no 'start'", "did you mean vars.start?", 3),
        ("{{ vars.strat }}", "there is no var 'strat'", "did you mean vars.start?", 8),
        ("{{ records.persn.id }}", "there is no earlier record 'persn'", "did you mean person?", 11),
        ("{{ records.person }}", "a record has an id and a url", "records.person.id", 11),
        ("{{ env.SECRET }}", "an event has no 'env'", "secrets cannot be mapped", 3),
        ("{{ now }}", "an event has no 'now'", "received_at", 3),
        ("{{ email.upper() }}", "functions cannot be called", "upper is a filter: {{ first_name | upper }}", 2),
        ("{{ lower(email) }}", "functions cannot be called", "lower is a filter: {{ email | lower }}", 2),
        ("{{ email.split('@') }}", "functions cannot be called", "before('…') or after('…')", 2),
        ("{{ range(3) }}", "functions cannot be called", "use a filter", 2),
        ("{{ phone | e164 }}", "there is no filter 'e164'", "did you mean phone?", 11),
        ("{{ created_at | strftime('%Y') }}", "there is no filter 'strftime'", "did you mean format", 16),
        ("{{ page_url | query(utm_source) }}", "an event has no 'utm_source'", "It needs quotes", 20),
        ("{{ utm_source }}", "an event has no 'utm_source'", "page_url | query('utm_source')", 3),
        ("{{ lookups.colours[kind] }}", "an event has no 'lookups'", "{{ kind | lookup('", 3),
        ("{{ created_at | format('YYYY-MM-DD') }}", "this format says nothing of a time", "'%Y-%m-%d'", 16),
        ("{{ email.__class__ }}", "'email' has no parts", "use a filter", 3),
        ("{{ ''.__class__.__mro__ }}", "only raw, vars, records have parts", "", 2),
        ("{{ raw[email] }}", "a part must be named", "write raw.Name", 3),
        ("{{ raw.items[0:1] }}", "a part must be named", "", 3),
        ("{{ event_id + 1 }}", "there is no arithmetic", "~ joins texts", 2),
        ("{{ 2 ** 9999999 }}", "there is no arithmetic", "", 2),
        ("{{ {'a': 1} }}", "there are no mappings", "YAML", 2),
        ("{{ email is divisibleby 3 }}", "there is no test 'divisibleby'", "present", 12),
        ("{{ email | lower(*raw.items) }}", "* and ** have no meaning", "", 11),
        ("{{ email = 'a' }}", "is not expected here", "write == to compare", 2),
        ("{{ email && phone }}", "this cannot be read", "write: and", 2),
        ("{{ email || '?' }}", "this cannot be read", "default(b)", 2),
        ("{{ email ? 1 : 2 }}", "this cannot be read", "{{ a if b else c }}", 2),
        ("{{ email | }}", "this cannot be read", "", 2),
        ("{{ email", "never closed", "write {{ name }}", 0),
        ("{{ 'abc }}", "never closed", "", 0),
        ("{{ }}", "nothing stands between", "", 0),
        ("{{- email -}}", "white space is not trimmed", "", 2),
        ("{% for a in b %}{{ a }}{% endfor %}", "there are no statements", "if b else c", 0),
        ("{{ 1e999 }}", "too large", "", 2),
        ("{{ " + "(" * 2000 + " }}", "too deeply nested", "vars", 2),
        ("{{ " + "not " * 60 + "email }}", "nested deeper", "make a var", 2),
        ("{{ email }}" + "x" * MAX_TEXT, "an expression may have", "make vars", 0),
    ],
)
def test_what_is_not_possible_is_said_with_its_place_and_what_to_write(
    text: str, message: str, hint: str, at: int
) -> None:
    fault, *_ = LANGUAGE.read(text, variables=["start"], records=["person"]).faults

    assert (message in fault.message, hint in fault.hint, at) == (True, True, fault.at), fault


def test_a_text_without_its_quotes_is_one_fault() -> None:
    assert 1 == len(LANGUAGE.read("{{ page_url | query(utm_source) }}").faults)


def test_all_faults_of_a_text_are_told() -> None:
    found = LANGUAGE.read("{{ emial | lowwer }} {{ frist_name }} {{ phone | uper }}")

    assert 4 == len(found.faults)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{ email | odd }}", "something that no field can hold (object)"),
        ("{{ email | broken }}", "broken: RuntimeError for a text"),
        ("{{ email < 3 }}", "'<' not supported between instances of 'str' and 'int'"),
    ],
)
def test_what_goes_wrong_with_a_value_is_said_without_the_value(text: str, reason: str) -> None:
    expression = LANGUAGE.read(text).value

    with pytest.raises(ValueError, match=re.escape(reason)) as raised:
        expression.value(NAMES_OF_EVENT)

    assert "Ada" not in str(raised.value)


CYCLE: list[Any] = []
CYCLE.append(CYCLE)


@pytest.mark.parametrize(
    ("given_by_it", "reason"),
    [
        (datetime(2023, 12, 1, 10), "bad: this is a time without a time zone"),  # noqa: DTZ001
        ({"a": [object()]}, "bad: this comes to something that no field can hold (object)"),
        ([float("nan")], "bad: this is no finite number"),
        ({"a": {7: "x"}}, "bad: this has a key that is no text (int)"),
        (("a", "b"), "bad: this comes to something that no field can hold (tuple)"),
        (CYCLE, "bad: RecursionError for a text"),
    ],
)
@pytest.mark.parametrize("text", ["{{ email | bad }}", "{{ email | bad | default('x') }}", "at {{ email | bad }}"])
def test_what_a_package_s_filter_gives_is_held_to_what_a_field_can_hold(
    text: str, given_by_it: object, reason: str
) -> None:
    language = Language({**FILTERS, "bad": Filter("bad", lambda value: given_by_it)})

    with pytest.raises(ValueError, match=re.escape(reason)):
        language.read(text).value.value(NAMES_OF_EVENT)


@pytest.mark.parametrize("fine", [None, 1.5, datetime(2023, 12, 1, tzinfo=UTC), {"a": [1, None, date(2023, 12, 1)]}])
def test_what_a_field_can_hold_is_given_on_as_it_is(fine: object) -> None:
    language = Language({**FILTERS, "good": Filter("good", lambda value: fine)})

    assert fine == language.read("{{ email | good }}").value.value(NAMES_OF_EVENT)


@given(st.text(max_size=60) | st.text(alphabet="{}%#|~()[]'\".,=<>!-+*/ aenot 019", max_size=60))
@example("{{ 0x1F }}")
@example("{{ 1_000 }}")
@example("{{ " + "9" * 4000 + " }}")
@example("\0{% raw %}\0{{ email }}")
@example("{{ email | default }}")
@example("{{ email is not }}")
@example("{{ [[[[]]]] }}")
@example("{{ '\\ud800' }}")
def test_any_text_compiles_or_is_refused_with_a_place_inside_it(text: str) -> None:
    for one in (text, f"{{{{ {text} }}}}"):
        found = LANGUAGE.read(one)

        assert all(0 <= fault.at <= len(one) for fault in found.faults)
        if isinstance(found.value, Expression):
            try:
                found.value.value(NAMES_OF_EVENT)
            except ValueError:
                pass


@given(st.text(max_size=80))
@example("{{ 7 * 7 }}")
@example("{% raw %}")
@example("<script>alert(1)</script>")
@example("=cmd|'/C calc'!A0")
@example("' OR Name != '")
@example("1e5")
@example("True")
@example("[1, 2]")
@example("2023-01-01")
def test_what_a_visitor_typed_arrives_as_it_was_typed(typed: str) -> None:
    names = {**NAMES_OF_EVENT, "content": typed, "raw": {"x": typed}}

    assert [typed, typed, f"<{typed}>"] == [
        value_of(text, names) for text in ("{{ content }}", "{{ raw.x }}", "<{{ content }}>")
    ]


@pytest.mark.parametrize("value", [None, 0, 1.5, True, "", [], {"a": 1}, date(2024, 1, 1)])
def test_a_value_keeps_its_type(value: object) -> None:
    assert value is value_of("{{ raw.x }}", {**NAMES_OF_EVENT, "raw": {"x": value}})
