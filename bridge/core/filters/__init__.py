"""Filters of the mapping language: what stands after a `|`. Pure functions by name; the language itself, which reads
expressions and calls them, is not here.
"""

from collections.abc import Mapping
from types import MappingProxyType

from bridge.core.filters import (
    dates,
    emails,
    forms,
    html_text,
    lookups,
    moments,
    numbers,
    parts,
    people,
    phones,
    text,
    urls,
)
from bridge.core.filters.filter import Filter, FilterError, bound
from bridge.core.filters.values import text_of

_GROUPS = (text, parts, html_text, forms, people, phones, emails, dates, moments, numbers, urls, lookups)

FILTERS: Mapping[str, Filter] = MappingProxyType({one.name: one for group in _GROUPS for one in group.FILTERS})

__all__ = ["FILTERS", "Filter", "FilterError", "bound", "text_of"]
