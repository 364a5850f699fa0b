"""Wiring: puts a Bridge together from the environment and the configuration file. The only reader of the clock, of
chance and of the environment; nothing is wired at import time.
"""

import os
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay, wait_exponential

from bridge import plugins
from bridge.config.load import load
from bridge.connector import Connector
from bridge.engine.attempt import Caller
from bridge.engine.chores import Chores
from bridge.engine.clock import Clock
from bridge.engine.commits import Commits
from bridge.engine.committer import Committer
from bridge.engine.committer_apart import CommitterApart
from bridge.engine.crew import Crew
from bridge.engine.dispatch import Dispatcher
from bridge.engine.housekeeping import Housekeeping
from bridge.engine.kept import Kept
from bridge.engine.news import News
from bridge.engine.presence import Presence
from bridge.engine.rate import Limit
from bridge.engine.receive import Receiver
from bridge.engine.rejections import Rejections
from bridge.engine.rounds import Rounds
from bridge.engine.tokens import Shares, Tokens
from bridge.errors import BridgeError, NotBegun, Problem, SchemaError, StoreError
from bridge.log import logger
from bridge.model.record import Hold, Usable
from bridge.model.rules import Rules, TargetRule
from bridge.outbound import Alone, Door, Shared
from bridge.store import schema, targets
from bridge.store.codec import Codec
from bridge.store.database import Database, Unavailable
from bridge.store.intake import Intake

DEFAULT_CONFIG = "config.yaml"
DEFAULT_DATABASE = "bridge.db"
DEFAULT_PORT = 8000
GRACE_S = 20.0  # of the 30 s that a host gives between SIGTERM and SIGKILL

log = logger("bridge")


@dataclass
class Bridge:
    """One process's bridge: what the command line and the web work with."""

    rules: Rules
    warnings: list[Problem]
    database: Database
    clock: Clock
    codec: Codec
    committer_command: Sequence[str] = ()  # starts the process that stores; empty: this one does

    @property
    def sources_without_key(self) -> list[str]:
        return sorted(name for name, rule in self.rules.sources.items() if not rule.signing_keys)

    @cached_property
    def salt(self) -> bytes:
        return schema.salt(self.database)

    @cached_property
    def rejections(self) -> Rejections:
        return Rejections(self.clock)

    @cached_property
    def kept(self) -> Kept:
        return Kept(self.codec)

    @cached_property
    def intake(self) -> Intake:
        return Intake(self.database, targets=self.rules.targets.values(), salt=self.salt, codec=self.codec)

    @cached_property
    def committer(self) -> Commits:
        """The one in a process of its own where there is a command for it, else one in this process."""
        return CommitterApart(self.committer_command) if self.committer_command else self.committer_here()

    def committer_here(self) -> Committer:
        return Committer(self.database, self.intake, clock=self.clock, shard=os.getpid())

    @cached_property
    def chores(self) -> Chores:
        rejections, kept, shard = self.rejections, self.kept, os.getpid()
        flushes = [lambda: rejections.flush(self.database, shard=shard), lambda: kept.flush(self.database)]
        pings = [self.committer.ping] if isinstance(self.committer, CommitterApart) else []
        return Chores([*pings, *flushes])

    @cached_property
    def receiver(self) -> Receiver:
        return Receiver(
            self.rules,
            database=self.database,
            committer=self.committer,
            rejections=self.rejections,
            kept=self.kept,
            salt=self.salt,
            codec=self.codec,
            clock=self.clock,
        )

    def start_receiving(self) -> None:
        """Starts the committer, and stores what came before its source had a key."""
        schema.check(self.database)
        with self.database.write() as connection:
            targets.register(connection, self.rules.targets.values())
        for name in self.sources_without_key:
            log.error("source has no signing key: it answers test requests only", source=name)
        self.committer.start()
        self.chores.start()
        self.receiver.verify_kept()

    def stop_receiving(self) -> None:
        """Writes what is still to be written."""
        self.committer.stop()
        self.chores.stop()

    def worker(self) -> "WorkerProcess":
        schema.check(self.database)
        return WorkerProcess(self)

    def probe(self, target: str) -> Usable | Hold:
        """Whether the target lets us in, asked now; with its rate and token where a database has them."""
        try:
            return self._caller(target, self._shares_if_any(self.rules.targets[target])).probe()
        except NotBegun as ended:
            return Hold(f"probe: {ended.reason}")

    def _shares_if_any(self, rule: TargetRule) -> Shared:
        try:
            require_database(self.database)
            schema.check(self.database)
            with self.database.write() as connection:
                targets.make_known(connection, rule)
            return self._shares(rule)
        except StoreError:
            return Alone()

    def caller(self, target: str) -> Caller:
        """The target's connector and its way out."""
        rule = self.rules.targets[target]
        return self._caller(target, self._shares(rule))

    def _caller(self, target: str, shared: Shared) -> Caller:
        rule = self.rules.targets[target]
        return Caller(rule, _connector(rule), _door(rule, self.clock, shared), self.clock)

    def _shares(self, rule: TargetRule) -> Shares:
        rate, timeout_s = rule.policy.rate, rule.policy.timeout_s
        limit = Limit(self.database, rule.name, rate, clock=self.clock, timeout_s=timeout_s) if rate else None
        tokens = Tokens(self.database, rule.name, rule.settings, salt=self.salt, codec=self.codec, clock=self.clock)
        return Shares(limit, tokens)

    def close(self) -> None:
        self.database.close()


