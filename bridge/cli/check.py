"""check: the configuration, read and judged without starting anything."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from bridge.config.against import compared
from bridge.config.load import Loaded
from bridge.connector import Field
from bridge.core.conditions import Found
from bridge.errors import SchemaError
from bridge.log import printable
from bridge.model.record import Hold, Usable
from bridge.model.rules import Rules
from bridge.plugins import CONNECTORS, SOURCES, load_all
from bridge.wiring.configured import configured
from bridge.wiring.plugged import connector_of

if TYPE_CHECKING:  # at run time only where a target is asked
    from bridge.engine.attempt import Caller


@click.command()
@click.option("--connect", is_flag=True, help="Also ask each target whether it lets us in. Sends it no event.")
def check(connect: bool) -> None:  # noqa: FBT001
    """Look for mistakes in the configuration: all of them at once, each with its place and what was meant."""
    loaded = configured()  # raises ConfigError with every problem
    for warning in (*loaded.warnings, *_unusable()):
        click.echo(f"warning: {warning}", err=True)
    sources, targets = sorted(loaded.rules.sources), sorted(loaded.rules.targets)
    for target in targets:
        connector_of(loaded.rules.targets[target])  # raises BridgeError: it would not start
    click.echo(f"the configuration is good: sources {', '.join(sources)}; targets {', '.join(targets) or 'none'}")
    _look_at_database(loaded.rules)
    if connect:
        sys.exit(0 if _are_usable(loaded) else 1)


def _unusable() -> list[str]:
    """What is wrong with plugins that are installed, whether or not anything names them."""
    return [problem for group in (CONNECTORS, SOURCES) for problem in load_all(group)[1].values()]


def _are_usable(loaded: Loaded) -> bool:
    """Whether all targets let us in. Asks all, whatever the first says."""
    from bridge.wiring.opened import open_bridge
    from bridge.wiring.ways import Ways

    bridge = open_bridge(loaded=loaded)
    click.get_current_context().call_on_close(bridge.close)
    ways = Ways(bridge)
    good = True
    for target in sorted(loaded.rules.targets):
        usable = _is_usable(target, ways.probe(target), loaded.rules)
        good &= usable and _fits(ways.looker(target), loaded)
    return good


def _fits(caller: "Caller", loaded: Loaded) -> bool:
    """Whether the account takes the target's records as they are mapped."""
    rule = caller.rule
    if not hasattr(caller.connector, "describe"):
        return True
    objects: dict[str, Sequence[Field] | Hold] = {}
    good = True
    found: list[Found] = []
    for number, record in enumerate(rule.mapping.records):
        known = objects.get(record.object)
        if known is None:
            known = objects[record.object] = caller.describe(record.object)
            if isinstance(known, Hold):
                told = printable(known.reason)
                click.echo(f"target {rule.name}: the fields of {record.object} cannot be told: {told}", err=True)
                good = False
        if not isinstance(known, Hold):
            listed_by = f"bridge connectors describe {rule.connector} --target {rule.name} --object {record.object}"
            at = ("targets", rule.name, "records", number)
            found += compared(record, known, mapping=rule.mapping, at=at, listed_by=listed_by)
    for problem in loaded.tell(found):
        click.echo(f"{problem}", err=True)
    if good and not found and rule.mapping.records:
        click.echo(f"target {rule.name}: takes {', '.join(objects)} as they are mapped")
    return good and not found


def _is_usable(target: str, answer: Usable | Hold, rules: Rules) -> bool:
    if isinstance(answer, Hold):
        click.echo(f"target {target} cannot be used: {printable(answer.reason)}", err=True)
        return False
    said = answer.note or f"usable{f', account {answer.account}' if answer.account else ''}"
    click.echo(f"target {target}: {printable(said)}{_how_to_be_asked(target, rules)}")
    return True


def _how_to_be_asked(target: str, rules: Rules) -> str:
    """For a target whose settings could have a probe and have none."""
    if getattr(rules.targets[target].settings, "probe", "") is not None:
        return ""
    return f"; add `probe: {{url: …}}` under targets.{target}.settings, and it is"


def _look_at_database(rules: Rules) -> None:
    """What only the database knows; one that is not there yet is no mistake, and is not made. Raises StoreError for one
    that is there and cannot be used.
    """
    from bridge.model.delivery import ENDED, State  # here, as above: a configuration with mistakes is told without them
    from bridge.store import schema, targets
    from bridge.store.codec import Codec
    from bridge.store.counters import totals
    from bridge.wiring.databases import open_database, require_database

    database = open_database()
    click.get_current_context().call_on_close(database.close)
    try:
        require_database(database)
        schema.check(database)
        with database.read() as connection:
            known = targets.all_targets(connection, codec=Codec())
            counts = totals(connection, "deliveries")
    except SchemaError as error:
        click.echo(f"warning: {error}", err=True)
        return
    for name in sorted(known.keys() - rules.targets.keys()):
        waiting = sum(counts.get(f"{name}:{state}", 0) for state in State if state not in ENDED)
        if waiting:
            click.echo(f"warning: target {name} left the configuration with {waiting} deliveries waiting", err=True)
