"""Standing: what is written where something stands already: what is empty is filled, texts are added to, and what is
only to be made is left alone. Pure.
"""

import re
from collections.abc import Mapping
from typing import Any

from bridge.connector import is_masked
from connectors.hubspot.objects import CONTACTS, addresses_in
from connectors.hubspot.row import Row
from connectors.hubspot.text import BODIES, alike, plain
from connectors.hubspot.unsure import stands_in

OTHER_EMAIL = "the contact has another email address already, which was left as it is"

_BREAK = re.compile(r"<br\s*/?>|</?(?:p|div|li|ul|ol|h\d)\b[^<>]*>|\n", re.I)


def heed(row: Row, there: Mapping[str, Any]) -> bool:
    """Leaves of the row what may be written beside what stands `there`. Gives whether that is anything."""
    row.left = {}
    writes, unsure = row.writes, row.unsure
    for name, text in row.properties.items() if row.record.mode != "create" else ():
        stands = there.get(name)
        stands = stands if isinstance(stands, str) else ""
        write = "if_empty" if row.record.if_empty else writes.get(name, "always")
        is_open = not stands or (row.object == CONTACTS and is_masked(stands) and not is_masked(text))
        if is_open or write == "always" or (name in unsure and stands_in(name, stands, row.properties)):
            row.left[name] = text
        elif write == "append":
            row.left[name] = _appended(name, stands, text)
    if row.is_unnamed:
        row.left.pop("lastname", None)
    if row.email in addresses_in(there):  # one of several, of which the first stays the first
        row.left.pop("email", None)
    elif row.email and "email" not in row.left and row.record.mode != "create" and not row.record.if_empty:
        row.dropped["email"] = row.email
        row.notes.append(OTHER_EMAIL)
    if row.record.mode != "create" and not row.record.if_empty:
        _tell_unsure(row, unsure, there)
    return not all(alike(name, text, there.get(name)) for name, text in row.left.items())


def _tell_unsure(row: Row, unsure: Mapping[str, str], there: Mapping[str, Any]) -> None:
    for name, why in unsure.items():
        is_other = name not in (row.left or {}) and not alike(name, row.properties[name], there.get(name))
        if is_other and row.properties[name] and name not in row.dropped:
            row.dropped[name] = row.properties[name]
            row.notes.append(f"{why}: what stands there was left as it is")


def _appended(name: str, stands: str, more: str) -> str:
    """Both, unless it was added before: it stands there in lines of its own."""
    if f"\n{_lines(name, more)}\n" in f"\n{_lines(name, stands)}\n":
        return stands
    return f"{stands}<br>{more}" if name in BODIES else f"{stands}\n{more}"


def _lines(name: str, text: str) -> str:
    lines = _BREAK.split(text) if name in BODIES else text.splitlines()
    return "\n".join(filter(None, (plain(line) if name in BODIES else line.strip() for line in lines)))
