"""Unsure: what a visitor says that must not replace what stands at a contact: what is masked, what is no phone number,
and the name of somebody who is only known by a phone number, which a family or a firm may share. Pure.
"""

from collections.abc import Iterator, Mapping

from bridge.connector import is_masked
from connectors.hubspot.objects import NAMES
from connectors.hubspot.phones import comparable

PHONES = ("phone", "mobilephone")


def unsure_in(properties: Mapping[str, str], *, is_known: bool) -> dict[str, str]:
    """By name, why a property of a contact must replace nothing. `is_known`: there is a contact already."""
    return dict(_unsure(properties, is_known=is_known))


def stands_in(name: str, text: str, properties: Mapping[str, str]) -> bool:
    """Whether what stands there is no name, but the number in the place of one."""
    return name in NAMES and comparable(text) != "" and comparable(text) == comparable(properties.get("phone", ""))


def _unsure(properties: Mapping[str, str], *, is_known: bool) -> Iterator[tuple[str, str]]:
    is_guess = is_known and not properties.get("email") and comparable(properties.get("phone", "")) != ""
    for name, text in properties.items():
        if name in PHONES and text and not comparable(text):
            yield name, f"{name} is no whole number"
        elif is_masked(text):
            yield name, f"{name} is masked"
        elif name in NAMES and is_guess:
            yield name, f"the contact of this phone number has another {name}"
