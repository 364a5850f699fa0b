"""serve, web, worker, migrate: the long-running commands."""

import os
import signal
import sys
from types import FrameType

import click

from bridge import log as logs
from bridge import wiring
from bridge.cli import committer
from bridge.cli.supervise import Supervisor, die_with_parent, free_port, is_supervised, wait_for_port
from bridge.store import schema
from bridge.web import server

SCHEMA_PATIENCE_S = 60.0  # for a database that is still starting, or a release process that is still migrating
PORT_PATIENCE_S = 10.0  # for the process that this one replaces

_host = click.option("--host", default="0.0.0.0", show_default=True, help="Address to listen on.")  # noqa: S104
_port = click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; else PORT, else 8000.")

log = logs.logger("bridge")


@click.command()
@_host
@_port
def serve(host: str, port: int | None) -> None:
    """Receive and deliver: a web and a worker process, each started again if it ends.

    Brings the database's schema up to date first. Ends with SIGTERM or ctrl-C, in good order.
    """
    die_with_parent()
    bridge = wiring.open_bridge()
    _warn(bridge)
    wiring.require_kept(bridge.database, alone=True)
    schema.migrate(bridge.database)
    bridge.close()
    at = _port_of(port) or free_port(host)
    if not wait_for_port(host, at, patience_s=PORT_PATIENCE_S):
        raise click.ClickException(f"port {at} is in use: stop what listens there, or choose another with --port")
    log.info("serving", url=f"http://{host}:{at}", database=bridge.database.name)
    commands = {"web": ["web", "--host", host, "--port", str(at)], "worker": ["worker"]}
    sys.exit(Supervisor(commands, grace_s=wiring.GRACE_S + 5).run())


@click.command()
@_host
@_port
def web(host: str, port: int | None) -> None:
    """Only receive: verify, store and answer webhooks."""
    die_with_parent()
    bridge = wiring.open_bridge(connections=wiring.WEB_CONNECTIONS)
    _require_kept(bridge)
    bridge.committer_command = committer.COMMAND
    wiring.wait_for_schema(bridge.database, patience_s=SCHEMA_PATIENCE_S)
    bridge.start_receiving()
    try:
        server.run(bridge, host=host, port=_port_of(port) or free_port(host), grace_s=wiring.GRACE_S)
    finally:
        bridge.stop_receiving()
        bridge.close()


@click.command()
def worker() -> None:
    """Only deliver. Start as many as you like: they share the work."""
    die_with_parent()
    bridge = wiring.open_bridge()
    _require_kept(bridge)
    wiring.wait_for_schema(bridge.database, patience_s=SCHEMA_PATIENCE_S)
    process = bridge.worker()

    def stop(number: int, _: FrameType | None) -> None:
        process.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    process.run()
    bridge.close()
    sys.stdout.flush()
    os._exit(0)  # threads that still wait for a slow answer were let go: their claims are others' now


@click.command()
def migrate() -> None:
    """Bring the database to this version's schema. Safe to repeat, and to run from several places at once."""
    database = wiring.open_database()
    wiring.require_kept(database, alone=True)
    before = schema.version(database)
    schema.migrate(database)
    now = schema.version(database)
    click.echo(f"{database.name}: {'already at' if before == now else 'brought to'} version {now}")


def _port_of(port: int | None) -> int:
    return wiring.port() if port is None else port


def _require_kept(bridge: wiring.Bridge) -> None:
    if not is_supervised():  # else `serve` has seen to it
        wiring.require_kept(bridge.database, alone=False)


def _warn(bridge: wiring.Bridge) -> None:
    for warning in bridge.warnings:
        log.warning("configuration", problem=str(warning))
