"""Described: an object's properties as the bridge knows fields; the associations that a record may name beside them."""

from collections.abc import Mapping
from typing import Any

from bridge.connector import Answer, Field, found_at
from connectors.hubspot.objects import ASSOCIATIONS, CONTACTS, ONLY_CHANGE, UNNAMED
from connectors.hubspot.settings import HubSpotSettings
from connectors.hubspot.text import BODIES, MAX_BODY
from connectors.hubspot.unique import properties_in


def fields_in(answer: Answer, object_: str, settings: HubSpotSettings) -> list[Field] | None:
    """The fields; None: the answer names none. Shape: {results: [{name, label, type, hasUniqueValue, options,
    modificationMetadata: {readOnlyValue}}]}.
    """
    found = properties_in(answer)
    if found is None:
        return None
    named = [*ASSOCIATIONS, *settings.associations]
    to = dict.fromkeys(name.partition(".")[2] for name in named if name.startswith(f"{object_}."))
    own = [Field(name, "association", label="the id of the object it belongs to") for name in to]
    own.append(Field(ONLY_CHANGE, "text", label="why it is only changed, where it is there, and never made"))
    if object_ == CONTACTS:
        own.append(Field(UNNAMED, "text", label="the last name of one that is made without a name and an address"))
    return [_field(one) for one in found if isinstance(one.get("name"), str)] + own


def _field(found: Mapping[str, Any]) -> Field:
    options = found.get("options")
    values = [found_at(one, "value") for one in (options if isinstance(options, list) else [])]
    name = found["name"]
    return Field(
        name,
        str(found.get("type") or ""),
        label=str(found.get("label") or ""),
        writable=found_at(found, "modificationMetadata.readOnlyValue") is not True
        and found.get("calculated") is not True,
        max_length=MAX_BODY if name in BODIES else None,
        choices=tuple(value for value in values if isinstance(value, str))
        if found.get("type") == "enumeration"
        else (),
        unique=found.get("hasUniqueValue") is True,
    )
