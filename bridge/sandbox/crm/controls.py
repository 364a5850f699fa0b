"""Controls: what the sandbox of a CRM holds (records, ledger of calls, faults, settings), and what tests and people may
ask of it beside the CRM's API: from Python, and under /_/.
"""

import json
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs

from bridge.sandbox.crm.calling import Answer, Calling
from bridge.sandbox.crm.calls import Call, Calls
from bridge.sandbox.crm.page import page
from bridge.sandbox.crm.records import Record, Records
from bridge.sandbox.crm.settings import changed
from bridge.sandbox.exchange import Reply, Request, json_reply


class Controls(ABC):
    """All methods without _ may be called from any thread."""

    title: ClassVar[str]
    aside: ClassVar[frozenset[str]] = frozenset()  # kinds and fields that the page leaves out
    defaults: ClassVar[Mapping[str, Any]]  # the settings, each with its default; `SHARED` among them
    faults: ClassVar[Mapping[str, Mapping[str, Any]]]  # faults that have a name, as {"as": "quota"} is written for one

    def __init__(self, records: str | Path | None) -> None:
        self._database = sqlite3.connect(records or ":memory:", check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = OFF")  # survives a kill, not a power cut
        self._records, self._calls = Records(self._database), Calls(self._database)
        self._calling = Calling(self._calls, answer=self._answer, spoiled=self._spoiled)
        self._changed = threading.Condition()  # its lock guards all of the above
        remembered = self._records.kept("settings") or {}
        self._settings = changed(self.defaults, deepcopy(dict(self.defaults)), remembered)

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
    def _plant(self, kind: str, fields: Mapping[str, Any]) -> Record:
        """A record as if it had always been there, past all rules. ValueError if it cannot be."""

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

    def plant(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Puts a record there past all rules of the CRM; returns all of it."""
        with self._changed:
            planted = dict(self._plant(kind, fields))
            self._write()
            return planted

    def _controlled(self, request: Request) -> Reply:
        """The answer on a path that is none of the CRM's: the page, or one under /_/."""
        try:
            return self._on_control_path(request)
        except LookupError:
            return json_reply({"error": f"there is no {request.method} {request.path}"}, status=404)
        except (ValueError, TypeError, AttributeError) as error:
            return json_reply({"error": str(error)}, status=400)

    def _on_control_path(self, request: Request) -> Reply:
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
