"""The examples of docs/sources.md load."""

import re
from pathlib import Path

import pytest

from bridge.config.load import load

SOURCES = Path(__file__).parents[1] / "docs" / "sources.md"
EXAMPLES = re.findall(r"```yaml\n(version: 1\n.*?)```", SOURCES.read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize("text", EXAMPLES, ids=range(len(EXAMPLES)))
def test_each_whole_example_loads_without_a_warning_but_those_it_speaks_of(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    names = re.findall(r"\$\{([A-Z_]+)", text)

    loaded = load(path, environment=dict.fromkeys(names, "bG9uZyBlbm91Z2ghIQ=="), connectors={})

    expected = {"there are no targets", "no time is signed", "requests are signed with sha1"}
    assert {one.message.split(":")[0].split(",")[0] for one in loaded.warnings} <= expected


def test_there_are_two_examples() -> None:
    assert 2 == len(EXAMPLES)
