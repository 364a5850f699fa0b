"""Kinds: whether a filter can take what a name of the event always is: a text, a time, a number or a mapping."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from jinja2 import nodes

from bridge.core.expression.names import NAMES
from bridge.core.filters import FILTERS, Filter
from bridge.core.filters.filter import FilterError
from bridge.model.mapping import Origin

_NOT_TRIED = {"lookup", "phone", "phone_ext"}  # by a table of the operator's; with a library that costs 50 ms
_SAMPLES: dict[str, Any] = {
    "text": "Ada",
    "date and time": datetime(2023, 11, 28, 12, tzinfo=UTC),
    "whole number": 1,
    "mapping": {"a": "b"},
}


def misfit(known: Filter, node: nodes.Node | None, arguments: Mapping[str, Any]) -> str:
    """What is wrong with the filter on this name alone; empty where nothing is, or it cannot be told. Only filters of
    ours are asked, whose arguments are known.
    """
    if not isinstance(node, nodes.Name) or FILTERS.get(known.name) is not known or known.name in _NOT_TRIED:
        return ""
    kind = NAMES.get(node.name, "").partition(":")[0].partition(",")[0]
    kind = kind if kind in _SAMPLES else "text"
    told = {name: _refused(known, sample, arguments) for name, sample in _SAMPLES.items()}
    return told[kind] if not all(told.values()) else ""


def _refused(known: Filter, value: Any, arguments: Mapping[str, Any]) -> str:
    where = [Origin()] if known.needs_where else []
    try:
        known.call(*where, value, **arguments)
    except FilterError as error:
        return str(error)
    except TypeError:  # an argument that has to stand in its place
        return ""
    return ""
