"""Apart: large bodies are re-serialised in a process of their own, one at a time. Reading 16 MiB of JSON holds the
interpreter lock for seconds; anybody may send that with a forged signature, and no lead may wait for it. Nor may a
day's records, which are small among the large: those have a line of their own.

Run as a module it is that process: a body in on stdin, the re-serialised one out on stdout.
"""

import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bridge.core.ecmascript import restringify

SMALL_BYTES = 64 << 10
MOST_WAITING = 4  # bodies in a line; who comes on top of them is told to come back
PATIENCE_S = 10.0  # for one's turn
DEADLINE_S = 30.0
MOST_MEMORY_BYTES = 1 << 30
NICE = 10
NO_JSON = 3  # exit code


class Busy(Exception):
    """Too many large bodies are waiting, or this one took too long: the sender is to come back."""


class Apart:
    """Re-serialises as `core/ecmascript` does. Thread-safe."""

    def __init__(self) -> None:
        self._small, self._large = _Line(), _Line()

    def restringify(self, body: bytes) -> bytes | None:
        """`JSON.stringify(JSON.parse(body))`, None where that throws. Raises Busy."""
        with (self._small if len(body) <= SMALL_BYTES else self._large).turn():
            return _run(body)


class _Line:
    """Who waits for a turn, and there is one at a time."""

    def __init__(self) -> None:
        self._one = threading.Lock()
        self._room = threading.BoundedSemaphore(MOST_WAITING + 1)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Raises Busy where too many wait, or it does not come in time."""
        if not self._room.acquire(blocking=False):
            raise Busy
        try:
            if not self._one.acquire(timeout=PATIENCE_S):
                raise Busy
            try:
                yield
            finally:
                self._one.release()
        finally:
            self._room.release()


def _run(body: bytes) -> bytes | None:
    command = [sys.executable, "-m", "bridge.engine.restringify_apart"]
    try:
        done = subprocess.run(command, input=body, capture_output=True, timeout=DEADLINE_S, check=False)  # noqa: S603
    except (subprocess.TimeoutExpired, OSError) as error:
        raise Busy from error
    if done.returncode == NO_JSON:
        return None
    if done.returncode:
        raise Busy
    return done.stdout


def main() -> int:
    """The process."""
    os.nice(NICE)
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    allowed = MOST_MEMORY_BYTES if most == resource.RLIM_INFINITY else min(MOST_MEMORY_BYTES, most)
    resource.setrlimit(resource.RLIMIT_AS, (allowed, most))
    written = restringify(sys.stdin.buffer.read())
    if written is None:
        return NO_JSON
    sys.stdout.buffer.write(written)
    return 0


if __name__ == "__main__":
    sys.exit(main())
