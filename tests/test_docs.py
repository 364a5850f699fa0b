"""The pages of docs/ are true: their tables are what the code has, their examples load.

`python -m tests.test_docs --write` renews the table of presets.
"""

import re
import sys
from pathlib import Path

import pytest

from bridge.config.load import load
from bridge.core.presets import PRESETS, Preset

SOURCES = Path(__file__).parents[1] / "docs" / "sources.md"
EXAMPLES = re.findall(r"```yaml\n(version: 1\n.*?)```", SOURCES.read_text("utf-8"), re.DOTALL)


def table() -> str:
    rows = [_row(name, preset) for name, preset in PRESETS.items()]
    return "\n".join(
        ["| preset | sender | header | signed | time | hash |", "| --- | --- | --- | --- | --- | --- |", *rows]
    )


def _row(name: str, preset: Preset) -> str:
    scheme, title = preset.scheme, preset.title
    if scheme.proof != "hmac":
        return f"| `{name}` | {title} | | | | |"
    shape = {
        "plain": f"{scheme.prefix.decode()}…",
        "pairs": f"{scheme.pair.decode()}=…",
        "versions": f"{scheme.version.decode()},…",
    }[scheme.format]
    time = scheme.timestamp
    where = "" if time is None else f"`{time.pair.decode()}`" if time.pair else f"`{time.header}`"
    unit = "" if time is None else {"s": "", "ms": ", ms", "iso": ", ISO"}[time.unit]
    keyed = "" if scheme.key_encoding == "text" else f", {scheme.key_encoding} key"
    signed = scheme.signed + (" or its `JSON.stringify`" if scheme.reserialised else "")
    signed = f"`{scheme.signed}`" + signed.removeprefix(scheme.signed)
    linked = f"[{title}]({preset.page})" if preset.page else title
    hashed = f"{scheme.algorithm} {scheme.encoding}{keyed}"
    return f"| `{name}` | {linked} | `{scheme.header}: {shape}` | {signed} | {where}{unit} | {hashed} |"


def renewed(page: str) -> str:
    between = re.compile(r"(<!-- presets: .* -->\n).*(<!-- end -->)", re.DOTALL)
    return between.sub(lambda found: f"{found[1]}{table()}\n{found[2]}", page)


def test_the_table_of_presets_is_what_the_bridge_has() -> None:
    page = SOURCES.read_text("utf-8")

    assert renewed(page) == page
    assert "| `hubspot` |" in page


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


if __name__ == "__main__" and "--write" in sys.argv:
    SOURCES.write_text(renewed(SOURCES.read_text("utf-8")), "utf-8")
