"""People: the names of a visitor."""

from typing import Any

from bridge.core.filters.filter import Filter
from bridge.core.filters.values import text_in
from bridge.core.text import split_name


def _first_name(value: Any, /) -> str | None:
    return split_name(text_in(value, "first_name"))[0] or None


def _last_name(value: Any, /) -> str | None:
    return split_name(text_in(value, "last_name"))[1] or None


FILTERS = (
    Filter(
        "first_name",
        _first_name,
        summary="A full name without its last word; null where it is one word.",
        example="{{ 'Ada King Lovelace' | first_name }}",
        gives='"Ada King"',
    ),
    Filter(
        "last_name",
        _last_name,
        summary="The last word of a full name, also where it is the only one: a CRM may not do without.",
        example="{{ 'Ada King Lovelace' | last_name }}",
        gives='"Lovelace"',
    ),
)
