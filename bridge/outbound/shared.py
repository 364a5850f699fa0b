"""Shared: what all calls to one target share. The engine has one for all workers; here is that of a door that stands
alone.
"""

import threading
from typing import Protocol

from bridge.connector import FetchToken, Token
from bridge.errors import CallEnded

FETCH_S = 45.0  # that an access token's fetch may take: no other process takes the fetcher for dead before


class Shared(Protocol):
    """What all calls to one target share, in whatever thread and process. Raises CallEnded or NotBegun."""

    def token(self, fetch: FetchToken, *, instead_of: Token | None, within_s: float) -> Token: ...
    def spend(self, count: int, *, within_s: float) -> None: ...
    def wait(self, seconds: float, *, within_s: float) -> None: ...
    def warn(self, text: str) -> None: ...
    def stop(self) -> None:
        """Nobody waits any more: NotBegun."""


class Alone:
    """Nothing is shared with anybody: no rate, and a token is kept for as long as this object."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token: Token | None = None

    def token(self, fetch: FetchToken, *, instead_of: Token | None, within_s: float) -> Token:
        with self._lock:
            if self._token is None or self._token == instead_of:
                found = fetch(self._token)
                if not isinstance(found, Token):
                    raise CallEnded(found)
                self._token = found
            return self._token

    def spend(self, count: int, *, within_s: float) -> None: ...
    def wait(self, seconds: float, *, within_s: float) -> None: ...
    def warn(self, text: str) -> None: ...
    def stop(self) -> None: ...
