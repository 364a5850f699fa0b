"""Kept: requests that came before their source had a signing key, on their way to the database. They were answered 503
already: nobody waits for this, and no request does.
"""

import threading
from dataclasses import dataclass

from bridge.core.signature import read, token_of
from bridge.core.signed import MAX_HEADER_BYTES
from bridge.errors import BadSignature, StoreError
from bridge.log import logger
from bridge.model.rules import SourceRule
from bridge.model.signed import Request
from bridge.store import unverified
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
        self._requests: dict[str, list[_Kept]] = {}  # of each source

    def note(self, source: str, request: Request, *, received_at: int) -> None:
        """One request. Of very many of a source the first and the last are kept, as in the database."""
        with self._lock:
            mine = self._requests.setdefault(source, [])
            mine.append(_Kept(source, request, received_at))
            del mine[unverified.KEEP // 2 : -unverified.KEEP // 2]

    def flush(self, database: Database) -> None:
        """Writes what was gathered; what cannot be written is let go: it was answered 503."""
        if not self._requests:
            return
        with self._lock:
            requests = [one for mine in self._requests.values() for one in mine]
            self._requests = {}
        try:
            with database.write() as connection:
                for one in requests:
                    unverified.keep(connection, one.source, one.request, received_at=one.received_at, codec=self._codec)
        except StoreError as error:
            log.error("cannot keep requests", requests=len(requests), reason=str(error))


def may_be_signed(request: Request, source: SourceRule, *, now_s: float) -> bool:
    """Whether a signature could turn out to be good once the key is known."""
    if len(request.query) > MAX_HEADER_BYTES or sum(map(len, request.headers.values())) > unverified.LARGEST_BYTES:
        return False
    try:
        if source.scheme.is_weak:
            return bool(token_of(request, source.scheme))
        at = read(request, source.scheme).at
    except BadSignature:
        return False
    return at is None or -source.future_s <= now_s - at <= source.past_s
