"""Server: granian in front of Flask; `front.py` says where each request is answered.

granian runs embedded, in this very process: `kill -9` of the web process ends the receiving at once.
"""

import asyncio
import gc
import resource
import signal
from collections.abc import Callable, Collection, Mapping

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from bridge.errors import BridgeError
from bridge.log import logger
from bridge.web.app import create_app
from bridge.web.front import Front
from bridge.web.wsgi import WsgiApp
from bridge.wiring.environment import url_at
from bridge.wiring.receiving import Receiving

LOOK_S = 0.1  # between looks whether the process is still of use
HEADERS_S = 5  # for the headers of a request, and for the next one on a kept connection
MOST_CONNECTIONS = 16_384
OTHER_FILES = 256  # that the process needs: database, logs, pipes
BACKLOG = 1024

log = logger("web")


def run(receiving: Receiving, *, host: str, port: int, grace_s: float) -> None:
    """Serves it until SIGTERM or SIGINT; then lets the requests that are in end.

    Raises BridgeError where it could store nothing any more: a new process can.
    """
    app = create_app(receiving)
    gc.collect()
    gc.freeze()  # what is there by now stays: looking through it again and again made the p99 of answers 70 ms, not 23
    asyncio.run(_serve(app.wsgi_app, receiving, host=host, port=port, grace_s=grace_s))


async def _serve(app: WsgiApp, receiving: Receiving, *, host: str, port: int, grace_s: float) -> None:
    committer = receiving.committer
    sources = receiving.bridge.rules.sources.values()
    quick = [f"/webhooks/{source.name}" for source in sources if not source.plugin]
    plugged = {f"/webhooks/{source.name}": source.name for source in sources if source.plugin}
    async with committer.on_loop():
        await serve(
            app, host=host, port=port, grace_s=grace_s, quick=quick, plugged=plugged,
            is_able=lambda: not committer.has_ended,
        )  # fmt: skip


async def serve(
    app: WsgiApp,
    *,
    host: str,
    port: int,
    grace_s: float,
    quick: Collection[str],
    plugged: Mapping[str, str],
    is_able: Callable[[], bool] = lambda: True,
) -> None:
    """Serves a WSGI application until SIGTERM or SIGINT. Raises BridgeError where it ends before. `quick`: the
    paths of sources that never wait for anything. `plugged`: the plugins' sources, by path.
    """
    front = Front(app, quick=quick, plugged=plugged)
    server = Server(
        front.answer,
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_S * 1000, keep_alive=True),
        websockets=False,
        backlog=BACKLOG,
        backpressure=_connections(),
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    log.info("listening", url=url_at(host, port))
    stopping = loop.create_task(_stop(server, front, asked, is_able))
    await server.serve()
    await front.drain(grace_s)
    stopping.cancel()
    if not asked.is_set():
        raise BridgeError("this process cannot receive any more and ends: start it again")


async def _stop(server: Server, front: Front, asked: asyncio.Event, is_able: Callable[[], bool]) -> None:
    """Stops the server when that is asked for, or when it is of no use any more."""
    while is_able() and not asked.is_set():
        try:
            await asyncio.wait_for(asked.wait(), timeout=LOOK_S)
        except TimeoutError:
            pass
    front.hurry()
    server.stop()  # type: ignore[no-untyped-call]


def _connections() -> int:
    """How many connections this process takes at once: silent ones cost little, and must not keep the next one out."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + OTHER_FILES
    files = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    if now != resource.RLIM_INFINITY and now < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    return max(files - OTHER_FILES, 64)
