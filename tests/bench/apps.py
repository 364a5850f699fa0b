"""Apps: what ours is measured against: the same web process with another committer, and the smallest Flask there is.

`python -m tests.bench.apps NAME PORT`; the bridge's own read their configuration from the environment, as always.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from functools import partial

from flask import Flask, Response

from bridge import log
from bridge.engine.commits import Submission
from bridge.engine.committer import Committer
from bridge.store.arrival import Arrival
from bridge.web import server
from bridge.wiring.databases import Use
from bridge.wiring.opened import open_bridge
from bridge.wiring.patience import wait_for_schema
from bridge.wiring.receiving import Receiving

GRACE_S = 5.0


class StoresNothing(Committer):
    """Answers at once: what is left is verifying, normalising and hashing."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def submit(self, arrival: Arrival, done: Callable[[bool], None]) -> Submission:
        done(True)
        return Submission(arrival, done)


class CommitsEach(StoresNothing):
    """The naive way: each request commits a transaction of its own."""

    def submit(self, arrival: Arrival, done: Callable[[bool], None]) -> Submission:
        self._write([arrival])
        return super().submit(arrival, done)


def bridge(kind: type[Committer], port: int) -> None:
    """The bridge's web process, but for its committer."""
    log.setup(terminal=False, level=os.environ.get("BRIDGE_LOG", "info"))
    found = open_bridge(use=Use(connections=5))  # the naive way takes one for each thread
    wait_for_schema(found.database, patience_s=30)
    committer = kind(found.database, found.intake, clock=found.clock, shard=os.getpid())
    receiving = Receiving(found, committer)
    receiving.start()
    server.run(receiving, host="127.0.0.1", port=port, grace_s=GRACE_S)
    found.close()


def bare() -> Flask:
    """Flask that reads nothing and says ok."""
    app = Flask("bare", static_folder=None)

    @app.post("/webhooks/<source>")
    def webhook(source: str) -> str:
        return "ok"

    @app.get("/readyz")
    def readyz() -> Response:
        return Response(b"ready")

    return app


def bare_granian(port: int) -> None:
    """The usual way to serve it: granian's WSGI, one worker, 64 threads."""
    from granian.constants import Interfaces
    from granian.server import Server

    Server(
        "tests.bench.apps:made",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=64,
        backlog=1024,
        factory=True,
        log_enabled=False,
    ).serve()


def made() -> Flask:
    """For granian, which asks for the app by name in a process of its own."""
    return bare()


def bare_front(port: int) -> None:
    """The same behind our own front."""
    quick = ["/webhooks/smarterbot"]
    asyncio.run(server.serve(bare().wsgi_app, host="127.0.0.1", port=port, grace_s=GRACE_S, quick=quick, plugged={}))


APPS: dict[str, Callable[[int], None]] = {
    "nothing-stored": partial(bridge, StoresNothing),
    "commit-each": partial(bridge, CommitsEach),
    "bare-granian": bare_granian,
    "bare-front": bare_front,
}

if __name__ == "__main__":
    APPS[sys.argv[1]](int(sys.argv[2]))
