"""Campaign: one bridge, an inbox, a Salesforce org and a HubSpot portal with faults, senders, and somebody who kills;
then the books are compared.
"""

import json
import os
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import select, text

from bridge.engine.operate import Operator
from bridge.errors import StoreError
from bridge.sandbox.hubspot.portal import Portal
from bridge.sandbox.inbox import Inbox
from bridge.sandbox.salesforce.org import Org
from bridge.store.arrival import decode_event
from bridge.store.database import Lost
from bridge.store.tables import deliveries, events
from bridge.wiring.opened import open_bridge
from tests.chaos.crm import broken, in_hubspot, in_salesforce
from tests.chaos.killers import Killer
from tests.chaos.ledger import Arrived, Ledger
from tests.chaos.report import Report
from tests.chaos.senders import Senders
from tests.postgres import Postgres
from tests.processes import Bridge, configuration, http_target

SENDERS = 8
QUIET_S = 120.0  # for everything to be at rest once nobody is killed any more
RETRY = ["100ms", "200ms", "400ms", "800ms", *["1s"] * 30]
KEYED = ("worker", "supervisor")  # with whom the CRMs have fields for our keys
FAULTS: list[dict[str, Any]] = [
    {"probability": 0.20, "latency_s": 0.05},
    {"probability": 0.02, "latency_s": 0.7},
    {"probability": 0.05, "status": 503, "stored": False},
    {"probability": 0.03, "status": 500, "stored": True},
    {"probability": 0.005, "status": 503, "headers": {"Retry-After": "1"}, "stored": False},
    {"probability": 0.005, "status": 429, "headers": {"Retry-After": "1"}, "stored": False},
    {"probability": 0.01, "hang": True, "stored": True},
    {"probability": 0.005, "hang": True, "stored": False},
    {"probability": 0.02, "reset": True, "stored": True},
    {"probability": 0.02, "reset": True, "stored": False},
    {"probability": 0.01, "garbage": True, "stored": True},
]


def run(folder: Path, *, kind: str, victim: str, seed: int, seconds: float, postgres: Postgres) -> Report:
    """One campaign on one kind of database."""
    report = Report(f"{kind}, {victim} killed")
    began_s = time.monotonic()
    url = postgres.new_database() if kind == "postgres" else ""
    keyed = victim in KEYED
    with (
        Inbox(folder / "inbox.db") as inbox,
        Org(folder / "org.db", **_keyed_org() if keyed else {}) as org,
        Portal(folder / "portal.db", rolling_requests=1000, **_keyed_portal() if keyed else {}) as portal,
    ):
        for sandbox in (inbox, org, portal):
            sandbox.random(FAULTS, seed=seed)
        bridge = Bridge(folder, configuration(_targets(inbox, org, portal, keyed=keyed)), database_url=url)
        try:
            bridge.serve()
            _play(bridge, inbox, org, portal, report, victim=victim, seed=seed, seconds=seconds, postgres=postgres)
        finally:
            bridge.stop()
    report.took_s = time.monotonic() - began_s
    return report


def _keyed_org() -> dict[str, Any]:
    """An org that has a field for our key, and goes on with slow calls when nobody waits for them any more."""
    field = {"external_id": True, "unique": True, "length": 64}
    return {
        "objects": {name: {"fields": {"Chat_Key__c": field}} for name in ("Lead", "Event", "Task")},
        "late_writes": True,
    }


def _keyed_portal() -> dict[str, Any]:
    unique = {"hasUniqueValue": True}
    activities = {kind: {"bridge_event_id": unique} for kind in ("notes", "tasks", "meetings")}
    return {"properties": {"contacts": {"chat_visitor_key": unique}, **activities}}


def _targets(inbox: Inbox, org: Org, portal: Portal, *, keyed: bool) -> dict[str, dict[str, Any]]:
    delivery: dict[str, Any] = {"timeout": "2s", "concurrency": 16, "retry": RETRY}
    auth = {"client_credentials": {"consumer_key": "sandbox-client", "consumer_secret": "sandbox-secret"}}
    settings: dict[str, Any] = {"url": org.url, "auth": auth, "allow_private_addresses": True}
    if keyed:
        settings["external_ids"] = dict.fromkeys(("Lead", "Event", "Task"), "Chat_Key__c")
    salesforce = {"connector": "salesforce", "settings": settings, "delivery": delivery}
    known: dict[str, Any] = {
        "access_token": portal.settings["access_token"],
        "base_url": portal.url,
        "allow_private_addresses": True,
    }
    if keyed:
        known["unique"] = {"contact": "chat_visitor_key", "activity": "bridge_event_id"}
    hubspot = {"connector": "hubspot", "settings": known, "delivery": delivery | {"timeout": "4s", "rate": "900/10s"}}
    return {"inbox": http_target(inbox.url, **delivery), "salesforce": salesforce, "hubspot": hubspot}


