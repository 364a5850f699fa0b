"""Shares: what all calls to one target share in this process, as its door wants it."""

import threading

from bridge.connector import FetchToken, Token
from bridge.engine.clock import Clock
from bridge.engine.rate import Limit
from bridge.engine.tokens import Tokens
from bridge.errors import NotBegun
from bridge.log import logger

AGAIN_S = 3600.0  # before the same warning is worth another line
MOST_WARNINGS = 100  # that are remembered

log = logger("deliver")


class Shares:
    """One target's rate, if it has one, its token, and its warnings. Thread-safe."""

    def __init__(self, target: str, limit: Limit | None, tokens: Tokens, *, clock: Clock) -> None:
        self._target = target
        self._limit = limit
        self._tokens = tokens
        self._clock = clock
        self._stopped = threading.Event()
        self._turn = threading.Lock()
        self._warned: dict[str, float] = {}  # when, in the clock's boot_s

    def token(self, fetch: FetchToken, *, instead_of: Token | None, within_s: float) -> Token:
        return self._tokens.get(fetch, instead_of=instead_of, within_s=within_s)

    def spend(self, count: int, *, within_s: float) -> None:
        if self._limit is not None:
            self._limit.spend(count, within_s=within_s)

    def wait(self, seconds: float, *, within_s: float) -> None:
        """Raises NotBegun where the worker stops meanwhile, or there is not the time for it."""
        if self._stopped.wait(min(seconds, within_s)):
            raise NotBegun("the worker stops")
        if seconds > within_s:
            raise NotBegun("waited for the target to have room")

    def warn(self, text: str) -> None:
        now_s = self._clock.boot_s()
        with self._turn:
            if now_s - self._warned.get(text, -AGAIN_S) < AGAIN_S:
                return
            if len(self._warned) >= MOST_WARNINGS:
                self._warned.clear()
            self._warned[text] = now_s
        log.warning("the connector warns", target=self._target, said=text[:500])

    def stop(self) -> None:
        self._stopped.set()
        self._tokens.stop()
        if self._limit is not None:
            self._limit.stop()
