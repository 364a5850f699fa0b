"""sandbox: stand-alone servers that play a CRM, for trying a connector or a configuration without one."""

import sqlite3

import click


@click.group()
def sandbox() -> None:
    """Stand-alone servers that play a CRM, with faults on demand."""


@sandbox.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0, the default: a free one.")
@click.option("--ledger", type=click.Path(dir_okay=False), help="A SQLite file to keep what arrived; else memory.")
def inbox(port: int, ledger: str | None) -> None:
    """Any HTTP API: keeps what it is sent. Prints its address; `/` shows what arrived, `/_/faults` takes faults."""
    from bridge.sandbox.inbox import Inbox

    try:
        server = Inbox(ledger, port=port)
    except sqlite3.Error as error:
        raise click.ClickException(f"the ledger {ledger} cannot be used: {error}") from error
    except OSError as error:
        raise click.ClickException(f"port {port} cannot be listened on: {error.strerror}") from error
    server.serve_forever()
