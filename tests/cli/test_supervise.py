"""The supervisor: signals, whenever they come, and processes that cannot be started."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.processes import Bridge, configuration, http_target, wait_until

SUPERVISE = """
import sys
from bridge import log
from bridge.cli import supervise
log.setup(terminal=False)
{first}
supervisor = supervise.Supervisor({{"version": ["--version"]}}, grace_s=5)
sys.exit(supervisor.run())
"""


@contextmanager
def supervise(first: str = "") -> Iterator[subprocess.Popen[str]]:
    """A running supervisor of a process that ends at once, again and again."""
    command = [sys.executable, "-c", SUPERVISE.format(first=first)]
    found = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        yield found
    finally:
        found.kill()
        found.wait()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stderr
    return next(line for line in process.stderr if words in line)


def test_no_moment_for_a_signal_is_a_bad_one() -> None:
    with supervise() as supervisor:
        read_until(supervisor, "process ended")  # its handlers are set
        for _ in range(1_000_000):  # a few of them come while it goes to sleep or wakes up
            os.kill(supervisor.pid, signal.SIGCHLD)

        supervisor.terminate()

        assert 0 == supervisor.wait(timeout=30)


def test_a_process_that_cannot_be_started_is_tried_again() -> None:
    with supervise("sys.executable = '/no/such/file'") as supervisor:
        assert [True] * 3 == ["No such file" in read_until(supervisor, "cannot start") for _ in range(3)]

        supervisor.terminate()

        assert 0 == supervisor.wait(timeout=30)


@pytest.mark.parametrize("processes", [1, 2, 3])  # the web process, the worker, and then the one that stores
def test_ctrl_c_while_it_starts_ends_all_its_processes_without_a_traceback(tmp_path: Path, processes: int) -> None:
    bridge = Bridge(tmp_path, configuration({"crm": http_target("http://127.0.0.1:9/")}))
    command = [sys.executable, "-m", "bridge", "serve", "--host", "127.0.0.1"]
    with bridge.log_path.open("wb") as log:
        serve = subprocess.Popen(command, env=bridge.environment, stdout=log, stderr=log, start_new_session=True)
    try:
        started = wait_until(lambda: _children(serve.pid, processes))
        os.killpg(serve.pid, signal.SIGINT)  # as a terminal does

        assert 0 == serve.wait(timeout=30)
        _, alive = psutil.wait_procs(started, timeout=30)
        assert [] == alive
        assert "Traceback" not in bridge.log()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(serve.pid, signal.SIGKILL)


def _children(process: int, count: int) -> list[psutil.Process]:
    """All that it started, once there are so many."""
    found = psutil.Process(process).children(recursive=True)
    return found if len(found) >= count else []
