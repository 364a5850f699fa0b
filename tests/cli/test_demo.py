"""The demo leaves nothing behind, in whatever way it ends: no folder, and nobody who listens."""

import io
import os
import pty
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from bridge.cli.demo_table import table
from bridge.cli.demo_ways import Line
from bridge.cli.samples import Sample
from tests.processes import wait_until

TAKE_TERMINAL = """
import os, signal, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, and who is started by that ignores it too
os.setsid()
os.close(os.open(os.ttyname(0), os.O_RDWR))  # whoever leads a session gets the terminal that it opens
os.execv(sys.executable, [sys.executable, "-m", "bridge", "demo"])
"""


class Demo:
    """A running demo on a terminal of its own, whose session it leads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ours, theirs = pty.openpty()
        environment = os.environ | {"TMPDIR": str(folder), "TERM": "dumb", "COLUMNS": "200"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", TAKE_TERMINAL],
            stdin=theirs, stdout=theirs, stderr=theirs, env=environment, cwd=folder,
        )  # fmt: skip
        os.close(theirs)
        self.said = ""

    def read_until(self, pattern: str) -> re.Match[str]:
        """The first match in what it says."""
        while not (found := re.search(pattern, self.said)):
            self.said += os.read(self.ours, 65536).decode()
        return found

    def is_gone(self, port: int) -> bool:
        return not list(self.folder.glob("bridge-demo-*")) and not _answers(port)


def _answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    found = Demo(tmp_path)
    yield found
    if found.process.poll() is None:
        found.process.kill()
        found.process.wait()
    if found.ours >= 0:
        os.close(found.ours)


@pytest.fixture
def port(demo: Demo) -> int:
    """The port of the demo's bridge, which listens."""
    found = int(demo.read_until(r"A bridge at http://127\.0\.0\.1:(\d+)")[1])
    wait_until(lambda: _answers(found), timeout_s=60)
    return found


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_ends_it_in_good_order(demo: Demo, port: int, number: signal.Signals) -> None:
    demo.process.send_signal(number)

    assert 128 + number == demo.process.wait(60)
    assert demo.is_gone(port)


def test_a_terminal_that_is_closed_ends_it_in_good_order(demo: Demo, port: int) -> None:
    os.close(demo.ours)
    demo.ours = -1

    assert 0 != demo.process.wait(60)
    assert demo.is_gone(port)


def test_its_bridge_ends_with_it_when_it_is_killed(demo: Demo, port: int) -> None:
    demo.process.kill()

    wait_until(lambda: not _answers(port), timeout_s=60)


@pytest.mark.parametrize("width", [80, 200])
def test_its_table_breaks_no_word_on_a_screen_of_80_columns(width: int) -> None:
    way = "stored\nhubspot: HTTP 503 (uncertain), delivered (357 ms)\nsalesforce: delivered (33 ms)"
    answered = {"status": 200, "answer": '{"status":"success"}', "way": way}
    places = {"at the inbox": (1, "with its note"), "in Salesforce": (1, ""), "in HubSpot": (0, "")}
    line = Line(Sample("one that each target answers with 503", b"", ""), found=places, **answered)
    console = Console(width=width, file=io.StringIO())

    with console.capture() as shown:
        console.print(table([line]))

    for word in ("answers", "Salesforce", "missing"):
        assert word in shown.get()
