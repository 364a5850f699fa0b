"""Receive: one request's way from raw bytes to its answer: verify, normalise, store, answer. The web floor hands in
what came and sends back what it gets; every decision about a webhook is here or below.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bridge.core.challenge import Echo, asked_and_signed, asked_with_token
from bridge.core.ecmascript import restringify
from bridge.core.normalise import is_unsigned_test
from bridge.core.signature import verify
from bridge.engine import plugged
from bridge.engine.clock import Clock
from bridge.engine.commits import Commits, store
from bridge.engine.kept import Kept, may_be_signed
from bridge.engine.rejections import Rejections
from bridge.engine.restringify_apart import Apart, Busy
from bridge.errors import BadSignature, StoreError
from bridge.log import logger
from bridge.model.event import Reading
from bridge.model.rules import Rules, SourceRule
from bridge.model.signed import Request, Verified
from bridge.source import Source
from bridge.store import unverified
from bridge.store.arrival import prepare
from bridge.store.codec import Codec
from bridge.store.database import Database

HERE_BYTES = 16_384  # bodies above it are re-serialised apart: anybody may send one, and no lead may wait for it
RETRY_AFTER_S = 30
JSON = "application/json"

log = logger("receive")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender is told. The words of a success are the platform's, to the letter."""

    status: int
    body: bytes
    retry_after_s: int | None = None
    mimetype: str = JSON


STORED = Answer(200, b'{"status":"success"}')
TESTED = Answer(200, b'{"status":"Success: test request received"}')
NOT_SIGNED = Answer(401, b'{"status":"error","error":"signature not accepted"}')
NO_SUCH_SOURCE = Answer(404, b'{"status":"error","error":"no such source"}')
NOT_STORED = Answer(503, b'{"status":"error","error":"cannot store now, try again"}', RETRY_AFTER_S)
NO_KEY_YET = Answer(503, b'{"status":"error","error":"source is being set up, try again"}', RETRY_AFTER_S)
BUSY = Answer(503, b'{"status":"error","error":"busy, try again"}', RETRY_AFTER_S)


@dataclass(frozen=True, slots=True)
class Deferred:
    """The answer comes later, through the callback; after `patience_s` it is `abandon`ed and NOT_STORED."""

    patience_s: float
    abandon: Callable[[], None]


AnswerLater = Callable[[Answer], None]


