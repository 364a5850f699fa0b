"""serve: the web and the worker process in one command."""

import sys

import click

from bridge import log as logs
from bridge.cli.process import host_option, port_of, port_option
from bridge.cli.supervise import Supervisor, die_with_parent, free_port, wait_for_port
from bridge.store import schema
from bridge.wiring.databases import require_kept
from bridge.wiring.environment import GRACE_S
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
    bridge = open_bridge()
    for warning in bridge.warnings:
        log.warning("configuration", problem=str(warning))
    require_kept(bridge.database, alone=True)
    schema.migrate(bridge.database)
    bridge.close()
    at = port_of(port) or free_port(host)
    if not wait_for_port(host, at, patience_s=PORT_PATIENCE_S):
        raise click.ClickException(f"port {at} is in use: stop what listens there, or choose another with --port")
    log.info("serving", url=f"http://{host}:{at}", database=bridge.database.name)
    commands = {"web": ["web", "--host", host, "--port", str(at)], "worker": ["worker"]}
    sys.exit(Supervisor(commands, grace_s=GRACE_S + 5).run())
