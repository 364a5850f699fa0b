"""events, deliveries, targets, replay: looking and acting, through the same functions as the console."""

import getpass
import os
import sys

import click

from bridge import wiring
from bridge.cli.show import json_option, show_one, show_rows
from bridge.engine.operate import STATES, Operator
from bridge.errors import BridgeError
from bridge.store import look, schema
from bridge.store.codec import Codec
from bridge.store.database import Database
from bridge.store.operate import LARGEST_ID
from bridge.store.targets import all_targets, named

_limit = click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
_id = click.IntRange(1, LARGEST_ID)
_before = click.option("--before", type=_id, help="Continue after this id of the page before.")


@click.group()
def events() -> None:
    """What was received."""


@events.command("list")
@_limit
@_before
@click.option("--unrouted", is_flag=True, help="Only those that no target wanted.")
@json_option
def events_list(limit: int, before: int | None, unrouted: bool, as_json: bool) -> None:  # noqa: FBT001
    """Events, newest first."""
    with _database().read() as connection:
        rows = look.list_events(connection, codec=Codec(), limit=limit, before=before, unrouted=unrouted)
        columns = ("id", "received_at", "source", "kind", "revision", "name", "email", "routed", "stale")
        show_rows(rows, columns, as_json=as_json, empty="No events yet.")


@events.command("show")
@click.argument("event", type=_id)
@json_option
def events_show(event: int, as_json: bool) -> None:  # noqa: FBT001
    """One event whole: fields, payload, revisions, deliveries."""
    with _database().read() as connection:
        found = look.show_event(connection, event, codec=Codec())
    if found is None:
        raise BridgeError(f"no event {event}: `bridge events list` shows those there are")
    show_one(found, as_json=as_json)


@events.command("rejected")
@_limit
@json_option
def events_rejected(limit: int, as_json: bool) -> None:  # noqa: FBT001
    """The last refused requests, and why."""
    with _database().read() as connection:
        rows = look.list_rejections(connection, limit=limit)
    show_rows(rows, ("at", "source", "reason", "address", "size_bytes"), as_json=as_json, empty="None refused.")


@events.command("quarantined")
@_limit
@json_option
def events_quarantined(limit: int, as_json: bool) -> None:  # noqa: FBT001
    """What was signed and could not be read as an event."""
    with _database().read() as connection:
        rows = look.list_quarantine(connection, codec=Codec(), limit=limit)
    show_rows(rows, ("id", "received_at", "source", "path", "reason"), as_json=as_json, empty="Nothing in quarantine.")


@click.group()
def deliveries() -> None:
    """What became of the events at each target."""


