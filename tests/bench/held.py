"""Held: a thousand deliveries in the hands of one worker at once, at a target that takes its time."""

import subprocess
import time

import psutil
import requests

from bridge.store.counters import totals
from bridge.wiring.opened import Bridge, open_bridge
from tests.bench.figures import Line, value
from tests.bench.running import Bench, started, store_leads

COUNT = 1000
SLOW_S = 30.0
QUICK_S = 5.0
LATE_S = 5.0  # beyond the target's own time, from the start of the first call to the end of the last


def lines(bench: Bench) -> list[Line]:
    """Figure 10: memory of the worker process, and how much later than the target's own time the last one came back."""
    slow_s = bench.seconds(SLOW_S, QUICK_S)
    memory, late, most = _held(bench, slow_s)
    return [
        value(f"10 worker that holds {COUNT:,} calls of {slow_s:.0f} s, memory", [memory], " MB", at_most=250),
        value("10 the last answer is settled later than the target gave it by", [late], " s", at_most=LATE_S),
        value("  calls in flight at once", [most], ""),
    ]


def _held(bench: Bench, slow_s: float) -> tuple[float, float, float]:
    process = bench.enter(started("tests.bench.slow", str(slow_s), stdout=subprocess.PIPE))
    assert process.stdout
    url = f"http://127.0.0.1:{int(process.stdout.readline())}"
    bridge = bench.bridge(target=url, concurrency=COUNT)
    opened = open_bridge(bridge.environment)
    store_leads(opened, COUNT)
    worker = psutil.Process(bridge.start("worker").pid)
    most_bytes, most = 0, 0
    began_s, until_s = time.monotonic(), time.monotonic() + slow_s * 2 + 60
    answered_s = 0.0
    while _count(opened, "delivered") < COUNT:
        if time.monotonic() > until_s:
            raise AssertionError(f"{_count(opened, 'delivered')} of {COUNT} after {until_s - began_s:.0f} s")
        most_bytes = max(most_bytes, worker.memory_info().rss)
        said = _said(url)
        most, answered_s = max(most, said["most"]), said["last_s"]
        time.sleep(0.1)
    late_s = time.time() - answered_s if answered_s else 0.0
    opened.close()
    bridge.stop()
    return most_bytes / 1e6, late_s, most


def _count(opened: Bridge, state: str) -> int:
    with opened.database.read() as connection:
        return totals(connection, "deliveries").get(f"inbox:{state}", 0)


def _said(url: str) -> dict[str, float]:
    found: dict[str, float] = requests.get(f"{url}/said", timeout=10).json()
    return found
