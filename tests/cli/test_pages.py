"""Every command that a page shows exists and takes what it is given there; docs/operations.md has all for operators."""

import re
import shlex
from pathlib import Path

import click
import pytest

from bridge.cli import cli

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "config.example.yaml", *sorted((ROOT / "docs").glob("*.md"))]
FILES = ("c.pem", "k.pem", "org.json", "portal.json")  # that the pages' commands are given, and that must be there


def commands(page: Path) -> set[str]:
    """What follows the word bridge, in the text and at the beginning of a line of code."""
    text = page.read_text("utf-8")
    code = "".join(re.findall(r"^```(?:sh|text)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    found = re.findall(r"`bridge ([a-z][^`]*)`", text) + re.findall(r"^bridge ([a-z].*)", code, re.MULTILINE)
    return {re.split(r" [|>#] ", " ".join(one.split()))[0].strip() for one in found}


SHOWN = sorted({command for page in PAGES for command in commands(page)})
OPERATIONS = commands(ROOT / "docs" / "operations.md")


@pytest.mark.parametrize("command", SHOWN)
def test_a_command_of_a_page_is_understood(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FILES:
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    words, found = shlex.split(command), cli
    context = click.Context(found)
    while isinstance(found, click.Group) and words:
        name = words.pop(0)
        context = click.Context(found, parent=context)
        found = found.get_command(context, name)  # type: ignore[assignment]
        assert found, name

    try:
        found.make_context(words[0] if words else "", words, parent=context)
    except click.MissingParameter:
        assert not words, "only a command that is named, and not shown, may lack what it needs"


def test_every_command_for_operators_is_on_the_page() -> None:
    groups = [cli.get_command(click.Context(cli), name) for name in ("events", "deliveries", "quarantine", "targets")]
    wanted = {f"{group.name} {name}" for group in groups if isinstance(group, click.Group) for name in group.commands}

    wanted |= {"audit"}
    wanted.remove("events quarantined")  # the same as `quarantine list`
    assert set() == {name for name in wanted if not any(command.startswith(name) for command in OPERATIONS)}
