"""The supervisor: signals, whenever they come, and processes that cannot be started."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

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
