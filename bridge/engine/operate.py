"""Operate: what an operator does by hand, whatever it is asked through."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection

from bridge.engine.clock import Clock
from bridge.engine.settle import ANOTHER_ACCOUNT
from bridge.errors import BridgeError
from bridge.model.delivery import State, TargetState
from bridge.model.rules import TargetRule
from bridge.store import operate, targets
from bridge.store.codec import Codec
from bridge.store.counters import Tally, totals
from bridge.store.database import Database, insist
from bridge.store.targets import Target

AT_ONCE = 200  # deliveries replayed in one transaction

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Paused:
    """A pause that is on. `since_ms` is 0 and `who` empty where the audit does not say."""

    why: str
    since_ms: int
    who: str


def described(database: Database, *, codec: Codec) -> list[dict[str, Any]]:
    """Each target with its state, why, and how many deliveries are in which state."""
    with database.read() as connection:
        known = targets.all_targets(connection, codec=codec)
        counts = totals(connection, "deliveries")
    return [_described(target, counts) for target in known.values()]


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
        """As `described`."""
        return described(self._database, codec=self._codec)

    def must_know(self, name: str) -> None:
        """Raises BridgeError where there is no such target."""
        with self._database.read() as connection:
            targets.named(targets.all_targets(connection, codec=self._codec), name)

    def pause(self, name: str, *, why: str) -> Paused | None:
        """Nothing more is sent to the target until `resume`; deliveries wait. Gives the pause that there was already:
        it goes on, and its reason stays unless there is a new one.
        """

        def change(connection: Connection, now_ms: int, _: Tally) -> Paused | None:
            target = self._target(connection, name)
            before = _paused(connection, target) if target.state == TargetState.PAUSED else None
            if before is None or why:
                reason = why or "paused by hand"
                targets.set_state(connection, name, TargetState.PAUSED, why=reason, codec=self._codec)
                self._note(connection, now_ms, "pause", f"target {name}", reason)
            return before

        return self._write(change)

    def resume(self, name: str, *, new_account: bool = False) -> None:
        """The target is active with a clean health, whatever it was held or paused for. Raises BridgeError where it
        points at another account: with `new_account` that is meant, and it is asked for before anything is sent.
        """

        def change(connection: Connection, now_ms: int, _: Tally) -> None:
            target = self._target(connection, name)
            if new_account:
                targets.take_other_account(connection, name, codec=self._codec)
            elif _is_at_another_account(target):
                raise BridgeError(f"target {name} {_which_account(target)}")
            else:
                targets.set_state(connection, name, TargetState.ACTIVE, why="", codec=self._codec)
            detail = "new account" if new_account else ""
            self._note(connection, now_ms, "resume", f"target {name}", detail)

        self._write(change)

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

    def may_be_there(self, ids: list[int]) -> list[int]:
        """Those of these deliveries that their target has, or may have: sent again they rely on the idempotency key."""
        found: list[int] = []
        for at in range(0, len(ids), AT_ONCE):
            with self._database.read() as connection:
                found += operate.may_be_there(connection, ids[at : at + AT_ONCE])
        return found

    def replay(self, ids: list[int], *, as_new: bool) -> dict[int, str]:
        """Sends deliveries again, each once; gives for each why not, empty where it is done."""
        wanted = list(dict.fromkeys(ids))
        answers: dict[int, str] = {}
        for at in range(0, len(wanted), AT_ONCE):
            answers |= self._replay(wanted[at : at + AT_ONCE], as_new=as_new)
        return answers

    def replay_event(self, event_id: int) -> list[str]:
        """Opens the deliveries that an event lacks under the present configuration; gives the targets' names. Raises
        BridgeError with why it is not to be sent.
        """

        def change(connection: Connection, now_ms: int, tally: Tally) -> list[str]:
            rules = self._rules.values()
            opened = operate.route_again(connection, self._database, event_id, rules, now_ms=now_ms, tally=tally)
            self._note(connection, now_ms, "replay", f"event {event_id}")
            return opened

        return self._write(change)

    def _replay(self, ids: list[int], *, as_new: bool) -> dict[int, str]:
        def change(connection: Connection, now_ms: int, tally: Tally) -> dict[int, str]:
            if as_new:
                answers = operate.send_as_new(connection, self._database, ids, now_ms=now_ms, tally=tally)
            else:
                answers = operate.send_again(connection, ids, now_ms=now_ms, tally=tally)
            if done := [str(id_) for id_, why_not in answers.items() if not why_not]:
                self._note(connection, now_ms, "replay as new" if as_new else "replay", f"deliveries {','.join(done)}")
            return answers

        return self._write(change)

    def _target(self, connection: Connection, name: str) -> Target:
        """The target, nobody else's until the transaction ends."""
        targets.register(connection, self._rules.values())
        return targets.named(targets.all_targets(connection, codec=self._codec, lock=True), name)

    def _note(self, connection: Connection, now_ms: int, action: str, subject: str, detail: str = "") -> None:
        operate.note(connection, at_ms=now_ms, who=self._who, action=action, subject=subject, detail=detail)

    def _write(self, change: Callable[[Connection, int, Tally], T]) -> T:
        """What the change gives, made in one transaction; asked again where somebody else was first."""
        return insist(lambda: self._write_once(change))

    def _write_once(self, change: Callable[[Connection, int, Tally], T]) -> T:
        now_ms, tally = self._clock.now_ms(), Tally()
        with self._database.write() as connection:
            answer = change(connection, now_ms, tally)
            tally.write(connection, shard=self._shard)
            self._database.tell_due(connection)
        return answer


def _paused(connection: Connection, target: Target) -> Paused:
    began = operate.pause_began(connection, target.name)
    return Paused(target.why, began.at if began else 0, began.who if began else "")


def _is_at_another_account(target: Target) -> bool:
    """Whether that is what it rests for now, or did when it was paused. Its health remembers it until it has
    come back.
    """
    return target.state != TargetState.ACTIVE and bool(target.held_since) and target.health.kind == ANOTHER_ACCOUNT


def _which_account(target: Target) -> str:
    if target.state == TargetState.HELD:
        return target.why
    return (
        "pointed at another account when it was paused: once it points at the right one, "
        f"bridge targets resume {target.name} --new-account"
    )


def _described(target: Target, counts: dict[str, int]) -> dict[str, Any]:
    return {
        "name": target.name,
        "connector": target.connector,
        "state": target.state.value if target.configured else "not configured",
        "why": target.why,
        "held_until": target.held_until or None,
        "delivered_at": target.delivered_at or None,
    } | {state: max(counts.get(f"{target.name}:{state}", 0), 0) for state in State}
