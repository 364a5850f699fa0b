"""Flight: a call that is under way for a target, and whether what came of the earlier ones lets another begin."""

from collections.abc import Iterable
from dataclasses import dataclass

from bridge.core.holds import DOWN_AFTER
from bridge.model.delivery import Claim, Result
from bridge.model.record import Delivered, Hold, Reject, Retry


@dataclass(slots=True)
class Flight:
    """The claims that one thread is busy with."""

    claims: list[Claim]
    started_s: float
    batch: int  # the number of the call that they are in together; 0: it takes one at a time

    @property
    def again(self) -> bool:
        return self.claims[0].attempts > 0


class Doubt:
    """Open while an answer waits for a round to judge it, and may make the target rest: until then no call is begun.

    Every Hold opens it, and from the third on every outcome in a row that is no Delivered; fewer make no target down
    or suspect.
    """

    def __init__(self) -> None:
        self.open = False
        self._run = 0
        self._reported: set[int] = set()  # by id(): what raised it and did not reach the dispatcher yet

    def add(self, results: Iterable[Result]) -> None:
        """They are to be reported."""
        for result in results:
            if isinstance(result.outcome, Delivered):
                self._run = 0
            elif isinstance(result.outcome, Hold | Retry | Reject):
                self._run += 1
                if isinstance(result.outcome, Hold) or self._run >= DOWN_AFTER:
                    self._reported.add(id(result))
                    self.open = True

    def arrived(self, result: Result) -> None:
        """The dispatcher has it: its next round judges it. Needs no lock."""
        self._reported.discard(id(result))

    def judged(self) -> None:
        """A round has judged all that has arrived, and the target may be sent to."""
        self.open = bool(self._reported)
