"""Inbox: plays any HTTP API. POST, PUT or PATCH to a path that does not begin with /_ is a delivery: an arrival in its
ledger and, unless it fails or repeats a key, a new item. GET says ok to whoever probes. Under /_/ it is looked at and
controlled; / is for people.
"""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from html import escape
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs

from bridge.sandbox.exchange import Reply, Request, json_reply
from bridge.sandbox.faults import Faults
from bridge.sandbox.ledger import Ledger, Row, Tally
from bridge.sandbox.server import Server


class Inbox:
    """An inbox on 127.0.0.1, by default on a free port; in a `with`, it serves from a thread of this process.

    With `ledger`, a file, nothing is lost if the process is killed. All methods may be called from any thread.
    """

    def __init__(self, ledger: str | Path | None = None, *, port: int = 0, honour_keys: bool = True) -> None:
        self._ledger = Ledger(ledger)
        self._honour_keys = honour_keys
        self._faults = Faults()
        self._changed = threading.Condition()  # its lock guards all of the above
        self._server = Server(self._handle, port=port, settle=self._settle)
        self.url = self._server.url

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def serve_forever(self) -> None:
        """Serves in this, the main thread, until SIGTERM or SIGINT; once it listens, prints a line with its URL."""
        say = partial(print, "inbox:", self.url, flush=True)
        self._server.run(signals=(signal.SIGTERM, signal.SIGINT), started=say)
        self.close()

    def close(self) -> None:
        """Ends thread, port and ledger; nothing can be asked of the inbox any more."""
        self._server.close()
        self._ledger.close()

    def counts(self) -> Tally:
        """How much there is, at little cost."""
        return self._ledger.total

    def items(self) -> list[Any]:
        """The stored bodies in the order of storing: as JSON, or the text of those that are none."""
        return [_parsed(row.body) for row in self._rows("stored ORDER BY seq")]

    def keys(self) -> dict[str, Tally]:
        """Each idempotency key, and how often it arrived and was stored."""
        with self._changed:
            return self._ledger.keys.copy()

    def rows(self, *, after: int = 0) -> list[Row]:
        """The arrivals after this sequence number."""
        return self._rows("seq > ? ORDER BY seq", after)

    def wait_for(self, predicate: Callable[[], bool], timeout_s: float) -> bool:
        """Does this come true in time? It is asked after arrivals and must be quick: the inbox waits for it."""
        with self._changed:
            return self._changed.wait_for(predicate, timeout_s)

    def add_fault(self, **declared: Any) -> None:
        """Adds a scripted fault: `match`, `times`, `status`, `stored`, … as `Faults.add` takes them."""
        with self._changed:
            self._faults.add(declared)

    def random(self, table: Iterable[Mapping[str, Any]], *, seed: int = 0) -> None:
        """Replaces the random faults, as `Faults.random` takes them. A key's n-th arrival always meets the same."""
        with self._changed:
            self._faults.random(table, seed=seed)

    def reset(self) -> None:
        """Empties the ledger and clears the faults; the next arrival is number 1 again."""
        with self._changed:
            self._faults.clear()
            self._ledger.clear()

    def _rows(self, which: str, *values: Any) -> list[Row]:
        with self._changed:
            return self._ledger.rows(which, *values)

    def _settle(self) -> None:
        with self._changed:
            self._ledger.write()
            self._changed.notify_all()

    def _note_answered(self, seq: int) -> None:
        with self._changed:
            self._ledger.answered(seq, _now_ms())
            self._changed.notify_all()

    def _handle(self, request: Request) -> Reply:
        with self._changed:
            if request.method in ("POST", "PUT", "PATCH") and not request.path.startswith("/_"):
                return self._deliver(request)
            if request.method in ("GET", "HEAD") and not request.path.startswith("/_") and request.path != "/":
                return json_reply({"status": "ok", "account": "inbox"})  # whoever probes it may use it
            try:
                return self._control(request)
            except (ValueError, TypeError) as error:
                return json_reply({"error": str(error)}, status=400)

    def _deliver(self, request: Request) -> Reply:
        key, seq = request.header("Idempotency-Key") or "", self._ledger.total.arrivals + 1
        known = self._ledger.keys.get(key, Tally())
        outcome = self._faults.decide(request, draw=f"{key} {known.arrivals if key else seq}")
        fault, repeat, honoured = outcome.fault, known.stored > 0, known.stored > 0 and self._honour_keys
        silent, late = fault.hang or fault.reset, fault.latency_s or fault.drip_s
        path = f"{request.path}?{request.query}" if request.query else request.path
        now_ms = _now_ms()
        row = Row(
            *(seq, now_ms, request.method, path, key or None, dict(request.headers)),
            body=request.body.decode("utf-8", "replace"),
            stored=outcome.stored and not honoured,
            repeat=repeat,
            answered_ms=None if silent or late or fault.garbage else now_ms,  # what leaves late is noted when it has
            status=None if silent else outcome.status,
        )
        self._ledger.note(row)
        good = f'{{"status":"ok","id":"{known.stored_seq if honoured else seq}"}}'.encode()
        plain = good if outcome.status // 100 == 2 else b'{"status":"error"}'
        body = plain if outcome.body is None else outcome.body
        sent = partial(self._note_answered, seq) if late else (lambda: None)
        return Reply(outcome.status, {"Content-Type": "application/json", **outcome.headers}, body, fault, sent)

    def _control(self, request: Request) -> Reply:
        match f"{request.method} {request.path}":
            case "GET /":
                return _page(self._ledger.total, self._rows("stored ORDER BY seq DESC LIMIT 100"))
            case "GET /_/ledger":
                after = int(parse_qs(request.query).get("after", ["0"])[0])
                return json_reply([row._asdict() for row in self.rows(after=after)])
            case "GET /_/keys":
                return json_reply({key: tally._asdict() for key, tally in self._ledger.keys.items()})
            case "GET /_/items":
                return json_reply(self.items())
            case "POST /_/faults":
                declared = json.loads(request.body)
                for fault in declared if isinstance(declared, list) else [declared]:
                    self._faults.add(fault)
            case "DELETE /_/faults":
                self._faults.clear()
            case "POST /_/random":
                self._faults.random(**json.loads(request.body))
            case "POST /_/reset":
                self.reset()
            case unknown if unknown != "GET /_/healthz":
                return json_reply({"error": f"there is no {unknown}"}, status=404)
        return json_reply({"status": "ok"})


