"""Large bodies are re-serialised in a process apart: the same answer, and only so many at a time."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from bridge.core.ecmascript import restringify
from bridge.engine.restringify_apart import MOST_WAITING, Apart, Busy

BODIES = {
    "spaced": b'{"a" : 1.0, "b" : [ 1e3 ] }' + b" " * 100_000,
    "surrogate": b'["\\ud83d", "\\u00e9"]',
    "no JSON": b'{"a": NaN}',
    "too deep": b"[" * 5000 + b"]" * 5000,
    "empty": b"",
}


@pytest.mark.parametrize("name", BODIES)
def test_it_gives_what_would_be_given_here(name: str) -> None:
    assert restringify(BODIES[name]) == Apart().restringify(BODIES[name])


def test_only_so_many_wait_and_the_others_are_told_at_once() -> None:
    apart, start = Apart(), threading.Barrier(3 * MOST_WAITING)
    body = b"[" + b'{"a":1},' * 200_000 + b"1 ]"

    def ask(_: int) -> bool:
        start.wait()
        try:
            return apart.restringify(body) is not None
        except Busy:
            return False

    with ThreadPoolExecutor(3 * MOST_WAITING) as pool:
        answered = list(pool.map(ask, range(3 * MOST_WAITING)))

    assert {True, False} == set(answered)
    assert answered.count(True) <= MOST_WAITING + 2  # the first may have been through before the last came
    assert apart.restringify(b"[ 1 ]") == b"[1]"


def test_a_days_records_do_not_stand_in_line_behind_the_largest() -> None:
    apart = Apart()
    large, small = b"[" + b'{"a":1},' * 400_000 + b"1 ]", b"[ " + b'{"a":1},' * 4_000 + b"1]"

    def ask(_: int) -> bool:
        try:
            return apart.restringify(large) is not None
        except Busy:
            return False

    with ThreadPoolExecutor(MOST_WAITING + 1) as pool:
        asked = [pool.submit(ask, n) for n in range(MOST_WAITING + 1)]
        assert b"[" + b'{"a":1},' * 4_000 + b"1]" == apart.restringify(small)
        assert not all(one.done() for one in asked)
