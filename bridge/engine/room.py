"""Room: what crews and the dispatcher tell each other: how many calls there may be, how busy a crew is, and results."""

from dataclasses import dataclass

from bridge.engine.clock import Clock
from bridge.model.delivery import Claim, Result
from bridge.model.record import Hold, Retry, Usable


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe said of a target."""

    target: str
    answer: Usable | Hold


@dataclass(frozen=True, slots=True)
class Room:
    """How many calls one target may have in flight here, and how many claims may be held for it."""

    calls: int
    most: int
    again: int = 1 << 30  # of them, how many that were tried before: what is left over is kept free for first attempts

    @property
    def keeps_places(self) -> bool:
        """Whether some are kept free for first attempts."""
        return self.again < self.most


@dataclass(frozen=True, slots=True)
class Load:
    """How busy a crew is."""

    held: int  # claims handed in and not yet reported
    call_s: float  # how long a call takes, lately; 0: not known
    hungry: bool  # whether to claim more for it
    again: int = 0  # of the claims, those that were tried before
    batch: int = 1  # how many go out in one call at most


def given_up(claim: Claim, why: str, clock: Clock, *, batch: int = 0) -> Result:
    """What is to be said of an attempt that was begun, and whose end nobody waits for any more."""
    return Result(claim, Retry(why, uncertain=True), clock.now_ms(), 0, batch=batch)
