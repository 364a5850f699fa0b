"""Quota: a target's daily quota of requests, heeded so that the bridge is not the one that uses it up."""

from bridge.connector.protocols import Call

WARN_AT = 0.8
SLOW_AT = 0.95
SLOW_S = 30.0  # before each attempt: meanwhile more gather, and one request brings a whole batch


class Quota:
    """What is known of it in this process. Threads may share one. `what`: as warnings name it, such as "the org's daily
    API requests"; `worth_a_note`: the share from which on `note` tells of it.
    """

    def __init__(self, what: str, *, worth_a_note: float = 0.05) -> None:
        self._what = what
        self._worth_a_note = worth_a_note
        self._share = 0.0  # that is used, at the last answer

    @property
    def note(self) -> str:
        """For `Usable(note=…)`."""
        return f"{self._share:.0%} of the daily API requests are used" if self._share >= self._worth_a_note else ""

    @property
    def slow_s(self) -> float:
        """How long an attempt is to wait before its first request."""
        return SLOW_S if self._share >= SLOW_AT else 0.0

    def heed(self, share: float, call: Call) -> None:
        """What an answer says: the share that is used, 1 for all of it. Warns the operator where it is large."""
        self._share = share
        if share >= SLOW_AT:
            call.warn(f"more than {SLOW_AT:.0%} of {self._what} are used: delivering slowly, in batches")
        elif share >= WARN_AT:
            call.warn(f"more than {WARN_AT:.0%} of {self._what} are used")
