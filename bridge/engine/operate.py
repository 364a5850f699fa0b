"""Operate: what an operator does by hand. The command line and the console call the same functions."""

from collections.abc import Iterable, Iterator
from typing import Any

from bridge.engine.clock import Clock
from bridge.errors import BridgeError
from bridge.model.delivery import TargetState
from bridge.model.rules import TargetRule
from bridge.store import look, operate, targets
from bridge.store.codec import Codec
from bridge.store.counters import Tally, totals
from bridge.store.database import Database
from bridge.store.targets import Target

AT_ONCE = 200  # deliveries replayed in one transaction


class Operator:
    """One person's hands on the bridge; `who` stands in the audit."""

    def __init__(
        self, database: Database, rules: Iterable[TargetRule], *, codec: Codec, clock: Clock, who: str, shard: int
    ) -> None:
        self._database = database
        self._rules = {rule.name: rule for rule in rules}
        self._codec = codec
        self._clock = clock
        self._who = who
        self._shard = shard

    def targets(self) -> list[dict[str, Any]]:
        """Each target with its state, why, and how many deliveries are in which state."""
        with self._database.read() as connection:
            known = targets.all_targets(connection, codec=self._codec)
            counts = totals(connection, "deliveries")
        return [_described(target, counts) for target in known.values()]

    def pause(self, name: str, *, why: str) -> None:
        """Nothing more is sent to the target until `resume`; deliveries wait."""
        self._set(name, TargetState.PAUSED, why or "paused by hand", "pause")

    def resume(self, name: str) -> None:
        """The target is active with a clean health, whatever it was held or paused for."""
        self._set(name, TargetState.ACTIVE, "", "resume")

    def ended(self, *, target: str | None, state: str) -> Iterator[int]:
        """Ids of all deliveries that ended in this state, oldest first."""
        after = 0
        while True:
            with self._database.read() as connection:
                page = operate.ended_ids(connection, target=target, state=state, after=after, limit=AT_ONCE)
            yield from page
            if len(page) < AT_ONCE:
                return
            after = page[-1]

    def replay(self, ids: list[int], *, as_new: bool) -> dict[int, str]:
        """Sends deliveries again; gives for each why not, empty where it is done."""
        answers: dict[int, str] = {}
        for at in range(0, len(ids), AT_ONCE):
            answers |= self._replay(ids[at : at + AT_ONCE], as_new=as_new)
        return answers

    def replay_event(self, event_id: int) -> list[str]:
        """Opens the deliveries that an event lacks under the present configuration; gives the targets' names."""
        now_ms, tally = self._clock.now_ms(), Tally()
        with self._database.write() as connection:
            event = look.show_event(connection, event_id, codec=self._codec)
            if event is None:
                raise BridgeError(f"no event {event_id}")
            if later := operate.later_revision(connection, event_id):
                raise BridgeError(
                    f"event {event_id} was overtaken: event {later} says more of the same, replay that one"
                )
            wanted = [
                rule.name
                for rule in self._rules.values()
                if rule.route.wants(kind=event["kind"], source=event["source"])
            ]
            opened = operate.route_again(connection, self._database, event_id, wanted, now_ms=now_ms, tally=tally)
            operate.note(connection, at_ms=now_ms, who=self._who, action="replay", subject=f"event {event_id}")
            tally.write(connection, shard=self._shard)
            self._database.tell_due(connection)
        return opened

    def _replay(self, ids: list[int], *, as_new: bool) -> dict[int, str]:
        now_ms, tally = self._clock.now_ms(), Tally()
        with self._database.write() as connection:
            if as_new:
                answers = operate.send_as_new(connection, self._database, ids, now_ms=now_ms, tally=tally)
            else:
                answers = operate.send_again(connection, ids, now_ms=now_ms, tally=tally)
            done = [str(id_) for id_, why_not in answers.items() if not why_not]
            action = "replay as new" if as_new else "replay"
            operate.note(connection, at_ms=now_ms, who=self._who, action=action, subject=f"deliveries {','.join(done)}")
            tally.write(connection, shard=self._shard)
            self._database.tell_due(connection)
        return answers

    def _set(self, name: str, state: TargetState, why: str, action: str) -> None:
        now_ms = self._clock.now_ms()
        with self._database.write() as connection:
            targets.register(connection, self._rules.values())
            known = targets.all_targets(connection, codec=self._codec, lock=True)
            if name not in known:
                raise BridgeError(f"no target {name!r}: there are {', '.join(sorted(known)) or 'none'}")
            targets.set_state(connection, name, state, why=why, codec=self._codec)
            operate.note(connection, at_ms=now_ms, who=self._who, action=action, subject=f"target {name}", detail=why)
            self._database.tell_due(connection)


def _described(target: Target, counts: dict[str, int]) -> dict[str, Any]:
    return {
        "name": target.name,
        "connector": target.connector,
        "state": target.state.value if target.configured else "not configured",
        "why": target.why,
        "held_until": target.held_until or None,
        "delivered_at": target.delivered_at or None,
    } | {state: max(counts.get(f"{target.name}:{state}", 0), 0) for state in STATES}


STATES = ("waiting", "queued", "claimed", "delivered", "dead", "discarded")
