"""Limits: heeds what each answer says of the org's daily quota (`Sforce-Limit-Info: api-usage=18/5000`), so that the
bridge is not the one that uses it up. Beyond the quota the org refuses, and the target is held: nothing is lost.
"""

import re

from bridge.connector import Call

WARN_AT = 0.8
SLOW_AT = 0.95
WORTH_A_NOTE = 0.05
SLOW_S = 30.0  # before each attempt: meanwhile more gather, and one call brings up to 200

_USAGE = re.compile(r"(?<![a-z-])(?:api-usage|per-app-api-usage)=(\d{1,12})/(\d{1,12})")


class Limits:
    """What is known of one org's quota in this process. Threads may share it."""

    def __init__(self) -> None:
        self._share = 0.0  # of the quota that is used, at the last answer

    @property
    def note(self) -> str:
        return f"{self._share:.0%} of the daily API requests are used" if self._share >= WORTH_A_NOTE else ""

    def before(self, call: Call) -> None:
        """Slows down an attempt where little is left."""
        if self._share >= SLOW_AT:
            call.wait(min(SLOW_S, call.deadline_s / 4))

    def heed(self, header: str, call: Call) -> None:
        used = [int(count) / int(most) for count, most in _USAGE.findall(header) if int(most)]
        if not used:
            return
        self._share = max(used)
        if self._share >= SLOW_AT:
            call.warn(
                f"more than {SLOW_AT:.0%} of the org's daily API requests are used: delivering slowly, in batches"
            )
        elif self._share >= WARN_AT:
            call.warn(f"more than {WARN_AT:.0%} of the org's daily API requests are used")
