"""replay: deliveries are sent again."""

import sys

import click

from bridge.cli.hands import DELIVERY, EVENT, confirm, exit_code, operator
from bridge.cli.show import moment
from bridge.engine.operate import Operator


@click.command()
@click.argument("delivery", type=DELIVERY, nargs=-1)
@click.option("--dead", is_flag=True, help="All dead deliveries.")
@click.option("--target", help="With --dead: only of this target.")
@click.option("--event", type=EVENT, help="Open the deliveries that this event lacks under the present configuration.")
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

    The idempotency key stays the same, so a target that honours it gets nothing twice. You are asked before what a
    target may have already is sent, and before all dead ones are.
    """
    if bool(delivery) + dead + (event is not None) != 1:
        raise click.UsageError("name deliveries, or --dead, or --event: one of them")
    if target is not None and not dead:
        raise click.UsageError("--target goes with --dead: deliveries have their target")
    if as_new and event is not None:
        raise click.UsageError("--as-new goes with deliveries: --event only opens those that are missing")
    hands = operator()
    if target is not None:
        hands.must_know(target)
    if event is not None:
        opened = hands.replay_event(event)
        click.echo(f"event {event}: {'now on its way to ' + ', '.join(opened) if opened else 'lacks no delivery'}")
        return
    ids = list(delivery) or list(hands.ended(target=target, state="dead"))
    if not ids:
        click.echo("Nothing is dead.")
        return
    if question := _question(ids, hands, dead=dead, as_new=as_new):
        confirm(question, yes=yes)
    answers = hands.replay(ids, as_new=as_new)
    refused = {id_: why_not for id_, why_not in answers.items() if why_not}
    for id_, why_not in refused.items():
        click.echo(f"delivery {id_}: {why_not}", err=True)
    done = len(answers) - len(refused)
    click.echo(f"{done} on the way again, {len(refused)} left alone")
    if done:
        _tell_what_waits(hands)
    sys.exit(exit_code(done=done, left=len(refused)))


def _question(ids: list[int], hands: Operator, *, dead: bool, as_new: bool) -> str:
    """What is to be asked before these are sent again; empty where nobody need think twice."""
    what = f"{len(ids)} {'delivery' if len(ids) == 1 else 'deliveries'}"
    if as_new:
        return f"Send {what} as new? The target will have each once more."
    if there := len(hands.may_be_there(ids)):
        which = f"{there} of them {'is' if there == 1 else 'are'}" if len(ids) > 1 else "it is"
        twice = "a target that ignores the idempotency key will have it twice"
        return f"Send {what} again? At the target {which} already, or may be: {twice}."
    return f"Send {what} again?" if dead else ""


def _tell_what_waits(hands: Operator) -> None:
    """Of each target that rests and has something to send: nothing goes there before it is active."""
    for row in hands.targets():
        if row["state"] in ("held", "paused") and row["queued"]:
            until = f" until {moment(row['held_until'])}" if row["state"] == "held" and row["held_until"] else ""
            go_on = f"`bridge targets resume {row['name']}` lets it go on"
            click.echo(f"{row['name']} is {row['state']}{until}, and what it gets waits: {go_on}", err=True)