class WorkerProcess:
    """The delivering half: a dispatcher and a crew for each target."""

    def __init__(self, bridge: Bridge) -> None:
        presence = Presence(bridge.clock)
        rounds = Rounds(bridge.database, bridge.rules.targets, codec=bridge.codec, clock=bridge.clock)
        self._presence = presence
        housekeeping = Housekeeping(
            bridge.database, bridge.rules, salt=bridge.salt, codec=bridge.codec, clock=bridge.clock
        )
        self._dispatcher = Dispatcher(rounds, presence, housekeeping, clock=bridge.clock)
        self._crews = {name: self._crew(bridge, name) for name in bridge.rules.targets}
        self._news = News(bridge.database, self._dispatcher.poke)

    def run(self, *, grace_s: float = GRACE_S) -> None:
        """Delivers until `stop`."""
        self._news.start()
        try:
            self._dispatcher.run(self._crews, grace_s=grace_s)
        finally:
            self._news.stop()
            self._presence.close()

    def stop(self) -> None:
        self._dispatcher.stop()

    def _crew(self, bridge: Bridge, name: str) -> Crew:
        return Crew(bridge.caller(name), may_send=self._dispatcher.may_send, report=self._dispatcher.report)


def open_bridge(
    environment: Mapping[str, str] = os.environ, *, config: str | None = None, must_exist: bool = False
) -> Bridge:
    """The bridge that the environment and the configuration describe; raises ConfigError with every problem.

    `must_exist`: its database, as for `open_database`.
    """
    classes, broken = plugins.load_all()
    for problem in broken:
        log.error("connector cannot be used", problem=problem)
    path = config or environment.get("BRIDGE_CONFIG") or DEFAULT_CONFIG
    loaded = load(path, environment=environment, connectors=classes)
    database = open_database(environment, must_exist=must_exist)
    return Bridge(loaded.rules, loaded.warnings, database, _clock(), Codec())


def _connector(rule: TargetRule) -> Connector:
    found: Connector = plugins.load(rule.connector)(rule.settings)
    return found


def _door(rule: TargetRule, clock: Clock, shared: Shared) -> Door:
    return Door(
        connect_s=rule.policy.connect_s,
        timeout_s=rule.policy.timeout_s,
        allow_private_addresses=bool(getattr(rule.settings, "allow_private_addresses", False)),
        shared=shared,
        clock=clock.boot_s,  # also counts while the machine sleeps, as the watchdog does
        now_s=lambda: clock.now_ms() / 1000,
    )


def open_database(environment: Mapping[str, str] = os.environ, *, must_exist: bool = False) -> Database:
    """The database that the environment names. `must_exist`: who only looks must not make an empty one."""
    database = Database(environment.get("DATABASE_URL") or DEFAULT_DATABASE)
    if must_exist:
        require_database(database)
    return database


def require_database(database: Database) -> None:
    """Raises SchemaError where there is no file yet: to connect to SQLite would make one."""
    path = database.url.database or ""
    if database.is_sqlite and not path.startswith("file:") and not os.path.exists(path):
        advice = "`bridge serve` or `bridge migrate` makes it; if there is one already, this is another folder"
        raise SchemaError(f"no database at {os.path.abspath(path)}: {advice}")


def port(environment: Mapping[str, str] = os.environ) -> int:
    """The port to listen on; raises BridgeError where PORT is none."""
    text = environment.get("PORT", "").strip() or str(DEFAULT_PORT)
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) < 1 << 16):
        raise BridgeError(f"PORT is {text!r}: it must be a whole number from 0 to 65535, such as {DEFAULT_PORT}")
    return int(text)


def wait_for_schema(database: Database, *, patience_s: float) -> None:
    """Returns when the database answers and its schema is this version's; raises what is wrong after the patience."""
    waiting = Retrying(
        retry=retry_if_exception_type((Unavailable, SchemaError)),
        stop=stop_after_delay(patience_s),
        wait=wait_exponential(multiplier=0.1, max=2),
        before_sleep=_say_waiting,
        reraise=True,
    )
    waiting(schema.check, database)


def _say_waiting(state: RetryCallState) -> None:
    if state.attempt_number in (1, 10) and state.outcome:
        log.warning("waiting for the database", reason=str(state.outcome.exception()))


def _clock() -> Clock:
    boot = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Clock(
        now_ms=lambda: time.time_ns() // 1_000_000,
        boot_s=lambda: time.clock_gettime(boot),
        jitter=random.random,
    )
