"""web: the receiving half, in a process of its own."""

import click

from bridge.cli import committer
from bridge.cli.listening import host_option, port_for, port_option
from bridge.cli.process import open_when_ready
from bridge.cli.supervise import die_with_parent
from bridge.engine.committer_apart import CommitterApart
from bridge.web import server
from bridge.wiring.databases import WEB
from bridge.wiring.environment import GRACE_S
from bridge.wiring.receiving import Receiving


@click.command()
@host_option
@port_option
def web(host: str, port: int | None) -> None:
    """Only receive: verify, store and answer webhooks."""
    die_with_parent()
    at = port_for(host, port)
    bridge = open_when_ready(use=WEB)
    receiving = Receiving(bridge, CommitterApart(committer.COMMAND))
    receiving.start()
    try:
        server.run(receiving, host=host, port=at, grace_s=GRACE_S)
    finally:
        receiving.stop()
        bridge.close()
