"""hubspot: brings each event to HubSpot: a contact with a note, or with a meeting; deals, leads and other objects where
the records say so.

Knows the public SDK only. Requests are made by HubSpot's own client (hubspot-api-client), sent through the bridge's way
out, and the answers are read here: see docs/decisions/0017-hubspot.md.
"""

from connectors.hubspot.connector import HubSpot
from connectors.hubspot.settings import Association, HubSpotSettings, OAuth, Unique

__all__ = ["Association", "HubSpot", "HubSpotSettings", "OAuth", "Unique"]
