"""Real bridge processes for tests: started with a configuration of their own on free ports, stopped by pid."""

import contextlib
import io
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from bridge import log
from bridge.cli import main
from bridge.core.signature import HEADER
from bridge.core.signing import sign

KEY = "a-signing-key-for-tests"
LEAD = {
    "SerialNumber": "59001dd73709417321c58b11693183a2",
    "Type": "Lead",
    "FirstName": "David",
    "LastName": "Garcia",
    "Email": "test@qq.com",
    "PhoneNumber": "",
    "CreateTime": "2023-11-23T18:36:21.512302Z",
    "Content": "test",
    "SessionID": 31305,
    "URI": "www.google.com",
}


def lead(number: int = 0, **changes: Any) -> dict[str, Any]:
    """A vendor's lead; another number is another visitor."""
    fields = dict(LEAD)
    if number:
        fields |= {"Email": f"visitor{number}@example.com", "SessionID": number}
    return fields | changes


_OURS = range(11_000 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]), 20_000, 16)
_PORTS = itertools.cycle(random.sample(_OURS, len(_OURS)))  # another run on this machine takes others


def free_port() -> int:
    """One that neither the system nor the tests beside us give to a server before the bridge listens there."""
    for port in _PORTS:
        with socket.socket() as looking, contextlib.suppress(OSError):
            looking.bind(("127.0.0.1", port))
            return port
    raise AssertionError


def configuration(targets: dict[str, dict[str, Any]], *, key: str = "${TEST_SIGNING_KEY:-}", **more: Any) -> str:
    """A configuration with one source, `smarterbot`. JSON is YAML."""
    source = {"preset": "newoaks", "signing_keys": [key]}
    return json.dumps({"version": 1, "sources": {"smarterbot": source}, "targets": targets} | more, indent=1)


def http_target(url: str, *, settings: dict[str, Any] | None = None, **delivery: Any) -> dict[str, Any]:
    found = {"url": url, "allow_private_addresses": True} | (settings or {})
    return {"connector": "http", "settings": found, "delivery": {"retry": ["200ms", "500ms", "1s"]} | delivery}


class Bridge:
    """One bridge: a folder with its configuration, its database, and whatever processes are running of it."""

    def __init__(
        self,
        folder: Path,
        config: str,
        *,
        database_url: str = "",
        environment: dict[str, str] | None = None,
        python: str = sys.executable,
    ) -> None:
        self.folder = folder
        self.python = python
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_path = folder / "log"
        (folder / "config.yaml").write_text(config)
        self.database_url = database_url or f"sqlite:///{folder}/bridge.db"
        self.environment = os.environ | {
            "BRIDGE_CONFIG": str(folder / "config.yaml"),
            "DATABASE_URL": self.database_url,
            "PORT": str(self.port),
            "TEST_SIGNING_KEY": KEY,
            "TMPDIR": str(folder),
        }
        self.environment |= environment or {}
        self.processes: list[subprocess.Popen[bytes]] = []

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command, to its end, in this process: for what it says and does. A tenth of the time of `run`."""
        code: Any = 0
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdout", out := io.StringIO())
            patch.setattr(sys, "stderr", err := io.StringIO())
            patch.setattr(log, "_lines", log._lines)
            patch.chdir(self.folder)
            for name in os.environ.keys() - self.environment.keys():
                patch.delenv(name)
            for name in self.environment:
                patch.setenv(name, self.environment[name])
            try:
                main(arguments)
            except SystemExit as end:
                code = end.code or 0
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())

    def run(self, *arguments: str, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
        """One command, to its end, in a process of its own: for how it starts and ends."""
        command = [self.python, "-m", "bridge", *arguments]
        return subprocess.run(
            command, env=self.environment, cwd=self.folder, capture_output=True, text=True, timeout=timeout_s
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A long-running command in the background; its log goes to `log_path`."""
        return self.start_python("-m", "bridge", *arguments)

    def start_python(self, *arguments: str) -> subprocess.Popen[bytes]:
        """The same of any Python process of this bridge, such as one with its minutes made seconds."""
        with self.log_path.open("ab") as log:
            process = subprocess.Popen(
                [self.python, *arguments],
                env=self.environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        self.processes.append(process)
        return process

    def serve(self) -> subprocess.Popen[bytes]:
        """`bridge serve`, ready to receive."""
        process = self.start("serve", "--host", "127.0.0.1")
        self.wait_ready()
        return process

    def wait_ready(self, url: str = "", *, timeout_s: float = 60) -> None:
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            for process in self.processes:
                assert process.poll() is None, f"ended with {process.returncode}: {self.log()}"
            try:
                if requests.get(f"{url or self.url}/readyz", timeout=2).ok:
                    return
            except requests.RequestException:
                time.sleep(0.02)
        raise AssertionError(f"not ready after {timeout_s} s: {self.log()}")

    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def post(
        self, body: Any, *, key: str = KEY, at: int | None = None, header: str | None = None, timeout_s: float = 30
    ) -> requests.Response:
        """Signs (unless a header is given) and posts a body, as the platform does."""
        data = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
        signed = sign(data, key=key.encode(), at=at or int(time.time())) if header is None else header
        headers = {"Content-Type": "application/json"} | ({HEADER: signed} if signed else {})
        return requests.post(f"{self.url}/webhooks/smarterbot", data=data, headers=headers, timeout=timeout_s)

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        """What a listing command prints, as dicts."""
        done = self.call(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()


@contextlib.contextmanager
def running(
    folder: Path, config: str, *, database_url: str = "", python: str = sys.executable, **environment: str
) -> Iterator[Bridge]:
    """A bridge under `serve`, stopped at the end whatever happens."""
    bridge = Bridge(folder, config, database_url=database_url, environment=environment, python=python)
    try:
        bridge.serve()
        yield bridge
    finally:
        bridge.stop()


def wait_until(found: Any, *, timeout_s: float = 30) -> Any:
    """Asks `found()` until it gives something true, and gives that; fails after the timeout."""
    until = time.monotonic() + timeout_s
    while not (value := found()):
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)
    return value
