"""Contact: what of a Lead's fields a Contact has, and under which name, where a lead's person is a Contact already."""

from collections.abc import Mapping
from typing import Any

# As Salesforce itself carries them over when a Lead is converted.
_SAME = (
    "FirstName", "LastName", "MiddleName", "Salutation", "Suffix", "Title", "Email", "Phone", "MobilePhone", "Fax",
    "LeadSource", "Description", "HasOptedOutOfEmail", "HasOptedOutOfFax", "DoNotCall", "IndividualId",
)  # fmt: skip
_ADDRESS = ("Street", "City", "State", "PostalCode", "Country", "StateCode", "CountryCode", "Latitude", "Longitude")
_NAMES = {name.lower(): name for name in _SAME} | {name.lower(): f"Mailing{name}" for name in _ADDRESS}


def name_at_contact(name: str, *, has: frozenset[str] | None) -> str | None:
    """The Contact's name of a Lead's field; None where it has none. `has`: the fields of a Contact that our user sees;
    None: that was not asked, and the standard ones are taken to be there.
    """
    if name.endswith(("__c", "__r")):
        return name if name in (has or ()) else None
    found = _NAMES.get(name.lower())
    return found if has is None or found in has else None


def fields_of_contact(fields: Mapping[str, Any], *, has: frozenset[str] | None) -> dict[str, Any]:
    """A Lead's fields as a Contact has them."""
    named = ((name_at_contact(name, has=has), value) for name, value in fields.items())
    return {name: value for name, value in named if name is not None}


def has_custom(fields: Mapping[str, Any]) -> bool:
    return any(name.endswith(("__c", "__r")) for name in fields)
