"""The ways of the demo's samples: each is sent as the platform would, and followed until it is at rest. What is at the
target is read from the inbox's own ledger.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from bridge.cli.samples import TESTED, Sample
from bridge.core.signature import HEADER
from bridge.core.signing import sign
from bridge.sandbox.inbox import Inbox
from bridge.store import look
from bridge.store.codec import Codec
from bridge.store.database import Database

KEY = b"the-demo's-signing-key"
PATIENCE_S = 30.0


@dataclass
class Line:
    """One sample and what became of it."""

    sample: Sample
    status: int | None = None
    answer: str = ""
    way: str = ""
    rests: bool = False
    stored: int = 0
    arrived: int | None = None  # requests at the target; None until counted

    @property
    def kept(self) -> bool:
        """Whether it is as promised."""
        answered = self.status == self.sample.status and self.answer.startswith(self.sample.answer)
        return answered and self.stored == self.sample.new


def run(lines: list[Line], url: str, inbox: Inbox, database_url: str, redraw: Callable[[], None]) -> None:
    database = Database(database_url)
    try:
        for line in lines:
            _send(line, url, inbox, database, redraw)
    finally:
        database.close()


def _send(line: Line, url: str, inbox: Inbox, database: Database, redraw: Callable[[], None]) -> None:
    """Sends the sample and follows its way until it is at rest."""
    sample = line.sample
    if sample.fault:
        inbox.add_fault(**sample.fault)
    before = _last_event(database)
    headers = {HEADER: signature(sample), "Content-Type": "application/json"}
    answer = requests.post(f"{url}/webhooks/smarterbot", data=sample.body, headers=headers, timeout=10)
    line.status, line.answer = answer.status_code, answer.text
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        line.way, line.rests = _way(line, database, before)
        redraw()
        if line.rests:
            return
        time.sleep(0.05)


def signature(sample: Sample) -> str:
    key = b"somebody else's key" if sample.forged else KEY
    return sign(sample.body, key=key, at=int(time.time()))


def _last_event(database: Database) -> int:
    with database.read() as connection:
        newest = next(look.list_events(connection, codec=Codec(), limit=1), None)
    return int(newest["id"]) if newest else 0


def _way(line: Line, database: Database, before: int) -> tuple[str, bool]:
    """The sample's way as the bridge tells it, and whether it is at rest."""
    if line.status != 200:
        return "refused, not stored", True
    with database.read() as connection:
        new = [row for row in look.list_events(connection, codec=Codec(), limit=20) if row["id"] > before]
        if not new:
            return _without_event(line), True
        found = [row for row in look.list_deliveries(connection, codec=Codec(), limit=20) if row["event_id"] > before]
        whole = [look.show_delivery(connection, row["id"], codec=Codec()) or {} for row in found]
    steps = ["stored" if new[0]["revision"] == 1 else f"revision {new[0]['revision']}"]
    for delivery in whole:
        steps += [_step(attempt) for attempt in delivery["attempts_made"]]
    rests = bool(whole) and all(delivery["state"] in ("delivered", "dead", "discarded") for delivery in whole)
    return " → ".join(steps if rests else [*steps, "…"]), rests


def _without_event(line: Line) -> str:
    if line.answer == TESTED:
        return "a test: nothing to store"
    return "kept in quarantine" if "unreadable" in line.sample.name else "known already"


def _step(attempt: dict[str, Any]) -> str:
    if attempt["outcome"] == "delivered":
        return f"delivered ({attempt['took_ms']} ms)"
    return f"{attempt['reason'].partition(': {')[0]}{', uncertain' if attempt['uncertain'] else ''}"


def count(lines: list[Line], inbox: Inbox) -> None:
    """What the inbox's ledger says of each sample."""
    keys = inbox.keys()
    for line in lines:
        mine = [item for item in inbox.items() if line.sample.is_mine(item)]
        line.stored = len(mine)
        line.arrived = sum(keys[f"{item['key']}-{item['revision']}"].arrivals for item in mine)
