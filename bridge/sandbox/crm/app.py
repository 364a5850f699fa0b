"""What the sandboxes of CRMs share: server, records, ledger of calls, faults, control paths under /_/, page, settings.

A CRM gives `_answer`, its words and its settings.
"""

import json
import signal
import sqlite3
import ssl
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs

from bridge.sandbox.crm.calling import Answer, Calling
from bridge.sandbox.crm.calls import Call, Calls
from bridge.sandbox.crm.page import page
from bridge.sandbox.crm.records import Record, Records
from bridge.sandbox.crm.settings import changed
from bridge.sandbox.faults import Outcome
from bridge.sandbox.server import Fault, Reply, Request, Server, json_reply


class Crm(ABC):
    """A CRM on 127.0.0.1, by default on a free port; in a `with`, it serves from a thread of this process.

    With `records`, a file, nothing is lost if the process is killed. With `tls`, the files of a certificate and of its
    key, it speaks https. All methods without _ may be called from any thread.
    """

    title: ClassVar[str]
    aside: ClassVar[frozenset[str]] = frozenset()  # kinds and fields that the page leaves out
    defaults: ClassVar[Mapping[str, Any]]  # the settings, each with its default; `SHARED` among them
    faults: ClassVar[Mapping[str, Mapping[str, Any]]]  # faults that have a name, as {"as": "quota"} is written for one

    def __init__(
        self,
        records: str | Path | None = None,
        *,
        port: int = 0,
        tls: tuple[str, str] | None = None,
        **settings: Any,
    ) -> None:
        self._database = sqlite3.connect(records or ":memory:", check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = OFF")  # survives a kill, not a power cut
        self._records, self._calls = Records(self._database), Calls(self._database)
        self._calling = Calling(self._calls, answer=self._answer, spoiled=self._spoiled)
        self._changed = threading.Condition()  # its lock guards all of the above
        remembered = self._records.kept("settings") or {}
        self._settings = changed(self.defaults, deepcopy(dict(self.defaults)), remembered)
        self._server = Server(self._handle, port=port, settle=self._settle, tls=None if tls is None else _context(tls))
        self.url = self._server.url
        try:
            self.change(**settings)
        except BaseException:
            self.close()
            raise

    @abstractmethod
    def _answer(self, request: Request) -> Answer:
        """What the CRM makes of this call."""

    @abstractmethod
    def _spoiled(self, status: int) -> bytes:
        """The body of an answer with this status by a fault that brings none."""

    @abstractmethod
    def _configured(self) -> None:
        """The settings have changed, or all records are gone. ValueError says what is wrong with the settings."""

    def _control(self, asked: str, body: Any) -> Any:
        """What the CRM answers on a control path of its own, such as "POST /_/expire"; LookupError: no such path."""
        raise LookupError(asked)

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

    def records(self, kind: str) -> list[dict[str, Any]]:
        """The records of this kind in the order of their creation, deleted ones among them."""
        with self._changed:
            return [dict(record) for record in self._records.all(kind)]

    @property
    def calls(self) -> list[Call]:
        """All calls, in their order."""
        with self._changed:
            return self._calls.rows()

    @property
    def cost(self) -> int:
        """How much all calls counted against the quota."""
        return self._calls.cost

    @property
    def settings(self) -> dict[str, Any]:
        """The settings as they are now."""
        with self._changed:
            return deepcopy(self._settings)

    def change(self, **settings: Any) -> None:
        """Changes settings: tables are merged, all else is replaced, None brings a default back. Else ValueError."""
        with self._changed:
            before, self._settings = self._settings, changed(self.defaults, self._settings, settings)
            try:
                self._configured()
            except (ValueError, TypeError, KeyError, AttributeError):
                self._settings = before
                self._configured()
                raise
            self._records.keep("settings", self._settings)
            self._write()

    def fault(self, **declared: Any) -> None:
        """Adds a fault: `match`, `times`, `status`, `stored`, … as `Faults.add` takes them, or one that has a name."""
        with self._changed:
            self._calling.faults.add(self._named(declared))

    def random(self, table: Iterable[Mapping[str, Any]], *, seed: int = 0) -> None:
        """Replaces the random faults. The n-th of several equal calls always meets the same."""
        with self._changed:
            self._calling.faults.random([self._named(row) for row in table], seed=seed)

    def wait_for(self, predicate: Callable[[], bool], timeout_s: float) -> bool:
        """Does this come true in time? It is asked after calls and must be quick: the sandbox waits for it."""
        with self._changed:
            return self._changed.wait_for(predicate, timeout_s)

    def reset(self) -> None:
        """Empties records and ledger, clears faults; settings stay."""
        with self._changed:
            self._calling.clear()
            self._calls.clear()
            self._records.clear()
            self._records.keep("settings", self._settings)
            self._configured()
            self._write()

    def _named(self, declared: Any) -> Any:
        if not isinstance(declared, Mapping) or "as" not in declared:
            return declared
        if declared["as"] not in self.faults:
            raise ValueError(f"as: must be one of {', '.join(self.faults)}, not {declared['as']!r:.50}")
        return {**self.faults[declared["as"]], **{name: value for name, value in declared.items() if name != "as"}}

    def _write(self) -> None:
        self._records.write()
        self._calls.write()
        self._database.commit()

    def _settle(self) -> None:
        with self._changed:
            self._write()
            self._changed.notify_all()

    def _handle(self, request: Request) -> Reply:
        with self._changed:
            if request.path != "/" and not request.path.startswith("/_/"):
                return self._called(request)
            try:
                return self._controlled(request)
            except LookupError:
                return json_reply({"error": f"there is no {request.method} {request.path}"}, status=404)
            except (ValueError, TypeError, AttributeError) as error:
                return json_reply({"error": str(error)}, status=400)

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

    def _controlled(self, request: Request) -> Reply:
        asked, query = f"{request.method} {request.path}", parse_qs(request.query)
        body = json.loads(request.body) if request.body.strip() else {}
        match asked:
            case "GET /":
                said = f"{self._calls.count} calls, which count as {self._calls.cost} against the quota."
                return page(self.title, self._records, said=said, aside=self.aside)
            case "GET /_/records":
                kinds = query.get("object") or self._records.objects()
                return json_reply({kind: list(self._records.all(kind)) for kind in kinds})
            case "POST /_/records":
                return json_reply({kind: [self._plant(kind, one) for one in body[kind]] for kind in body}, status=201)
            case "GET /_/calls":
                after = int(query.get("after", ["0"])[0])
                return json_reply([call._asdict() for call in self._calls.rows(after=after)])
            case "GET /_/org":
                return json_reply(self._settings)
            case "PATCH /_/org":
                self.change(**body)
            case "POST /_/faults":
                for fault in body if isinstance(body, list) else [body]:
                    self._calling.faults.add(self._named(fault))
            case "DELETE /_/faults":
                self._calling.faults.clear()
            case "POST /_/random":
                self.random(**body)
            case "POST /_/reset":
                self.reset()
            case asked if asked != "GET /_/healthz":
                return json_reply(self._control(asked, body))
        return json_reply({"status": "ok"})

    @abstractmethod
    def _plant(self, kind: str, fields: Mapping[str, Any]) -> Record:
        """A record as if it had always been there, past all rules. ValueError if it cannot be."""

    def plant(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Puts a record there past all rules of the CRM; returns all of it."""
        with self._changed:
            planted = dict(self._plant(kind, fields))
            self._write()
            return planted


def _context(tls: tuple[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*tls)
    return context
