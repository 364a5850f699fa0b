"""Scopes: what the app was granted, and what writing an object needs: so that `bridge check --connect` tells what is
missing, and not the first lead.
"""

from bridge.connector import Answer, found_at
from connectors.hubspot.objects import ACTIVITIES, CONTACTS

OWN = frozenset({CONTACTS, "companies", "deals", "leads"})  # objects that have scopes of their own name


def lacking(object_: str, told: Answer) -> list[str]:
    """The scopes that the app needs for this object and was not granted, as far as HubSpot says. Activities go by those
    of contacts. Shape: {scopes: [..]} (https://developers.hubspot.com/docs/api/oauth/tokens; of a private app,
    …/docs/api/private-apps: token information).
    """
    granted = found_at(told.json(), "scopes") if told.status == 200 else None
    base = CONTACTS if object_ in ACTIVITIES else object_
    if not isinstance(granted, list) or base not in OWN:
        return []
    return [scope for scope in (f"crm.objects.{base}.read", f"crm.objects.{base}.write") if scope not in granted]
