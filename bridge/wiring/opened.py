"""Opened: the Bridge: what was configured, and the database. All that runs, looks or acts begins with it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from bridge.config.load import Loaded
from bridge.engine.clock import Clock
from bridge.errors import Problem
from bridge.model.rules import Rules
from bridge.source import Source
from bridge.store import schema
from bridge.store.codec import Codec
from bridge.store.database import Database
from bridge.store.intake import Intake
from bridge.wiring.configured import configured
from bridge.wiring.databases import USUAL, Use, open_database
from bridge.wiring.environment import clock
from bridge.wiring.plugged import plugins_of


@dataclass
class Bridge:
    """One process's bridge: what the command line and the halves that run work with."""

    rules: Rules
    warnings: list[Problem]
    database: Database
    clock: Clock
    codec: Codec

    @property
    def sources_without_key(self) -> list[str]:
        return sorted(name for name, rule in self.rules.sources.items() if rule.lacks_key)

    @cached_property
    def salt(self) -> bytes:
        return schema.salt(self.database)

    @cached_property
    def intake(self) -> Intake:
        return Intake(self.database, targets=self.rules.targets.values(), salt=self.salt, codec=self.codec)

    @cached_property
    def plugins(self) -> dict[str, Source]:
        """Of the sources that have one, by their names."""
        return plugins_of(self.rules.sources.values())

    def close(self) -> None:
        self.database.close()


def open_bridge(
    environment: Mapping[str, str] = os.environ,
    *,
    loaded: Loaded | None = None,
    must_exist: bool = False,
    use: Use = USUAL,
) -> Bridge:
    """The bridge that the environment and the configuration describe; raises ConfigError with every problem.

    `loaded`: the configuration, where it was read already. `must_exist`, `use`: as for `open_database`.
    """
    found = loaded or configured(environment)
    database = open_database(environment, must_exist=must_exist, use=use)
    return Bridge(found.rules, found.warnings, database, clock(), Codec())
