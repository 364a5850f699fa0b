"""Round: one transaction of a worker: its beat, what came of its claims, links, holds, and new claims.

Everything the worker wants of the database is here; the dispatcher decides when.
"""

import os
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection

from bridge.core.mapping import record_keys
from bridge.core.retry import Settlement
from bridge.engine.accounts import Accounts
from bridge.engine.clock import Clock
from bridge.engine.presence import Presence
from bridge.engine.room import Load, Room, room_for
from bridge.engine.settle import Settler, needs_lock
from bridge.model.delivery import Claim, Result, TargetState
from bridge.model.record import Hold, Usable
from bridge.model.rules import TargetRule
from bridge.store import claims, lanes, links, settlements, targets, workers
from bridge.store.codec import Codec
from bridge.store.counters import Tally
from bridge.store.database import Blocked, Database
from bridge.store.targets import Target
from bridge.store.workers import Worker

PROBE_GRACE_S = 30.0  # beyond the target's timeout, before another worker may look


@dataclass(slots=True)
class Round:
    """What one transaction brought."""

    settled: dict[int, Settlement] = field(default_factory=dict)  # by delivery; not those whose claims were lost
    claims: dict[str, list[Claim]] = field(default_factory=dict)
    rooms: dict[str, Room] = field(default_factory=dict)  # of the active targets
    probes: list[str] = field(default_factory=list)  # targets whose rest is over, for this worker to look at
    evicted: bool = False  # this worker was taken for dead: what it held is others' by now


