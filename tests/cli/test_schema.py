"""bridge schema: what it prints, and what of packages that are broken."""

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from bridge import plugins
from bridge.cli import cli
from bridge.config.json_schema import DIALECT


def printed(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["schema", *arguments])


def test_it_prints_a_schema_that_knows_the_settings_of_what_is_installed() -> None:
    found = printed()

    schema = json.loads(found.stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert (0, "", DIALECT) == (found.exit_code, found.stderr, schema["$schema"])
    assert "http.Sign" in schema["$defs"]


def test_it_needs_no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert 0 == printed().exit_code


def test_the_indent_changes_nothing_but_the_spaces() -> None:
    wide, narrow = printed("--indent", "4"), printed("--indent", "0")

    assert json.loads(wide.stdout) == json.loads(narrow.stdout)
    assert wide.stdout.startswith('{\n    "$schema"')
    assert narrow.stdout.startswith('{\n"$schema"')


def test_a_package_that_is_broken_is_told_and_takes_nothing_from_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    http = plugins.load("http")
    broken = {"acme": "connector 'acme' cannot be imported"}
    monkeypatch.setattr(
        plugins, "load_all", lambda group: ({"http": http}, broken) if group is plugins.CONNECTORS else ({}, {})
    )

    found = printed()

    assert "left out: connector 'acme' cannot be imported\n" == found.stderr
    assert "http.Sign" in json.loads(found.stdout)["$defs"]
