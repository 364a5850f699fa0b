"""Workers: a real worker in this process, with a connector that does what it is told and a machine that can sleep."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import Row, select

from bridge.connector import Call, Delivered, Hold, Outcome, Record, Usable
from bridge.core.normalise import normalise
from bridge.engine.attempt import Caller
from bridge.engine.clock import Clock
from bridge.engine.crew import Crew
from bridge.engine.dispatch import NO_ANSWER, Dispatcher
from bridge.engine.housekeeping import Housekeeping
from bridge.engine.lookout import Lookout
from bridge.engine.presence import Presence
from bridge.engine.rounds import Rounds
from bridge.engine.silence import Silence
from bridge.log import logger
from bridge.model.mapping import MappingRule
from bridge.model.rules import Policy, Rules, SourceRule, TargetRule
from bridge.outbound import Alone, Door, Shared
from bridge.store import schema
from bridge.store.arrival import prepare
from bridge.store.codec import Codec
from bridge.store.counters import Tally
from bridge.store.database import Database
from bridge.store.intake import Intake
from bridge.store.tables import attempts, deliveries, targets
from tests.processes import wait_until

SOURCE = SourceRule("smarterbot")
POLICY = Policy(concurrency=2, timeout_s=1.0, retry_s=(0.05, 0.05, 0.05))


@dataclass
class Machine:
    """The clocks of one machine, which can sleep."""

    slept_s: float = 0.0

    def clock(self) -> Clock:
        return Clock(
            now_ms=lambda: time.time_ns() // 1_000_000 + round(self.slept_s * 1000),
            boot_s=lambda: time.monotonic() + self.slept_s,
            jitter=lambda: 0.0,
        )


class Scripted:
    """A connector that does what it is told, one instruction a call; then delivers."""

    Settings: ClassVar[type] = dict

    def __init__(self, *script: Callable[[Record, Call], Any], probe: Callable[[], Any] = Usable) -> None:
        self.script = list(script)
        self.answer = probe
        self.keys: list[str] = []
        self.records: list[Record] = []

    def deliver(self, record: Record, call: Call) -> Outcome:
        self.keys.append(record.idempotency_key)
        self.records.append(record)
        return self.script.pop(0)(record, call) if self.script else Delivered()

    def probe(self, call: Call) -> Usable | Hold:
        return self.answer()


class Running:
    """A worker in this process, on a thread of its own."""

    def __init__(
        self,
        database: Database,
        connector: Scripted,
        machine: Machine,
        *,
        policy: Policy = POLICY,
        shared: Shared | None = None,
        mapping: MappingRule | None = None,
    ) -> None:
        self.database = database
        self.connector = connector
        self.rule = TargetRule("crm", "scripted", policy=policy, mapping=mapping or MappingRule())
        rules = Rules({"smarterbot": SOURCE}, {"crm": self.rule})
        clock, codec = machine.clock(), Codec()
        self.presence = Presence(clock)
        self.rounds = Rounds(database, rules.targets, codec=codec, clock=clock)
        tidy = Housekeeping(database, rules, salt=schema.salt(database), codec=codec, clock=clock)
        silence = Silence(database, logger("worker"), NO_ANSWER)
        lookout = Lookout(self.rounds, self.presence, tidy, silence, clock=clock)
        self.dispatcher = Dispatcher(self.rounds, self.presence, lookout, silence, clock=clock)
        door = Door(timeout_s=policy.timeout_s, shared=shared or Alone(), allow_private_addresses=True)
        caller = Caller(self.rule, connector, door, clock)
        self.crew = Crew(caller, may_send=self.dispatcher.may_send, report=self.dispatcher.report)
        self.thread = threading.Thread(target=self.dispatcher.run, args=({"crm": self.crew},), kwargs={"grace_s": 2.0})
        self.thread.start()

    def receive(self, number: int, **said: str) -> None:
        salt, codec, tally = schema.salt(self.database), Codec(), Tally()
        said = {"Email": f"a{number}@example.com", "CreateTime": "2023-11-23T18:36:21Z"} | said
        body = json.dumps({"Type": "Lead", "SessionID": number} | said).encode()
        reading = normalise(body, source=SOURCE)
        arrival = prepare(
            reading, source=SOURCE, signed_at=1, received_at=time.time_ns() // 1_000_000, salt=salt, codec=codec
        )
        with self.database.write() as connection:
            intake = Intake(self.database, targets=[self.rule], salt=salt, codec=codec)
            intake.write(connection, [arrival], now_ms=time.time_ns() // 1_000_000, tally=tally)
        self.dispatcher.poke()

    def states(self) -> list[str]:
        with self.database.read() as connection:
            return list(connection.execute(select(deliveries.c.state).order_by(deliveries.c.id)).scalars())

    def reasons(self) -> list[str]:
        with self.database.read() as connection:
            found = connection.execute(select(deliveries.c.reason).order_by(deliveries.c.id)).scalars()
            return [Codec().text(reason) if reason else "" for reason in found]

    def tries(self) -> list[tuple[str, bool]]:
        with self.database.read() as connection:
            query = select(attempts.c.outcome, attempts.c.uncertain).order_by(attempts.c.id)
            return [(outcome, uncertain) for outcome, uncertain in connection.execute(query)]

    def target(self) -> Row[Any]:
        """The target's row, once the worker has made it."""
        return wait_until(self._target)

    def _target(self) -> Row[Any] | None:
        with self.database.read() as connection:
            return connection.execute(select(targets)).one_or_none()

    def target_why(self) -> str:
        return Codec().text(self.target().why)

    def stop(self) -> None:
        """Ends the worker in good order; may be called again."""
        if not self.thread.is_alive():
            return
        self.dispatcher.stop()
        self.thread.join(timeout=30)
        self.presence.close()
