"""The ways of the demo's samples: each is sent as the platform would, and followed until it is at rest. What is at the
targets is read from their own ledgers.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from bridge.cli.demo_places import HAS_PHONE, Sandbox
from bridge.cli.samples import TESTED, Sample
from bridge.core.signature import HEADER
from bridge.core.signing import sign
from bridge.model.delivery import ENDED
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
    found: dict[str, tuple[int, str]] = field(default_factory=dict)  # by where it is, once that was counted

    @property
    def kept(self) -> bool:
        """Whether it is as promised: answered, and at each place once or, if it says nothing new, not at all."""
        answered = self.status == self.sample.status and self.answer.startswith(self.sample.answer)
        return answered and all(self.is_kept(place) for place in self.found)

    def is_kept(self, place: str) -> bool:
        count, word = self.found[place]
        if not self.sample.is_news:
            return count == 0
        return count == 1 or (count == 0 and word == HAS_PHONE)


def run(lines: list[Line], url: str, places: Sequence[Sandbox], database_url: str, redraw: Callable[[], None]) -> None:
    database = Database(database_url)
    try:
        for line in lines:
            _send(line, url, places, database, redraw)
    finally:
        database.close()


def _send(line: Line, url: str, places: Sequence[Sandbox], database: Database, redraw: Callable[[], None]) -> None:
    """Sends the sample and follows its way until it is at rest."""
    sample = line.sample
    for place in places if sample.fault else ():
        place.fault(sample.fault)
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
    whole.sort(key=lambda delivery: str(delivery["target"]))
    steps += [f"{one['target']}: {', '.join(map(_step, one['attempts_made']))}" for one in whole]
    rests = bool(whole) and all(delivery["state"] in ENDED for delivery in whole)
    return "\n".join(steps if rests else [*steps, "…"]), rests


def _without_event(line: Line) -> str:
    if line.answer == TESTED:
        return "a test: nothing to store"
    return "kept in quarantine" if "unreadable" in line.sample.name else "known already"


def _step(attempt: dict[str, Any]) -> str:
    if attempt["outcome"] == "delivered":
        return f"delivered ({attempt['took_ms']} ms)"
    reason = attempt["reason"].partition(": ")[0]
    return f"{reason} (uncertain)" if attempt["uncertain"] else reason


def count(lines: list[Line], places: Sequence[Sandbox]) -> None:
    """What each place's own ledger says of each sample."""
    for line in lines:
        line.found = {place.where: place.found(line.sample) for place in places if line.sample.is_news}
