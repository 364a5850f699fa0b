"""Lookout: what a worker does besides its rounds: it takes over from dead workers, heals what should never be wrong,
and lets go of what is old. All of that can wait: what another transaction holds up comes again, and keeps no round
waiting.
"""

from collections.abc import Callable, Container
from functools import partial

from bridge.engine.clock import Clock
from bridge.engine.housekeeping import Housekeeping
from bridge.engine.presence import Presence
from bridge.engine.rounds import Rounds
from bridge.engine.silence import Silence
from bridge.log import logger
from bridge.store.database import Blocked, insist

HEAL_S = 60.0
LATER_S = 5.0  # until a dead worker is taken over whose claims another transaction holds

log = logger("worker")


class Lookout:
    """One worker's. Used by one thread. `silence` watches what it asks of the database."""

    def __init__(
        self, rounds: Rounds, presence: Presence, housekeeping: Housekeeping, silence: Silence, *, clock: Clock
    ) -> None:
        self._rounds = rounds
        self._presence = presence
        self._housekeeping = housekeeping
        self._silence = silence
        self._clock = clock
        self._heal_s = clock.boot_s() + HEAL_S
        self._later_s: dict[int, float] = {}  # when, by worker

    def look(self, held: Callable[[], Container[int]], *, after_trouble: bool) -> bool:
        """Dead workers each time; lanes and old data once a minute; `after_trouble` claims of a commit whose answer was
        lost. `held`: the ids of the deliveries that this worker holds. Gives whether something became due.
        """
        took = self._take_over()
        if after_trouble and (found := self._heal(held)):
            log.warning("took up what a lost commit had left", deliveries=found)
        if self._clock.boot_s() > self._heal_s:
            self._heal_s = self._clock.boot_s() + HEAL_S
            if found := self._heal(held):
                log.error("healed deliveries that nobody would have sent", deliveries=found)
            self._housekeeping.run(self._tidy, shard=self._rounds.shard)
        return took

    def _take_over(self) -> bool:
        with self._silence.asking():
            living = self._rounds.living()
        took = False
        for worker in self._presence.dead(living, but=self._rounds.worker):
            if self._clock.boot_s() < self._later_s.get(worker.id, 0.0):
                continue
            taken = self._unless_blocked("taking over from a dead worker", partial(self._rounds.take_over, worker))
            if taken is None:
                self._later_s[worker.id] = self._clock.boot_s() + LATER_S
                continue
            took = True
            self._presence.forget(worker)
            log.warning("took over from a dead worker", worker=worker.id, deliveries=taken)
        return took

    def _tidy(self, chunk: Callable[[], int]) -> int:
        return self._unless_blocked("letting go of what is old", chunk) or 0

    def _heal(self, held: Callable[[], Container[int]]) -> int:
        return self._unless_blocked("healing", lambda: self._rounds.heal(held())) or 0

    def _unless_blocked(self, what: str, action: Callable[[], int]) -> int | None:
        """What a transaction gives; None: another one is in its way."""
        try:
            with self._silence.asking():
                return insist(action)
        except Blocked as error:
            log.warning("put off", what=what, reason=str(error), advice=error.advice)
            return None
