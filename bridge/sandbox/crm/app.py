"""What the sandboxes of CRMs share: a server for the calls of the CRM's API, which meet faults, and for the controls.

A CRM gives `_answer`, its words and its settings.
"""

import signal
import ssl
import time
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self

from bridge.sandbox.crm.calling import Answer
from bridge.sandbox.crm.controls import Controls
from bridge.sandbox.exchange import Fault, Reply, Request
from bridge.sandbox.faults import Outcome
from bridge.sandbox.server import Server


class Crm(Controls):
    """A CRM on 127.0.0.1, by default on a free port; in a `with`, it serves from a thread of this process.

    With `records`, a file, nothing is lost if the process is killed. With `tls`, the files of a certificate and of its
    key, it speaks https.
    """

    def __init__(
        self,
        records: str | Path | None = None,
        *,
        port: int = 0,
        tls: tuple[str, str] | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(records)
        self._server = Server(self._handle, port=port, settle=self._settle, tls=None if tls is None else _context(tls))
        self.url = self._server.url
        try:
            self.change(**settings)
        except BaseException:
            self.close()
            raise

    @abstractmethod
    def _delayed(self, answer: Answer, latency_s: float) -> None:
        """This answer leaves late."""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> Self:
        """Serves from a daemon thread until `close`."""
        self._server.start()
        return self

    def serve_forever(self, *, started: Callable[[], None]) -> None:
        """Serves in this, the main thread, until SIGTERM or SIGINT; calls `started` once it listens."""
        self._server.run(signals=(signal.SIGTERM, signal.SIGINT), started=started)
        self.close()

    def close(self) -> None:
        """Ends thread, port and database; nothing can be asked of the sandbox any more."""
        self._server.close()
        self._database.close()

    def _settle(self) -> None:
        with self._changed:
            self._write()
            self._changed.notify_all()

    def _handle(self, request: Request) -> Reply:
        with self._changed:
            if request.path == "/" or request.path.startswith("/_/"):
                return self._controlled(request)
            return self._called(request)

    def _called(self, request: Request) -> Reply:
        outcome = self._calling.decide(request)
        if outcome.stored and outcome.fault.latency_s and self._settings["late_writes"]:
            return self._later(request, outcome)
        return self._carried_out(request, outcome)

    def _later(self, request: Request, outcome: Outcome) -> Reply:
        """Carries the call out when its latency is over, though the client may have left by then."""
        latency_s = outcome.fault.latency_s
        replies: list[Reply] = []

        def carry_out() -> None:
            with self._changed:
                replies.append(self._carried_out(request, replace(outcome, fault=replace(outcome.fault, latency_s=0))))
                self._settle()

        self._delayed(Answer(Reply(), ""), latency_s)
        self._server.loop.call_later(latency_s, carry_out)
        return Reply(fault=Fault(latency_s=latency_s), instead=replies.pop)

    def _carried_out(self, request: Request, outcome: Outcome) -> Reply:
        mark = self._records.mark()
        try:
            answer, reply = self._calling.carry_out(request, outcome)
        except BaseException:  # a bug of the sandbox leaves nothing half done
            self._records.undo(mark)
            raise
        if outcome.fault.latency_s:
            self._delayed(answer, outcome.fault.latency_s)
        late = outcome.fault.latency_s or outcome.fault.drip_s
        return replace(reply, sent=partial(self._note_answered, self._calls.count)) if late else reply

    def _note_answered(self, seq: int) -> None:
        with self._changed:
            self._calls.write()
            self._calls.answered(seq, time.time_ns() // 1_000_000)
            self._database.commit()
            self._changed.notify_all()


def _context(tls: tuple[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*tls)
    return context
