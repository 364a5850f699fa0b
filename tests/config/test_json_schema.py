"""The JSON Schema takes what `bridge check` takes, and refuses plain mistakes."""

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.config.json_schema import json_schema
from bridge.config.parse import read
from bridge.config.variables import HOLDS_ONE, names_in
from bridge.plugins import load
from tests.config.cases import CONNECTORS, KEYED, SOURCE, problems_of
from tests.config.test_examples import FILES
from tests.config.test_mapped import TARGET

SCHEMA = json_schema(connectors={**CONNECTORS, "real": load("http")}, plugins={})
SUCCESS = """\
targets:
  t:
    connector: real
    settings: {url: "https://crm.example.com", success: {path: a, equals: %s}}
"""
JSON_SCHEMA = jsonschema.Draft202012Validator(SCHEMA)
OURS = {name: load(name) for name in ("http", "salesforce")}
OF_OURS = jsonschema.Draft202012Validator(json_schema(connectors=OURS, plugins={}))


def wrong(text: str | bytes, validator: Any = JSON_SCHEMA) -> list[str]:
    """Where the schema finds the configuration wrong."""
    data = text if isinstance(text, bytes) else text.encode()
    return [error.json_path for error in validator.iter_errors(read(data, file="x").value)]


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_examples_are_right(path: Path) -> None:
    assert [] == wrong(path.read_bytes(), OF_OURS)


RECORD = TARGET + "    records: [{name: a, fields: {x: "
GOOD = [
    SOURCE.replace("version: 1", "version: '${V:-1}'"),
    SOURCE.split("    signing_keys")[0].replace("main:", "main: {signing_keys: [a long signing key]}\n  more:"),
    SOURCE + RECORD + "{value: x, max_length: 5}}}]\n",
    SOURCE + TARGET + "tests: [{name: a, event: {}, expect: {crm.event: }}]\n",
    *(SOURCE + TARGET.replace("http://x}", f"http://x, size: {size}}}") for size in ("5", "'5'", "'${N:-5}'", "big")),
    SOURCE + KEYED,
    SOURCE + "targets:\nretention:\n",
    SOURCE + TARGET,
    SOURCE.replace("version: 1", 'version: "1"'),
    SOURCE + KEYED + "    delivery: {concurrency: '${N:-5}', timeout: '${T:-5s}', rate: 20/s, retry: [5s, 1h30m]}\n",
    SOURCE + KEYED + "    delivery: {concurrency: '7', timeout: , connect_timeout: 5s}\n",
    SOURCE + KEYED + "    when: {kind: lead, any: [{email: {present: true}}, {not: {raw.x: {above: 5}}}]}\n",
    SOURCE + KEYED + "    when:\n",
    SOURCE + "targets: {t: {connector: keyed, settings: {api_key: 'file:bridge.yaml'}}}\n",
    SOURCE + TARGET.replace("http://x}", "http://x, size: [1]}").replace(", size: [1]", ", size: 5"),
    SOURCE + TARGET.replace("http://x}", "http://x, allow_private_addresses: '${X:-true}', auth: {bearer: x}}"),
    SOURCE + RECORD + "'{{ email }}', y: {value: null, nulls: send}, z: [1, {a: b}], n: 5}}]\n",
    SOURCE + RECORD + "1}, match: x}]\n",
    SOURCE + "    fields: {kind: lead, email: [a.b, c], name: n}\n    key: id\n    preset: github\n",
    SOURCE + "vars: {a: '$${X}', b: 'file:/x', c: '$5'}\n" + TARGET,
    SOURCE + "vars: {a: '{{ email }}'}\nlookups: {t: {a: 1, '*': null}}\n",
    SOURCE + TARGET + "tests: [{name: a, event: {Type: Lead}, expect: {crm: skipped, crm.event: {absent: x}}}]\n",
]


@given(
    st.lists(st.sampled_from(["$", "$$", "${", "${X", "}", "X", "1", ":-", ":?", " ", "\n"]), max_size=9).map("".join)
)
def test_a_variable_is_found_as_check_finds_it(text: str) -> None:
    assert bool(names_in(text)) == bool(re.search(HOLDS_ONE, text))


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("{plugin: keyed, settings: {api_key: x}}", []),
        ("{plugin: , signing_keys: [a long signing key]}", []),
        ("{plugin: keyd, settings: {api_key: x}}", ["$.sources.main.plugin"]),
        ("{plugin: keyed}", ["$.sources.main"]),
    ],
)
def test_a_plugin_brings_its_settings(said: str, at: list[str]) -> None:
    of_plugin = jsonschema.Draft202012Validator(json_schema(connectors={}, plugins={"keyed": CONNECTORS["keyed"]}))

    assert at == wrong(f"version: 1\nsources:\n  main: {said}\n", of_plugin)


def test_every_key_of_the_file_and_of_our_connectors_says_what_it_is_for() -> None:
    whole = OF_OURS.schema
    ours = whole["$defs"]["Target"]["allOf"]
    assert len(OURS) == len(ours)
    settings = {f"settings {number}": one["then"]["properties"]["settings"] for number, one in enumerate(ours)}
    parts = {"the file": whole} | settings | whole["$defs"]
    del parts["condition"], parts["test"]  # their keys are names and operators, which docs/mapping.md has

    silent = [
        f"{name}.{key}"
        for name, part in parts.items()
        for key, one in part.get("properties", {}).items()
        if not one.get("description")
    ]

    assert [] == silent


