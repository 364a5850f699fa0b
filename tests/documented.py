"""Documented: the tables of the docs that are made from declarations. `python -m tests.documented` (`make docs`) writes
them; a test says when they are not current.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from bridge.core.expression import NAMES
from bridge.core.filters import FILTERS

DOCS = Path(__file__).parent.parent / "docs"


def tables() -> dict[Path, dict[str, str]]:
    """The tables between `<!-- begin NAME -->` and `<!-- end NAME -->`, by file and name."""
    names = _rows(("name", "what"), ((f"`{name}`", what) for name, what in NAMES.items()))
    filters = _rows(
        ("filter", "what it gives", "example", "comes to"),
        ((f"`{one.name}`", one.summary, f"`{one.example}`", f"`{one.gives}`") for one in FILTERS.values()),
    )
    return {DOCS / "mapping.md": {"names": names, "filters": filters}}


def written(text: str, parts: dict[str, str]) -> str:
    """The text with these parts in it."""
    for name, rows in parts.items():
        marks = rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)"
        assert re.search(marks, text, re.DOTALL), f"no place for {name}"
        text = re.sub(marks, lambda found, rows=rows: found[1] + rows + found[2], text, flags=re.DOTALL)
    return text


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    table = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in table)


if __name__ == "__main__":
    for path, parts in tables().items():
        path.write_text(written(path.read_text(), parts))
