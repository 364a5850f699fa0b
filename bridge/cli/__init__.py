"""The command line. Commands are thin and imported only when called: `bridge --help` stays quick."""

import importlib
import os
import sys
from typing import Any

import click

# name: (module, function, what --help says)
_COMMANDS = {
    "serve": ("process", "serve", "Receive and deliver: the web and the worker process in one command."),
    "web": ("process", "web", "Only receive."),
    "worker": ("process", "worker", "Only deliver; start as many as you like."),
    "migrate": ("process", "migrate", "Bring the database to this version's schema."),
    "check": ("check", "check", "Look for mistakes in the configuration."),
    "send": ("send", "send", "Send a correctly signed sample to a running bridge."),
    "events": ("look", "events", "What was received."),
    "deliveries": ("look", "deliveries", "What became of it at each target."),
    "targets": ("look", "targets", "The configured CRM accounts: list, pause, resume."),
    "replay": ("look", "replay", "Send deliveries again."),
    "demo": ("demo", "demo", "Watch the main job on this machine, from nothing."),
    "sandbox": ("sandbox", "sandbox", "Stand-alone servers that play a CRM, with faults on demand."),
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, function, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"bridge.cli.{module}"), function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in _COMMANDS.items()])


_NAMES = {name: click.Command(name) for name in _COMMANDS}  # for "did you mean"; never called


@click.group(cls=_Commands, commands=_NAMES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="webhook-crm-bridge", prog_name="bridge")
@click.option(
    "-c", "--config", metavar="FILE", help="The configuration; else what BRIDGE_CONFIG names, else config.yaml."
)
@click.pass_context
def cli(ctx: click.Context, config: str | None) -> None:
    """Brings signed chatbot webhooks to a CRM: stored before they are answered, delivered once, whatever fails."""
    if config:
        os.environ["BRIDGE_CONFIG"] = config  # for this process and those it starts
    ctx.obj = {}


def main() -> None:
    """The `bridge` command. Exit codes: 0 done, 1 failed or found something, 2 wrong usage, 4 cannot reach."""
    from bridge.errors import BridgeError, ConfigError, StoreError

    try:
        cli(prog_name="bridge")
    except ConfigError as error:
        _fail("the configuration cannot be used:", *map(str, error.problems), code=1)
    except StoreError as error:
        _fail(str(error), code=4)
    except BridgeError as error:
        _fail(str(error), code=1)


def _fail(*lines: Any, code: int) -> None:
    for line in lines:
        click.echo(f"bridge: {line}" if line is lines[0] else line, err=True)
    sys.exit(code)
