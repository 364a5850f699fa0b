"""worker: the delivering half, in a process of its own."""

import os
import signal
import sys
from types import FrameType

import click

from bridge.cli.process import open_when_ready
from bridge.cli.supervise import die_with_parent
from bridge.wiring.databases import WORKER
from bridge.wiring.delivering import Delivering
from bridge.wiring.environment import GRACE_S


@click.command()
def worker() -> None:
    """Only deliver. Start as many as you like: they share the work."""
    die_with_parent()
    bridge = open_when_ready(use=WORKER)
    delivering = Delivering(bridge)

    def stop(number: int, _: FrameType | None) -> None:
        delivering.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    delivering.run(grace_s=GRACE_S)
    bridge.close()
    sys.stdout.flush()
    os._exit(0)  # threads that still wait for a slow answer were let go: their claims are others' now
