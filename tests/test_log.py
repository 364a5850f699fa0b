"""Logs: what cannot be written is lost, and nothing else is."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

LOG_AND_GO_ON = """
from bridge import log
from bridge.cli.process import _logs
_logs()
for number in range(1000):
    log.logger("test").error("a line", number=number)
print("went on")
"""


@contextmanager
def full_disk() -> Iterator[int]:
    with open("/dev/full", "w") as full:
        yield full.fileno()


@contextmanager
def pipe_that_nobody_reads() -> Iterator[int]:
    read, write = os.pipe()
    os.close(read)
    try:
        yield write
    finally:
        os.close(write)


@pytest.mark.parametrize("stderr", [full_disk, pipe_that_nobody_reads])
def test_whoever_logs_goes_on_when_the_line_cannot_be_written(stderr: Callable[[], Iterator[int]]) -> None:
    with stderr() as file:  # type: ignore[attr-defined]
        done = subprocess.run([sys.executable, "-c", LOG_AND_GO_ON], stdout=subprocess.PIPE, stderr=file, text=True)

    assert "went on\n" == done.stdout