@pytest.mark.parametrize(
    "at",
    [
        ("http.Bearer", "bearer"), ("http.Credentials", "password"), ("http.NamedValue", "value"),
        ("Challenge", "token"), ("Source", "signing_keys"),
    ],
    ids=str,
)  # fmt: skip
def test_a_secret_is_for_writing_only(at: tuple[str, str]) -> None:
    part, key = at
    declared = OF_OURS.schema["$defs"][part]["properties"][key]
    texts = [one.get("items", one) for one in declared.get("anyOf", [declared]) if one.get("type") != "null"]

    assert texts
    assert all(one["writeOnly"] for one in texts)


@pytest.mark.parametrize("value", ["ok", "5", "5.5", "true", "'5'", "'true'", "'${X:-5}'", "''"])
def test_a_value_of_several_kinds_is_right_in_each(value: str) -> None:
    assert [] == wrong(SOURCE + SUCCESS % value)


@pytest.mark.parametrize("value", ["[ok]", "{a: b}"])
def test_a_value_of_none_of_the_kinds_is_refused(value: str) -> None:
    assert ["$.targets"] == wrong(SOURCE + SUCCESS % value)


@pytest.mark.parametrize("text", GOOD)
def test_what_check_takes_is_right(tmp_path: Path, text: str) -> None:
    found = [str(problem) for problem in problems_of(tmp_path, text)]

    assert [] == [one for one in found if "cannot look for a record" not in one]
    assert [] == wrong(text)


MISTAKES = [
    ("version: 1\n", "$"),
    (SOURCE.replace("version: 1", "version: 2"), "$.version"),
    (SOURCE + "target: {}\n", "$"),
    (SOURCE + "    tolerance: {past: 10}\n", "$.sources.main.tolerance"),
    (SOURCE + "    tolerance: {past: ten}\n", "$.sources.main.tolerance"),
    (SOURCE + "  Main Street: {}\n", "$.sources"),
    (SOURCE + "targets: {t: {connector: htpp}}\n", "$.targets"),
    (SOURCE + "targets: {t: {connector: keyed}}\n", "$.targets"),
    (SOURCE + "targets: {t: {connector: keyed, settings: {}}}\n", "$.targets"),
    (SOURCE + "targets: {t: {connector: keyed, settings: {api_key: x, more: 1}}}\n", "$.targets"),
    (SOURCE + TARGET.replace("http://x", "[a]"), "$.targets"),
    (SOURCE + TARGET.replace("http://x}", "http://x, method: post}"), "$.targets"),
    (SOURCE + KEYED + "    delivery: {concurrency: 0}\n", "$.targets"),
    (SOURCE + KEYED + "    delivery: {concurrency: many}\n", "$.targets"),
    (SOURCE + KEYED + "    delivery: {rate: 20}\n", "$.targets"),
    (SOURCE + KEYED + "    when: {email: {contain: x}}\n", "$.targets"),
    (SOURCE + KEYED + "    when: {any: {kind: lead}}\n", "$.targets"),
    (SOURCE + KEYED + "    when: {email: {present: perhaps}}\n", "$.targets"),
    (SOURCE + TARGET + "    records: [{name: a}]\n", "$.targets"),
    (SOURCE + TARGET + "    records: [{name: a, fields: {}, keyed_by: visitor}]\n", "$.targets"),
    (SOURCE + RECORD + "1}, matches: [x]}]\n", "$.targets"),
    (SOURCE + "lookups: {t: [a]}\n", "$.lookups"),
    (SOURCE + "lookups: {t: {a: [b]}}\n", "$.lookups"),
    (SOURCE + "lookups: {My Table: {a: b}}\n", "$.lookups"),
    (SOURCE + "vars: {a: '${X:-b}'}\n", "$.vars"),
    (SOURCE + "lookups: {t: {a: '${X:-b}'}}\n", "$.lookups"),
    (SOURCE + RECORD + "'a ${X:-b}'}}]\n", "$.targets"),
    (SOURCE + RECORD + "{value: '${X:-b}'}}}]\n", "$.targets"),
    (SOURCE + TARGET + "tests: [{name: a, event: {b: '${X:-c}'}, expect: {crm: skipped}}]\n", "$.tests"),
    (SOURCE + "vars: {My Name: b}\n", "$.vars"),
    (SOURCE + "    preset: newoak\n", "$.sources.main.preset"),
    (SOURCE + "    phone_region: us\n", "$.sources.main.phone_region"),
    (SOURCE + TARGET + "    records: [{name: My Record, fields: {}}]\n", "$.targets"),
    (SOURCE + TARGET + "tests: [{name: a, event: {}, expect: {crm: skiped}}]\n", "$.tests"),
]


@pytest.mark.parametrize(("text", "at"), MISTAKES)
def test_a_plain_mistake_is_refused_where_it_stands(tmp_path: Path, text: str, at: str) -> None:
    assert problems_of(tmp_path, text)

    found = wrong(text)

    assert found
    assert all(one.startswith(at) for one in found)
