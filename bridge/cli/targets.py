"""targets: list, pause, resume."""

from typing import Any

import click

from bridge.cli.hands import database, operator
from bridge.cli.show import json_option, moment, show_rows
from bridge.engine.operate import Paused, described
from bridge.log import printable
from bridge.model.delivery import State
from bridge.store.codec import Codec


@click.group()
def targets() -> None:
    """The configured CRM accounts."""


@targets.command("list")
@json_option
def targets_list(as_json: bool) -> None:  # noqa: FBT001
    """Each target: its state and why, and its deliveries by state."""
    rows = described(database(), codec=Codec())
    columns = ("name", "state", "why", "held_until", "deliveries")
    empty = "No targets yet: start the bridge once."
    show_rows(rows, columns, as_json=as_json, empty=empty, derived={"deliveries": _counts}, whole=columns)


@targets.command("pause")
@click.argument("target")
@click.option("--why", default="", help="Shown wherever the target is shown.")
def targets_pause(target: str, why: str) -> None:
    """Send nothing more to TARGET until it is resumed. Its deliveries wait."""
    before = operator().pause(target, why=why)
    if before:
        click.echo(f"{target} was paused already{_words(before)}; {_reason(before, why)}")
    click.echo(f"{target} is paused; `bridge targets resume {target}` lets it go on")


@targets.command("resume")
@click.argument("target")
@click.option("--new-account", is_flag=True, help="It points at another CRM account now, and that is meant.")
def targets_resume(target: str, new_account: bool) -> None:  # noqa: FBT001
    """Let TARGET go on, whatever it was paused or held for."""
    operator().resume(target, new_account=new_account)
    click.echo(f"{target} {'goes on as soon as it has named its account' if new_account else 'is active'}")


def _counts(row: dict[str, Any]) -> str:
    """How many deliveries are in which state; states without any are left out."""
    return ", ".join(f"{row[state]} {state}" for state in State if row[state])


def _words(before: Paused) -> str:
    return f", since {moment(before.since_ms)} by {printable(before.who)}" if before.since_ms else ""


def _reason(before: Paused, why: str) -> str:
    if why:
        return f"its reason is now: {printable(why)} (it was: {printable(before.why)})"
    return f"its reason stays: {printable(before.why)}"
