"""Running: the processes and databases of one bench, on free ports of 127.0.0.1, all stopped by pid at its end."""

import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import requests

from bridge.core.normalise import normalise
from bridge.store import schema, targets
from bridge.store.arrival import prepare
from bridge.store.counters import Tally
from bridge.store.database import Database
from bridge.wiring import opened
from tests.postgres import Postgres, postgres
from tests.processes import Bridge, configuration, free_port, http_target, lead

ROOT = Path(__file__).parents[2]
NOWHERE = "http://127.0.0.1:9/"  # nobody listens: for benches in which no worker runs
T = TypeVar("T")

GROUP = 500  # leads in one transaction
SPREAD = 1_000_000  # more than one run of the load generator sends
_numbers = itertools.count(1)  # no two visitors are the same


@dataclass
class Bench:
    """One run: how long it may take, where its files are, and what to stop in the end."""

    quick: bool
    folder: Path
    stack: ExitStack
    rounds: int = 4

    def seconds(self, full: float, quick: float) -> float:
        return quick if self.quick else full

    def new_folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self.folder))

    def enter(self, running: AbstractContextManager[T]) -> T:
        return self.stack.enter_context(running)

    @cached_property
    def _postgres(self) -> Postgres:
        return self.enter(postgres())

    def database_url(self, kind: str) -> str:
        """An empty database with this version's schema: "sqlite" or "postgres"."""
        url = f"sqlite:///{self.new_folder()}/bridge.db"
        if kind == "postgres":
            url = self._postgres.new_database()
        database = Database(url)
        schema.migrate(database)
        database.close()
        return url

    def bridge(
        self, *, kind: str = "sqlite", target: str = NOWHERE, concurrency: int = 16, **environment: str
    ) -> Bridge:
        """A bridge with one target, none of its processes started yet."""
        config = configuration({"inbox": http_target(target, concurrency=concurrency)})
        found = Bridge(self.new_folder(), config, database_url=self.database_url(kind), environment=environment)
        self.stack.callback(found.stop)
        return found

    def web(self, *, kind: str = "sqlite", **environment: str) -> int:
        """The port of a bridge that only receives."""
        found = self.bridge(kind=kind, **environment)
        found.start("web", "--host", "127.0.0.1")
        found.wait_ready()
        return found.port

    def app(self, name: str, **environment: str) -> int:
        """The port of one of `tests.bench.apps`."""
        found = self.bridge(**environment)
        port = free_port()
        self.enter(started("tests.bench.apps", name, str(port), environment=found.environment, log=found.log_path))
        wait_for(f"http://127.0.0.1:{port}/readyz")
        return port

    def inbox(self) -> "Inbox":
        process = self.enter(started("tests.bench.inbox", stdout=subprocess.PIPE))
        assert process.stdout
        return Inbox(f"http://127.0.0.1:{int(process.stdout.readline())}")

    def turns(self, *measured: Callable[[], T], rounds: int = 0) -> list[list[T]]:
        """Each in its turn, round by round: a list of its values for each. Two rounds go one way and back, the next two
        another one: nobody always comes after the same neighbour, whose dirty pages may still be on their way to the
        disk.
        """
        found: list[list[T]] = [[] for _ in measured]
        pairs = list(zip(found, measured, strict=True))
        way = random.Random(1)  # the same in every run
        for round_ in range(rounds or self.rounds):
            pairs = pairs[::-1] if round_ % 2 else way.sample(pairs, len(pairs))
            for values, measure in pairs:
                values.append(measure())
        return found


@dataclass(frozen=True)
class Inbox:
    """The fast target, seen from outside."""

    url: str

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def count(self) -> int:
        return int(self._get("count")["count"])

    def last(self) -> Any:
        return self._get("last")

    def rate(self, seconds: float) -> float:
        """How many posts a second come in, from now on."""
        before = self._get("count")
        time.sleep(seconds)
        after = self._get("count")
        return float((after["count"] - before["count"]) / (after["at_s"] - before["at_s"]))

    def wait_for(self, count: int, *, timeout_s: float = 60) -> None:
        until_s = time.monotonic() + timeout_s
        while self.count() < count:
            if time.monotonic() > until_s:
                raise AssertionError(f"{self.count()} of {count} deliveries after {timeout_s:.0f} s")
            time.sleep(0.02)

    def _get(self, what: str) -> Any:
        return requests.get(f"{self.url}/{what}", timeout=10).json()


def store_leads(bridge: opened.Bridge, count: int) -> None:
    """Stores so many leads, each of another visitor, as the committer does; nobody was asked for a signature."""
    source, now_ms = bridge.rules.sources["smarterbot"], bridge.clock.now_ms()
    for _ in range(0, count, GROUP):
        bodies = [json.dumps(lead(next(_numbers))).encode() for _ in range(GROUP)]
        arrivals = [
            prepare(
                normalise(body, source=source),
                source=source, signed_at=1, received_at=now_ms, salt=bridge.salt, codec=bridge.codec,
            )
            for body in bodies
        ]  # fmt: skip
        with bridge.database.write() as connection:
            targets.register(connection, bridge.rules.targets.values())
            bridge.intake.write(connection, arrivals, now_ms=now_ms, tally=Tally())


def load(port: int, seconds: float, *, clients: int = 64, path: str | None = None) -> dict[str, float]:
    """What `tests.bench.load` says of a server; every run sends other leads. A refused request is an error."""
    first = next(_numbers) * SPREAD
    more = ["--path", path] if path else []
    command = ["--seconds", str(seconds), "--clients", str(clients), "--first", str(first), *more]
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.load", str(port), *command],
        cwd=ROOT, capture_output=True, text=True, timeout=seconds + 60, check=False,
    )  # fmt: skip
    if done.returncode:
        raise AssertionError(f"the load generator broke: {done.stderr[-2000:]}")
    said: dict[str, float] = json.loads(done.stdout)
    if said["failed"]:
        raise AssertionError(f"{said['failed']:.0f} of {said['sent']:.0f} requests were not answered 200")
    return said


@contextmanager
def started(
    module: str, *arguments: str, environment: dict[str, str] | None = None, log: Path | None = None, **more: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """A module of ours in a process of its own, ended at the end."""
    with (log or Path(os.devnull)).open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            **{"cwd": ROOT, "env": environment, "stdin": subprocess.DEVNULL, "stdout": out, "stderr": out} | more,
        )
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Asks it to end, by its pid, and makes sure."""
    process.terminate()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()


def wait_for(url: str, *, timeout_s: float = 30) -> None:
    until_s = time.monotonic() + timeout_s
    while time.monotonic() < until_s:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.02)
    raise AssertionError(f"{url} did not answer in {timeout_s:.0f} s")
