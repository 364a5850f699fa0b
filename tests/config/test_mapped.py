"""lookups, vars, records and conditions in the file: what they become, and every mistake in them at its place."""

import json
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.core.mapping import records_for
from bridge.errors import MappingError
from bridge.model.event import Event, Kind
from bridge.model.rules import Rules
from bridge.testing.samples import claim_of
from tests.config.cases import SOURCE, load_text, problems_of

TARGET = """\
targets:
  crm:
    connector: http
    settings: {url: http://x}
"""


def rules_of(folder: Path, text: str) -> Rules:
    return load_text(folder, text).rules


def fields_of(folder: Path, text: str, event: Event) -> list[dict[str, Any]]:
    mapping = rules_of(folder, text).targets["crm"].mapping
    return [dict(record.fields) for record in records_for(claim_of(event), mapping)]


LEAD = Event("main", Kind.LEAD, email="a@example.com", content="When: 1.12.2023 14:30", raw={"No": "01234"})


def test_lookups_and_vars_and_the_zone_of_the_source_reach_the_fields(tmp_path: Path) -> None:
    text = f"""\
{SOURCE}    timezone: Europe/Berlin
lookups:
  country: {{NO: Norway, 01: one, "*": other}}
vars:
  start: "{{{{ content | label('When') | datetime('%d.%m.%Y %H:%M') }}}}"
  upper: "{{{{ email | upper }}}}"
{TARGET}    records:
      - name: lead
        fields:
          At: "{{{{ vars.start | iso }}}}"
          Mail: "{{{{ vars.upper }}}}"
          Country: "{{{{ 'NO' | lookup('country') }}}}"
          One: "{{{{ '01' | lookup('country') }}}}"
          Written: 01234
          On: On
          Number: 7
          Both: [NO, "{{{{ raw.No }}}}"]
"""
    assert [
        {
            "At": "2023-12-01T14:30:00+01:00",
            "Mail": "A@EXAMPLE.COM",
            "Country": "Norway",
            "One": "one",
            "Written": "01234",
            "On": "On",
            "Number": 7,
            "Both": ["NO", "01234"],
        }
    ] == fields_of(tmp_path, text, LEAD)


@pytest.mark.parametrize(
    ("when", "wanted", "mapped"),
    [
        ("", True, True),
        ("{kind: lead}", True, True),
        ("{kind: appointment}", False, False),
        ("{kind: [lead, appointment], source: main, chatbot_id: '7'}", False, True),
        ("{all: [{kind: lead}, {kind: [appointment, lead]}]}", True, True),
        ("{email: {present: true}}", True, True),
        ("{kind: lead, email: {present: false}}", True, False),
        ("{any: [{kind: appointment}, {source: main}]}", True, True),
        ("{not: {kind: lead}}", True, False),
        ("{kind: {not: lead}}", True, False),
    ],
)
def test_a_targets_condition_is_a_route_and_what_a_route_cannot_tell_is_asked_later(
    tmp_path: Path, when: str, wanted: bool, mapped: bool
) -> None:
    rule = rules_of(tmp_path, f"{SOURCE}{TARGET}    when: {when}\n").targets["crm"]

    assert wanted is rule.route.wants(kind="lead", source="main", chatbot_id="")
    if wanted:
        assert mapped is bool(records_for(claim_of(LEAD), rule.mapping))


@pytest.mark.parametrize("when", ["{chatbot_id: 7}", "{chatbot_id: 7.0}", "{chatbot_id: ['7', 8.0]}"])
def test_a_route_compares_as_its_condition_does(tmp_path: Path, when: str) -> None:
    route = rules_of(tmp_path, f"{SOURCE}{TARGET}    when: {when}\n").targets["crm"].route

    assert route.wants(kind="lead", source="main", chatbot_id="7")
    assert not route.wants(kind="lead", source="main", chatbot_id="9")


MANY = """\
version: 1
sources:
  main: {signing_keys: [a long signing key]}
lookups:
  lead source: {a: 1}
  colours: {red: [1], blue: "#00f"}
vars:
  start: "{{ content | labl('Time') }}"
  end: "{{ vars.begin | add(minute=30) }}"
  raw: {{ email }}
targets:
  crm:
    connector: http
    settings: {url: http://x}
    when: {kind: leed, emial: {present: true}}
    records:
      - name: person
        object: Lead
        keyed_by: visitor
        match: [Emial]
        field: {}
        fields:
          Email: "{{ emial | lower }} and {{ frist_name }}"
          Phone: {value: "{{ phone | phone('USA') }}", require: true, write: if_empty}
          Colour: "{{ content | lookup('colors') }}"
          Key: "${SECRET}"
          At: >
            The first line, {{ first_name }}
            and {{ lst_name }}
          Zone: "{{ created_at | in_tz('America/New_Yrok') }}"
          Pattern: "{{ content | find('(') }}"
          {{ email }}: 1
      - name: meeting
        when: {kind: appointment, vars.strat: {present: true}}
        fields:
          Who: "{{ records.persn.id }}"
          Sum: "{{ 1 + 1 }}"
  other:
    connector: http
    settings: {url: http://x}
    when: {kind: lead}
    records:
      - {name: a, when: {kind: appointment}, fields: {a: 1}}
"""

