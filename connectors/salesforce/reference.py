"""Reference: another record, named in a mapping by an external id of its own, as in `Account: {Account_No__c: A-1}`.
The REST API takes it so, and finds the record; SOQL has what stands there under `Account.Account_No__c`. Where a lookup
may lead to several objects, the body has to say to which: `attributes: {type: Account}`. Pure.

Sources: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_upsert.htm (Merchandise__r) and
https://developer.salesforce.com/docs/platform/apex-dev/references/apex-dev/langcon-apex-dml-nested-object.html (2026).
"""

from collections.abc import Mapping
from typing import Any

_ATTRIBUTES = "attributes"


def key_of(name: str, value: Any) -> str:
    """The external id field by which a record is named; empty where the value of this field names none: a mapping in
    any other field is a text, in JSON.
    """
    if not isinstance(value, Mapping) or name.endswith("__c"):
        return ""
    keys = [key for key in value if key != _ATTRIBUTES]
    return keys[0] if len(keys) == 1 and (name.lower().endswith("__r") or keys[0].endswith("__c")) else ""


def path_of(name: str, value: Any) -> str | None:
    """What to select to see where the lookup leads; None where SOQL cannot say it: it may lead to several objects."""
    return None if _ATTRIBUTES in value else f"{name}.{key_of(name, value)}"


def names_nobody(value: Any) -> bool:
    """Whether nothing is left of the mapping, since what was to be in it was not said."""
    return isinstance(value, Mapping) and not set(value) - {_ATTRIBUTES}


def leads_there(stands: Any, value: Mapping[str, Any]) -> bool:
    """Whether the lookup leads already to the record that the value names; `stands`: what was selected."""
    found = {key.lower(): one for key, one in stands.items()} if isinstance(stands, Mapping) else {}
    return all(found.get(key.lower()) == one for key, one in value.items() if key != _ATTRIBUTES)
