"""The command line. Commands are thin and imported only when called: `bridge --help` stays quick."""

import errno
import gc
import importlib
import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import click

# name: (module, function, what --help says)
_COMMANDS = {
    "serve": ("serve", "serve", "Receive and deliver: the web and the worker process in one command."),
    "web": ("web", "web", "Only receive."),
    "worker": ("worker", "worker", "Only deliver; start as many as you like."),
    "migrate": ("migrate", "migrate", "Bring the database to this version's schema."),
    "init": ("init", "init", "Ask a few questions and write a configuration that starts."),
    "check": ("check", "check", "Look for mistakes in the configuration."),
    "map": ("map_event", "map_event", "Show what each target would be sent for an event. Sends nothing."),
    "test": ("trials", "trials", "Run the tests of the mapping."),
    "schema": ("schema", "schema", "Print the JSON Schema of the configuration, for editors."),
    "send": ("send", "send", "Send a correctly signed sample to a running bridge."),
    "events": ("look", "events", "What was received."),
    "deliveries": ("look", "deliveries", "What became of it at each target."),
    "quarantine": ("quarantine", "group", "What was signed and could not be read: list, show, read again."),
    "targets": ("targets", "targets", "The configured CRM accounts: list, pause, resume."),
    "replay": ("replay", "replay", "Send deliveries again."),
    "audit": ("look", "audit", "What was done by hand: who, when, what."),
    "connectors": ("connectors", "connectors", "The kinds of CRM: list, describe, prepare, begin a new one."),
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
        with _importing():
            command: click.Command = getattr(importlib.import_module(f"bridge.cli.{module}"), function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.NoSuchOption as error:
            if error.option_name in ("--config", "-c"):
                command = (error.ctx or ctx).command_path.removeprefix("bridge ")
                message = f"{error.message} It stands before the command: bridge --config FILE {command}"
                raise click.UsageError(message, ctx=error.ctx) from None
            raise
        except click.UsageError as error:  # of this group or of one below it
            group = error.ctx.command if error.ctx else None
            if isinstance(group, click.Group) and not getattr(error, "possibilities", True):
                there_are = f"There are: {', '.join(group.list_commands(error.ctx or ctx))}."
                raise click.UsageError(f"{error.message} {there_are}", ctx=error.ctx) from None
            raise


@contextmanager
def _importing() -> Iterator[None]:
    """Quicker: what an import makes stays, and to look through it for garbage again and again is a tenth of its time.
    And ctrl-C simply ends it: Python's own way may lose it here, or answer with a traceback.
    """
    is_usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_usual:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        if is_usual:
            signal.signal(signal.SIGINT, signal.default_int_handler)


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
    ctx.color = None if _coloured() else False
    set_up_log()


def main(arguments: Sequence[str] | None = None) -> None:
    """The `bridge` command, with these arguments or else the process's. Exit codes: 0 done, 1 failed or found
    something, 2 wrong usage, 3 done in part, 4 cannot reach.
    """
    _open_missing_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = _Output.instead_of(sys.stdout)
    try:
        with failures_told():
            cli(arguments, prog_name="bridge")
    except _Unwritable as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # where what is left in the buffer goes when Python ends
        if error.reason.errno == errno.EPIPE:  # whoever read it has seen enough
            sys.exit(1)
        _fail(f"the output cannot be written: {error.reason.strerror}", code=1)


def set_up_log() -> None:
    """As this process's environment and its standard error want it."""
    from bridge import log  # here: `--help` needs none

    log.setup(terminal=sys.stderr.isatty(), level=os.environ.get("BRIDGE_LOG", ""), coloured=_coloured())


@contextmanager
def failures_told() -> Iterator[None]:
    """Ends the process with what the bridge knows to name, and its exit code."""
    from bridge.errors import BridgeError, ConfigError, StoreError

    try:
        yield
    except ConfigError as error:
        _fail("the configuration cannot be used:", *map(str, error.problems), code=1)
    except StoreError as error:
        _fail(str(error), *filter(None, (error.advice,)), code=4)
    except BridgeError as error:
        _fail(str(error), code=1)


def _coloured() -> bool:
    return not os.environ.get("NO_COLOR")  # https://no-color.org


class _Unwritable(OSError):
    """The standard output is full or nobody reads it."""

    def __init__(self, reason: OSError) -> None:
        self.reason = reason
        super().__init__(str(reason))


class _Output(io.TextIOWrapper):
    """A standard output whose faults cannot be taken for those of a file or a connection."""

    @classmethod
    def instead_of(cls, stream: io.TextIOWrapper) -> "_Output":
        kind: dict[str, Any] = {name: getattr(stream, name) for name in ("encoding", "errors", "line_buffering")}
        return cls(stream.detach(), **kind)

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError as error:
            raise _Unwritable(error) from error

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            raise _Unwritable(error) from error


def _open_missing_streams() -> None:
    """Opens the standard streams that were closed at the start: nothing else may get their numbers and be written to.

    The output is opened for reading only, so that what needs it does not seem to have succeeded.
    """
    for number, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # gets the lowest free number: this one
    sys.stdin = sys.stdin or os.fdopen(0, closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


def _fail(*lines: Any, code: int) -> None:
    with suppress(OSError):  # nobody reads it: the exit code still says it
        for line in lines:
            click.echo(f"bridge: {line}" if line is lines[0] else line, err=True)
    sys.exit(code)
