"""serve: the web and the worker process in one command."""

import sys

import click

from bridge import log as logs
from bridge.cli.listening import host_option, port_for, port_option, wait_for_port
from bridge.cli.supervise import Supervisor, die_with_parent
from bridge.store import schema
from bridge.wiring.databases import require_kept
from bridge.wiring.environment import GRACE_S, url_at
from bridge.wiring.opened import open_bridge

PORT_PATIENCE_S = 10.0  # for the process that this one replaces

log = logs.logger("bridge")


@click.command()
@host_option
@port_option
def serve(host: str, port: int | None) -> None:
    """Receive and deliver: a web and a worker process, each started again if it ends.

    Brings the database's schema up to date first. Ends with SIGTERM or ctrl-C, in good order.
    """
    die_with_parent()
    at = port_for(host, port)
    bridge = open_bridge()
    for warning in bridge.warnings:
        log.warning("configuration", problem=str(warning))
    require_kept(bridge.database, alone=True)
    schema.migrate(bridge.database)
    bridge.close()
    wait_for_port(host, at, patience_s=PORT_PATIENCE_S)
    log.info("serving", url=url_at(host, at), database=bridge.database.name)
    commands = {"web": ["web", "--host", host, "--port", str(at)], "worker": ["worker"]}
    sys.exit(Supervisor(commands, grace_s=GRACE_S + 5).run())
