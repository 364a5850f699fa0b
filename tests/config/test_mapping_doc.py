"""docs/mapping.md: its examples load through the ordinary loader, and its tests pass."""

import re
from pathlib import Path
from textwrap import indent

from bridge.config.load import load
from bridge.engine.trial import run
from bridge.model.rules import Rules
from connectors.http import Http

PAGE = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
HEAD = """\
version: 1
defaults: {timezone: America/New_York, phone_region: US}
sources:
  smarterbot: {signing_keys: ["a signing key that is long enough"]}
  smarterbot-eu: {signing_keys: ["another key that is long enough"]}
"""


class Understanding(Http):
    """A connector that can do all that a mapping may ask for."""

    understands = frozenset({"match", "if_empty", "append"})


def block(key: str) -> str:
    """The one example that begins with this key."""
    (found,) = [one for one in BLOCKS if one.startswith(f"{key}:")]
    return str(found)


def rules(folder: Path, text: str) -> Rules:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    loaded = load(path, environment={}, connectors={"http": Understanding})
    assert [] == loaded.warnings
    return loaded.rules


def record(lines: str) -> str:
    """A target `crm` with one record, which these lines belong to."""
    head = "targets:\n  crm:\n    connector: http\n    settings: {url: https://crm.example.com/api}\n"
    return f"{HEAD}{head}    records:\n      - name: person\n{indent(lines, ' ' * 8)}"


def test_its_mapping_loads_and_its_tests_pass(tmp_path: Path) -> None:
    other = "  other:\n    connector: http\n    settings: {url: https://x.example.com}\n    when: {kind: lead}\n"

    found = rules(tmp_path, HEAD + block("lookups") + other + block("tests"))

    verdicts = [run(trial, found, plugins={}) for trial in found.trials]
    assert [[]] == [list(verdict.differences) for verdict in verdicts]
    assert {"person", "meeting"} == {one.name for one in found.targets["crm"].mapping.records}


def test_its_fields_with_a_policy_load(tmp_path: Path) -> None:
    text = record(block("fields")) + 'lookups: {rating: {"1": Cold, "*": Warm}}\n'

    (person,) = rules(tmp_path, text).targets["crm"].mapping.records

    by_name = {field.name: field for field in person.fields}
    assert (True, "if_empty", "omit") == (
        by_name["Email"].required,
        by_name["Phone"].write,
        by_name["Rating"].on_error,
    )
    assert ("append", 32000, "send") == (
        by_name["Description"].write,
        by_name["Description"].max_length,
        by_name["Old_Phone__c"].nulls,
    )
    assert by_name["Booked__c"].when is not None


def test_its_condition_loads(tmp_path: Path) -> None:
    variables = "vars: {start: \"{{ content | label('Time') | datetime }}\"}\n"

    (person,) = (
        rules(tmp_path, record(block("when") + 'fields: {a: "{{ email }}"}\n') + variables)
        .targets["crm"]
        .mapping.records
    )

    assert person.when is not None


def test_each_example_of_the_page_is_loaded_here() -> None:
    assert ["lookups", "fields", "when", "tests"] == [one.split(":")[0] for one in BLOCKS]
