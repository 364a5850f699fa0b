"""Platform: sends signed leads from several threads as the vendor's platform does: what was not answered with success
is sent again for a while.
"""

import json
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

import requests

from bridge.core.signature import HEADER
from bridge.core.signing import sign
from tests.processes import KEY, lead

THREADS = 4
PAUSE_S = 0.05  # between two leads of one thread
AGAIN_S = 0.5
PATIENCE_S = 90.0
SUCCESS = {"status": "success"}


class Platform:
    """Sends until it is stopped. In a `with`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._end = threading.Event()
        self._changed = threading.Condition()  # its lock guards the two that follow
        self._answered: set[str] = set()
        self._failed = 0
        self._pool = ThreadPoolExecutor(THREADS)
        self._threads: list[Future[None]] = []

    def __enter__(self) -> "Platform":
        self._threads = [self._pool.submit(self._send_all, number) for number in range(1, THREADS + 1)]
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._pool.shutdown()
        for thread in self._threads:
            thread.result()

    @property
    def answered(self) -> set[str]:
        """Who was answered with success, by email."""
        with self._changed:
            return set(self._answered)

    @property
    def failed(self) -> int:
        """How many tries were not."""
        return self._failed

    def wait_for_more(self, count: int, *, timeout_s: float = 60) -> None:
        """Returns when so many more leads are answered."""
        with self._changed:
            wanted = len(self._answered) + count
            assert self._changed.wait_for(lambda: len(self._answered) >= wanted, timeout_s), "no answers"

    def _send_all(self, number: int) -> None:
        while not self._end.wait(PAUSE_S):
            self._send(number)
            number += THREADS

    def _send(self, number: int) -> None:
        fields = lead(number)
        body = json.dumps(fields, separators=(",", ":")).encode()
        until_s = time.monotonic() + PATIENCE_S
        while not self._is_taken(body):
            assert time.monotonic() < until_s, "given up"
            with self._changed:
                self._failed += 1
            time.sleep(AGAIN_S)  # the vendor's minute
        with self._changed:
            self._answered.add(fields["Email"])
            self._changed.notify_all()

    def _is_taken(self, body: bytes) -> bool:
        headers = {HEADER: sign(body, key=KEY.encode(), at=int(time.time()))}
        try:
            answer = requests.post(self._url, data=body, headers=headers, timeout=10)
            return answer.status_code == 200 and answer.json() == SUCCESS
        except requests.RequestException:
            return False
