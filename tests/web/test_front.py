"""The front before an application whose every answer takes a while: who waits, for how long, and who does not."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from bridge.web import front, server
from tests.processes import free_port, wait_until

WORK_S = 0.1


class Slow:
    """An application that works for a while on every webhook, and remembers what it was asked in what order."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        self.asked.append(path)
        if path != "/healthz":
            time.sleep(WORK_S)  # stands for work
        start_response("200 OK", [])
        return [b""]


def served(app: Slow, ask: Callable[[str], list[int]]) -> list[int]:
    """What `ask` gets, in a thread, of a server that answers its one source on the loop."""
    port = free_port()

    def asking() -> list[int]:
        try:
            wait_until(lambda: is_open(port))
            return ask(f"http://127.0.0.1:{port}")
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    async def last() -> list[int]:
        serving = server.serve(app, host="127.0.0.1", port=port, grace_s=5.0, quick=["/webhooks/one"])
        return (await asyncio.gather(asyncio.to_thread(asking), serving))[0]

    return asyncio.run(last())


def is_open(port: int) -> bool:
    with socket.socket() as looking:
        return looking.connect_ex(("127.0.0.1", port)) == 0


def posted(url: str) -> int:
    return requests.post(f"{url}/webhooks/one", data=b"x", timeout=30).status_code


def test_health_is_told_before_all_that_wait_for_their_turn() -> None:
    app = Slow()

    def ask(url: str) -> list[int]:
        with ThreadPoolExecutor(12) as pool:
            waiting = [pool.submit(posted, url) for _ in range(12)]
            wait_until(lambda: len(app.asked) >= 3)  # by then the others wait for their turn
            health = requests.get(f"{url}/healthz", timeout=30).status_code
            return [health, *(one.result() for one in waiting)]

    assert [200] * 13 == served(app, ask)
    assert app.asked.index("/healthz") < 8


def test_who_waited_too_long_for_his_turn_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "TURN_WITHIN_S", 3 * WORK_S)
    app = Slow()

    def ask(url: str) -> list[int]:
        with ThreadPoolExecutor(20) as pool:
            return [one.result() for one in [pool.submit(posted, url) for _ in range(20)]]

    answers = served(app, ask)

    assert {200, 503} == set(answers)
    assert answers.count(200) == len(app.asked)
