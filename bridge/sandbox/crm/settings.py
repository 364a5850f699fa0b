"""Settings of a CRM that a sandbox plays: a table of JSON values, which may be changed while it runs."""

from collections.abc import Mapping
from copy import deepcopy
from difflib import get_close_matches
from typing import Any

SHARED: Mapping[str, Any] = {
    "late_writes": False,  # a slow call does its work at its end, though the client may have left
}  # what `Crm` itself asks: part of the settings of each


def changed(defaults: Mapping[str, Any], settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The settings after these changes: tables are merged, all else is replaced, None brings a default back.

    ValueError names a setting that is not known, or whose value is of another kind than its default.
    """
    result = dict(settings)
    for name, value in changes.items():
        if name not in defaults:
            near = get_close_matches(name, defaults, n=1)
            raise ValueError(f"{name}: no such setting" + (f"; did you mean {near[0]}?" if near else ""))
        default = defaults[name]
        if value is None:
            result[name] = deepcopy(default)
        elif not _alike(value, default):
            raise ValueError(f"{name}: {value!r:.50} is of another kind than its default, {default!r:.50}")
        else:
            result[name] = _merged(result[name], value) if isinstance(default, Mapping) else deepcopy(value)
    return result


def _alike(value: Any, default: Any) -> bool:
    numbers = isinstance(value, int | float) and isinstance(default, int | float)
    return default is None or type(value) is type(default) or (numbers and bool not in (type(value), type(default)))


def _merged(table: Any, changes: Any) -> Any:
    if not isinstance(table, Mapping) or not isinstance(changes, Mapping):
        return deepcopy(changes)
    return {**table, **{name: _merged(table.get(name), value) for name, value in changes.items()}}
