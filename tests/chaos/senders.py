"""Senders: post as the vendor's platform does: a failure is tried again after a while and once more, then given up."""

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random

import requests

from bridge.core.signature import HEADER
from bridge.core.signing import sign
from tests.chaos.ledger import Sent
from tests.chaos.story import Post, story
from tests.processes import KEY

TRIES_AFTER_S = (0.0, 1.0, 3.0)  # the vendor's 0, 1 and 3 minutes, sixty times as fast
PAUSE_S = 0.05  # between two posts of one sender
ANSWER_S = 10.0

Url = Callable[[], str]


class Senders:
    """Several of them, each with visitors of its own; they note what they sent and what was answered."""

    def __init__(self, url: Url, *, seed: int, count: int) -> None:
        self.sent: list[Sent] = []
        self._url = url
        self._seed = seed
        self._count = count
        self._end = threading.Event()
        self._lock = threading.Lock()

    def run(self, seconds: float) -> None:
        """Sends for so long; what has begun by then is brought to its end."""
        until_s = time.monotonic() + seconds
        with ThreadPoolExecutor(self._count) as pool:
            for done in [pool.submit(self._work, number, until_s) for number in range(self._count)]:
                done.result()

    def _work(self, number: int, until_s: float) -> None:
        random = Random(f"{self._seed} sender {number}")
        visitor = number + 1
        while time.monotonic() < until_s:
            for post in story(self._seed, visitor):
                self._send(post, random)
                self._end.wait(random.uniform(0, 2 * PAUSE_S))
            visitor += self._count

    def _send(self, post: Post, random: Random) -> None:
        bodies = [fact.body(random) for fact in post.facts]
        body = json.dumps(bodies if post.array else bodies[0]).encode()
        key = b"somebody else's" if post.facts[0].forged else KEY.encode()
        signed_at = int(time.time())
        for wait_s in TRIES_AFTER_S:
            self._end.wait(wait_s)
            if random.random() < 0.5:
                signed_at = int(time.time())  # else the last try carries the first one's time
            if self._try(post, body, sign(body, key=key, at=signed_at)) or post.facts[0].forged:
                return

    def _try(self, post: Post, body: bytes, signature: str) -> bool:
        began_s = time.monotonic()
        try:
            answer = requests.post(self._url(), data=body, headers={HEADER: signature}, timeout=ANSWER_S)
            answered = answer.status_code == 200 and answer.json() == {"status": "success"}
        except requests.RequestException:
            answered = False
        ended_s = time.monotonic()
        with self._lock:
            self.sent += [Sent(fact, began_s, ended_s, answered) for fact in post.facts]
        return answered
