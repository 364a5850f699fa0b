"""Show: rows as a table on a terminal, as JSON lines elsewhere; times as people read them.

Visitors write some of these texts: no character of them that is not printable reaches a terminal.
"""

import json
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import click

from bridge.log import printable

if TYPE_CHECKING:  # at run time only for a table
    from rich.console import Console

WIDEST = 60  # signs of a column
GAP = 2  # between columns

json_option = click.option("--json", "as_json", is_flag=True, help="JSON lines, also on a terminal.")


def show_rows(
    rows: Iterable[dict[str, Any]],
    columns: Sequence[str],
    *,
    as_json: bool,
    empty: str,
    derived: Mapping[str, Callable[[dict[str, Any]], str]] | None = None,
    whole: Collection[str] = (),
    beneath: str = "",
) -> None:
    """Prints the rows: JSON lines hold every value, a table the named columns. `derived`: made of a row for the table;
    `whole`: broken where it is too wide, never cut; `beneath`: the column that stands under its row where the
    terminal is too narrow for it, as do the last ones where that is not enough.
    """
    if as_json or not sys.stdout.isatty():
        for row in rows:
            click.echo(_json(row))
        return
    found = list(rows)
    if not found:
        click.echo(empty)
        return
    from rich.console import Console

    told = [row | {column: make(row) for column, make in (derived or {}).items()} for row in found]
    cells = [{column: _cell(column, row.get(column)) for column in columns} for row in told]
    console = Console()
    if beneath and _width(cells, columns) > console.width:
        beside = [column for column in columns if column != beneath]
        while len(beside) > 1 and _width(cells, beside) > console.width:
            beside.pop()
        _print_beneath(console, cells, beside, [column for column in columns if column not in beside], beneath)
    else:
        _print_table(console, cells, columns, whole)


def _print_table(
    console: "Console", cells: Sequence[Mapping[str, str]], columns: Sequence[str], whole: Collection[str]
) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        overflow: Literal["fold", "ellipsis"] = "fold" if column in whole else "ellipsis"
        table.add_column(_head(column), overflow=overflow, max_width=WIDEST)
    for row in cells:
        table.add_row(*(Text(row[column]) for column in columns))
    console.print(table)


def _print_beneath(
    console: "Console", cells: Sequence[Mapping[str, str]], columns: Sequence[str], under: Sequence[str], unnamed: str
) -> None:
    """Each row, and under it, indented, what would not fit beside it, by its name; `unnamed`: what needs none."""
    from rich.padding import Padding
    from rich.table import Column, Table
    from rich.text import Text

    widths = _widths(cells, columns)
    for row in ({column: _head(column) for column in columns}, *cells):
        table = Table.grid(*(Column(width=widths[column]) for column in columns), padding=(0, GAP, 0, 0))
        table.add_row(*(Text(row[column]) for column in columns), style="" if under[0] in row else "bold")
        console.print(table)
        told = [row[one] if one == unnamed else f"{_head(one)} {row[one]}" for one in under if row.get(one)]
        if told:
            console.print(Padding(Text(", ".join(told), overflow="fold"), (0, 0, 0, 4)))


def _width(cells: Sequence[Mapping[str, str]], columns: Sequence[str]) -> int:
    """Of a table in which nothing is broken but what is wider than a column may be."""
    return sum(_widths(cells, columns).values()) + GAP * (len(columns) - 1)


def _widths(cells: Sequence[Mapping[str, str]], columns: Sequence[str]) -> dict[str, int]:
    from rich.cells import cell_len

    return {
        column: min(max(cell_len(_head(column)), *(cell_len(row[column]) for row in cells)), WIDEST)
        for column in columns
    }


def _head(column: str) -> str:
    return column.replace("_", " ")


def show_one(row: dict[str, Any], *, as_json: bool) -> None:
    """Prints one thing whole: as JSON, or indented for reading."""
    if as_json or not sys.stdout.isatty():
        click.echo(_json(row))
        return
    for line in _indented(row):
        click.echo(line)


def moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _json(row: dict[str, Any]) -> str:
    """UTF-8 for programs, ASCII for a terminal: JSON itself escapes only the first 32 characters."""
    text = json.dumps(row, ensure_ascii=sys.stdout.isatty(), default=str)
    return text.replace("\x7f", "\\u007f") if sys.stdout.isatty() else text


def _indented(value: dict[str, Any], depth: int = 0) -> Iterable[str]:
    for key, item in value.items():
        name = f"{'  ' * depth}{printable(str(key))}:"
        if isinstance(item, dict):
            yield name
            yield from _indented(item, depth + 1)
        elif isinstance(item, list):
            yield name if item else f"{name} none"
            yield from (f"{'  ' * depth}  - {_part(part)}" for part in item)
        else:
            yield f"{name} {_cell(key, item)}"


def _part(part: Any) -> str:
    if not isinstance(part, dict):
        return _cell("", part)
    return ", ".join(f"{printable(str(key))} {_cell(key, found)}" for key, found in part.items() if found)


def _cell(column: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if (column == "at" or column.endswith(("_at", "_until"))) and isinstance(value, int):
        return moment(value)
    return printable(str(value))
