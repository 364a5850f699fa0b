"""Acting: an operator's hands, on what is configured and a database that is there; `who` stands in the audit."""

import os

from bridge.engine.operate import Operator
from bridge.engine.quarantine import Quarantine
from bridge.store import schema
from bridge.wiring.opened import Bridge, open_bridge


def open_existing() -> Bridge:
    """The bridge; raises SchemaError where its database is not there, or not of this version."""
    bridge = open_bridge(must_exist=True)
    schema.check(bridge.database)
    return bridge


def operator(bridge: Bridge, *, who: str) -> Operator:
    return Operator(
        bridge.database,
        bridge.rules.targets.values(),
        codec=bridge.codec,
        clock=bridge.clock,
        who=who,
        shard=os.getpid(),
    )


def quarantine(bridge: Bridge, *, who: str) -> Quarantine:
    return Quarantine(
        bridge.database,
        bridge.rules,
        plugins=bridge.plugins,
        intake=bridge.intake,
        salt=bridge.salt,
        codec=bridge.codec,
        clock=bridge.clock,
        who=who,
        shard=os.getpid(),
    )
