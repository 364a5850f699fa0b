"""Pending: what came of claims and probes and is not yet written down. It stays here until the database has it.

What another transaction's lock keeps from being written, such as that of an operator's open shell, is set aside and
tried again by itself: nothing else waits for it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bridge.core.redact import kind_of
from bridge.core.retry import Settlement
from bridge.engine.clock import Clock
from bridge.engine.room import Load, Probed, given_up
from bridge.engine.rounds import Round, Rounds
from bridge.errors import StoreError
from bridge.log import logger
from bridge.model.delivery import Claim, Result
from bridge.model.record import Delivered, Reject, Retry
from bridge.store.database import Blocked, Unavailable, insist

MOST_BLOCKED = 2  # one by one, of a round: after that it is no single row that is held
AGAIN_S = 5.0  # between tries of what is set aside: each may wait as long as it did before

log = logger("worker")


class Pending:
    """One worker's. Used by one thread."""

    def __init__(self, rounds: Rounds, clock: Clock) -> None:
        self._rounds = rounds
        self._clock = clock
        self.results: list[Result] = []
        self.probed: list[Probed] = []
        self._aside: list[Result | Probed] = []
        self._again_s = 0.0

    def add(self, news: Result | Probed) -> None:
        if isinstance(news, Result):
            self.results.append(news)
        else:
            self._aside = [one for one in self._aside if not (isinstance(one, Probed) and one.target == news.target)]
            self.probed.append(news)

    @property
    def unjudged(self) -> set[str]:
        """The targets of which a probe is set aside: nothing is claimed for them until it is written."""
        return {one.target for one in self._aside if isinstance(one, Probed)}

    def give_back(self, claims: Sequence[Claim]) -> None:
        """These were not begun."""
        self.results += [Result(claim, None, self._clock.now_ms(), 0) for claim in claims]

    def held(self) -> list[Result]:
        """Every result that is here."""
        return [*self.results, *(one for one in self._aside if isinstance(one, Result))]

    def settle(self, loads: Mapping[str, Load], *, claiming: bool = True) -> Round | None:
        """One round with all that is here. None: the database refused that, and took one by one what it could; nothing
        was claimed. Raises Unavailable. What is not written stays here, also where the round says `evicted`.
        """
        if self._aside and self._clock.boot_s() >= self._again_s:
            self._try_aside()
        results, probed = list(self.results), list(self.probed)
        try:
            done = self._insist(results, probed, loads, claiming=claiming)
        except Blocked as error:
            self._rounds.change_shard()
            if not results and not probed:
                raise
            if self._set_aside_held(results, error):
                return None
            return self._settle_singly([*probed, *results], error)
        except Unavailable:
            raise
        except StoreError as error:
            return self._settle_singly([*probed, *results], error)
        if not done.evicted:
            self._written([*probed, *results], done)
        return done

    def _settle_singly(self, news: Sequence[Result | Probed], error: StoreError) -> Round | None:
        """What each probe said, and each result, in a transaction of its own."""
        log.error("round failed, settling one by one", results=len(news), reason=str(error))
        blocked = 0
        for one in news:
            try:
                done = self._settle_one(one)
            except Blocked as again:
                self._set_aside(one, again)
                blocked += 1
                if blocked == MOST_BLOCKED:
                    raise
                continue
            if done and done.evicted:
                return done
            self._written([one], done)
        return None

    def _settle_one(self, one: Result | Probed) -> Round | None:
        """None where the database refuses it. A result that it refuses is tried again later as uncertain: what it wrote
        at the CRM stays written.
        """
        if isinstance(one, Probed):
            return self._try([], [one])
        refused = given_up(one.claim, "its result could not be stored", self._clock)
        return self._try([one], []) or self._try([refused], [])

    def _try(self, results: list[Result], probed: list[Probed]) -> Round | None:
        try:
            return self._insist(results, probed, {}, claiming=False)
        except Unavailable:
            raise
        except StoreError as error:
            ids, names = [result.claim.delivery_id for result in results], [found.target for found in probed]
            log.error("cannot settle", deliveries=ids, probes=names, reason=str(error))
            return None

    def _set_aside_held(self, results: list[Result], error: Blocked) -> bool:
        """Whether some are of deliveries that another transaction holds; it need not be these that blocked a round."""
        held = self._rounds.held(results) if results else set()
        for result in results:
            if result.claim.delivery_id in held:
                self._set_aside(result, error)
        return bool(held)

    def _set_aside(self, one: Result | Probed, error: Blocked) -> None:
        self._forget([one])
        self._aside.append(one)
        self._again_s = self._clock.boot_s() + AGAIN_S
        what = {"delivery": one.claim.delivery_id} if isinstance(one, Result) else {"probe": one.target}
        log.error("cannot settle for now", **what, reason=str(error), advice=error.advice)

    def _try_aside(self) -> None:
        """The one that waits longest; where nothing holds it any more, the others come back with the next round."""
        one = self._aside.pop(0)
        try:
            done = self._settle_one(one)
        except Blocked as error:
            self._set_aside(one, error)
            return
        except StoreError:
            self._aside.insert(0, one)
            raise
        if done and done.evicted:
            self.add(one)
        else:
            self._written([one], done)
        others, self._aside = self._aside, []
        for other in others:
            self.add(other)

    def _insist(
        self, results: list[Result], probed: list[Probed], loads: Mapping[str, Load], *, claiming: bool
    ) -> Round:
        """A round, asked again where another process was in its way."""
        answers = [(found.target, found.answer) for found in probed]
        return insist(lambda: self._rounds.run(results, loads, probed=answers, claiming=claiming))

    def _written(self, news: Sequence[Result | Probed], round_: Round | None) -> None:
        self._forget(news)
        for one in news:
            if isinstance(one, Result):
                _tell(one, round_.settled.get(one.claim.delivery_id) if round_ else None)

    def _forget(self, news: Sequence[Result | Probed]) -> None:
        done = {id(one) for one in news}
        self.results = [result for result in self.results if id(result) not in done]
        self.probed = [found for found in self.probed if id(found) not in done]


def _tell(result: Result, settlement: Settlement | None) -> None:
    """One line an attempt: what the target said, and what that makes of the delivery."""
    if result.outcome is None:
        return
    claim = result.claim
    level = log.info if isinstance(result.outcome, Delivered) else log.warning
    level(
        "attempt",
        event_id=claim.stored.id,
        delivery=claim.delivery_id,
        target=claim.target,
        attempt=claim.attempts + 1,
        outcome=type(result.outcome).__name__.lower(),
        **_became(result, settlement),
        took_s=result.took_ms / 1000,
        **({} if isinstance(result.outcome, Delivered) else {"because": kind_of(result.outcome.reason)}),
        **({"degraded": True} if result.degraded else {}),  # what: `bridge deliveries list --degraded`
    )


def _became(result: Result, settlement: Settlement | None) -> dict[str, Any]:
    if settlement is None:
        return {"state": "unknown", "kept": "its claim was lost: whoever has it now decides"}
    state = settlement.state.value
    if isinstance(result.outcome, Retry | Reject) and settlement.attempts == result.claim.attempts:
        return {"state": state, "kept": "its target is held for that: no attempt is used up"}
    return {"state": state}
