"""Settle: what came of a round is judged and written: states, links, health and holds of the targets. Works inside the
transaction of a round.
"""

import json
from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection

from bridge.core.holds import Health, judge
from bridge.core.redact import kind_of
from bridge.core.retry import settle
from bridge.core.verdicts import Standing, judge_round
from bridge.engine.clock import Clock
from bridge.log import logger
from bridge.model.delivery import Claim, Result, TargetState
from bridge.model.record import Delivered, Hold, Retry, Usable
from bridge.model.rules import Policy
from bridge.store import links, settlements, targets
from bridge.store.codec import Codec
from bridge.store.counters import Tally
from bridge.store.targets import Target

ANOTHER_ACCOUNT = "account"  # the kind of a hold that only the operator's word ends
DELIVERED_EVERY_MS = 1000  # how often a target's last success is written down

log = logger("worker")


class Settler:
    """Judges results and probes by the targets' policies."""

    def __init__(self, policies: Mapping[str, Policy], *, codec: Codec, clock: Clock) -> None:
        self._policies = policies
        self._codec = codec
        self._clock = clock

    def settle(
        self,
        connection: Connection,
        results: list[Result],
        known: dict[str, Target],
        *,
        worker: int,
        now_ms: int,
        tally: Tally,
    ) -> list[settlements.Settled]:
        """Settles the results of this worker's claims, and what they say of their targets; gives those that counted."""
        written = _link_rows(results, known, now_ms)
        results = _one_each(results)
        standings = {
            name: Standing(
                target.health,
                held=target.state != TargetState.ACTIVE,
                delivered_at=target.delivered_at,
                concurrency=self._policies.get(name, Policy()).concurrency,
            )
            for name, target in known.items()
        }
        settled = judge_round(results, standings, policies=self._policies, now_ms=now_ms, jitter=self._clock.jitter())
        counted = settlements.settle(connection, settled, worker=worker, now_ms=now_ms, codec=self._codec, tally=tally)
        links.remember(connection, written)
        for name, standing in standings.items():
            self._save(connection, known[name], standing, now_ms)
        return counted

    def judge_probe(self, connection: Connection, target: Target, answer: Usable | Hold, *, now_ms: int) -> None:
        """Takes what a probe says of a target, held or not: one that is not usable, or at another account, rests or
        rests longer; of one that is usable the account is noted, and a rest that is over ends.
        """
        if isinstance(answer, Usable) and answer.account and target.account not in ("", answer.account):
            self._hold(connection, target, _other_account(target, answer), ANOTHER_ACCOUNT, now_ms)
        elif isinstance(answer, Hold):
            self._hold(connection, target, answer, "", now_ms)
        else:
            if answer.account and answer.account != target.account:
                targets.set_account(connection, target.name, answer.account)
                links.adopt(connection, target.name, answer.account)
            rested = target.state == TargetState.HELD and now_ms >= target.held_until
            if rested and targets.open_again(connection, target):
                log.info("target tried again", target=target.name)

    def _hold(self, connection: Connection, target: Target, answer: Hold, kind: str, now_ms: int) -> None:
        """What a probe says makes a target rest."""
        judgement = judge(target.health, answer, person="", held=False, concurrency=1)
        health = replace(judgement.health, kind=kind or judgement.health.kind)
        self._rest(connection, target, health, why=judgement.why, rest_s=judgement.rest_s, now_ms=now_ms)

    def lost(self, claim: Claim, *, now_ms: int) -> settlements.Settled:
        """What becomes of a claim whose worker died: uncertain, and an attempt is used up."""
        lost = Retry("the worker ended in the middle of the attempt", uncertain=True)
        retry_s = self._policies.get(claim.target, Policy()).retry_s
        settlement = settle(claim, lost, retry_s=retry_s, now_ms=now_ms, jitter=self._clock.jitter())
        if claim.attempts == 0:  # most likely a restart; later ones wait, in case the delivery itself is what kills
            settlement = replace(settlement, due_at=now_ms)
        return Result(claim, lost, now_ms, 0), settlement

    def _save(self, connection: Connection, target: Target, standing: Standing, now_ms: int) -> None:
        if standing.why:
            self._rest(connection, target, standing.health, why=standing.why, rest_s=standing.rest_s, now_ms=now_ms)
        elif standing.changed:
            targets.save_health(connection, target, standing.health)
        if standing.delivered_at > target.delivered_at + DELIVERED_EVERY_MS or (
            standing.changed and standing.delivered_at > target.delivered_at
        ):
            targets.save_delivered(connection, target.name, standing.delivered_at)

    def _rest(
        self, connection: Connection, target: Target, health: Health, *, why: str, rest_s: float, now_ms: int
    ) -> None:
        """The target is held; one that is paused stays so, with the operator's reason."""
        if target.state == TargetState.PAUSED:
            return
        until_ms = now_ms + round(rest_s * 1000)
        if targets.hold(connection, target, health, why=why, until_ms=until_ms, now_ms=now_ms, codec=self._codec):
            log.warning("target held", target=target.name, for_s=rest_s, because=kind_of(why))


def _other_account(target: Target, answer: Usable) -> Hold:
    """What is linked there are other records than the ones that we know by these ids."""
    return Hold(
        f"points at another account: {answer.account}, but its links belong to {target.account}; "
        f"if that is meant: bridge targets resume {target.name} --new-account"
    )


def _one_each(results: list[Result]) -> list[Result]:
    """One result for each claim: an attempt that was given up may end after all, and then its Delivered counts."""
    found: dict[tuple[int, str], Result] = {}
    for result in results:
        claim = (result.claim.delivery_id, result.claim.token)
        if claim not in found or isinstance(result.outcome, Delivered):
            found[claim] = result
    return list(found.values())


def needs_lock(results: list[Result]) -> bool:
    """Whether other workers must keep their hands off the targets: only outcomes but Delivered add up."""
    return any(result.outcome is not None and not isinstance(result.outcome, Delivered) for result in results)


def _link_rows(results: list[Result], known: dict[str, Target], now_ms: int) -> list[dict[str, object]]:
    """What was written at the CRM is a fact, whoever holds the claim by now, and belongs to the account of then."""
    return [
        {
            "target": result.claim.target,
            "account": result.claim.account or known[result.claim.target].account,
            "record_key": link.record_key,
            "object": link.object,
            "crm_id": link.crm_id,
            "url": link.url,
            "delivery_id": result.claim.delivery_id,
            "written_at": now_ms,
            "not_taken": json.dumps(link.not_taken) if link.not_taken else None,
        }
        for result in results
        for link in result.links
    ]
