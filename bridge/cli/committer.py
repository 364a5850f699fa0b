"""The process that stores, for `bridge web`: `python -m bridge.cli.committer FD`, where FD is its end of a socket pair.
It ends when the other end is closed, and by no signal that is meant for the web process.
"""

import os
import signal
import socket
import sys

from bridge import log as logs
from bridge.engine.committer_served import serve
from bridge.errors import BridgeError
from bridge.wiring.databases import COMMITTER_CONNECTIONS
from bridge.wiring.opened import open_bridge
from bridge.wiring.receiving import committer_here

COMMAND = [sys.executable, "-m", "bridge.cli.committer"]


def main(file: int) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    logs.setup(terminal=sys.stderr.isatty(), level=os.environ.get("BRIDGE_LOG", ""))
    try:
        bridge = open_bridge(connections=COMMITTER_CONNECTIONS)
        with socket.socket(fileno=file) as connection, bridge.database.copying(ended=_warn):
            serve(committer_here(bridge), connection)
        bridge.close()
    except BridgeError as error:
        sys.exit(f"bridge: {error}")


def _warn(reason: str) -> None:
    logs.logger("receive").warning("SQLite's log is copied by whoever fills it", reason=reason)


if __name__ == "__main__":
    main(int(sys.argv[1]))