class Receiver:
    """Answers webhooks. Thread-safe."""

    def __init__(
        self,
        rules: Rules,
        *,
        plugins: Mapping[str, Source],
        database: Database,
        committer: Commits,
        rejections: Rejections,
        kept: Kept,
        salt: bytes,
        codec: Codec,
        clock: Clock,
    ) -> None:
        self._sources = rules.sources
        self._plugins = plugins  # by the name of the source
        self._database = database
        self._committer = committer
        self._rejections = rejections
        self._kept = kept
        self._salt = salt
        self._codec = codec
        self._clock = clock
        self._apart = Apart()

    def receive(
        self,
        source_name: str,
        request: Request,
        *,
        address: str,
        answer_later: AnswerLater | None = None,
    ) -> Answer | Deferred:
        """The answer to one request. Success means: durably stored, or nothing that needed storing.

        With `answer_later` no thread waits for the disk: it is called with the answer when that is known.
        """
        source = self._sources.get(source_name)
        if source is None:
            return NO_SUCH_SOURCE
        if source.is_platform and is_unsigned_test(request.body):
            self._rejections.count("received", f"{source.name}:test")
            return TESTED
        if source.lacks_key:
            return self._keep_for_later(source, request, address=address)
        try:
            verified = self._verify(source, request, now_s=self._clock.now_ms() / 1000)
        except BadSignature as bad:
            self._reject(source, bad, size_bytes=len(request.body), address=address)
            return NOT_SIGNED
        except Busy:
            return BUSY
        if source.challenge and (echo := asked_and_signed(request.body, source.challenge)):
            return _echoed(echo)
        return self._store(source, self._read(source, request.body), verified, answer_later)

    def challenge(self, source_name: str, query: str, *, address: str) -> Answer | None:
        """The answer to a sender that asks by GET whether this address is ours; None where none asks that way."""
        source = self._sources.get(source_name)
        if source is None:
            return NO_SUCH_SOURCE
        if source.challenge is None or not source.challenge.query:
            return None
        try:
            return _echoed(asked_with_token(query, source.challenge))
        except BadSignature as bad:
            self._reject(source, bad, size_bytes=0, address=address)
            return NOT_SIGNED

    def verify_kept(self) -> int:
        """Stores what was kept of sources that have a key by now; gives how many requests that were. Sources with a
        plugin come last: its code may hang, and then nobody waits behind it.
        """
        with_key = [source for source in self._sources.values() if not source.lacks_key]
        return sum(self._verify_kept(source) for source in sorted(with_key, key=lambda source: bool(source.plugin)))

    def _verify(self, source: SourceRule, request: Request, *, now_s: float) -> Verified:
        if source.public_url:
            request = request._replace(url=source.public_url)
        if source.plugin:
            return plugged.verify(self._plugins[source.name], request)
        return verify(
            request,
            scheme=source.scheme,
            keys=source.signing_keys,
            now_s=now_s,
            past_s=source.past_s,
            future_s=source.future_s,
            reserialise=self._reserialise,
        )

    def _reserialise(self, body: bytes) -> bytes | None:
        return restringify(body) if len(body) <= HERE_BYTES else self._apart.restringify(body)

    def _read(self, source: SourceRule, body: bytes) -> Reading:
        return plugged.reading_of(body, source=source, plugins=self._plugins)

    def _store(
        self, source: SourceRule, reading: Reading, verified: Verified, answer_later: AnswerLater | None = None
    ) -> Answer | Deferred:
        if reading.test:
            self._rejections.count("received", f"{source.name}:test")
            return TESTED
        arrival = prepare(
            reading,
            source=source,
            signed_at=verified.at,
            received_at=self._clock.now_ms(),
            salt=self._salt,
            codec=self._codec,
            told=verified.told,
        )
        if reading.unreadable:
            first, count = reading.unreadable[0], len(reading.unreadable)
            log.warning("unreadable", source=source.name, parts=count, path=first.path, reason=first.reason)
        if answer_later is None:
            return STORED if store(self._committer, arrival) else NOT_STORED
        submission = self._committer.submit(arrival, lambda stored: answer_later(STORED if stored else NOT_STORED))
        if submission is None:
            return NOT_STORED
        return Deferred(submission.patience_s, submission.abandon)

    def _reject(self, source: SourceRule, bad: BadSignature, *, size_bytes: int, address: str) -> None:
        self._rejections.note(source=source.name, reason=bad.reason, address=address, size_bytes=size_bytes)
        if bad.authentic:
            advice = "authentic, but outside the time window: is this machine's clock right?"
            log.warning("rejected", source=source.name, reason=bad.reason, advice=advice)
        else:
            log.info("rejected", source=source.name, reason=bad.reason, size_bytes=size_bytes)

    def _keep_for_later(self, source: SourceRule, request: Request, *, address: str) -> Answer:
        size_bytes = len(request.body)
        self._rejections.note(source=source.name, reason="no signing key", address=address, size_bytes=size_bytes)
        log.error(
            "no signing key", source=source.name, advice="set its key and restart: the request is kept until then"
        )
        now_ms = self._clock.now_ms()
        if size_bytes <= unverified.LARGEST_BYTES and may_be_signed(request, source, now_s=now_ms / 1000):
            headers = {name: value for name in source.scheme.headers if (value := request.headers.get(name))}
            self._kept.note(source.name, request._replace(headers=headers), received_at=now_ms)
        return NO_KEY_YET

    def _verify_kept(self, source: SourceRule) -> int:
        with self._database.read() as connection:
            waiting = unverified.all_of(connection, source.name, codec=self._codec)
        stored = failed = 0
        for kept in waiting:
            try:
                stored += self._store_kept(source, kept)
            except StoreError:
                raise  # nor would the next one be stored
            except Exception as error:  # noqa: BLE001  a border: one request's fault costs no other
                failed += 1
                log.error("kept request failed, it stays", source=source.name, fault=plugged.told(error))
        if stored:
            log.info("kept requests stored", source=source.name, requests=stored)
        if left := len(waiting) - stored - failed:
            advice = "they stay: was the key copied whole? forged ones are let go with retention.payloads"
            log.warning("kept requests do not fit the key", source=source.name, requests=left, advice=advice)
        return stored

    def _store_kept(self, source: SourceRule, kept: unverified.Unverified) -> bool:
        """Whether it is stored; else it stays kept."""
        try:
            verified = self._verify(source, kept.request, now_s=kept.received_at / 1000)
        except (Busy, BadSignature):
            return False  # perhaps it is the key that is wrong
        if source.challenge and asked_and_signed(kept.request.body, source.challenge):
            return self._let_go(kept)  # nobody waits for the answer any more
        came_then = verified._replace(told=True)  # and not now: what came since is newer
        answer = self._store(source, self._read(source, kept.request.body), came_then)
        if isinstance(answer, Deferred) or answer.status != 200:
            return False
        return self._let_go(kept)

    def _let_go(self, kept: unverified.Unverified) -> bool:
        with self._database.write() as connection:
            unverified.forget(connection, [kept.id])
        return True


def _echoed(echo: Echo) -> Answer:
    return Answer(200, echo.body, mimetype=echo.mimetype)
