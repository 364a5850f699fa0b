"""Deliver: what a worker does to a fast inbox while the web process is flooded, and what CPU a delivery costs."""

import json
import subprocess
import threading
import time

import psutil

from bridge.wiring.opened import open_bridge
from tests.bench.figures import Line, ratio, value
from tests.bench.running import Bench, Inbox, load, started, store_leads
from tests.processes import Bridge

THREADS = 16
FASTEST = 2000  # deliveries a second that no worker reaches here: backlogs are made to last


def flood(bench: Bench) -> list[Line]:
    """Figure 5, with the default log and with a quiet one."""
    return [line for level in ("info", "warning") for line in _flood(bench, level)]


def cpu(bench: Bench) -> list[Line]:
    """Figure 6: the worker against a plain program that posts the same object from as many threads."""
    seconds = bench.seconds(4, 1.5)
    inbox = bench.inbox()
    bridge = _with_backlog(bench, inbox, int(FASTEST * (seconds + 1) * bench.rounds))

    def plain() -> float:
        with started("tests.bench.poster", inbox.url, str(THREADS), stdin=subprocess.PIPE) as process:
            assert process.stdin
            process.stdin.write(json.dumps(inbox.last()).encode())
            process.stdin.close()
            return _cpu_us(process, inbox, seconds)

    ours, baseline = bench.turns(lambda: _worker_cpu_us(bridge, inbox, seconds), plain)
    return [ratio("6 CPU a delivery / requests.post", ours, baseline, " µs", at_most=1.5)]


def _flood(bench: Bench, level: str) -> list[Line]:
    seconds = bench.seconds(4, 2)
    inbox = bench.inbox()
    bridge = _with_backlog(bench, inbox, int(FASTEST * seconds * bench.rounds), BRIDGE_LOG=level)
    bridge.start("web", "--host", "127.0.0.1")
    bridge.wait_ready()
    bridge.start("worker")
    inbox.wait_for(200)
    accepts: list[float] = []
    alone, flooded = bench.turns(lambda: inbox.rate(seconds), lambda: _flooded(bridge, inbox, seconds, accepts))
    bridge.stop()
    return [
        ratio(f"5 deliveries in a flood / alone, log {level}", flooded, alone, "/s", at_least=0.6),
        value(f"  accepts meanwhile, log {level}", accepts, "/s"),
    ]


def _flooded(bridge: Bridge, inbox: Inbox, seconds: float, accepts: list[float]) -> float:
    """Deliveries a second while 64 clients send as fast as they are answered."""
    sender = threading.Thread(target=lambda: accepts.append(load(bridge.port, seconds + 0.5)["rate"]))
    sender.start()
    time.sleep(1.0)  # the load generator's start and warm-up
    rate = inbox.rate(seconds - 0.5)
    sender.join()
    return rate


def _with_backlog(bench: Bench, inbox: Inbox, count: int, **environment: str) -> Bridge:
    """A bridge that has stored so many leads, and delivered none of them."""
    bridge = bench.bridge(target=inbox.url, concurrency=THREADS, **environment)
    opened = open_bridge(bridge.environment)
    store_leads(opened, count)
    opened.close()
    return bridge


def _worker_cpu_us(bridge: Bridge, inbox: Inbox, seconds: float) -> float:
    """CPU a delivery of a worker that has just started on its backlog."""
    process = bridge.start("worker")
    found = _cpu_us(process, inbox, seconds)
    process.terminate()
    process.wait(timeout=30)
    bridge.processes.remove(process)
    return found


def _cpu_us(process: subprocess.Popen[bytes], inbox: Inbox, seconds: float) -> float:
    """User and system time of the process for each post that comes in, once it is under way."""
    inbox.wait_for(inbox.count() + 300)
    watched = psutil.Process(process.pid)
    before, from_s = inbox.count(), sum(watched.cpu_times()[:2])
    time.sleep(seconds)
    after, until_s = inbox.count(), sum(watched.cpu_times()[:2])
    if after - before < 100:
        raise AssertionError(f"only {after - before} deliveries: the backlog was too small")
    return (until_s - from_s) / (after - before) * 1e6
