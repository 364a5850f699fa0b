"""One look for all who ask meanwhile: how long they wait, and how many threads it costs."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bridge.web import one_look
from bridge.web.one_look import OneLook
from tests.processes import wait_until


class Gate:
    """What is looked at: it answers when it is open, with how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.open = threading.Event()

    def __call__(self) -> int:
        self.asked += 1
        number = self.asked
        self.open.wait(60)
        return number


@pytest.fixture
def gate() -> Iterator[Gate]:
    found = Gate()
    yield found
    found.open.set()


def test_each_look_is_a_new_one(gate: Gate) -> None:
    gate.open.set()
    look = OneLook(gate, name="test")

    assert [1, 2, 3] == [look() for _ in range(3)]


def test_a_look_that_never_ends_costs_one_thread_and_the_time_once(gate: Gate) -> None:
    look = OneLook(gate, name="test", within_s=0.2)
    with pytest.raises(TimeoutError):
        look()
    threads, began_s = threading.active_count(), time.monotonic()

    for _ in range(1000):
        with pytest.raises(TimeoutError):
            look()

    assert (1, threads) == (gate.asked, threading.active_count())
    assert time.monotonic() - began_s < 5


def test_when_it_has_ended_after_all_there_is_another_look(gate: Gate) -> None:
    look = OneLook(gate, name="test", within_s=0.1)
    with pytest.raises(TimeoutError):
        look()

    gate.open.set()

    wait_until(lambda: _answer(look) == 2)


def test_who_comes_while_somebody_looks_gets_the_same_answer(gate: Gate) -> None:
    look = OneLook(gate, name="test", within_s=30)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(look)
        wait_until(lambda: gate.asked)
        threading.Timer(0.05, gate.open.set).start()

        assert (1, 1) == (look(), first.result())


def test_what_took_long_to_find_serves_those_whose_turn_comes_after_it(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_look, "SLOW_S", 0.0)
    gate.open.set()
    look = OneLook(gate, name="test")

    assert [1, 1, 1] == [look() for _ in range(3)]


def test_what_is_raised_there_is_raised_for_whoever_asks() -> None:
    look = OneLook(lambda: 1 // 0, name="test")

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            look()


def _answer(look: OneLook[int]) -> int:
    try:
        return look()
    except TimeoutError:
        return 0