def main(port: int = 0, ledger: str | None = None, *, honour_keys: bool = True) -> None:
    """An inbox that is a process of its own, until SIGTERM or SIGINT; prints a line that ends with its URL."""
    Inbox(ledger, port=port, honour_keys=honour_keys).serve_forever()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _parsed(body: str) -> Any:
    try:
        return json.loads(body, parse_constant=str)  # NaN and its like could not be shown as JSON again
    except (ValueError, RecursionError):
        return body


def _page(total: Tally, rows: list[Row]) -> Reply:
    lines = "".join(
        f"<tr><td>{row.seq}<td>{time.strftime('%H:%M:%S', time.gmtime(row.at_ms / 1000))}"
        f"<td>{escape(row.method)} {escape(row.path)}<td>{escape(row.idempotency_key or '')}"
        f"<td><pre>{escape(row.body[:2000])}</pre>\n"
        for row in rows
    )
    page = f"""<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<title>Inbox</title><style>body{{font:15px sans-serif;margin:2em}}th,td{{text-align:left;vertical-align:top;
padding:.3em 1em .3em 0;border-top:1px solid #ccc}}pre{{margin:0;white-space:pre-wrap;word-break:break-all}}</style>
<h1>Inbox</h1><p><b>{total.stored}</b> items from {total.arrivals} arrivals, {total.repeats} of which repeated a key.
<table><tr><th>No.<th>At (UTC)<th>Request<th>Idempotency-Key<th>Body</tr>{lines}</table></html>"""
    return Reply(200, {"Content-Type": "text/html; charset=utf-8"}, page.encode())