@deliveries.command("list")
@click.option("--target", help="Only of this target.")
@click.option("--state", type=click.Choice(STATES), help="Only in this state.")
@_limit
@_before
@json_option
def deliveries_list(
    target: str | None,
    state: str | None,
    limit: int,
    before: int | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Deliveries, newest first."""
    database = _database()
    with database.read() as connection:
        if target is not None:
            named(all_targets(connection, codec=Codec()), target)
        rows = look.list_deliveries(connection, codec=Codec(), limit=limit, before=before, target=target, state=state)
        columns = ("id", "event_id", "target", "state", "attempts", "due_at", "uncertain", "reason")
        show_rows(rows, columns, as_json=as_json, empty="No deliveries.")


@deliveries.command("show")
@click.argument("delivery", type=_id)
@json_option
def deliveries_show(delivery: int, as_json: bool) -> None:  # noqa: FBT001
    """One delivery whole: its attempts, and what it wrote."""
    with _database().read() as connection:
        found = look.show_delivery(connection, delivery, codec=Codec())
    if found is None:
        raise BridgeError(f"no delivery {delivery}: `bridge deliveries list` shows those there are")
    show_one(found, as_json=as_json)


@click.group()
def targets() -> None:
    """The configured CRM accounts."""


@targets.command("list")
@json_option
def targets_list(as_json: bool) -> None:  # noqa: FBT001
    """Each target: its state and why, and its deliveries by state."""
    columns = ("name", "connector", "state", "why", "held_until", *STATES, "delivered_at")
    show_rows(_operator().targets(), columns, as_json=as_json, empty="No targets yet: start the bridge once.")


@targets.command("pause")
@click.argument("target")
@click.option("--why", default="", help="Shown wherever the target is shown.")
def targets_pause(target: str, why: str) -> None:
    """Send nothing more to TARGET until it is resumed. Its deliveries wait."""
    _operator().pause(target, why=why)
    click.echo(f"{target} is paused; `bridge targets resume {target}` lets it go on")


@targets.command("resume")
@click.argument("target")
@click.option("--new-account", is_flag=True, help="It points at another CRM account now, and that is meant.")
def targets_resume(target: str, new_account: bool) -> None:  # noqa: FBT001
    """Let TARGET go on, whatever it was paused or held for."""
    _operator().resume(target, new_account=new_account)
    click.echo(f"{target} {'goes on as soon as it has named its account' if new_account else 'is active'}")


@click.command()
@click.argument("delivery", type=_id, nargs=-1)
@click.option("--dead", is_flag=True, help="All dead deliveries.")
@click.option("--target", help="With --dead: only of this target.")
@click.option("--event", type=_id, help="Open the deliveries that this event lacks under the present configuration.")
@click.option("--as-new", is_flag=True, help="With a new idempotency key: the target will take it for another event.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def replay(
    delivery: tuple[int, ...],
    dead: bool,  # noqa: FBT001
    target: str | None,
    event: int | None,
    as_new: bool,  # noqa: FBT001
    yes: bool,  # noqa: FBT001
) -> None:
    """Send deliveries again: those named, or all dead ones.

    The idempotency key stays the same, so a target that honours it gets nothing twice.
    """
    if bool(delivery) + dead + (event is not None) != 1:
        raise click.UsageError("name deliveries, or --dead, or --event: one of them")
    if target is not None and not dead:
        raise click.UsageError("--target goes with --dead: deliveries have their target")
    if as_new and event is not None:
        raise click.UsageError("--as-new goes with deliveries: --event only opens those that are missing")
    operator = _operator()
    if target is not None:
        operator.must_know(target)
    if event is not None:
        opened = operator.replay_event(event)
        click.echo(f"event {event}: {'now on its way to ' + ', '.join(opened) if opened else 'lacks no delivery'}")
        return
    ids = list(delivery) or list(operator.ended(target=target, state="dead"))
    if not ids:
        click.echo("Nothing is dead.")
        return
    what = f"{len(ids)} {'delivery' if len(ids) == 1 else 'deliveries'}"
    if as_new:
        _confirm(f"Send {what} as new? The target will have each once more.", yes=yes)
    elif dead:
        _confirm(f"Send {what} again?", yes=yes)
    answers = operator.replay(ids, as_new=as_new)
    refused = {id_: why_not for id_, why_not in answers.items() if why_not}
    for id_, why_not in refused.items():
        click.echo(f"delivery {id_}: {why_not}", err=True)
    click.echo(f"{len(answers) - len(refused)} sent again, {len(refused)} left alone")
    sys.exit(3 if refused and len(refused) < len(answers) else 1 if refused else 0)


def _confirm(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("not on a terminal: say --yes")
    click.confirm(question, abort=True)


def _who() -> str:
    """Who acts, for the audit; in a container there may be no such user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return f"uid {os.getuid()}"


def _database() -> Database:
    database = wiring.open_database(must_exist=True)
    schema.check(database)
    return database


def _operator() -> Operator:
    bridge = wiring.open_bridge(must_exist=True)
    schema.check(bridge.database)
    return Operator(
        bridge.database,
        bridge.rules.targets.values(),
        codec=bridge.codec,
        clock=bridge.clock,
        who=_who(),
        shard=os.getpid(),
    )
