"""quarantine: what was signed and could not be read: list, show, replay (read again)."""

import sys

import click

from bridge.cli.hands import QUARANTINED, before_option, database, exit_code, limit_option, quarantine
from bridge.cli.show import json_option, show_one, show_rows
from bridge.engine.quarantine import Reread
from bridge.errors import BridgeError
from bridge.log import printable
from bridge.store import look
from bridge.store.codec import Codec


@click.group("quarantine")
def group() -> None:
    """What was signed and could not be read as an event."""


@group.command("list")
@limit_option
@before_option(QUARANTINED)
@json_option
def quarantine_list(limit: int, before: int | None, as_json: bool) -> None:  # noqa: FBT001
    """What was signed and could not be read as an event, newest first."""
    with database().read() as connection:
        rows = look.list_quarantine(connection, codec=Codec(), limit=limit, before=before)
        columns = ("id", "state", "received_at", "source", "path", "reason")
        show_rows(rows, columns, as_json=as_json, empty="Nothing in quarantine.", beneath="reason")


@group.command("show")
@click.argument("quarantined", type=QUARANTINED, metavar="ID")
@json_option
def quarantine_show(quarantined: int, as_json: bool) -> None:  # noqa: FBT001
    """One of them whole: where and why it could not be read, and its body."""
    with database().read() as connection:
        found = look.show_quarantined(connection, quarantined, codec=Codec())
    if found is None:
        raise BridgeError(f"nothing in quarantine has id {quarantined}: `bridge quarantine list` shows what is there")
    show_one(found, as_json=as_json)


@group.command("replay")
@click.argument("quarantined", type=QUARANTINED, metavar="[ID]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that was not yet read.")
def quarantine_replay(quarantined: tuple[int, ...], everything: bool) -> None:  # noqa: FBT001
    """Read again, with the present version and configuration: those named, or all.

    What is an event by now goes to its targets, once, however often it is read; what is none stays.
    """
    if bool(quarantined) == everything:
        raise click.UsageError("name some by their ids, or --all: one of them")
    hands = quarantine()
    done = left = 0
    for id_ in hands.kept() if everything else dict.fromkeys(quarantined):
        answer = hands.replay(id_)
        click.echo(f"quarantined {id_}: {_words(answer)}", err=bool(answer.why_not))
        left += bool(answer.why_not)
        done += not answer.why_not
    click.echo(f"{done} read, {left} left alone" if done or left else "Nothing waits in quarantine.")
    sys.exit(exit_code(done=done, left=left))


def _words(answer: Reread) -> str:
    came = ", ".join(f"{count} {_CAME[word]}" for word, count in answer.counts.items())
    return "; ".join(filter(None, [came, printable(answer.why_not)])) or "read: it holds nothing"


_CAME = {
    "stored": "new, on its way",
    "revision": "of a known event with something new, on its way",
    "stale": "signed before what is known: kept, not delivered",
    "duplicate": "known already",
    "quarantined": "part of it unreadable, in quarantine by itself",
}
