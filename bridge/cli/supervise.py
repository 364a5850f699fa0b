"""Supervise: keeps a web and a worker process running, as one command. Each has its own interpreter lock, so that
under flood receiving and delivering both go on; and either may be killed without hurting the other.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from queue import Empty, SimpleQueue
from types import FrameType

from bridge.engine import child
from bridge.log import logger

SUPERVISED = "BRIDGE_SUPERVISED"
LOOK_S = 60.0  # between looks at running processes: their ends are told by a signal
STEADY_S = 10.0  # a process that ran for so long is started again at once
BACK_OFF_S = (0.0, 0.5, 1.0, 2.0, 5.0)

log = logger("serve")


class Supervisor:
    """Runs one process for each command until it is told to stop."""

    def __init__(self, commands: Mapping[str, list[str]], *, grace_s: float) -> None:
        self._children = {name: _Child(name, command) for name, command in commands.items()}
        self._grace_s = grace_s
        self._stopping = False
        # Signal handlers run in the middle of whatever the main thread does. An Event that it waits for at that moment
        # would never let them go; a SimpleQueue may be put into at any point.
        self._wake: SimpleQueue[None] = SimpleQueue()

    def run(self) -> int:
        """The exit code, when all processes have ended."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGCHLD, self._on_child)
        while not self._stopping:
            waits_s = [one.keep_running() for one in self._children.values()]
            self._sleep(min(waits_s))
        return self._end()

    def _on_stop(self, number: int, _: FrameType | None) -> None:
        self._stopping = True
        self._wake.put(None)

    def _on_child(self, number: int, _: FrameType | None) -> None:
        self._wake.put(None)

    def _sleep(self, most_s: float) -> None:
        """Until a signal comes."""
        try:
            self._wake.get(timeout=most_s)
            while True:  # several at once: one look is enough
                self._wake.get_nowait()
        except Empty:
            pass

    def _end(self) -> int:
        until_s = time.monotonic() + self._grace_s
        for one in self._children.values():
            one.terminate()
        codes = [one.wait(max(until_s - time.monotonic(), 0.1)) for one in self._children.values()]
        return max(codes)


class _Child:
    def __init__(self, name: str, command: list[str]) -> None:
        self._name = name
        self._command = [sys.executable, "-m", "bridge", *command]
        self._process: subprocess.Popen[bytes] | None = None
        self._started_s = 0.0
        self._failures = 0
        self._next_s = 0.0

    def keep_running(self) -> float:
        """Starts the process if it is not running and may be; gives when to look again, in seconds."""
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                return LOOK_S
            self._process = None
            wait_s = self._back_off()
            log.error("process ended, starting it again", process=self._name, code=code, in_s=wait_s)
        if (wait_s := self._next_s - time.monotonic()) > 0:
            return wait_s
        try:
            self._start()
        except OSError as error:  # no memory or no processes left, for now: the others go on
            wait_s = self._back_off()
            log.error("cannot start a process", process=self._name, reason=error.strerror, in_s=wait_s)
            return wait_s
        return LOOK_S

    def terminate(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait(self, timeout_s: float) -> int:
        if self._process is None:
            return 0
        try:
            code = self._process.wait(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            log.error("process does not end, killing it", process=self._name)
            self._process.kill()
            code = self._process.wait()
        return 0 if code == -signal.SIGTERM else abs(code)  # it was still starting: that is an end in good order

    def _start(self) -> None:
        self._started_s = time.monotonic()
        # The process reads the pipe: when this one dies, whatever way, the pipe ends, and so does the process.
        environment = os.environ | {SUPERVISED: "1"}
        self._process = child.start(self._command, stdin=subprocess.PIPE, env=environment)

    def _back_off(self) -> float:
        """It did not last: gives after how long it may be started again."""
        ran_s = time.monotonic() - self._started_s
        self._failures = 0 if ran_s > STEADY_S else self._failures + 1
        wait_s = BACK_OFF_S[min(self._failures, len(BACK_OFF_S) - 1)]
        self._next_s = time.monotonic() + wait_s
        return wait_s


def is_supervised() -> bool:
    """Whether this process is one of `bridge serve`'s."""
    return os.environ.get(SUPERVISED) == "1"


def die_with_parent() -> None:
    """Makes a supervised process end itself, in good order, when its supervisor is gone. Call it first."""
    if not is_supervised():
        return

    def watch() -> None:
        try:
            os.read(0, 1)  # nothing is ever written: this returns at the pipe's end
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
