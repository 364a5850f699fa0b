"""Logs: what cannot be written is lost, and nothing else is."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bridge import log
from tests.processes import configuration, http_target, lead, running

LOG_AND_GO_ON = """
from bridge import log
log.setup(terminal=False)
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


@pytest.fixture
def stderr(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """What was written to it."""
    return lambda: capsys.readouterr().err


def failed() -> ValueError:
    try:
        raise ValueError("no\x1b[2J number")
    except ValueError as error:
        return error


def test_a_program_gets_one_object_a_line(stderr: Callable[[], str]) -> None:
    log.setup(terminal=False, level="warning")

    log.logger("web").info("listening")
    log.logger("web").error("request failed", path="/webhooks/ö\n", raised=failed(), port=Path("a"))

    (line,) = stderr().splitlines()
    found = json.loads(line)
    assert ("web", "request failed", "error") == (found["area"], found["event"], found["level"])
    assert ("/webhooks/ö\n", "PosixPath('a')") == (found["path"], found["port"])
    assert found["at"].endswith("Z")
    assert found["exception"].startswith("Traceback")
    assert found["exception"].endswith("ValueError: no\x1b[2J number")


def test_a_terminal_gets_a_line_for_reading_and_no_character_that_it_would_obey(stderr: Callable[[], str]) -> None:
    log.setup(terminal=True)

    log.logger("web").warning("rejected", source="tidio", reason="x\x1b[2Jy", size_bytes=17)
    log.logger("web").error("request failed", raised=failed())

    first, *rest = stderr().splitlines()
    assert "warning" in first
    assert first.endswith(" area=web source=tidio reason='x\\x1b[2Jy' size_bytes=17")
    assert "ValueError: no\\x1b[2J number" == rest[-1]


def test_a_terminal_without_colours_gets_the_same_line_without_them(stderr: Callable[[], str]) -> None:
    log.setup(terminal=True, coloured=False)

    log.logger("web").warning("rejected", source="tidio", reason="x\x1b[2my")

    (line,) = stderr().splitlines()
    assert ["warning", "rejected", "area=web", "source=tidio", "reason='x\\x1b[2my'"] == line.split()[1:]


@pytest.mark.parametrize("level", ["debug", "info"])
def test_each_stored_group_tells_what_came_of_it_to_whoever_asks_for_debug(tmp_path: Path, level: str) -> None:
    body = [lead(1), lead(1), lead(1, PhoneNumber="+12125550147"), lead(2), {"Type": "Talk"}]
    with running(tmp_path, configuration({"crm": http_target("http://127.0.0.1:9/")}), BRIDGE_LOG=level) as bridge:
        bridge.post(body)

    lines = [json.loads(line) for line in bridge.log().splitlines() if line.startswith("{")]
    told = [line for line in lines if line["event"] == "group stored"]
    expected = {"requests": 1, "stored": 2, "duplicate": 1, "revision": 1, "quarantined": 1}
    assert ([expected] if level == "debug" else []) == [{name: line[name] for name in expected} for line in told]
    assert all(0 < line["took_s"] < 10 for line in told)
    assert "visitor1@example.com" not in bridge.log()
