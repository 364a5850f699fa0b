"""Zones: time zones by their IANA names. The names are those of the `tzdata` package, the same on every host; a host's
own `localtime` is none of them.
"""

from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from bridge.core.filters.values import a_text
from bridge.core.text import nearest

_LONGEST_ABBREVIATION = 5  # PST is near to MST, and an hour off


def zone_of(name: Any) -> ZoneInfo:
    """The zone of this name; raises ValueError with the name that was probably meant."""
    return _zone(a_text(name))


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    if name == "UTC" or name in zone_names():
        return ZoneInfo(name)
    near = (nearest(name, zone_names()) or nearest(name, _places())) if len(name) > _LONGEST_ABBREVIATION else None
    hint = f"did you mean '{_places().get(near, near)}'?" if near else "write one such as America/New_York"
    raise ValueError(f"unknown time zone '{name[:80]}': {hint}")


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    from importlib.resources import files  # 2 ms, and most mappings name no zone

    return frozenset(files("tzdata").joinpath("zones").read_text("ascii").split())


@lru_cache(maxsize=1)
def _places() -> dict[str, str]:
    """Zones by the place in their name: people write `New York`."""
    return {name.rpartition("/")[2].replace("_", " "): name for name in sorted(zone_names())}
