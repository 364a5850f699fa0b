"""Limits of an org: the quota of calls, the long-running calls at once, and what /limits says of them."""

from typing import Any

from bridge.sandbox.salesforce.errors import refused_request
from bridge.sandbox.salesforce.world import World


def check_quota(world: World, used: int) -> None:
    """Is there a call left today?"""
    if not world.settings["api_enabled"]:
        raise refused_request("API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner")
    if used >= world.settings["daily_requests"]:
        raise refused_request("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


def check_concurrency(world: World, running: int) -> None:
    """May one more call run, with so many that run for long?"""
    if running >= world.settings["concurrent_requests"]:
        message = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
        raise refused_request("REQUEST_LIMIT_EXCEEDED", message)


def as_header(world: World, used: int) -> str:
    """What Sforce-Limit-Info says."""
    return f"api-usage={used}/{world.settings['daily_requests']}"


def as_body(world: World, used: int) -> dict[str, Any]:
    """The answer to /limits, of which more stands in that of an org."""
    daily, storage = world.settings["daily_requests"], world.settings["storage_records"]
    most = 1000 if storage is None else storage // 500  # a record counts as 2 KB
    return {
        "DailyApiRequests": {"Max": daily, "Remaining": max(daily - used, 0)},
        "DataStorageMB": {"Max": most, "Remaining": max(most - world.records.count() // 500, 0)},
        "DailyBulkApiBatches": {"Max": 15000, "Remaining": 15000},
    }


def record_count(world: World, names: str) -> dict[str, Any]:
    """The answer to /limits/recordCount: those that have records."""
    wanted = [name for name in names.split(",") if name] or world.records.objects()
    counts = [(name, sum(not record["IsDeleted"] for record in world.records.all(name))) for name in wanted]
    return {"sObjects": [{"count": count, "name": name} for name, count in counts if count]}
