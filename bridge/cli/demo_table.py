"""The demo on the screen: each sample's way while it goes, the table of all at the end, and the verdict."""

import json
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bridge.cli.demo_ways import Line
from bridge.sandbox.inbox import Inbox


def follow(console: Console, lines: list[Line], run: Callable[[Callable[[], None]], None]) -> None:
    """Draws each one's way as it happens: as a table where that fits the screen, else line by line."""
    height = len(console.render_lines(table(lines))) + 2 * len(lines)  # ways that are longer than one row
    if console.is_terminal and height < console.height:
        with Live(table(lines), console=console, refresh_per_second=12, transient=True) as live:
            run(lambda: live.update(table(lines)))
        return
    told: set[str] = set()

    def redraw() -> None:
        for line in lines:
            if line.rests and line.sample.name not in told:
                told.add(line.sample.name)
                console.print(Text(f"{line.sample.name}: {line.status} {_words(line.answer)}; {line.way}"))

    run(redraw)
    redraw()


def table(lines: list[Line]) -> Table:
    table = Table(title="Sent, answered, at the target", title_justify="left", expand=False)
    for column in ("sent", "answered", "its way", "at the target"):
        table.add_column(column, overflow="fold")
    table.add_column("")
    for line in lines:
        table.add_row(
            line.sample.name,
            Text(f"{line.status} {_words(line.answer)}" if line.status else ""),
            Text(line.way),
            _at_the_target(line),
            "" if line.arrived is None else "[green]✓[/green]" if line.kept else "[red]✗ not as promised[/red]",
        )
    return table


def _words(answer: str) -> str:
    """What the answer says, without its JSON."""
    said = json.loads(answer)
    return str(said.get("error") or said["status"])


def _at_the_target(line: Line) -> str:
    if line.arrived is None:
        return ""
    if not line.sample.new:
        return "nothing new" if not line.stored else f"{line.stored} too many"
    times = "once" if line.stored == 1 else f"{line.stored} times"
    return times if line.arrived <= line.stored else f"{times} ({line.arrived} requests, one key)"


def is_as_promised(console: Console, lines: list[Line], inbox: Inbox, log: Path) -> bool:
    """Whether every line is as promised and nothing else is at the target."""
    expected = sum(line.sample.new for line in lines)
    found = len(inbox.items())
    if all(line.kept for line in lines) and found == expected:
        console.print(f"[green]{len(lines)} requests sent, {found} records at the target, each once.[/green]")
        return True
    console.print(f"[red]Not as promised: {found} records at the target, {expected} were to be.[/red]")
    console.print(Text(log.read_text()[-4000:]))
    return False
