"""sandbox: stand-alone servers that play a CRM, for trying a connector or a configuration without one."""

import json
import sqlite3
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:  # at run time only where one is started
    from bridge.sandbox.crm.app import Crm

_file = click.Path(exists=True, dir_okay=False)
_port = click.option("--port", type=click.IntRange(0, 65535), default=0, help="0, the default: a free one.")
_records = click.option(
    "--records", type=click.Path(dir_okay=False), help="A SQLite file to keep the records; else memory."
)
_tls_cert = click.option("--tls-cert", type=_file, help="A certificate, for https.")
_tls_key = click.option("--tls-key", type=_file, help="The certificate's key.")


@click.group()
def sandbox() -> None:
    """Stand-alone servers that play a CRM, with faults on demand."""


@sandbox.command()
@_port
@click.option("--ledger", type=click.Path(dir_okay=False), help="A SQLite file to keep what arrived; else memory.")
def inbox(port: int, ledger: str | None) -> None:
    """Any HTTP API: keeps what it is sent. Prints its address; `/` shows what arrived, `/_/faults` takes faults."""
    from bridge.sandbox.inbox import Inbox

    with _advice(f"the ledger {ledger}", port):
        server = Inbox(ledger, port=port)
    server.serve_forever()


@sandbox.command()
@_port
@_records
@click.option("--org", type=_file, help="A JSON file with settings of the org.")
@_tls_cert
@_tls_key
def salesforce(port: int, records: str | None, org: str | None, tls_cert: str | None, tls_key: str | None) -> None:
    """A Salesforce org. Prints its address and who may log in; `/` shows its records, `/_/org` takes settings."""
    from bridge.sandbox.salesforce.org import Org

    server = _made(Org, records, port=port, settings=org, tls=_tls(tls_cert, tls_key))
    server.serve_forever(started=lambda: _say_salesforce(server.url, server.settings))


@sandbox.command()
@_port
@_records
@click.option("--portal", type=_file, help="A JSON file with settings of the portal.")
@_tls_cert
@_tls_key
def hubspot(port: int, records: str | None, portal: str | None, tls_cert: str | None, tls_key: str | None) -> None:
    """A HubSpot portal. Prints its address and who may call; `/` shows its records, `/_/org` takes settings."""
    from bridge.sandbox.hubspot.portal import Portal

    server = _made(Portal, records, port=port, settings=portal, tls=_tls(tls_cert, tls_key))
    server.serve_forever(started=lambda: _say_hubspot(server.url, server.settings))


def _tls(cert: str | None, key: str | None) -> tuple[str, str] | None:
    if (cert is None) != (key is None):
        raise click.UsageError("--tls-cert and --tls-key go together")
    return (cert, key) if cert and key else None


def _made(
    kind: "type[Crm]", records: str | None, *, port: int, settings: str | None, tls: tuple[str, str] | None
) -> "Crm":
    given = {} if settings is None else _settings(settings)
    with _advice(f"the records {records}", port):
        try:
            return kind(records, port=port, tls=tls, **given)
        except (ValueError, TypeError) as error:
            raise click.ClickException(f"the settings {settings} cannot be used: {error}") from error


def _say_hubspot(url: str, known: Mapping[str, str]) -> None:
    """Where it is; a target for it, to paste; and, as comments of that, who else may call."""
    click.echo(f"""hubspot: {url}
targets:
  hubspot:
    connector: hubspot
    settings:
      base_url: {url}
      access_token: {json.dumps(known["access_token"])}
      allow_private_addresses: true""")
    click.echo("\n".join(f"# {name}: {known[name]}" for name in ("client_id", "client_secret", "refresh_token")))


def _say_salesforce(url: str, known: Mapping[str, str]) -> None:
    """Where it is; a target for it, to paste; and, as comments of that, who else may log in."""
    client = f"consumer_key: {json.dumps(known['client_id'])}, consumer_secret: {json.dumps(known['client_secret'])}"
    others = ("username", "password", "security_token", "refresh_token", "access_token")
    click.echo(f"""salesforce: {url}
targets:
  salesforce:
    connector: salesforce
    settings:
      url: {url}
      auth:
        client_credentials: {{{client}}}
      allow_private_addresses: true""")
    click.echo("\n".join(f"# {name}: {known[name]}" for name in others))


def _settings(path: str) -> dict[str, Any]:
    try:
        settings = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.ClickException(f"the settings {path} are no JSON: {error}") from error
    if not isinstance(settings, dict):
        raise click.ClickException(f"the settings {path} must be a JSON object")
    return settings


@contextmanager
def _advice(file: str, port: int) -> Iterator[None]:
    try:
        yield
    except ssl.SSLError as error:
        raise click.ClickException(f"the certificate cannot be used: {error.reason or error}") from error
    except sqlite3.Error as error:
        raise click.ClickException(f"{file} cannot be used: {error}") from error
    except OSError as error:
        raise click.ClickException(f"port {port} cannot be listened on: {error.strerror}") from error
