"""Process: what the long-running commands have in common."""

import math

from bridge.cli.supervise import is_supervised
from bridge.wiring.databases import USUAL, Use, require_kept
from bridge.wiring.opened import Bridge, open_bridge
from bridge.wiring.patience import wait_for_schema, wait_until_written

# For a database that is still starting, or a release process that is still migrating; under `serve` there is no end.
SCHEMA_PATIENCE_S = 60.0


def open_when_ready(*, use: Use = USUAL) -> Bridge:
    """The bridge, with a database that is of this version by now, takes what is written, and outlives this machine
    where it has to.
    """
    bridge = open_bridge(use=use)
    if not is_supervised():  # else `serve` has seen to it
        require_kept(bridge.database, alone=False)
    wait_for_schema(bridge.database, patience_s=math.inf if is_supervised() else SCHEMA_PATIENCE_S)
    wait_until_written(bridge.database, bridge.clock)
    return bridge
