"""How many calls a portal takes: in ten seconds, of searches in a second, in a day.

Source: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines (2026-03).
"""

import time
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bridge.sandbox.hubspot.world import World


class Limits:
    """Of one portal. A call that was refused with 429 counts for none of them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._calls: deque[float] = deque()
        self._searches: deque[float] = deque()

    def exceeded(self, *, search: bool) -> str | None:
        """The policy that forbids one more call now, if one does; else the call is counted."""
        now, settings = time.monotonic(), self._world.settings
        _forget(self._calls, now - settings["rolling_s"])
        _forget(self._searches, now - 1)
        if self.used_today() >= settings["daily_requests"]:
            return "DAILY"
        if search and len(self._searches) >= settings["search_requests"]:
            return "SECONDLY"
        if not search and len(self._calls) >= settings["rolling_requests"]:
            return "TEN_SECONDLY_ROLLING"
        (self._searches if search else self._calls).append(now)
        day = self._day()
        self._world.records.keep("day", {"day": day, "calls": self._counted(day) + 1})
        return None

    def clear(self) -> None:
        """Nothing was called yet."""
        self._calls.clear()
        self._searches.clear()

    def headers(self, *, private_app: bool) -> dict[str, str]:
        """What the answer to a call that is no search says; the daily ones for private apps only."""
        settings = self._world.settings
        most, left = int(settings["rolling_requests"]), int(settings["rolling_requests"]) - len(self._calls)
        said = {
            "X-HubSpot-RateLimit-Max": str(most),
            "X-HubSpot-RateLimit-Remaining": str(max(left, 0)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(int(settings["rolling_s"] * 1000)),
        }
        if private_app:
            daily = int(settings["daily_requests"])
            said["X-HubSpot-RateLimit-Daily"] = str(daily)
            said["X-HubSpot-RateLimit-Daily-Remaining"] = str(max(daily - self.used_today(), 0))
        return said

    def used_today(self) -> int:
        """The calls of this day in the account's time zone, those of others among them."""
        return self._counted(self._day()) + int(self._world.settings["requests_used"])

    def usage(self) -> dict[str, Any]:
        """account-info/…/api-usage/daily/private-apps."""
        now = datetime.now(self._zone())
        midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), self._zone())
        row = {
            "name": "private-apps-api-calls-daily",
            "usageLimit": int(self._world.settings["daily_requests"]),
            "currentUsage": self.used_today(),
            "collectedAt": now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "fetchStatus": "SUCCESS",
            "resetsAt": midnight.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        }
        return {"results": [row]}

    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self._world.settings["time_zone"])

    def _day(self) -> str:
        return datetime.now(self._zone()).date().isoformat()

    def _counted(self, day: str) -> int:
        kept = self._world.records.kept("day")
        return int(kept["calls"]) if kept and kept["day"] == day else 0


def _forget(moments: deque[float], until: float) -> None:
    while moments and moments[0] <= until:
        moments.popleft()
