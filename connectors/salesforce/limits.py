"""Limits: heeds what each answer says of the org's daily quota (`Sforce-Limit-Info: api-usage=18/5000`). Beyond it the
org refuses, and the target is held: nothing is lost.
"""

import re

from bridge.connector import Call, Quota

_USAGE = re.compile(r"(?<![a-z-])(?:api-usage|per-app-api-usage)=(\d{1,12})/(\d{1,12})")


class Limits:
    """What is known of one org's quota in this process. Threads may share it."""

    def __init__(self) -> None:
        self._day = Quota("the org's daily API requests")

    @property
    def note(self) -> str:
        return self._day.note

    def before(self, call: Call) -> None:
        """Slows down an attempt where little is left."""
        if slow_s := self._day.slow_s:
            call.wait(min(slow_s, call.deadline_s / 4))

    def heed(self, header: str, call: Call) -> None:
        used = [int(count) / int(most) for count, most in _USAGE.findall(header) if int(most)]
        if used:
            self._day.heed(max(used), call)
