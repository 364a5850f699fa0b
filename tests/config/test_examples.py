"""examples/configs and config.example.yaml: each loads without a doubt, and maps as its own tests say."""

from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from bridge.config.load import load
from bridge.engine.trial import run
from bridge.model.rules import Rules

ROOT = Path(__file__).parents[2]
FILES = [*sorted((ROOT / "examples" / "configs").glob("*.yaml")), ROOT / "config.example.yaml"]


def rules_of(path: Path) -> Rules:
    ours = [one for one in entry_points(group="bridge.connectors") if one.value.startswith("connectors.")]
    key = {"SMARTERBOT_SIGNING_KEY": "a signing key that is long enough"}
    loaded = load(path, environment=key, connectors={one.name: one.load() for one in ours})
    assert [] == loaded.warnings
    return loaded.rules


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_example_maps_as_its_tests_say_and_each_record_has_one(path: Path) -> None:
    rules = rules_of(path)

    verdicts = [run(trial, rules, plugins={}) for trial in rules.trials]

    assert [] == [one for verdict in verdicts for one in verdict.differences]
    expected = {one.name for trial in rules.trials for one in trial.expect if not one.skipped}
    for name, target in rules.targets.items():
        assert {f"{name}.{record.name}" for record in target.mapping.records} <= expected


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_test_of_an_example_can_fail(path: Path) -> None:
    rules = rules_of(path)
    trial = next(one for one in rules.trials if any(expected.fields or expected.exactly for expected in one.expect))
    wrong = tuple(
        replace(one, fields=dict.fromkeys({**one.fields, **(one.exactly or {})}, "wrong"), exactly=None)
        for one in trial.expect
    )

    assert not run(replace(trial, expect=wrong), rules, plugins={}).passed


def test_there_are_examples_of_the_common_wishes() -> None:
    assert 8 == len(FILES)
