"""The process that stores, for `bridge web`: `python -m bridge.cli.committer FD`, where FD is its end of a socket pair.
It ends when the other end is closed; signals that are meant for the web process it never gets (`CommitterApart`).
"""

import socket
import sys

from bridge import log as logs
from bridge.cli import failures_told, set_up_log
from bridge.engine.committer_served import serve
from bridge.wiring.databases import COMMITTER
from bridge.wiring.opened import open_bridge
from bridge.wiring.receiving import committer_here

COMMAND = [sys.executable, "-m", "bridge.cli.committer"]


def main(file: int) -> None:
    set_up_log()
    with failures_told():
        bridge = open_bridge(use=COMMITTER)
        with socket.socket(fileno=file) as connection, bridge.database.copying(ended=_warn):
            serve(committer_here(bridge), connection)
        bridge.close()


def _warn(reason: str) -> None:
    logs.logger("receive").warning("SQLite's log is copied by whoever fills it", reason=reason)


if __name__ == "__main__":
    main(int(sys.argv[1]))
