"""A log that cannot be written any more (its reader went away, its disk is full) stops nothing and costs no lead."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bridge.sandbox.inbox import Inbox
from tests.processes import Bridge, configuration, http_target, lead, wait_until


class Piped(Bridge):
    """A bridge whose log goes into a pipe, until its reader goes away."""

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        self.reader, writer = os.pipe()
        command = [sys.executable, "-m", "bridge", *arguments]
        process = subprocess.Popen(
            command, env=self.environment, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=writer,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(writer)
        self.processes.append(process)
        return process

    def close_log(self) -> None:
        os.close(self.reader)


@pytest.fixture
def bridge(tmp_path: Path, inbox: Inbox) -> Iterator[Piped]:
    found = Piped(tmp_path, configuration({"inbox": http_target(inbox.url)}))
    yield found
    found.stop()


def test_the_receiver_stores_and_answers_as_ever(bridge: Piped) -> None:
    assert 0 == bridge.run("migrate").returncode
    bridge.start("web", "--host", "127.0.0.1")
    bridge.wait_ready()
    bridge.close_log()

    forged = bridge.post(lead(1), header="t=1,v1=00")
    other = sqlite3.connect(bridge.folder / "bridge.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")  # "cannot store" is logged by the thread that stores
    refused = bridge.post(lead(2))
    other.execute("ROLLBACK")
    other.close()

    assert (401, 503) == (forged.status_code, refused.status_code)
    assert [200, 200, 200] == [bridge.post(lead(number)).status_code for number in (3, 4, 5)]


def test_the_worker_delivers_and_is_started_again_when_it_was_killed(bridge: Piped, inbox: Inbox) -> None:
    serve = psutil.Process(bridge.start("serve", "--host", "127.0.0.1").pid)
    bridge.wait_ready()
    bridge.close_log()
    bridge.post(lead(1))
    assert inbox.wait_for(lambda: len(inbox.items()) == 1, 30)

    worker = next(child for child in serve.children() if "worker" in child.cmdline())
    worker.send_signal(signal.SIGKILL)
    bridge.post(lead(2))

    assert inbox.wait_for(lambda: len(inbox.items()) == 2, 30)
    assert wait_until(lambda: [c for c in serve.children() if "worker" in c.cmdline() and c.pid != worker.pid])
