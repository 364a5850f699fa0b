"""Attempted: what the lower parts of the way out know of the call that uses them."""

import ssl
from collections.abc import Callable
from typing import Protocol

from bridge.model.wire import Address


class Doorway(Protocol):
    """What is the same for all calls to one target."""

    @property
    def connect_s(self) -> float: ...
    @property
    def allow_private_addresses(self) -> bool: ...
    @property
    def tls(self) -> ssl.SSLContext | None: ...
    @property
    def clock(self) -> Callable[[], float]: ...


class Attempted(Protocol):
    """One attempt's call: how long it may go on, where its request leads, and whether that has left."""

    sent: bool
    left: bool
    address: Address

    @property
    def door(self) -> Doorway: ...
    def rest_s(self) -> float: ...
    def leave(self) -> None:
        """Bytes of its request are about to leave. Raises NotBegun where none may."""