EXPECTED = [
    (5, 3, "lookups.lead source", "no usable name", "a-z"),
    (6, 18, "lookups.colours.red", "this must be one value", ""),
    (8, 24, "vars.start", "there is no filter 'labl'", "did you mean label?"),
    (9, 17, "vars.end", "there is no var 'begin' before this", "known here: start"),
    (9, 25, "vars.end", "takes no argument 'minute'", "minutes"),
    (10, 8, "vars.raw", "without quotes", "put quotes around it"),
    (15, 18, "targets.crm.when.kind", "unknown kind", "did you mean 'lead'?"),
    (15, 24, "targets.crm.when.emial", "an event has no 'emial'", "did you mean email?"),
    (19, 19, "targets.crm.records[0].keyed_by", "must be event or person", ""),
    (20, 9, "targets.crm.records[0].match", "cannot look for a record", ""),
    (20, 17, "targets.crm.records[0].match[0]", "'Emial' is none of", "did you mean Email?"),
    (21, 9, "targets.crm.records[0].field", "unknown key 'field'", ""),
    (23, 22, "targets.crm.records[0].fields.Email", "an event has no 'emial'", "did you mean email?"),
    (23, 46, "targets.crm.records[0].fields.Email", "an event has no 'frist_name'", "did you mean first_name?"),
    (24, 30, "targets.crm.records[0].fields.Phone.value", "USA", ""),
    (24, 56, "targets.crm.records[0].fields.Phone.require", "unknown key 'require'", "did you mean 'required'?"),
    (24, 78, "targets.crm.records[0].fields.Phone.write", "cannot write a field in this way", "always"),
    (25, 33, "targets.crm.records[0].fields.Colour", "colors", "colours"),
    (26, 16, "targets.crm.records[0].fields.Key", "no variable can stand here", "must not reach a CRM"),
    (29, 20, "targets.crm.records[0].fields.At", "an event has no 'lst_name'", "did you mean last_name?"),
    (30, 34, "targets.crm.records[0].fields.Zone", "America/New_Yrok", "America/New_York"),
    (31, 34, "targets.crm.records[0].fields.Pattern", "", ""),
    (32, 11, "targets.crm.records[0].fields", "a key must be a simple text", ""),
    (34, 35, "targets.crm.records[1].when.vars.strat", "no var 'strat'", "did you mean vars.start?"),
    (36, 28, "targets.crm.records[1].fields.Who", "no earlier record 'persn'", "did you mean person?"),
    (37, 16, "targets.crm.records[1].fields.Sum", "there is no arithmetic", ""),
    (43, 19, "targets.other.records[0].when", "can never be true", "must be different things at once"),
]


def test_all_mistakes_of_a_mapping_are_told_at_once_each_at_its_place(tmp_path: Path) -> None:
    found = problems_of(tmp_path, MANY)

    assert [row[:3] for row in EXPECTED] == [(one.line, one.column, one.path) for one in found]
    for problem, (_, _, _, message, hint) in zip(found, EXPECTED, strict=True):
        assert message in f"{problem.message} {problem.hint}"
        assert hint in f"{problem.message} {problem.hint}"


@pytest.mark.parametrize(
    ("target", "record", "why"),
    [
        ("{kind: lead}", "{kind: appointment}", "different things"),
        ("{all: [{kind: lead}, {kind: appointment}]}", "", "different things"),
        ("{email: {present: false}}", "{email: {contains: x}}", "must be there, and must not"),
        ("{email: {present: false, matches: x}}", "", "must be there, and must not"),
        ("", "{chatbot_id: [a, b], any: [{kind: lead}], all: [{chatbot_id: c}]}", "different things"),
        ("{chatbot_id: abc}", "{chatbot_id: {starts_with: x}}", "abc, and must not"),
        ("", "{raw.score: {above: 5, below: 5}}", "more than it may be"),
        ("{raw.score: {at_least: 6}}", "{raw.score: {at_most: 5}}", "more than it may be"),
        ("{not: {kind: [lead, appointment]}}", "", "appointment or lead, and must not"),
        ("{kind: {not: lead}}", "{kind: lead}", "lead, and must not"),
        ("{chatbot_id: abc}", "{chatbot_id: {not: {starts_with: a}}}", "abc, and must not"),
    ],
)
def test_a_condition_that_can_never_hold_is_a_mistake(tmp_path: Path, target: str, record: str, why: str) -> None:
    when = f", when: {record}" if record else ""
    text = f"{SOURCE}{TARGET}    when: {target}\n    records: [{{name: a, fields: {{a: 1}}{when}}}]\n"

    (problem,) = problems_of(tmp_path, text)

    assert why in problem.message
    assert problem.path.endswith("when")


