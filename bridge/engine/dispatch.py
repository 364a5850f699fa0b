"""Dispatch: the one thread of a worker that talks to the database about deliveries. It waits for results and news,
runs a round, and hands the claims to the crews.
"""

from collections.abc import Mapping, Sequence
from queue import Empty, SimpleQueue

from bridge.engine.clock import Clock
from bridge.engine.crew import Crew
from bridge.engine.lookout import Lookout
from bridge.engine.pending import Pending
from bridge.engine.presence import STALE_AFTER_S, Presence
from bridge.engine.room import Probed
from bridge.engine.rounds import Round, Rounds
from bridge.engine.silence import Silence
from bridge.errors import StoreError
from bridge.log import logger
from bridge.model.delivery import Claim, Result

BEAT_S = 5.0
LOOK_S = 1.0  # the poll behind all wake-ups, and how often the other workers are looked at
LINGER_S = 0.008  # results gather for so long while the crews have enough to do
NOT_AT_ONCE_MS = 100
BACK_OFF_S = (0.2, 0.5, 1.0, 2.0)  # while the database is away
SAID_AT, SAID_EVERY = (1, 3), 300  # failures in a row that are told: every ten minutes in the end

NO_ANSWER = "database does not answer"

log = logger("worker")


class Dispatcher:
    """Runs rounds until it is stopped."""

    def __init__(self, rounds: Rounds, presence: Presence, lookout: Lookout, silence: Silence, *, clock: Clock) -> None:
        self._rounds = rounds
        self._presence = presence
        self._lookout = lookout
        self._silence = silence
        self._clock = clock
        self._crews: Mapping[str, Crew] = {}
        self._inbox: SimpleQueue[Sequence[Result | Probed] | None] = SimpleQueue()  # None: look at the database
        self._pending = Pending(rounds, clock)
        self._ready: set[str] = set()  # targets whose first probe has answered
        self._stopping = False
        self._alarm: SimpleQueue[None] = SimpleQueue()  # ends a pause
        self._poked = False
        self._surely_due = False
        self._failures = 0
        self._beat_s = clock.boot_s()
        self._look_s = 0.0
        self._due_ms: int | None = 0

    def poke(self, *, due: bool = False) -> None:
        """Something may be due, or surely is. Called from any thread."""
        self._surely_due |= due
        if not self._poked:
            self._poked = True
            self._inbox.put(None)

    def report(self, news: Sequence[Result | Probed]) -> None:
        """What came of a call's claims or of a probe. Called from the crews' threads."""
        self._inbox.put(news)

    def may_send(self, claims: Sequence[Claim]) -> bool:
        """Whether they are surely still this worker's: it has beaten lately, and was not taken for dead since."""
        return self._clock.boot_s() - self._beat_s < STALE_AFTER_S and self._rounds.are_mine(claims)

    def stop(self) -> None:
        """Ends `run`. Called from any thread or a signal handler, in which no lock may be waited for."""
        self._stopping = True
        self._alarm.put(None)
        self._inbox.put(None)

    def run(self, crews: Mapping[str, Crew], *, grace_s: float) -> None:
        """Delivers until stopped; then waits up to `grace_s` for what is in flight, and lets go of the rest."""
        self._crews = crews
        self._rounds.enlist(self._presence)  # first: a token that a probe fetches is kept in the target's row
        for crew in crews.values():
            crew.probe()
        while not self._stopping:
            self._gather(self._patience_s())
            if self._stopping:
                break
            try:
                self._look_around()
                with self._silence.asking():
                    if self._has_work():
                        self._round()
                if self._silence.broken() or self._failures:
                    log.info("database answers again", failures=self._failures)
                self._failures = 0
            except StoreError as error:
                self._failures += 1
                if self._failures in SAID_AT or self._failures % SAID_EVERY == 0:
                    level = log.warning if self._failures == 1 else log.error
                    level(NO_ANSWER, reason=str(error), failures=self._failures, advice=error.advice)
                self._pause(BACK_OFF_S[min(self._failures, len(BACK_OFF_S)) - 1])
        self._drain(grace_s)

    def _patience_s(self) -> float:
        if self._due_ms is None or self._failures:
            return LOOK_S
        return min(max((self._due_ms - self._clock.now_ms()) / 1000, 0.0), LOOK_S)

    def _gather(self, patience_s: float) -> None:
        """Waits for news, then takes all there is; lingers a little while the crews are busy anyway."""
        try:
            self._take(self._inbox.get(timeout=patience_s) if patience_s > 0 else self._inbox.get_nowait())
            waiting = len(self._pending.results)
            if waiting and all(crew.load > 2 * waiting for crew in self._crews.values() if crew.load):
                self._pause(LINGER_S)
            while True:
                self._take(self._inbox.get_nowait())
        except Empty:
            pass

    def _pause(self, seconds: float) -> None:
        """Waits, unless `stop` is called."""
        try:
            self._alarm.get(timeout=seconds)
        except Empty:
            pass

    def _take(self, news: Sequence[Result | Probed] | None) -> None:
        if news is None:
            self._poked = False
            self._due_ms = 0
            return
        for one in news:
            self._pending.add(one)
            if isinstance(one, Result):
                self._crews[one.claim.target].done(one)
            else:
                self._ready.add(one.target)

    def _has_work(self) -> bool:
        """Whether a round is worth a write lock and an fsync: reads before it writes."""
        if self._pending.results or self._pending.probed or self._clock.boot_s() - self._beat_s > BEAT_S:
            return True
        if self._due_ms is not None and self._due_ms > self._clock.now_ms():
            return False
        ready = self._ready - self._pending.unjudged
        hungry = {name: self._crews[name].wants_first_only for name in ready if self._crews[name].hungry}
        surely, self._surely_due = self._surely_due, False
        if surely and hungry:
            return True  # the round itself looks
        self._due_ms = self._rounds.next_due_ms(hungry, ready)
        return self._due_ms is not None and self._due_ms <= self._clock.now_ms()

    def _round(self) -> None:
        loads = {name: self._crews[name].busy for name in self._ready - self._pending.unjudged}
        news = bool(self._pending.results or self._pending.probed)
        began_s = self._clock.boot_s()  # others count from before the beat was written, however late its answer comes
        done = self._pending.settle(loads)
        if done is None:
            return
        if done.evicted:
            self._start_over()
            return
        self._beat_s = began_s
        self._presence.renew()
        self._hand_out(done)
        # Nothing found although something was due: it is another worker's turn. Do not ask again at once.
        self._due_ms = 0 if done.claims or news else self._clock.now_ms() + NOT_AT_ONCE_MS

    def _hand_out(self, done: Round) -> None:
        for name in self._ready - done.rooms.keys():  # at rest: what is not begun is given back
            self._pending.give_back(self._crews[name].unsent())
        for name, room in done.rooms.items():
            self._crews[name].make_room(room)
        for name, claims in done.claims.items():
            self._crews[name].take(claims)
        for name in done.probes:
            self._crews[name].probe()

    def _start_over(self) -> None:
        """This worker was taken for dead (its machine slept, the database was away): its claims are others' now.

        Results that are there are kept: a late Delivered still counts where nobody claimed again.
        """
        log.error("taken for dead, starting over", results=len(self._pending.results))
        for crew in self._crews.values():
            crew.unsent()
        self._presence.renew()
        began_s = self._clock.boot_s()
        self._rounds.enlist(self._presence)
        self._beat_s = began_s
        self._due_ms = 0

    def _look_around(self) -> None:
        """Once a second, and as soon as the database is back."""
        if not self._failures and self._clock.boot_s() - self._look_s < LOOK_S:
            return
        self._look_s = self._clock.boot_s()
        for crew in self._crews.values():
            self._take(crew.overdue())
        if self._lookout.look(self._held, after_trouble=bool(self._failures)):
            self._due_ms = 0

    def _held(self) -> set[int]:
        """The deliveries that this worker holds."""
        held = {claim.delivery_id for crew in self._crews.values() for claim in crew.held()}
        return held | {result.claim.delivery_id for result in self._pending.held()}

    def _drain(self, grace_s: float) -> None:
        """Gives back what was not begun, waits for what is in flight, and lets go of the rest as uncertain."""
        until_s = self._clock.boot_s() + grace_s
        for crew in self._crews.values():
            crew.hurry()
        given_back = self._give_back_unsent()
        in_flight = sum(crew.load for crew in self._crews.values())
        log.info("stopping", in_flight=in_flight, given_back=given_back)
        self._settle_all()
        while any(crew.load for crew in self._crews.values()) and self._clock.boot_s() < until_s:
            self._gather(min(LOOK_S, max(until_s - self._clock.boot_s(), 0.001)))
            self._give_back_unsent()
            self._settle_all()
        if left := sum(crew.load for crew in self._crews.values()):
            log.warning("stopped in the middle of attempts", deliveries=left)
        try:
            self._rounds.leave(self._pending.held())
        except StoreError as error:
            log.error("could not say goodbye: others will take over", reason=str(error))
            self._presence.stay()
        for crew in self._crews.values():
            crew.stop()

    def _give_back_unsent(self) -> int:
        back = [claim for crew in self._crews.values() for claim in crew.unsent()]
        self._pending.give_back(back)
        return len(back)

    def _settle_all(self) -> None:
        if not self._pending.results:
            return
        try:
            done = self._pending.settle({}, claiming=False)
            if done and done.evicted:
                self._start_over()
        except StoreError as error:
            log.warning(NO_ANSWER, reason=str(error), advice=error.advice)
            self._pause(BACK_OFF_S[0])
