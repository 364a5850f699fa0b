"""The demo on the screen: each sample's way while it goes, the table of all at the end, and the verdict."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bridge.cli.demo_places import Place
from bridge.cli.demo_ways import Line

ROOMY = 120  # signs


def follow(console: Console, lines: list[Line], run: Callable[[Callable[[], None]], None]) -> None:
    """Draws each one's way as it happens: as a table where that fits the screen, else line by line."""
    height = len(console.render_lines(table(lines, width=console.width))) + 2 * len(
        lines
    )  # ways that are longer than one row
    if console.is_terminal and height < console.height:
        with Live(table(lines, width=console.width), console=console, refresh_per_second=12, transient=True) as live:
            run(lambda: live.update(table(lines, width=console.width)))
        return
    told: set[str] = set()

    def redraw() -> None:
        for line in lines:
            if line.rests and line.sample.name not in told:
                told.add(line.sample.name)
                way = line.way.replace("\n", "; ")
                console.print(Text(f"{line.sample.name}: {line.status} {_words(line.answer)}; {way}"))

    run(redraw)
    redraw()


def table(lines: list[Line], *, width: int) -> Table:
    """All of them; on a screen of less than `ROOMY` signs what is found at each target shares a column."""
    table = Table(title="Sent, answered, at the targets", title_justify="left", expand=False)
    places = next((list(line.found) for line in lines if line.found), [])
    shared = bool(places) and width < ROOMY
    for column in ("sent", "answered", "its way", *(["found"] if shared else places)):
        table.add_column(column, overflow="fold")
    table.add_column("")
    for line in lines:
        found = {place: _found(line, place) for place in places}
        table.add_row(
            line.sample.name,
            Text(f"{line.status} {_words(line.answer)}" if line.status else ""),
            Text(line.way),
            *([_together(found)] if shared else found.values()),
            "" if not places else "[green]✓[/green]" if line.kept else "[red]✗ not as promised[/red]",
        )
    return table


def _together(found: dict[str, str]) -> str:
    said = set(found.values())
    return said.pop() if len(said) == 1 else "\n".join(f"{place}: {one}" for place, one in found.items())


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


def is_as_promised(console: Console, lines: list[Line], places: Sequence[Place], log: Path) -> bool:
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