@pytest.mark.parametrize(
    ("target", "record"),
    [
        ("{kind: lead}", "{kind: [lead, appointment]}"),
        ("{email: {present: true}}", "{email: {contains: x}}"),
        ("{any: [{kind: lead}, {kind: appointment}]}", "{kind: lead}"),
        ("{raw.score: {at_least: 5, at_most: 5, above: 3}}", "{raw.score: 5}"),
        ("{chatbot_id: abc}", "{chatbot_id: {starts_with: AB}}"),
        ("{email: {present: false}}", '{email: ""}'),
    ],
)
def test_a_condition_that_may_hold_is_none(tmp_path: Path, target: str, record: str) -> None:
    text = f"{SOURCE}{TARGET}    when: {target}\n    records: [{{name: a, fields: {{a: 1}}, when: {record}}}]\n"

    assert [] == problems_of(tmp_path, text)


def test_no_secret_of_the_environment_can_be_mapped_and_a_dollar_is_one(tmp_path: Path) -> None:
    records = "    records: [{name: a, fields: {a: '$${x}'}}]\n"
    text = f"{SOURCE}vars: {{a: '${{SECRET}}'}}\nlookups: {{t: {{a: '${{SECRET:-x}}'}}}}\n{TARGET}{records}"

    first, second = problems_of(tmp_path, text, {"SECRET": "hunter2"})

    assert ["vars.a", "lookups.t.a"] == [first.path, second.path]
    assert "hunter2" not in f"{first}{second}"
    assert [{"a": "${x}"}] == fields_of(tmp_path, text.replace("'${SECRET}'", "1").replace("'${SECRET:-x}'", "1"), LEAD)


@pytest.mark.parametrize(
    ("record", "path"),
    [
        ("{name: Lead, fields: {a: 1}}", ".name"),
        ("{fields: {a: 1}}", ".name"),
        ("{name: a, fields: }", ".fields"),
        ("{name: a, object: '', fields: {a: 1}}", ".object"),
        ("{name: a, object: , when: , match: , fields: {a: 1}}", None),
        ("{name: a, fields: {a: {value: 1, when: , max_length: }}}", None),
        ("{name: a, fields: {a: {value: 1, max_length: 0}}}", ".fields.a.max_length"),
        ("5", ""),
    ],
)
def test_a_mistake_in_a_record_is_told_once(tmp_path: Path, record: str, path: str | None) -> None:
    found = problems_of(tmp_path, f"{SOURCE}{TARGET}    records: [{record}]\n")

    assert [f"targets.crm.records[0]{path}"] * (path is not None) == [one.path for one in found]


def test_a_var_is_checked_also_where_there_is_no_target(tmp_path: Path) -> None:
    assert ["vars.a"] == [one.path for one in problems_of(tmp_path, SOURCE + "vars: {a: '{{ emial }}'}\n")]


def test_faults_elsewhere_do_not_hide_those_of_the_mapping(tmp_path: Path) -> None:
    target = TARGET + "    delivery: {timeout: 5}\n    records: [{name: a, fields: [1]}]\n"
    text = f"{SOURCE}vars: {{a: '{{{{ emial }}}}'}}\n{target}"

    assert ["vars.a", "targets.crm.delivery.timeout", "targets.crm.records[0].fields"] == [
        problem.path for problem in problems_of(tmp_path, text)
    ]


def test_what_nothing_uses_and_what_looks_like_a_statement_is_doubtful_and_no_mistake(tmp_path: Path) -> None:
    text = (
        "vars: {used: '{{ email }}', asked: '{{ phone }}', unused: '{{ vars.used }}'}\n"
        "lookups: {one: {a: b}, two: {a: b}, three: {a: b}}\n"
        f"{SOURCE}{TARGET}    when: {{vars.asked: {{present: true}}}}\n"
        "    records: [{name: a, fields: {a: \"{{ kind | lookup('one') }}\", b: '{% if x %}', c: '100 {% off'}}]\n"
    )

    loaded = load_text(tmp_path, text)

    doubts = [(one.path, one.message[:18]) for one in loaded.warnings if "signing_key" not in one.path]
    assert [
        ("vars.unused", "nothing uses this"),
        ("lookups.two", "nothing uses this"),
        ("lookups.three", "nothing uses this"),
        ("targets.crm.records[0].fields.b", "this is sent as it"),
    ] == doubts


