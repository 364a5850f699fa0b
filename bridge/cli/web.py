"""web: the receiving half, in a process of its own."""

import click

from bridge.cli import committer
from bridge.cli.process import host_option, open_when_ready, port_of, port_option
from bridge.cli.supervise import die_with_parent, free_port
from bridge.engine.committer_apart import CommitterApart
from bridge.web import server
from bridge.wiring.databases import WEB_CONNECTIONS
from bridge.wiring.environment import GRACE_S
from bridge.wiring.receiving import Receiving


@click.command()
@host_option
@port_option
def web(host: str, port: int | None) -> None:
    """Only receive: verify, store and answer webhooks."""
    die_with_parent()
    bridge = open_when_ready(connections=WEB_CONNECTIONS)
    receiving = Receiving(bridge, CommitterApart(committer.COMMAND))
    receiving.start()
    try:
        server.run(receiving, host=host, port=port_of(port) or free_port(host), grace_s=GRACE_S)
    finally:
        receiving.stop()
        bridge.close()
