"""Show: rows as a table on a terminal, as JSON lines elsewhere; times as people read them."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="JSON lines, also on a terminal.")


def show_rows(rows: Iterable[dict[str, Any]], columns: Sequence[str], *, as_json: bool, empty: str) -> None:
    """Prints the rows: JSON lines hold every value, a table the named columns."""
    if as_json or not sys.stdout.isatty():
        for row in rows:
            click.echo(json.dumps(row, ensure_ascii=False, default=str))
        return
    found = list(rows)
    if not found:
        click.echo(empty)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="ellipsis", max_width=60)
    for row in found:
        table.add_row(*(Text(_cell(column, row.get(column))) for column in columns))
    Console().print(table)


def show_one(row: dict[str, Any], *, as_json: bool) -> None:
    """Prints one thing whole: as JSON, or indented for reading."""
    if as_json or not sys.stdout.isatty():
        click.echo(json.dumps(row, ensure_ascii=False, default=str))
        return
    for line in _indented(row):
        click.echo(line)


def _indented(value: Any, depth: int = 0) -> Iterable[str]:
    for name, item in value.items():
        pad = "  " * depth
        if isinstance(item, dict):
            yield f"{pad}{name}:"
            yield from _indented(item, depth + 1)
        elif isinstance(item, list):
            yield f"{pad}{name}: {'none' if not item else ''}".rstrip()
            for part in item:
                yield f"{pad}  - " + ", ".join(f"{key} {_cell(key, found)}" for key, found in part.items() if found)
        else:
            yield f"{pad}{name}: {_cell(name, item)}"


def _cell(column: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if column.endswith(("_at", "_until")) and isinstance(value, int):
        return datetime.fromtimestamp(value / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return str(value)
