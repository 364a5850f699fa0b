"""events, deliveries, audit: looking. Needs the database only."""

import click

from bridge.cli.hands import ACT, DELIVERY, EVENT, before_option, database, limit_option
from bridge.cli.quarantine import quarantine_list
from bridge.cli.show import json_option, show_one, show_rows
from bridge.errors import BridgeError
from bridge.model.delivery import State
from bridge.store import look
from bridge.store.codec import Codec
from bridge.store.targets import all_targets, named


@click.group()
def events() -> None:
    """What was received."""


@events.command("list")
@limit_option
@before_option(EVENT)
@click.option("--unrouted", is_flag=True, help="Only those that no target wanted.")
@json_option
def events_list(limit: int, before: int | None, unrouted: bool, as_json: bool) -> None:  # noqa: FBT001
    """Events, newest first."""
    with database().read() as connection:
        rows = look.list_events(connection, codec=Codec(), limit=limit, before=before, unrouted=unrouted)
        columns = ("id", "received_at", "source", "kind", "revision", "name", "email", "routed", "stale")
        show_rows(rows, columns, as_json=as_json, empty="No events yet.", beneath="email")


@events.command("show")
@click.argument("event", type=EVENT)
@json_option
def events_show(event: int, as_json: bool) -> None:  # noqa: FBT001
    """One event whole: fields, payload, revisions, deliveries."""
    with database().read() as connection:
        found = look.show_event(connection, event, codec=Codec())
    if found is None:
        raise BridgeError(f"no event {event}: `bridge events list` shows those there are")
    show_one(found, as_json=as_json)


@events.command("rejected")
@limit_option
@json_option
def events_rejected(limit: int, as_json: bool) -> None:  # noqa: FBT001
    """The last refused requests, and why."""
    with database().read() as connection:
        rows = look.list_rejections(connection, limit=limit)
    columns = ("at", "source", "reason", "address", "size_bytes")
    show_rows(rows, columns, as_json=as_json, empty="None refused.", beneath="address")


events.add_command(quarantine_list, "quarantined")


@click.group()
def deliveries() -> None:
    """What became of the events at each target."""


@deliveries.command("list")
@click.option("--target", help="Only of this target.")
@click.option("--state", type=click.Choice([state.value for state in State]), help="Only in this state.")
@click.option("--degraded", is_flag=True, help="Only those of which something was left out or shortened.")
@click.option("--uncertain", is_flag=True, help="Only those that a target without Idempotency-Key may have twice.")
@limit_option
@before_option(DELIVERY)
@json_option
def deliveries_list(
    target: str | None,
    state: str | None,
    degraded: bool,  # noqa: FBT001
    uncertain: bool,  # noqa: FBT001
    limit: int,
    before: int | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Deliveries, newest first."""
    with database().read() as connection:
        if target is not None:
            named(all_targets(connection, codec=Codec()), target)
        rows = look.list_deliveries(
            connection,
            codec=Codec(),
            limit=limit,
            before=before,
            target=target,
            state=state,
            degraded=degraded,
            uncertain=uncertain,
        )
        columns = ("id", "event_id", "target", "state", "attempts", "due_at", "uncertain", "reason")
        derived = {"reason": lambda row: row["reason"] or row["degraded"]}
        show_rows(rows, columns, as_json=as_json, empty="No deliveries.", derived=derived, beneath="reason")


@deliveries.command("show")
@click.argument("delivery", type=DELIVERY)
@json_option
def deliveries_show(delivery: int, as_json: bool) -> None:  # noqa: FBT001
    """One delivery whole: its attempts, and the records that it was the last to write."""
    with database().read() as connection:
        found = look.show_delivery(connection, delivery, codec=Codec())
    if found is None:
        raise BridgeError(f"no delivery {delivery}: `bridge deliveries list` shows those there are")
    show_one(found, as_json=as_json)


@click.command("audit")
@limit_option
@before_option(ACT)
@json_option
def audit(limit: int, before: int | None, as_json: bool) -> None:  # noqa: FBT001
    """What was done by hand, newest first: who replayed, paused or resumed what, and when."""
    with database().read() as connection:
        rows = look.list_audit(connection, limit=limit, before=before)
        columns, empty = ("id", "at", "who", "action", "subject", "detail"), "Nothing was done by hand."
        show_rows(rows, columns, as_json=as_json, empty=empty, whole=("subject", "detail"), beneath="detail")
