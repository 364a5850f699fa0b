"""The settings of a portal: what it accepts, how it is set up, where its limits are. All may be changed at run time."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bridge.sandbox.crm.settings import SHARED
from bridge.sandbox.hubspot.errors import missing_scopes, over_limit

DEFAULTS: Mapping[str, Any] = {
    **SHARED,
    # who may call
    "access_token": "pat-na1-sandbox",  # of a private app; it never ends
    "scopes": [
        "oauth",
        "crm.objects.contacts.read",
        "crm.objects.contacts.write",
        "crm.objects.deals.read",
        "crm.objects.deals.write",
        "crm.objects.leads.read",
        "crm.objects.leads.write",
        "crm.objects.owners.read",
        "crm.schemas.contacts.read",
        "crm.schemas.contacts.write",
        "crm.schemas.deals.read",
        "crm.schemas.deals.write",
    ],
    "client_id": "sandbox-client",
    "client_secret": "sandbox-secret",
    "refresh_token": "sandbox-refresh",
    "authorization_code": "sandbox-code",
    "rotate_refresh_tokens": False,
    "token_calls": None,  # a token from OAuth ends after so many calls
    "token_s": 1800,
    # what it is
    "portal_id": 20000001,
    "app_id": 3000001,
    "user": "integration@sandbox.example",
    "country": "US",  # how phone numbers without + are read
    "time_zone": "US/Eastern",
    "owners": [{"id": "1001", "email": "owner@sandbox.example", "firstName": "Olive", "lastName": "Owner"}],
    "pipelines": {},  # {"deals": [{"id": "web", "label": "Web", "stages": [{"id": "new", "label": "New"}]}]}
    "properties": {},  # {"contacts": {"chat_key": {"hasUniqueValue": true}, "company": null}}: null: not there
    "versions": ["v1", "v2", "v3", "v4", "2025-09", "2026-03"],
    # how it behaves
    "search_lag_s": 2.0,  # so late is a change found by search
    "contact_needs": ["email", "firstname", "lastname"],  # one of these
    "merged_ids": "follow",  # or "gone": how the id of a record that was merged into another answers
    "merge_lag_s": 0.0,  # so long after a merge, the moved e-mail address is not found by GET and PATCH
    "merge_makes_new": False,  # a merge leaves a record with a new id
    "unique_clash_status": 400,  # or 409
    "results_reversed": True,  # a batch is answered in another order than it was asked
    "null_properties": False,  # properties without a value are null, as the service answers, against its contract
    "lean_row_errors": False,  # rows of a 207 without errors and links, as the service answers, against its contract
    # its limits
    "rolling_requests": 100,  # in rolling_s
    "rolling_s": 10.0,
    "search_requests": 5,  # in a second
    "daily_requests": 250_000,
    "requests_used": 0,  # today, by others
    "batch_inputs": 100,
}


def check(settings: Mapping[str, Any]) -> None:
    """ValueError says which setting cannot be used; those that have parts are checked by who reads them."""
    for name in ("scopes", "versions", "contact_needs"):
        if not all(isinstance(one, str) for one in settings[name]):
            raise ValueError(f"{name}: must be a list of texts")
    for name, allowed in (("merged_ids", ("follow", "gone")), ("unique_clash_status", (400, 409))):
        if settings[name] not in allowed:
            raise ValueError(f"{name}: must be one of {', '.join(map(str, allowed))}, not {settings[name]}")
    try:
        ZoneInfo(settings["time_zone"])
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"time_zone: there is no {settings['time_zone']}") from error


def _limited(policy: str, **headers: str) -> dict[str, Any]:
    return {"status": 429, "headers": headers, "body": over_limit(policy)}


def _failed(status: int, message: str, **more: Any) -> dict[str, Any]:
    body = {"status": "error", "message": message, "correlationId": "00000000-0000-0000-0000-000000000000"}
    return {"status": status, "body": body | more}


def _empty(*, stored: bool) -> dict[str, Any]:
    at = "2026-01-01T00:00:00Z"
    body = {"status": "COMPLETE", "results": [], "startedAt": at, "completedAt": at}
    return {"status": 200, "stored": stored, "body": body}


NAMED_FAULTS: Mapping[str, Mapping[str, Any]] = {
    "rolling": _limited("TEN_SECONDLY_ROLLING"),
    "secondly": _limited("SECONDLY"),
    "daily": _limited("DAILY"),
    "rate_limits": _failed(429, "You have reached your ten_secondly_rolling limit.", category="RATE_LIMITS"),
    "locked": _failed(423, "This record is locked, wait at least 2 seconds", category="LOCKED"),
    "migration": _failed(477, "A migration of this account is in progress", category="MIGRATION_IN_PROGRESS")
    | {"headers": {"Retry-After": "3600"}},
    "expired": _failed(
        401, "The OAuth token used to make this call expired 75 second(s) ago.", category="EXPIRED_AUTHENTICATION"
    ),
    "unauthorized": _failed(401, "Authentication credentials not found.", category="INVALID_AUTHENTICATION"),
    "missing_scopes": {"status": 403, "body": missing_scopes(["crm.objects.contacts.write"]).as_answer()},
    "timeout": {"status": 524, "headers": {"Content-Type": "text/html"}, "body": "<html><title>524</title></html>"},
    "page": {"status": 200, "headers": {"Content-Type": "text/html"}, "body": "<html>We will be back soon.</html>"},
    "empty": _empty(stored=True),  # done, and not said so
    "nothing": _empty(stored=False),  # neither done nor refused
}
