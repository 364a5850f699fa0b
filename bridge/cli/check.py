"""check: the configuration, read and judged without starting anything."""

import sys

import click

from bridge.cli.show import printable
from bridge.config.load import Loaded
from bridge.errors import StoreError
from bridge.model.record import Hold, Usable
from bridge.model.rules import Rules
from bridge.wiring.configured import configured
from bridge.wiring.plugged import connector_of


@click.command()
@click.option("--connect", is_flag=True, help="Also ask each target whether it lets us in. Sends it no event.")
def check(connect: bool) -> None:  # noqa: FBT001
    """Look for mistakes in the configuration: all of them at once, each with its place and what was meant."""
    loaded = configured()  # raises ConfigError with every problem
    for warning in loaded.warnings:
        click.echo(f"warning: {warning}", err=True)
    sources, targets = sorted(loaded.rules.sources), sorted(loaded.rules.targets)
    for target in targets:
        connector_of(loaded.rules.targets[target])  # raises BridgeError: it would not start
    click.echo(f"the configuration is good: sources {', '.join(sources)}; targets {', '.join(targets) or 'none'}")
    _look_at_database(loaded.rules)
    if connect:
        sys.exit(0 if _are_usable(loaded) else 1)


def _are_usable(loaded: Loaded) -> bool:
    """Whether all targets let us in. Asks all, whatever the first says."""
    from bridge.wiring.opened import open_bridge
    from bridge.wiring.ways import Ways

    bridge = open_bridge(loaded=loaded)
    click.get_current_context().call_on_close(bridge.close)
    ways = Ways(bridge)
    answers = [_is_usable(target, ways.probe(target), loaded.rules) for target in sorted(loaded.rules.targets)]
    return all(answers)


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
    """What only the database knows; one that is not there yet is no mistake of the configuration, and is not made."""
    from bridge.engine.operate import STATES  # here, as above: a configuration with mistakes is told without them
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
    except StoreError as error:
        click.echo(f"warning: {error}", err=True)
        return
    for name in sorted(known.keys() - rules.targets.keys()):
        waiting = sum(counts.get(f"{name}:{state}", 0) for state in STATES[:3])
        if waiting:
            click.echo(f"warning: target {name} left the configuration with {waiting} deliveries waiting", err=True)
