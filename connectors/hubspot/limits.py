"""Limits: heeds what each answer says of the app's quotas: the bridge pauses before HubSpot refuses, and is not the one
that uses up the day's. Beyond a quota HubSpot refuses, and the target is held: nothing is lost.

Headers: https://developers.hubspot.com/docs/api/usage-details. Searches and OAuth apps' daily quota have none.
"""

from collections.abc import Mapping

from bridge.connector import Call

FEW = 0.1  # of an interval's requests: fewer left are for those who are under way
LONGEST_S = 10.0
WARN_AT = 0.8
SLOW_AT = 0.95
SLOW_S = 30.0  # before each attempt: meanwhile more gather, and one request brings up to 100

_PREFIX = "X-HubSpot-RateLimit-"


class Limits:
    """What is known of one app's quotas in this process. Threads may share it."""

    def __init__(self) -> None:
        self._full_s = 0.0  # when the interval that is nearly used up is over, in the bridge's time
        self._share = 0.0  # of the daily quota that is used, at the last answer

    @property
    def note(self) -> str:
        return f"{self._share:.0%} of the daily API requests are used" if self._share >= 0.005 else ""

    def before(self, call: Call) -> None:
        """Lets an attempt wait where little is left."""
        wait_s = min(self._full_s - call.now_s, LONGEST_S)
        if self._share >= SLOW_AT:
            wait_s = SLOW_S
        if wait_s > 0:
            call.wait(min(wait_s, call.deadline_s / 4))

    def heed(self, headers: Mapping[str, str], call: Call) -> None:
        most, left = _number(headers, "Max"), _number(headers, "Remaining")
        if most and left is not None and left < most * FEW:
            self._full_s = call.now_s + (_number(headers, "Interval-Milliseconds") or 10_000) / 1000
        day, left_today = _number(headers, "Daily"), _number(headers, "Daily-Remaining")
        if not day or left_today is None:
            return
        self._share = 1 - min(left_today / day, 1.0)
        if self._share >= SLOW_AT:
            call.warn(f"more than {SLOW_AT:.0%} of HubSpot's daily requests are used: delivering slowly, in batches")
        elif self._share >= WARN_AT:
            call.warn(f"more than {WARN_AT:.0%} of HubSpot's daily requests are used")


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(_PREFIX + name, "").strip()
    return int(text[:12]) if text.isascii() and text.isdigit() else None
