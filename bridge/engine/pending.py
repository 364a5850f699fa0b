"""Pending: what came of claims and probes and is not yet written down. It stays here until the database has it."""

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
from bridge.store.database import Unavailable, insist

log = logger("worker")


class Pending:
    """One worker's. Used by one thread."""

    def __init__(self, rounds: Rounds, clock: Clock) -> None:
        self._rounds = rounds
        self._clock = clock
        self.results: list[Result] = []
        self.probed: list[Probed] = []

    def add(self, news: Result | Probed) -> None:
        if isinstance(news, Result):
            self.results.append(news)
        else:
            self.probed.append(news)

    def give_back(self, claims: Sequence[Claim]) -> None:
        """These were not begun."""
        self.results += [Result(claim, None, self._clock.now_ms(), 0) for claim in claims]

    def settle(self, loads: Mapping[str, Load], *, claiming: bool = True) -> Round | None:
        """One round with all that is here. None: the database refused that, and took one by one what it could; nothing
        was claimed. Raises Unavailable. What is not written stays here, also where the round says `evicted`.
        """
        results, probed = list(self.results), list(self.probed)
        try:
            done = self._insist(results, probed, loads, claiming=claiming)
        except Unavailable:
            raise
        except StoreError as error:
            log.error("round failed, settling one by one", results=len(results), reason=str(error))
            return self._settle_singly(results, probed)
        if not done.evicted:
            self._written(results, probed, done)
        return done

    def _settle_singly(self, results: list[Result], probed: list[Probed]) -> Round | None:
        """Each result, and what each probe said, in a transaction of its own. A result that the database refuses even
        so is tried again later as uncertain: what it wrote at the CRM stays written.
        """
        for found in probed:
            done = self._settle_one([], [found])
            if done and done.evicted:
                return done
            self._written([], [found], done)
        for result in results:
            refused = given_up(result.claim, "its result could not be stored", self._clock)
            done = self._settle_one([result], []) or self._settle_one([refused], [])
            if done and done.evicted:
                return done
            self._written([result], [], done)
        return None

    def _settle_one(self, results: list[Result], probed: list[Probed]) -> Round | None:
        """None where the database refuses it."""
        try:
            return self._insist(results, probed, {}, claiming=False)
        except Unavailable:
            raise
        except StoreError as error:
            ids, names = [result.claim.delivery_id for result in results], [found.target for found in probed]
            log.error("cannot settle", deliveries=ids, probes=names, reason=str(error))
            return None

    def _insist(
        self, results: list[Result], probed: list[Probed], loads: Mapping[str, Load], *, claiming: bool
    ) -> Round:
        """A round, asked again where another process was in its way."""
        answers = [(found.target, found.answer) for found in probed]
        return insist(lambda: self._rounds.run(results, loads, probed=answers, claiming=claiming))

    def _written(self, results: list[Result], probed: list[Probed], round_: Round | None) -> None:
        done = {id(one) for one in (*results, *probed)}
        self.results = [result for result in self.results if id(result) not in done]
        self.probed = [found for found in self.probed if id(found) not in done]
        for result in results:
            _tell(result, round_.settled.get(result.claim.delivery_id) if round_ else None)


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
