"""Killers: end one process of a bridge with -9, again and again, and see to it that somebody starts it again."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random

import psutil

from tests.postgres import Postgres
from tests.processes import Bridge

LIVES_S = (0.3, 2.0)  # how long a victim may work before it is killed
AWAY_S = (0.3, 2.5)  # how long a database stays away
PATIENCE_S = 30.0


class Killer:
    """Kills until it is told to stop; then everything is running again."""

    def __init__(self, bridge: Bridge, *, victim: str, seed: int, postgres: Postgres) -> None:
        self.killed = 0
        self._bridge = bridge
        self._postgres = postgres
        self._random = Random(f"{seed} {victim}")
        self._stop = threading.Event()
        strike: dict[str, Callable[[], None]] = {
            "web": lambda: self._kill_child("web"),
            "committer": lambda: self._kill_child("bridge.cli.committer"),
            "worker": lambda: self._kill_child("worker"),
            "supervisor": self._kill_supervisor,
            "database": self._take_database,
        }
        self._strike = strike[victim]
        self._thread = threading.Thread(target=self._run, name=f"kills the {victim}")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self._bridge.wait_ready()

    def _run(self) -> None:
        while True:
            self._bridge.wait_ready()
            if self._stop.wait(self._random.uniform(*LIVES_S)):
                return
            self._strike()
            self.killed += 1

    def _kill_child(self, command: str) -> None:
        supervisor = psutil.Process(self._bridge.processes[-1].pid)
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s:
            for child in supervisor.children(recursive=True):
                with suppress(psutil.NoSuchProcess):  # it may end by itself at any moment
                    if command in child.cmdline():
                        child.kill()
                        return
            self._stop.wait(0.05)
        raise AssertionError(f"no {command} process in {PATIENCE_S:.0f} s: {self._bridge.log()[-4000:]}")

    def _kill_supervisor(self) -> None:
        """As a host does: starts the command again at once, while the old one's children may still be ending."""
        process = self._bridge.processes.pop()
        process.kill()
        process.wait()
        self._bridge.start("serve", "--host", "127.0.0.1")

    def _take_database(self) -> None:
        if self._random.random() < 0.5:
            self._postgres.crash()
            return
        self._postgres.take_away()
        self._stop.wait(self._random.uniform(*AWAY_S))
        self._postgres.give_back()
