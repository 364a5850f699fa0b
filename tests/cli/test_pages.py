"""docs/operations.md: every command on it exists and takes what it is given there."""

import re
import shlex
from pathlib import Path

import click
import pytest

from bridge.cli import cli

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
COMMANDS = sorted({found.partition(" | ")[0] for found in re.findall(r"`bridge ([a-z][^`]*)`", PAGE)})


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_is_understood(command: str) -> None:
    words, found = shlex.split(command), cli
    context = click.Context(found)
    while isinstance(found, click.Group) and words:
        name = words.pop(0)
        context = click.Context(found, parent=context)
        found = found.get_command(context, name)  # type: ignore[assignment]
        assert found, name

    found.make_context(words[0] if words else "", words, parent=context)  # raises where it is not


def test_every_command_for_operators_is_on_the_page() -> None:
    groups = [cli.get_command(click.Context(cli), name) for name in ("events", "deliveries", "quarantine", "targets")]
    wanted = {f"{group.name} {name}" for group in groups if isinstance(group, click.Group) for name in group.commands}

    wanted.remove("events quarantined")  # the same as `quarantine list`
    assert set() == {name for name in wanted if not any(command.startswith(name) for command in COMMANDS)}
