"""The smallest Postgres that is sold takes 20 connections: Postgres itself counts what the bridge takes, under load."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import requests
from sqlalchemy.engine import make_url

from bridge.sandbox.inbox import Inbox
from bridge.wiring import databases
from tests.deploy.heroku import ROOT
from tests.deploy.platform import Platform
from tests.postgres import Postgres
from tests.processes import Bridge, configuration, http_target

LIMIT = 20
WEB = databases.WEB.connections + databases.COMMITTER.connections
WORKER = databases.WORKER.connections + 1  # the one that listens
COMMAND = databases.USUAL.connections  # a release or an operator
SAMPLES_S = 0.01


class Watch:
    """The most connections to one database at once, as its server tells."""

    def __init__(self, server: Postgres, url: str) -> None:
        self._server = server
        self._name = make_url(url).database
        self.most = 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        end = threading.Event()
        thread = threading.Thread(target=self._run, args=(end,))
        thread.start()
        try:
            yield
        finally:
            end.set()
            thread.join()

    def _run(self, end: threading.Event) -> None:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
        with psycopg.connect(self._server.url, autocommit=True) as connection:
            while not end.wait(SAMPLES_S):
                found = connection.execute(query, [self._name]).fetchone()
                self.most = max(self.most, found[0] if found else 0)


def look(bridge: Bridge, end: threading.Event) -> int:
    """Asks for everything that asks the database, without a pause; gives how often that was answered."""
    answered = 0
    while not end.is_set():
        for path in ("/readyz", "/metrics"):
            answered += requests.get(bridge.url + path, timeout=30).status_code == 200
    return answered


@pytest.mark.parametrize(("workers", "budget"), [(1, WEB + WORKER), (3, WEB + 3 * WORKER)])
def test_under_load_no_process_takes_more_connections_than_its_share(
    tmp_path: Path, postgres_server: Postgres, new_postgres: Callable[[], str], workers: int, budget: int
) -> None:
    url, end = new_postgres(), threading.Event()
    with Inbox() as inbox:
        config = configuration({"inbox": http_target(inbox.url, concurrency=64)})
        bridge = Bridge(tmp_path, config, database_url=url)
        watch = Watch(postgres_server, url)
        try:
            assert 0 == bridge.call("migrate").returncode
            for command in ["web", *["worker"] * workers]:
                bridge.start(command)
            bridge.wait_ready()
            with ThreadPoolExecutor(8) as pool, watch.watching(), Platform(f"{bridge.url}/webhooks/smarterbot") as sent:
                lookers = [pool.submit(look, bridge, end) for _ in range(8)]
                sent.wait_for_more(200)
                assert inbox.wait_for(lambda: inbox.counts().stored >= 200, 60)
                end.set()
                assert all(looker.result() > 0 for looker in lookers)
            alone = watch.most
            with watch.watching():
                assert [0, 0] == [bridge.run(*line).returncode for line in (("migrate",), ("events", "list"))]
        finally:
            end.set()
            bridge.stop()

    assert 2 + 2 * workers <= alone <= budget  # one at least of the web, its committer; a worker asks and listens
    assert watch.most <= budget + COMMAND
    assert "QueuePool" not in bridge.log()  # nobody waited in vain for one


def test_one_web_and_three_workers_leave_room_for_a_release_and_an_operator() -> None:
    assert WEB + 3 * WORKER + 2 * COMMAND <= LIMIT


def test_the_documented_budget_is_the_real_one() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text()

    for line in (
        f"| `web` | {WEB}:",
        f"| `worker` | {WORKER}:",
        f"any other command | {COMMAND} |",
        f"| `serve` | {WEB + WORKER}:",
        f"| 1 web, 1 worker, a release, an operator's command | {WEB + WORKER + 2 * COMMAND} |",
        f"| 1 web, 3 workers, a release, an operator's command | {WEB + 3 * WORKER + 2 * COMMAND} |",
        f"| the same with preboot, while both webs run | {2 * WEB + 3 * WORKER + COMMAND},",
    ):
        assert line in page
