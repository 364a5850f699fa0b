"""The front before an application whose every answer takes a while: who waits, for how long, and who does not."""

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from bridge.web import front, server
from bridge.web.wsgi import WsgiApp
from tests.processes import free_port, wait_until

WORK_S = 0.1
PLUGGED = {"/webhooks/hanging": "hanging", "/webhooks/acme": "acme"}


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


class Hanging:
    """An application whose code for one plugin's source returns only when it is `let_go`."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.let_go = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/webhooks/hanging":
            self.asked.release()
            self.let_go.wait()
        start_response("200 OK", [])
        return [b""]


def served(app: WsgiApp, ask: Callable[[str], list[int]]) -> list[int]:
    """What `ask` gets, in a thread, of a server that answers its one source on the loop, and two of plugins."""
    port = free_port()

    def asking() -> list[int]:
        try:
            wait_until(lambda: is_open(port))
            return ask(f"http://127.0.0.1:{port}")
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    async def last() -> list[int]:
        serving = server.serve(app, host="127.0.0.1", port=port, grace_s=5.0, quick=["/webhooks/one"], plugged=PLUGGED)
        return (await asyncio.gather(asyncio.to_thread(asking), serving))[0]

    return asyncio.run(last())


def is_open(port: int) -> bool:
    with socket.socket() as looking:
        return looking.connect_ex(("127.0.0.1", port)) == 0


def posted(url: str, source: str = "one") -> int:
    answer = requests.post(f"{url}/webhooks/{source}", data=b"x", timeout=30)
    assert (answer.status_code == 503) == ("Retry-After" in answer.headers)
    return answer.status_code


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


def test_who_hangs_in_a_plugin_is_told_to_come_back_and_an_operator_which_one_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(front, "HUNG_S", WORK_S)
    app = Hanging()

    def ask(url: str) -> list[int]:
        with ThreadPoolExecutor(front.PLUGIN_THREADS) as pool:
            hanging = list(pool.map(lambda _: posted(url, "hanging"), range(front.PLUGIN_THREADS)))
        at_once = [posted(url, "hanging"), posted(url, "acme"), posted(url)]
        app.let_go.set()
        wait_until(lambda: posted(url, "hanging") == 200)
        return hanging + at_once

    assert [503, 503, 503, 200, 200] == served(app, ask)
    lines = [line for line in capsys.readouterr().err.splitlines() if "plugin hangs" in line]
    assert all("source=hanging" in line for line in lines)
    assert "threads_lost=2 of=2" in lines[-1]
    assert len(lines) <= front.PLUGIN_THREADS


def test_of_those_who_wait_for_a_plugin_too_many_are_told_to_come_back_at_once_and_the_others_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(front, "MOST_PLUGGED", 3)
    monkeypatch.setattr(front, "TURN_WITHIN_S", 5 * WORK_S)
    app = Hanging()

    def ask(url: str) -> list[int]:
        with ThreadPoolExecutor(20) as pool:
            begun = [pool.submit(posted, url, "hanging") for _ in range(front.PLUGIN_THREADS)]
            for _ in begun:
                assert app.asked.acquire(timeout=30)
            more = [pool.submit(posted, url, "hanging") for _ in range(5)]
            late = [one.result() for one in more]
            app.let_go.set()
            return late + [one.result() for one in begun]

    assert [503] * 5 + [200] * 2 == served(app, ask)
    assert not app.asked.acquire(blocking=False), "who was told to come back is not taken up any more"
