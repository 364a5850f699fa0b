"""Paths: where HubSpot's API has what the client asks for, by its version. The client knows only v3 and v4."""

from collections.abc import Mapping

OBJECTS, ASSOCIATIONS, PROPERTIES = "/crm/v3/objects", "/crm/v4/objects", "/crm/v3/properties"
ASSOCIATED = "/crm/v4/associations"
ACCOUNT = "/account-info/v3/details"
TOKEN = "/oauth/v1/token"  # noqa: S105  a path
OF_TOKEN = "/oauth/v1/access-tokens"  # noqa: S105
OF_PRIVATE_APP = "/oauth/v2/private-apps/get/access-token-info"

PATHS: Mapping[str, Mapping[str, str]] = {
    "v3": {},
    # https://developers.hubspot.com/docs/api-reference: date-based versions, 2026-03. Bodies are the same.
    "2026-03": {
        OBJECTS: "/crm/objects/2026-03",
        ASSOCIATIONS: "/crm/objects/2026-03",
        ASSOCIATED: "/crm/associations/2026-03",
        PROPERTIES: "/crm/properties/2026-03",
        ACCOUNT: "/account-info/2026-03/details",
        TOKEN: "/oauth/2026-03/token",
    },
}


def path_in(version: str, path: str) -> str:
    """The path in this version of the API."""
    for old, new in PATHS[version].items():
        if path == old or path.startswith(f"{old}/"):
            return new + path.removeprefix(old)
    return path
