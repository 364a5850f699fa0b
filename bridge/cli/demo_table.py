"""The demo on the screen: each sample's way while it goes, the table of all at the end, and the verdict."""

import json
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bridge.cli.demo_places import Sandbox
from bridge.cli.demo_ways import Line


def follow(console: Console, lines: list[Line], run: Callable[[Callable[[], None]], None]) -> None:
    """Draws each one's way: on a terminal while it goes, and in the end for good."""
    told: set[str] = set()
    with Live(console=console, refresh_per_second=12, transient=True) if console.is_terminal else nullcontext() as live:

        def redraw() -> None:
            for line in lines:
                if line.status is None or line.sample.name in told:
                    continue
                if line.rests:
                    told.add(line.sample.name)
                    console.print(_way(line))
                if live is not None:
                    live.update("" if line.rests else _way(line))

        run(redraw)
        redraw()


def _way(line: Line) -> RenderableType:
    first, *steps = line.way.split("\n")
    head = Text.assemble((line.sample.name, "bold"), f": {line.status} {_words(line.answer)}; {first}")
    return Group(head, *(Padding(Text(step), (0, 0, 0, 4)) for step in steps))


def table(lines: list[Line]) -> Table:
    table = Table(title="Sent, answered, at the targets", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    places = next((list(line.found) for line in lines if line.found), [])
    for column in ("sent", "answered", *places):
        table.add_column(column, overflow="fold")
    table.add_column("")
    for line in lines:
        table.add_row(
            line.sample.name,
            Text(f"{line.status} {_words(line.answer)}"),
            *(_found(line, place) for place in places),
            "[green]✓[/green]" if line.kept else "[red]✗ not as promised[/red]",
        )
    return table


def _words(answer: str) -> str:
    """What the answer says, without its JSON."""
    said = json.loads(answer)
    return str(said.get("error") or said["status"])


def _found(line: Line, place: str) -> str:
    if place not in line.found:
        return "nothing new"
    count, word = line.found[place]
    times = {0: "", 1: "once"}.get(count, f"{count} times")
    return f"{times} ({word})" if times and word else times or word or "missing"


def is_as_promised(console: Console, lines: list[Line], places: Sequence[Sandbox], log: Path) -> bool:
    """Whether every line is as promised and nothing else is at the targets."""
    found = {place.where: place.total() for place in places}
    counted = {where: sum(line.found[where][0] for line in lines if line.found) for where in found}
    told = ", ".join(f"{count} records {where}" for where, count in found.items())
    if all(line.kept for line in lines) and found == counted:
        console.print(f"[green]{len(lines)} requests sent; {told}, each once.[/green]")
        return True
    expected = ", ".join(f"{count} {where}" for where, count in counted.items())
    console.print(f"[red]Not as promised: {told}; counted one by one: {expected}.[/red]")
    console.print(Text(log.read_text()[-4000:]))
    return False
