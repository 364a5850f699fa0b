"""config.example.yaml: it loads as it is, and so does each variant that stands in it as a comment."""

import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from bridge.config.load import Loaded, load
from bridge.model.rules import Policy, SourceRule

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"
LINES = EXAMPLE.read_text(encoding="utf-8").split("\n")
ONE_LINE = re.compile(r"( +)# ([a-z_A-Z-]+): \S.*")
BLOCK = re.compile(r"  # ([a-z-]+):")


def load_example(path: Path, environment: dict[str, str]) -> Loaded:
    known = {entry.name: entry.load() for entry in entry_points(group="bridge.connectors")}
    return load(path, environment=environment, connectors=known)


@pytest.mark.parametrize(
    "environment", [{}, {"SMARTERBOT_SIGNING_KEY": "a long signing key", "CRM_URL": "https://crm"}]
)
def test_the_example_loads_as_it_is_and_shows_the_defaults(environment):
    loaded = load_example(EXAMPLE, environment)

    source = loaded.rules.sources["smarterbot"]
    assert (SourceRule("").past_s, SourceRule("").future_s) == (source.past_s, source.future_s)
    assert Policy() == loaded.rules.targets["crm"].policy
    assert ["no signing key is set yet"] * (not environment) == [one.message.split(":")[0] for one in loaded.warnings]


@pytest.mark.parametrize("number", [n for n, line in enumerate(LINES) if ONE_LINE.fullmatch(line)])
def test_each_line_that_is_a_variant_loads(tmp_path, number):
    indent, key = ONE_LINE.fullmatch(LINES[number]).groups()
    lines = [line for line in LINES if not line.startswith(f"{indent}{key}: ")]
    lines[lines.index(LINES[number])] = LINES[number].replace("# ", "", 1)

    assert_loads(tmp_path, lines)


@pytest.mark.parametrize("start", [n for n, line in enumerate(LINES) if BLOCK.fullmatch(line)])
def test_each_block_that_is_a_variant_loads(tmp_path, start):
    end = LINES.index("", start)
    lines = [*LINES[:start], *(line.replace("# ", "", 1) for line in LINES[start:end]), *LINES[end:]]

    loaded = assert_loads(tmp_path, lines)
    assert 3 == len(loaded.rules.sources) + len(loaded.rules.targets)


def test_there_are_variants():
    assert sum(bool(ONE_LINE.fullmatch(line)) for line in LINES) >= 8
    assert 4 == sum(bool(BLOCK.fullmatch(line)) for line in LINES)


def assert_loads(folder: Path, lines: list[str]) -> Loaded:
    path = folder / "config.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    names = re.findall(r"\$\{([A-Z_]+)", path.read_text(encoding="utf-8"))
    loaded = load_example(path, dict.fromkeys(names, "https://long.enough") | {"VAR": ""})
    assert not loaded.warnings
    return loaded