class Rounds:
    """One worker's transactions. Used by one thread."""

    def __init__(self, database: Database, rules: Mapping[str, TargetRule], *, codec: Codec, clock: Clock) -> None:
        self._database = database
        self._rules = rules
        self._policies = {name: rule.policy for name, rule in rules.items()}
        self.worker = 0  # until enlisted
        self._codec = codec
        self._clock = clock
        self._settler = Settler(self._policies, codec=codec, clock=clock)
        self._number = 0
        self._moved = 0
        self._crowd = (0, 1)  # this worker's rank among how many
        self._accounts = Accounts()

    @property
    def shard(self) -> int:
        """Of the counters: where this worker adds."""
        return self.worker + self._moved

    def change_shard(self) -> None:
        """Another process may hold the counters of this one."""
        self._moved += 1

    def enlist(self, presence: Presence) -> None:
        """Makes this a registered worker, and the configured targets known."""
        with self._database.write() as connection:
            targets.register(connection, self._rules.values())
            workers.forget(connection, host=presence.host, lock=presence.lock)
            self.worker = workers.register(
                connection, host=presence.host, lock=presence.lock, pid=os.getpid(), now_ms=self._clock.now_ms()
            )

    def are_mine(self, claims: Sequence[Claim]) -> bool:
        """Whether they were taken since this worker enlisted. Called from any thread."""
        return all(claim.token.startswith(f"{self.worker}.") for claim in claims)

    def next_due_ms(self, hungry: Mapping[str, bool], ready: Container[str]) -> int | None:
        """When something is to be done, in ms: to send for a hungry target (of which only first attempts are wanted, or
        all), or to look at a ready one that is held. None: nothing that is known. Takes no lock.
        """
        with self._database.read() as connection:
            known = targets.all_targets(connection, codec=self._codec)
            active = {
                name: first_only
                for name, first_only in hungry.items()
                if (target := known.get(name)) and self._is_open(target)
            }
            times = list(claims.next_due(connection, active).values())
        held = [target for target in known.values() if target.state == TargetState.HELD and target.name in ready]
        times += [max(target.held_until, target.probing_until) for target in held]
        return min(times, default=None)

    def run(
        self,
        results: list[Result],
        loads: Mapping[str, Load],
        *,
        probed: Sequence[tuple[str, Usable | Hold]] = (),
        claiming: bool = True,
    ) -> Round:
        """Settles, then claims. Raises StoreError, and then nothing was done."""
        now_ms, tally, done = self._clock.now_ms(), Tally(), Round()
        for name, answer in probed:  # whatever becomes of this transaction
            self._accounts.learn(name, answer)
        with self._database.write() as connection:
            if not workers.beat(connection, self.worker, now_ms=now_ms):
                done.evicted = True
                return done
            known = self._targets(connection, lock=needs_lock(results) or bool(probed))
            if results:
                settled = self._settler.settle(
                    connection, results, known, worker=self.worker, now_ms=now_ms, tally=tally
                )
                done.settled = {settlement.claim.delivery_id: settlement for _, settlement in settled}
            for name, answer in probed:
                self._settler.judge_probe(connection, known[name], answer, now_ms=now_ms)
            if claiming:
                fresh = self._targets(connection) if results or probed else known
                self._claim(connection, fresh, loads, now_ms, tally, done)
            tally.write(connection, shard=self.shard)
        return done

    def _targets(self, connection: Connection, *, lock: bool = False) -> dict[str, Target]:
        """Every target; locked also where one is coming back, so that two workers do not both send its canary."""
        known = targets.all_targets(connection, codec=self._codec, lock=lock)
        if not lock and any(target.health.ramp for target in known.values()):
            return targets.all_targets(connection, codec=self._codec, lock=True)
        return known

    def held(self, results: Sequence[Result]) -> set[int]:
        """The deliveries of these results that another transaction holds."""
        with self._database.write() as connection:
            return settlements.held(connection, [result.claim.delivery_id for result in results])

    def living(self) -> list[Worker]:
        """Every registered worker; tells this one its share of each target's calls."""
        with self._database.read() as connection:
            found = workers.living(connection)
        ids = [worker.id for worker in found]
        self._crowd = (ids.index(self.worker), len(ids)) if self.worker in ids else (0, 1)
        return found

    def take_over(self, dead: Worker) -> int:
        """Returns a dead worker's claims as uncertain, each having used up an attempt; gives how many."""
        now_ms, tally = self._clock.now_ms(), Tally()
        with self._database.write() as connection:
            if not workers.remove(connection, dead.id, beat=dead.beat):
                return 0
            held = claims.claims_of(connection, dead.id, codec=self._codec)
            taken = self._settle_lost(connection, held, worker=dead.id, now_ms=now_ms, tally=tally)
            tally.write(connection, shard=self.shard)
            self._database.tell_due(connection)
        return taken

    def heal(self, held: Container[int]) -> int:
        """Puts right what should never be wrong: lanes without a head, due times and rests that a clock set back has
        made absurd, claims of this worker that it does not hold (`held`: ids that it does) and of workers that are gone
        (a commit whose answer was lost may leave such). Gives how many.
        """
        now_ms, tally = self._clock.now_ms(), Tally()
        with self._database.read() as connection:
            mine = claims.claims_of(connection, self.worker, codec=self._codec)
            lost = [claim for claim in mine if claim.delivery_id not in held]
            for worker in claims.orphaned(connection):
                lost += claims.claims_of(connection, worker, codec=self._codec)
            if not (
                lost
                or lanes.orphans(connection)
                or claims.are_far(connection, now_ms=now_ms)
                or targets.are_far(connection, now_ms=now_ms)
            ):
                return 0
        with self._database.write() as connection:
            healed = lanes.heal(connection, tally=tally)
            healed += claims.pull_in(connection, now_ms=now_ms)
            healed += targets.pull_in(connection, now_ms=now_ms)
            healed += self._settle_lost(connection, lost, worker=self.worker, now_ms=now_ms, tally=tally)
            tally.write(connection, shard=self.shard)
        return healed

    def leave(self, results: list[Result]) -> None:
        """Settles the last results and strikes this worker off. Raises Blocked where another transaction holds some of
        what it has: the rest is settled, and it is still registered.
        """
        now_ms, tally = self._clock.now_ms(), Tally()
        with self._database.write() as connection:
            mine = claims.claims_of(connection, self.worker, codec=self._codec)
            held = settlements.held(connection, [claim.delivery_id for claim in mine])
            known = self._targets(connection, lock=needs_lock(results))
            results = [result for result in results if result.claim.delivery_id not in held]
            if results:
                self._settler.settle(connection, results, known, worker=self.worker, now_ms=now_ms, tally=tally)
            unknown = claims.claims_of(connection, self.worker, codec=self._codec)  # of a commit whose answer was lost
            lost = [claim for claim in unknown if claim.delivery_id not in held]
            self._settle_lost(connection, lost, worker=self.worker, now_ms=now_ms, tally=tally)
            if not held:
                workers.remove(connection, self.worker)
            tally.write(connection, shard=self.shard)
            self._database.tell_due(connection)
        if held:
            raise Blocked(f"another transaction holds {len(held)} deliveries of this worker")

    def _settle_lost(
        self, connection: Connection, held: Sequence[Claim], *, worker: int, now_ms: int, tally: Tally
    ) -> int:
        """Returns claims that nobody works on as uncertain, each having used up an attempt; gives how many."""
        settled = [self._settler.lost(claim, now_ms=now_ms) for claim in held]
        if settled:
            settlements.settle(connection, settled, worker=worker, now_ms=now_ms, codec=self._codec, tally=tally)
        return len(settled)

    def _claim(
        self,
        connection: Connection,
        known: dict[str, Target],
        loads: Mapping[str, Load],
        now_ms: int,
        tally: Tally,
        done: Round,
    ) -> None:
        self._number += 1
        token = f"{self.worker}.{self._number}"
        for name, load in loads.items():
            target = known[name]
            if target.state == TargetState.HELD and now_ms >= max(target.held_until, target.probing_until):
                until_ms = now_ms + round((self._policies[name].timeout_s + PROBE_GRACE_S) * 1000)
                if targets.take_probe(connection, name, now_ms=now_ms, until_ms=until_ms):
                    done.probes.append(name)
            if not self._is_open(target):
                continue
            room = done.rooms[name] = room_for(target.health, load, self._policies[name].concurrency, self._crowd)
            limit = room.most - load.held
            if target.health.is_coming_back:
                limit = min(limit, room.most - claims.count_claimed(connection, name))
            if limit <= 0 or not load.hungry:
                continue
            found = claims.claim(
                connection,
                name,
                limit=limit,
                worker=self.worker,
                token=token,
                now_ms=now_ms,
                codec=self._codec,
                tally=tally,
                canary=target.health.is_canary,
                again=max(room.again - load.again, 0) if room.keeps_places else None,
            )
            if found:
                mapping = self._rules[name].mapping
                done.claims[name] = links.attach(
                    connection, found, account=target.account, keys=partial(record_keys, mapping=mapping)
                )

    def _is_open(self, target: Target) -> bool:
        """Whether this worker may send there."""
        return target.state == TargetState.ACTIVE and not self._accounts.are_elsewhere(target)
