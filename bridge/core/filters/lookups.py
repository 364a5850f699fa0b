"""Lookups: tables of the configuration, such as which owner a country has."""

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from bridge.core.filters.filter import Filter, FilterError
from bridge.core.filters.values import any_text, text_in
from bridge.core.text import nearest
from bridge.model.mapping import Origin

FALLBACK = "*"

_NONE: Final = object()
_SHOWN = 10


def _lookup(where: Origin, value: Any, /, table: str, default: Any = _NONE) -> Any:
    """What the table has for the text of the value: exactly so, else trimmed and in any case, else `"*"`.

    Null and blank texts are looked up as the empty text. A miss is the default where one is given, else null for those,
    and a FilterError for all else: a new value in the form is to be seen, not to vanish.
    """
    text = "" if value is None else text_in(value, "lookup")
    entries = where.lookups.get(table) if isinstance(table, str) else None
    if entries is None:
        raise FilterError("lookup: there is no table of this name: add it to lookups")
    if text in entries:
        return entries[text]
    said = text.strip().casefold()
    for key, entry in entries.items():
        if key.strip().casefold() == said:
            return entry
    if FALLBACK in entries:
        return entries[FALLBACK]
    if default is not _NONE:
        return default
    if not said:
        return None
    raise FilterError(
        f"lookup: this text is no key of {table} ({_known(entries)}): add it, or '{FALLBACK}' for the rest"
    )


def _known(entries: Mapping[str, Any]) -> str:
    shown = ", ".join(islice(entries, _SHOWN))
    return shown + (f" and {len(entries) - _SHOWN} more" if len(entries) > _SHOWN else "") or "it is empty"


def _check(arguments: Mapping[str, Any], lookups: Mapping[str, Mapping[str, Any]]) -> None:
    if "table" not in arguments or (table := any_text(arguments["table"])) in lookups:
        return
    near = nearest(table, lookups)
    hint = f"did you mean '{near}'?" if near else f"there are {', '.join(lookups)}" if lookups else "add it to lookups"
    raise ValueError(f"unknown table '{table[:80]}': {hint}")


FILTERS = (
    Filter(
        "lookup",
        _lookup,
        needs_where=True,
        takes_null=True,
        check=_check,
        summary="What a table of `lookups` has for the value, in any case; its `'*'` for what it does not have, or "
        "`default=`. Null and blank texts are looked up as an empty text. Without either they stay null, and all else "
        "stops the delivery: its reason names the keys.",
        example="{{ 'de' | lookup('countries') }}",
        gives='"Germany"',
    ),
)
