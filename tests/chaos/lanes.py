"""Lanes: two web and two worker processes, few persons, commits that come out of order: never is one person's next
delivery begun before the one before has its answer.
"""

import json
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import LiteralString

import psycopg
import requests

from bridge.core.signature import HEADER
from bridge.core.signing import sign
from bridge.sandbox.inbox import Inbox
from tests.chaos.campaign import arrived
from tests.chaos.ledger import Ledger, Sent
from tests.chaos.report import Report
from tests.chaos.story import Fact
from tests.postgres import Postgres
from tests.processes import KEY, Bridge, configuration, free_port, http_target, lead, wait_until

VISITORS, EVENTS, CLIENTS = 6, 40, 16
QUIET_S = 90.0
# A commit takes up to so long, another one each time: what was numbered first is often seen last.
_LATE = """
CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM pg_sleep(random() * 0.02); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON events
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late();
"""


def run(*, seed: int, postgres: Postgres) -> Report:
    """Everybody's events at once, to both web processes, on Postgres."""
    report = Report("postgres, 2 webs + 2 workers")
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaos-lanes-") as folder, Inbox() as inbox:
        inbox.random([{"probability": 0.5, "latency_s": 0.02}, {"probability": 0.1, "latency_s": 0.1}], seed=seed)
        config = configuration({"inbox": http_target(inbox.url, concurrency=8)})
        bridge = Bridge(Path(folder), config, database_url=postgres.new_database())
        try:
            urls = _start(bridge)
            with Watcher(bridge.database_url) as watcher:
                sent = _send(urls, seed)
                inbox.wait_for(lambda: inbox.counts().stored >= VISITORS * EVENTS, QUIET_S)
            workers = _count(bridge.database_url, "SELECT count(DISTINCT worker) FROM attempts")
        finally:
            bridge.stop()
        report.broken = Ledger(sent, arrived(inbox)).broken()
    if not watcher.out_of_order:
        report.broken.append("no commit came out of order: this run has shown nothing")
    if workers < 2:
        report.broken.append("only one worker delivered: this run has shown nothing")
    report.what = f"{len(sent)} events of {VISITORS} persons, {watcher.out_of_order} commits seen out of order"
    report.took_s = time.monotonic() - began_s
    return report


class Watcher:
    """Counts the events that become visible after one with a higher number."""

    def __init__(self, url: str) -> None:
        self.out_of_order = 0
        self._url = url
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher")

    def __enter__(self) -> "Watcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        seen: set[int] = set()
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self._stop.wait(0.005):
                new = {row[0] for row in connection.execute("SELECT id FROM events")} - seen
                self.out_of_order += sum(id_ < max(seen, default=0) for id_ in new)
                seen |= new


def _start(bridge: Bridge) -> list[str]:
    """Two of each; gives the addresses to post to."""
    assert bridge.run("migrate").returncode == 0
    with psycopg.connect(bridge.database_url, autocommit=True) as connection:
        connection.execute(_LATE)
    other = free_port()
    bridge.start("web", "--host", "127.0.0.1")
    bridge.start("web", "--host", "127.0.0.1", "--port", str(other))
    bridge.start("worker")
    bridge.start("worker")
    urls = [bridge.url, f"http://127.0.0.1:{other}"]
    for url in urls:
        bridge.wait_ready(url)
    wait_until(lambda: 2 == _count(bridge.database_url, "SELECT count(*) FROM workers"))
    return [f"{url}/webhooks/smarterbot" for url in urls]


def _send(urls: list[str], seed: int) -> list[Sent]:
    facts = [(Fact(v, f"{v}-{n}", "Lead"), n) for v in range(1, VISITORS + 1) for n in range(EVENTS)]
    random = Random(seed)
    random.shuffle(facts)
    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(lambda pair: _post(urls[pair[1] % 2], *pair), facts))


AGAIN_S = 40.0


def _post(url: str, fact: Fact, number: int) -> Sent:
    created_at = f"2026-11-25T10:{number // 60:02}:{number % 60:02}Z"
    body = json.dumps(lead(fact.visitor, Content=fact.mark, CreateTime=created_at)).encode()
    began_s = time.monotonic()
    while True:  # as the platform does: who is told to come again, comes again
        header = sign(body, key=KEY.encode(), at=int(time.time()))
        answer = requests.post(url, data=body, headers={HEADER: header}, timeout=30)
        if answer.status_code != 503 or time.monotonic() - began_s > AGAIN_S:
            return Sent(fact, began_s, time.monotonic(), answer.status_code == 200)


def _count(url: str, query: LiteralString) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
