"""Limits: heeds what each answer says of the app's quotas: the bridge pauses before HubSpot refuses, and is not the one
that uses up the day's. Beyond a quota HubSpot refuses, and the target is held: nothing is lost.

Headers: https://developers.hubspot.com/docs/api/usage-details. Searches and OAuth apps' daily quota have none.
"""

from collections.abc import Mapping

from bridge.connector import Call, Quota

FEW = 0.1  # of an interval's requests: fewer left are for those who are under way
LONGEST_S = 10.0

_PREFIX = "X-HubSpot-RateLimit-"


class Limits:
    """What is known of one app's quotas in this process. Threads may share it."""

    def __init__(self) -> None:
        self._full_s = 0.0  # when the interval that is nearly used up is over, in the bridge's time
        self._day = Quota("HubSpot's daily requests", worth_a_note=0.005)

    @property
    def note(self) -> str:
        return self._day.note

    def before(self, call: Call) -> None:
        """Lets an attempt wait where little is left."""
        wait_s = self._day.slow_s or min(self._full_s - call.now_s, LONGEST_S)
        if wait_s > 0:
            call.wait(min(wait_s, call.deadline_s / 4))

    def heed(self, headers: Mapping[str, str], call: Call) -> None:
        most, left = _number(headers, "Max"), _number(headers, "Remaining")
        if most and left is not None and left < most * FEW:
            self._full_s = call.now_s + (_number(headers, "Interval-Milliseconds") or 10_000) / 1000
        day, left_today = _number(headers, "Daily"), _number(headers, "Daily-Remaining")
        if day and left_today is not None:
            self._day.heed(1 - min(left_today / day, 1.0), call)


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(_PREFIX + name, "").strip()
    return int(text[:12]) if text.isascii() and text.isdigit() else None
