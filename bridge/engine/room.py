"""Room: what crews and the dispatcher tell each other: how many calls there may be, how busy a crew is, and results."""

from dataclasses import dataclass

from bridge.core.holds import Health
from bridge.engine.clock import Clock
from bridge.model.delivery import Claim, Result
from bridge.model.record import Hold, Retry, Usable

PREFETCH_S = 0.25  # claims are taken for about this long ahead, so that rounds fill up when there is a backlog
MOST_AHEAD = 100


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


def room_for(health: Health, load: Load, concurrency: int, crowd: tuple[int, int]) -> Room:
    """A worker's part of a target's `concurrency`, and of claims a little ahead where calls are quick. `crowd`: the
    worker's rank, from 0, among how many.
    """
    if health.is_coming_back:
        return Room(health.ramp, health.ramp, health.ramp)
    rank, count = crowd
    share = ((health.ramp or concurrency) + count - 1 - rank) // count
    kept = (share + 3) // 4 if share > 1 else 0  # for first attempts: others may all be slow
    ahead = min(int(share * PREFETCH_S / load.call_s), MOST_AHEAD) if load.call_s and load.batch == 1 else 0
    most = share * load.batch + ahead if share else 0
    return Room(share, most, (share - kept) * load.batch if kept else most)


def given_up(claim: Claim, why: str, clock: Clock, *, batch: int = 0) -> Result:
    """What is to be said of an attempt that was begun, and whose end nobody waits for any more."""
    return Result(claim, Retry(why, uncertain=True), clock.now_ms(), 0, batch=batch)