def _play(
    bridge: Bridge,
    inbox: Inbox,
    org: Org,
    portal: Portal,
    report: Report,
    *,
    victim: str,
    seed: int,
    seconds: float,
    postgres: Postgres,
) -> None:
    senders = Senders(lambda: f"{bridge.url}/webhooks/smarterbot", seed=seed, count=SENDERS)
    killer = Killer(bridge, victim=victim, seed=seed, postgres=postgres)
    with closing(Attendant(bridge)) as attendant:
        killer.start()
        try:
            senders.run(seconds)
        finally:
            killer.stop()
        report.broken += attendant.wait_quiet()
        ledger = Ledger(senders.sent, arrived(inbox), attendant.excused)
    report.broken += ledger.broken()
    told = []
    for name, (persons, activities), cost in (
        ("Salesforce", in_salesforce(org), org.cost),
        ("HubSpot", in_hubspot(portal), portal.cost),
    ):
        report.broken += [f"{name}: {line}" for line in broken(senders.sent, persons, activities)]
        told.append(f"{len(persons):4} persons and {len(activities):4} activities in {name} in {cost:4} calls")
    report.broken += [f"healed: {line}" for line in bridge.log().splitlines() if "healed deliveries" in line]
    answered, count = sum(sent.answered for sent in senders.sent), inbox.counts()
    report.kept = answered
    report.what = (
        f"{killer.killed:2} kills, {len(senders.sent):4} facts sent, {answered:4} answered with success, "
        f"{count.stored:4} at the inbox in {count.arrivals:4} requests, {', '.join(told)}, "
        f"{attendant.replayed} replayed"
    )


class Attendant:
    """An operator who lets held targets go on, and sends again what is dead: a hold's thirty seconds are long here."""

    def __init__(self, bridge: Bridge) -> None:
        self.replayed = 0
        self.excused: set[int] = set()  # visitors of whom something was dead: what came after it went first
        self._opened = open_bridge(bridge.environment)
        rules, codec, clock = self._opened.rules.targets.values(), self._opened.codec, self._opened.clock
        self._operator = Operator(
            self._opened.database, rules, codec=codec, clock=clock, who="chaos", shard=os.getpid()
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="attendant")
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._opened.close()

    def wait_quiet(self) -> list[str]:
        """Returns when nothing waits any more; what still does after a long time is a broken promise."""
        until_s, left = time.monotonic() + QUIET_S, [(0, "not known")]
        while time.monotonic() < until_s:
            try:
                left = self._left()
                if not left and not self._attend():
                    return []
            except Lost:  # a connection of before the last restart
                continue
            self._stop.wait(0.2)
        return [f"stuck: delivery {id_} is {state}" for id_, state in left[:20]]

    def _run(self) -> None:
        while not self._stop.wait(1.0):
            try:
                self._attend()
            except StoreError:
                continue  # the database is away: next time

    def _attend(self) -> int:
        """Gives how many deliveries it sent again."""
        for target in self._operator.targets():
            if target["state"] == "held":
                self._operator.resume(target["name"])
        dead = list(self._operator.ended(target=None, state="dead"))
        self.excused |= self._visitors(dead)
        answers = self._operator.replay(dead, as_new=False)
        again = sum(not why_not for why_not in answers.values())
        self.replayed += again
        return again

    def _left(self) -> list[tuple[int, str]]:
        """Deliveries that have not ended."""
        unended = text("state IN ('waiting', 'queued', 'claimed')")
        with self._opened.database.read() as connection:
            return [tuple(row) for row in connection.execute(select(*deliveries.c["id", "state"]).where(unended))]

    def _visitors(self, ids: list[int]) -> set[int]:
        query = select(events).join(deliveries, deliveries.c.event_id == events.c.id).where(deliveries.c.id.in_(ids))
        with self._opened.database.read() as connection:
            found = [decode_event(row, self._opened.codec) for row in connection.execute(query)]
        return {int(event.session_id) for event in found}


def arrived(inbox: Inbox) -> list[Arrived]:
    """The inbox's own ledger."""
    return [_arrived(row, json.loads(row.body)) for row in inbox.rows()]


def _arrived(row: Any, said: dict[str, Any]) -> Arrived:
    return Arrived(
        seq=row.seq,
        at_ms=row.at_ms,
        answered_ms=row.answered_ms,
        stored=row.stored,
        idempotency_key=row.idempotency_key or "",
        visitor=int(said["session_id"]),
        mark=said["content"],
        phone=said["phone"],
    )
