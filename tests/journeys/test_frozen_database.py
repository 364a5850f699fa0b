"""A database that says nothing at all, as a stopped server or a network that swallows what is sent: told to whoever
asks and once in the log, and over when it answers again.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import requests

from bridge.sandbox.inbox import Inbox
from tests.postgres import Postgres
from tests.processes import Bridge, configuration, http_target, lead, wait_until


def test_a_database_that_says_nothing_is_told_to_who_asks_and_once_in_the_log(
    tmp_path: Path, postgres_server: Postgres
) -> None:
    bridge = Bridge(tmp_path, configuration({}), database_url=postgres_server.new_database())
    assert 0 == bridge.call("migrate").returncode
    try:
        web = psutil.Process(bridge.start("web", "--host", "127.0.0.1").pid)
        bridge.wait_ready()
        assert 200 == bridge.post(lead(1)).status_code
        threads = web.num_threads()
        with postgres_server.frozen(), ThreadPoolExecutor(20) as pool:
            paths = ["/metrics"] * 4 + ["/readyz"] * 12
            asked = [pool.submit(_ask, bridge, path) for path in paths]
            leads = [pool.submit(bridge.post, lead(number)) for number in (2, 3)]

            assert {503} == {answer.result().status_code for answer in (*asked, *leads)}
            assert max(answer.result().elapsed.total_seconds() for answer in asked) < 3
            wait_until(lambda: _told(bridge, "cannot store anything"))
            found = _ask(bridge, "/readyz")
            assert found.json()["database"] in ("does not answer", "Unavailable")
            assert found.elapsed.total_seconds() < 3
            assert web.num_threads() <= threads + 2
        wait_until(lambda: _ask(bridge, "/readyz").ok)
        wait_until(lambda: "stores again" in bridge.log())

        assert 200 == bridge.post(lead(5)).status_code
        assert _ask(bridge, "/metrics").ok
        (told,) = _told(bridge, "cannot store anything")
        assert "no answer for over 3 s" in told["reason"]
        assert "pg_stat_activity" in told["advice"]
    finally:
        bridge.stop()


def test_a_worker_whose_database_says_nothing_says_so_once_and_goes_on_when_it_answers(
    tmp_path: Path, postgres_server: Postgres
) -> None:
    with Inbox() as inbox:
        target = http_target(inbox.url)
        bridge = Bridge(tmp_path, configuration({"inbox": target}), database_url=postgres_server.new_database())
        assert 0 == bridge.call("migrate").returncode
        try:
            bridge.start("worker")
            bridge.start("web", "--host", "127.0.0.1")
            bridge.wait_ready()
            assert bridge.post(lead(1)).ok
            wait_until(lambda: inbox.counts().arrivals == 1)
            with postgres_server.frozen():
                (told,) = wait_until(lambda: _told(bridge, "database does not answer"))
            wait_until(lambda: _told(bridge, "database answers again"))

            assert bridge.post(lead(2)).ok
            wait_until(lambda: inbox.counts().arrivals == 2)
            assert ("worker", True) == (told["area"], "no answer for over 3 s" in told["reason"])
            assert 1 == len(_told(bridge, "database does not answer"))
        finally:
            bridge.stop()


def _ask(bridge: Bridge, path: str) -> requests.Response:
    return requests.get(f"{bridge.url}{path}", timeout=10)


def _told(bridge: Bridge, event: str) -> list[dict[str, str]]:
    lines = [json.loads(line) for line in bridge.log().splitlines()]
    return [line for line in lines if line["event"] == event]
