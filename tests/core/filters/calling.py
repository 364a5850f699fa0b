"""Calling: a filter as the mapping language calls it."""

from typing import Any

from bridge.core.filters import FILTERS
from bridge.model.mapping import Origin

NEW_YORK = Origin(
    timezone="America/New_York",
    phone_region="US",
    lookups={"countries": {"DE": "Germany", "GB": "United Kingdom"}},
)


def call(name: str, value: Any, /, *args: Any, where: Origin = NEW_YORK, **kwargs: Any) -> Any:
    """What the filter makes of a value; null stays null where the filter does not take it."""
    known = FILTERS[name]
    if value is None and not known.takes_null:
        return None
    return known.call(where, value, *args, **kwargs) if known.needs_where else known.call(value, *args, **kwargs)


def check(name: str, lookups: dict[str, dict[str, Any]] | None = None, /, **arguments: Any) -> None:
    """Checks constant arguments as the configuration does."""
    checker = FILTERS[name].check
    assert checker, f"{name} has no check"
    checker(arguments, lookups or {})
