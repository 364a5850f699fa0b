"""Hands: what the commands that look and act have in common: the database, the operator, and how an id is written."""

import getpass
import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from bridge.engine.operate import Operator
from bridge.engine.quarantine import Quarantine
from bridge.store import schema
from bridge.store.database import Database
from bridge.store.operate import LARGEST_ID
from bridge.wiring.databases import open_database

MOST_SHOWN = 40  # characters of what was typed

C = TypeVar("C", bound=Callable[..., Any] | click.Command)


class Id(click.IntRange):
    """The number of one thing; `listed_by`: the command that shows which there are."""

    name = "id"

    def __init__(self, what: str, *, listed_by: str) -> None:
        super().__init__(1, LARGEST_ID)
        self._advice = f"is no {what}'s id: expected a whole number from 1, as `{listed_by}` shows them"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            int(value)
        except ValueError:
            shown = value if len(value) <= MOST_SHOWN else f"{value[:MOST_SHOWN]}…"
            self.fail(f"{shown!r} {self._advice}", param, ctx)
        return super().convert(value, param, ctx)


EVENT = Id("event", listed_by="bridge events list")
DELIVERY = Id("delivery", listed_by="bridge deliveries list")
ACT = Id("act", listed_by="bridge audit")
QUARANTINED = Id("quarantined body", listed_by="bridge quarantine list")

limit_option = click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)


def before_option(kind: Id) -> Callable[[C], C]:
    return click.option("--before", type=kind, help="Continue after this id of the page before.")


def confirm(question: str, *, yes: bool) -> None:
    """Returns where the answer is yes; ends the command else."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} Nobody can be asked here, this is no terminal: say --yes, if so")
    click.confirm(question, abort=True)


def exit_code(*, done: int, left: int) -> int:
    """0: all done; 3: some; 1: none."""
    return 0 if not left else 3 if done else 1


def database() -> Database:
    """All that a command needs that only looks: no configuration, none of its secrets."""
    found = open_database(must_exist=True)
    click.get_current_context().call_on_close(found.close)
    schema.check(found)
    return found


def operator() -> Operator:
    """For commands that act: also reads the configuration."""
    from bridge.wiring import acting  # here: who only looks need not wait for it

    bridge = acting.open_existing()
    click.get_current_context().call_on_close(bridge.close)
    return acting.operator(bridge, who=_who())


def quarantine() -> Quarantine:
    """As `operator`."""
    from bridge.wiring import acting

    bridge = acting.open_existing()
    click.get_current_context().call_on_close(bridge.close)
    return acting.quarantine(bridge, who=_who())


def _who() -> str:
    """Who acts, for the audit; in a container there may be no such user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return f"uid {os.getuid()}"