@pytest.mark.parametrize(
    ("defaults", "reads", "warned"),
    [
        ("", "{{ content | datetime }}", ["sources.main"]),
        ("", "{{ content | label('Time') | datetime('%Y-%m-%d %H:%M') | format('%H') }}", ["sources.main"]),
        ("", "{{ content | datetime(tz='Europe/Berlin') }}", []),
        ("", "{{ content | date }}", []),
        ("defaults: {timezone: UTC}\n", "{{ content | datetime }}", []),
        ("defaults: {phone_region: DE}\n", "{{ content | datetime }}", ["sources.main"]),
    ],
)
def test_a_source_without_a_zone_is_doubtful_where_a_time_is_read_in_it(
    tmp_path: Path, defaults: str, reads: str, warned: list[str]
) -> None:
    text = f'{defaults}{SOURCE}{TARGET}    records: [{{name: a, fields: {{a: "{reads}"}}}}]\n'

    found = load_text(tmp_path, text).warnings

    assert warned == [one.path for one in found if "no time zone is named" in one.message]


def test_a_table_that_is_named_only_by_the_event_may_be_any(tmp_path: Path) -> None:
    records = "    records: [{name: a, fields: {a: '{{ kind | lookup(source) }}'}}]\n"
    text = f"lookups: {{one: {{a: b}}}}\n{SOURCE}{TARGET}{records}"

    assert [] == [one.path for one in load_text(tmp_path, text).warnings if "signing_key" not in one.path]


TESTS = """\
tests:
  - name: shapes and names
    event: {Type: Lead}
    expect: {crmm.a: {fields: {a: 1}}, crm.b: {field: {a: 1}}, crm.a: {skipped: true}}
  - evnt: {Type: Lead}
    source: mian
    name: others
    expect: {crm: {fields: {a: 1}}}
"""


def test_a_mistake_of_form_in_a_test_hides_no_unknown_name_in_it_or_in_the_others(tmp_path: Path) -> None:
    found = problems_of(tmp_path, f"{SOURCE}{TARGET}    records: [{{name: a, fields: {{a: 1}}}}]\n{TESTS}")

    assert [
        ("tests[0].expect.crmm.a", "unknown target 'crmm'"),
        ("tests[0].expect.crm.b", "unknown record 'b'"),
        ("tests[0].expect.crm.b.field", "unknown key 'field'"),
        ("tests[0].expect.crm.a", "skipped is the whole of what is expected"),
        ("tests[1].evnt", "unknown key 'evnt'"),
        ("tests[1].source", "unknown source"),
        ("tests[1].expect.crm", "which record of it?"),
    ] == [(one.path, one.message) for one in found]


ODD = st.sampled_from([None, True, 1, 1.5, "5", "", "x", "always", "{{ email }}", [], [1], ["a"], {}, {"kind": "lead"}])
RECORD = st.dictionaries(
    st.sampled_from(["name", "object", "keyed_by", "match", "mode", "fields", "when", "x"]), ODD, max_size=2
).map(lambda odd: {"name": "a", "fields": {"a": "{{ email }}"}} | odd)
POLICY = st.dictionaries(
    st.sampled_from(["value", "required", "on_error", "nulls", "max_length", "write", "when", "x"]), ODD, max_size=3
)
DUE = Event("main", Kind.LEAD, email="a@example.com")


@given(RECORD, POLICY)
@example({"name": "a", "fields": {}}, {"value": "{{ email }}", "max_length": "5"})
@example({"name": "a", "fields": {}}, {"value": "{{ email }}", "required": "true"})
def test_what_check_takes_can_be_mapped_whatever_stands_in_a_record(
    record: dict[str, Any], policy: dict[str, Any]
) -> None:
    fields = record.get("fields")
    declared = record | ({"fields": fields | {"b": policy}} if isinstance(fields, dict) else {})
    with TemporaryDirectory() as folder:
        text = f"{SOURCE}{TARGET}    records: [{json.dumps(declared)}]\n"
        if not problems_of(Path(folder), text):
            with suppress(MappingError):  # what is required and not there
                fields_of(Path(folder), text, DUE)
