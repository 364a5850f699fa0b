"""Standing: what is written where something stands already: what is empty is filled, texts are added to, and what is
only to be made is left alone. Pure.
"""

from collections.abc import Mapping
from typing import Any

from connectors.hubspot.row import Row
from connectors.hubspot.text import BODIES, alike, plain


def heed(row: Row, there: Mapping[str, Any]) -> bool:
    """Takes from the row what must not be written over what stands `there`. Gives whether anything is left to write."""
    if row.record.mode == "create":
        row.properties.clear()
    for name in list(row.properties):
        stands = there.get(name)
        stands = stands if isinstance(stands, str) else ""
        write = "if_empty" if row.record.if_empty else row.writes.get(name, "always")
        if stands and write == "if_empty":
            del row.properties[name]
        elif stands and write == "append":
            row.properties[name] = _appended(name, stands, row.properties[name])
    return not all(alike(name, text, there.get(name)) for name, text in row.properties.items())


def _appended(name: str, stands: str, more: str) -> str:
    """Both, unless it was added before."""
    if name in BODIES:
        return stands if plain(more) in plain(stands) else f"{stands}<br>{more}"
    return stands if more in stands else f"{stands}\n{more}"
