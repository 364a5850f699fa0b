"""Tokens: a target's access token, fetched once for all threads and processes that need it. Whoever finds none takes
the right to fetch it; the others wait for the result. It is kept in the target's row, encoded, and belongs to the
settings that it was fetched with: with other credentials it is not used.
"""

import math
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from bridge.connector import FetchToken, Secret, Token
from bridge.core.identity import keyed_hash
from bridge.engine.clock import Clock
from bridge.errors import CallEnded, NotBegun, StoreError
from bridge.log import logger
from bridge.model.record import Hold, Retry
from bridge.outbound import FETCH_S
from bridge.store import shared
from bridge.store.codec import Codec
from bridge.store.database import Database, insist
from bridge.store.one_at_a_time import OneAtATime

LOOK_S = 0.1  # between looks at whether another process has fetched it
FETCHING_S = FETCH_S + 15  # after it, whoever fetches is taken for dead
LONGEST_S = 10 * 365 * 86400.0  # that a token is kept, whatever is said of it

log = logger("deliver")


class Tokens:
    """One target's token, in one process. Thread-safe."""

    def __init__(
        self, database: Database | OneAtATime, target: str, settings: object, *, salt: bytes, codec: Codec, clock: Clock
    ) -> None:
        self._database = database
        self._target = target
        self._of = keyed_hash(salt, "settings", *_revealed(settings))
        self._codec = codec
        self._clock = clock
        self._turn = threading.Lock()
        self._stopped = threading.Event()
        self._known: tuple[Token, int] | None = None  # and until when, in ms
        self._owed: tuple[bytes, str] | None = None  # what the database did not take yet, and in whose name
        self._refusals = 0  # fetches that brought no token
        self._refusal: Hold | Retry = Hold("")  # what the last of them brought

    def get(self, fetch: FetchToken, *, instead_of: Token | None, within_s: float) -> Token:
        """The token; fetched where there is none, or only the one that the target refused.

        Raises CallEnded with what `fetch` gave in its place, also to those who waited for it meanwhile; NotBegun where
        it did not come in time.
        """
        until_s = self._clock.boot_s() + within_s
        refusals = self._refusals
        while not self._turn.acquire(timeout=LOOK_S):
            self._go_on(until_s, "waited for an access token")
        try:
            if self._refusals != refusals:
                raise CallEnded(self._refusal)
            if self._owed:
                self._write(*self._owed)
            return self._usable(self._known, instead_of) or self._find(fetch, instead_of, until_s)
        finally:
            self._turn.release()

    def stop(self) -> None:
        """Nobody waits any more for what another fetches."""
        self._stopped.set()

    def _go_on(self, until_s: float, why: str) -> None:
        """Raises NotBegun where nobody is to wait any longer."""
        if self._stopped.is_set():
            raise NotBegun("the worker stops")
        if self._clock.boot_s() >= until_s:
            raise NotBegun(why)

    def _find(self, fetch: FetchToken, instead_of: Token | None, until_s: float) -> Token:
        mine = uuid.uuid4().hex
        while True:
            last = self._look(instead_of, mine)
            if found := self._usable(self._known, instead_of):
                return found
            if last is not None:
                return self._fetch(fetch, last, mine)
            self._go_on(until_s - LOOK_S, "waited for an access token that another process fetches")
            self._stopped.wait(LOOK_S)

    def _look(self, instead_of: Token | None, mine: str) -> "_Last | None":
        """Reads the row. The last token, if it is for us to fetch the next; None: it is not."""

        def action() -> _Last | None:
            with self._database.write() as connection:
                shelf = shared.shelf(connection, self._target, boot_s=self._clock.boot_s)
                self._known = self._read(shelf.token)
                waits = shelf.now < shelf.until <= shelf.now + FETCHING_S * 1000
                if self._usable(self._known, instead_of) or waits:
                    return None
                until = shelf.now + round(FETCHING_S * 1000)
                shared.begin_fetching(connection, self._target, by=mine, until=until)
            return _Last(self._known[0] if self._known else None)

        return self._stored(action)

    def _fetch(self, fetch: FetchToken, last: "_Last", mine: str) -> Token:
        try:
            found = fetch(last.token)
            if isinstance(found, Token):
                return self._keep(found, mine)
            if not isinstance(found, Hold | Retry):
                raise TypeError(f"a fetch gives a Token, a Hold or a Retry, not {type(found).__name__}")
        except BaseException:
            self._give_up(mine)
            raise
        self._give_up(mine)
        self._refusal = found
        self._refusals += 1
        raise CallEnded(found)

    def _keep(self, token: Token, mine: str) -> Token:
        """Writes the token down before anybody uses it: the refresh token in it may be the only one that is left."""
        valid_s = 0.0 if math.isnan(token.valid_s) else min(max(token.valid_s, 0.0), LONGEST_S)
        until = self._clock.now_ms() + round(valid_s * 1000)
        row = {"of": self._of, "until": until, "text": token.text.reveal()}
        row["more"] = {name: _text(value) for name, value in token.more.items()}
        self._write(self._codec.encode_json(row), mine)
        self._known = (token, until)
        return token

    def _write(self, encoded: bytes, mine: str) -> None:
        """Writes a token down. Where the database does not take it, it is good all the same, and written with the next
        use of it: it is ours for as long as nobody takes us for dead.
        """

        def action() -> bool:
            with self._database.write() as connection:
                return shared.save_token(connection, self._target, encoded, by=mine)

        try:
            if not insist(action):
                log.warning("a token came late: another was fetched meanwhile", target=self._target)
            self._owed = None
        except StoreError as error:
            log.error("cannot keep the access token", target=self._target, reason=str(error))
            self._owed = (encoded, mine)

    def _give_up(self, mine: str) -> None:
        def action() -> None:
            with self._database.write() as connection:
                shared.stop_fetching(connection, self._target, by=mine)

        try:
            insist(action)
        except StoreError:
            pass  # the right to fetch ends by itself

    def _usable(self, known: tuple[Token, int] | None, instead_of: Token | None) -> Token | None:
        if known is None or self._clock.now_ms() >= known[1]:
            return None
        return known[0] if instead_of is None or known[0].text != instead_of.text else None

    def _read(self, encoded: bytes | None) -> tuple[Token, int] | None:
        """The stored token; None where there is none, or it is another account's."""
        if encoded is None:
            return None
        try:
            row = self._codec.decode_json(encoded)
            more = {name: Secret(text) for name, text in row["more"].items()}
            return (Token(Secret(row["text"]), 0.0, more), int(row["until"])) if row["of"] == self._of else None
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def _stored(self, action: Callable[[], "_Last | None"]) -> "_Last | None":
        try:
            return insist(action)
        except StoreError as error:
            raise NotBegun(f"the access token cannot be asked for: {error}") from None


class _Last:
    """The token before the one that is to be fetched, if there was one."""

    def __init__(self, token: Token | None) -> None:
        self.token = token


def _text(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _revealed(value: Any, path: str = "") -> list[str]:
    """All that the settings say, secrets too, in a fixed order: what a token belongs to."""
    if is_dataclass(value) and not isinstance(value, type):
        return [part for one in fields(value) for part in _revealed(getattr(value, one.name), f"{path}.{one.name}")]
    if isinstance(value, Mapping):
        return [part for key in sorted(value, key=str) for part in _revealed(value[key], f"{path}.{key}")]
    if isinstance(value, list | tuple):
        return [part for at, one in enumerate(value) for part in _revealed(one, f"{path}[{at}]")]
    return [f"{path}={value.reveal() if isinstance(value, Secret) else value!r}"]
