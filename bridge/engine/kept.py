"""Kept: requests that came before their source had a signing key, on their way to the database. They were answered 503
already: nobody waits for this, and no request does.
"""

import threading
from collections import deque
from dataclasses import dataclass

from bridge.errors import StoreError
from bridge.log import logger
from bridge.model.signed import Request
from bridge.store import setup
from bridge.store.codec import Codec
from bridge.store.database import Database

log = logger("receive")


@dataclass(frozen=True, slots=True)
class _Kept:
    source: str
    request: Request
    received_at: int  # ms


class Kept:
    """Gathers them until somebody flushes it. Thread-safe."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._lock = threading.Lock()
        self._requests: deque[_Kept] = deque(maxlen=setup.KEEP)

    def note(self, source: str, request: Request, *, received_at: int) -> None:
        """One request. Of very many between two flushes only some are kept."""
        with self._lock:
            if len(self._requests) < setup.KEEP:
                self._requests.append(_Kept(source, request, received_at))

    def flush(self, database: Database) -> None:
        """Writes what was gathered; what cannot be written is let go: it was answered 503."""
        if not self._requests:
            return
        with self._lock:
            requests = list(self._requests)
            self._requests.clear()
        try:
            with database.write() as connection:
                for one in requests:
                    setup.keep(connection, one.source, one.request, received_at=one.received_at, codec=self._codec)
        except StoreError as error:
            log.error("cannot keep requests", requests=len(requests), reason=str(error))
