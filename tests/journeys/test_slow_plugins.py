"""A plugin whose code waits, beside sources that never do: however its path is spelled, no lead waits with it."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests

from bridge.engine.receive import HERE_BYTES
from bridge.web.front import LARGE_THREADS, PLUGIN_THREADS
from tests.packages import SOURCES, put
from tests.processes import Bridge, configuration, lead, running, wait_until

PLUGIN = """
from dataclasses import dataclass
from bridge.source import BadSignature

@dataclass(frozen=True)
class Settings:
    pass

class Slow:
    Settings = Settings

    def __init__(self, settings):
        pass

    def verify(self, request):
        name = request.body.decode().strip()
        open(f"{name}.begun", "w").close()
        open(name).read()  # until whoever may write to it has closed it
        raise BadSignature("no key matches")
"""


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    folder = tmp_path_factory.mktemp("slow")
    put(folder / "packages", "slow-source", SOURCES, "slow = slow_source:Slow", source=PLUGIN)
    config = json.loads(configuration({}))
    config["sources"] |= {"slow": {"plugin": "slow"}, "other": {"plugin": "slow"}}
    with running(folder, json.dumps(config), PYTHONPATH=str(folder / "packages")) as found:
        yield found


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Path]:
    """What the plugin waits for, until the test ends."""
    found = tmp_path / "pipe"
    os.mkfifo(found)
    end = os.open(found, os.O_RDWR)
    yield found
    found.unlink()
    os.close(end)


@contextmanager
def asked(bridge: Bridge, pipe: Path, line: str, *, size: int = 500) -> Iterator[socket.socket]:
    body = bytes(pipe).ljust(size)
    with socket.create_connection(("127.0.0.1", bridge.port), timeout=30) as connection:
        connection.sendall(f"{line} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode() + body)
        yield connection


@pytest.mark.parametrize("line", ["POST /webhooks/%73low", "POST //webhooks/slow", "post /webhooks/slow"])
def test_a_plugin_keeps_no_lead_waiting_however_its_path_is_spelled(bridge: Bridge, pipe: Path, line: str) -> None:
    with asked(bridge, pipe, line), asked(bridge, pipe, line):
        wait_until(pipe.with_suffix(".begun").exists)

        assert 200 == bridge.post(lead(1), timeout_s=10).status_code
        bridge.wait_ready(timeout_s=10)  # nor whoever looks


def test_a_plugins_large_bodies_keep_no_large_body_of_others_waiting(bridge: Bridge, pipe: Path) -> None:
    with ExitStack() as waiting:
        for _ in range(LARGE_THREADS):
            waiting.enter_context(asked(bridge, pipe, "POST /webhooks/slow", size=2 * HERE_BYTES))
        wait_until(pipe.with_suffix(".begun").exists)

        assert 200 == bridge.post([lead(number) for number in range(100)], timeout_s=10).status_code


@pytest.mark.parametrize("line", ["POST /webhooks/%73low", "POST //webhooks/slow", "post /webhooks/slow"])
def test_a_plugin_that_waits_keeps_no_source_of_another_waiting_nor_an_unknown_one(
    bridge: Bridge, pipe: Path, tmp_path: Path, line: str
) -> None:
    nothing = tmp_path / "nothing"
    nothing.touch()
    with ExitStack() as waiting:
        for _ in range(2 * PLUGIN_THREADS):
            waiting.enter_context(asked(bridge, pipe, line))
        wait_until(pipe.with_suffix(".begun").exists)

        for path, status in (("webhooks/other", 401), ("webhooks/unknown", 404)):
            answer = requests.post(f"{bridge.url}/{path}", data=bytes(nothing), timeout=5)
            assert status == answer.status_code
