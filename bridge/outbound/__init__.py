"""Outbound: the one door out for HTTP. `door` is what connectors get; beneath it `line` keeps connections, `dial` makes
them to vetted addresses, `answers` reads what comes back; `shared` is what all calls to a target have in common.
"""

from bridge.outbound.door import Door, DoorCall
from bridge.outbound.line import MAX_IDLE_S
from bridge.outbound.shared import FETCH_S, Alone, Shared

__all__ = ["FETCH_S", "MAX_IDLE_S", "Alone", "Door", "DoorCall", "Shared"]
