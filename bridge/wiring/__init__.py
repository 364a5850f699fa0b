"""Wiring: puts a Bridge together from the environment and the configuration file. The only reader of the clock, of
chance and of the environment; nothing is wired at import time.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bridge import plugins
from bridge.config.load import load
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
from bridge.errors import NotBegun, Problem, StoreError
from bridge.log import logger
from bridge.model.record import Hold, Usable
from bridge.model.rules import Rules, TargetRule
from bridge.outbound import Alone
from bridge.source import Source
from bridge.store import schema, targets
from bridge.store.codec import Codec
from bridge.store.database import Database
from bridge.store.intake import Intake
from bridge.store.one_at_a_time import OneAtATime
from bridge.wiring.databases import (
    COMMITTER_CONNECTIONS,
    CONNECTIONS,
    WEB_CONNECTIONS,
    open_database,
    require_database,
    require_kept,
    wait_for_schema,
)
from bridge.wiring.environment import clock, port
from bridge.wiring.ways import caller_of, plugin_of

__all__ = [
    "COMMITTER_CONNECTIONS",
    "CONNECTIONS",
    "WEB_CONNECTIONS",
    "Bridge",
    "WorkerProcess",
    "clock",
    "open_bridge",
    "open_database",
    "port",
    "require_database",
    "require_kept",
    "wait_for_schema",
]

DEFAULT_CONFIG = "config.yaml"
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
        return sorted(name for name, rule in self.rules.sources.items() if rule.lacks_key)

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
    def plugins(self) -> dict[str, Source]:
        """Of the sources that have one, by their names."""
        return {name: plugin_of(rule) for name, rule in self.rules.sources.items() if rule.plugin}

    @cached_property
    def receiver(self) -> Receiver:
        return Receiver(
            self.rules,
            plugins=self.plugins,
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
        """Whether the target lets us in, asked now."""
        try:
            return self.caller(target).probe()
        except NotBegun as ended:
            return Hold(f"probe: {ended.reason}")

    def caller(self, target: str) -> Caller:
        """The target's connector and its way out, for who only looks: with its rate and token, if a database is there
        that has them.
        """
        rule = self.rules.targets[target]
        try:
            require_database(self.database)
            schema.check(self.database)
            with self.database.write() as connection:
                targets.make_known(connection, rule)
            return caller_of(rule, self.shares(rule), clock=self.clock)
        except StoreError:
            return caller_of(rule, Alone(), clock=self.clock)

    def shares(self, rule: TargetRule) -> Shares:
        """The target's rate and token, as all its workers have them."""
        rate, timeout_s, database = rule.policy.rate, rule.policy.timeout_s, self._one_at_a_time
        limit = Limit(database, rule.name, rate, clock=self.clock, timeout_s=timeout_s) if rate else None
        tokens = Tokens(database, rule.name, rule.settings, salt=self.salt, codec=self.codec, clock=self.clock)
        return Shares(limit, tokens)

    @cached_property
    def _one_at_a_time(self) -> OneAtATime:
        return OneAtATime(self.database)

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
        rule = bridge.rules.targets[name]
        caller = caller_of(rule, bridge.shares(rule), clock=bridge.clock)
        return Crew(caller, may_send=self._dispatcher.may_send, report=self._dispatcher.report)


def open_bridge(
    environment: Mapping[str, str] = os.environ,
    *,
    config: str | None = None,
    must_exist: bool = False,
    connections: int = CONNECTIONS,
) -> Bridge:
    """The bridge that the environment and the configuration describe; raises ConfigError with every problem.

    `must_exist`, `connections`: its database's, as for `open_database`.
    """
    connectors, broken = plugins.load_all(plugins.CONNECTORS)
    sources, broken_too = plugins.load_all(plugins.SOURCES)
    for problem in (*broken.values(), *broken_too.values()):
        log.error("plugin cannot be used", problem=problem)
    path = config or environment.get("BRIDGE_CONFIG") or DEFAULT_CONFIG
    broken_ones = {"connector": broken, "plugin": broken_too}
    loaded = load(path, environment=environment, connectors=connectors, plugins=sources, broken=broken_ones)
    database = open_database(environment, must_exist=must_exist, connections=connections)
    return Bridge(loaded.rules, loaded.warnings, database, clock(), Codec())
