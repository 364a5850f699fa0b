"""check: the configuration, read and judged without starting anything."""

import sys

import click

from bridge import wiring
from bridge.cli.show import printable
from bridge.errors import StoreError
from bridge.model.record import Hold
from bridge.wiring.ways import connector_of


@click.command()
@click.option("--connect", is_flag=True, help="Also ask each target whether it lets us in. Sends it no event.")
def check(connect: bool) -> None:  # noqa: FBT001
    """Look for mistakes in the configuration: all of them at once, each with its place and what was meant."""
    bridge = wiring.open_bridge()  # raises ConfigError with every problem
    for warning in bridge.warnings:
        click.echo(f"warning: {warning}", err=True)
    sources, targets = sorted(bridge.rules.sources), sorted(bridge.rules.targets)
    for target in targets:
        connector_of(bridge.rules.targets[target])  # raises BridgeError: it would not start
    click.echo(f"the configuration is good: sources {', '.join(sources)}; targets {', '.join(targets) or 'none'}")
    _look_at_database(bridge)
    if connect:
        answers = [_is_usable(bridge, target) for target in targets]  # asks all, whatever the first says
        sys.exit(0 if all(answers) else 1)


def _is_usable(bridge: wiring.Bridge, target: str) -> bool:
    answer = bridge.probe(target)
    if isinstance(answer, Hold):
        click.echo(f"target {target} cannot be used: {printable(answer.reason)}", err=True)
        return False
    said = answer.note or f"usable{f', account {answer.account}' if answer.account else ''}"
    click.echo(f"target {target}: {printable(said)}{_how_to_be_asked(bridge, target)}")
    return True


def _how_to_be_asked(bridge: wiring.Bridge, target: str) -> str:
    """For a target whose settings could have a probe and have none."""
    if getattr(bridge.rules.targets[target].settings, "probe", "") is not None:
        return ""
    return f"; add `probe: {{url: …}}` under targets.{target}.settings, and it is"


def _look_at_database(bridge: wiring.Bridge) -> None:
    """What only the database knows; one that is not there yet is no mistake of the configuration, and is not made."""
    from bridge.engine.operate import STATES
    from bridge.store import schema, targets
    from bridge.store.counters import totals

    try:
        wiring.require_database(bridge.database)
        schema.check(bridge.database)
        with bridge.database.read() as connection:
            known = targets.all_targets(connection, codec=bridge.codec)
            counts = totals(connection, "deliveries")
    except StoreError as error:
        click.echo(f"warning: {error}", err=True)
        return
    for name in sorted(known.keys() - bridge.rules.targets.keys()):
        waiting = sum(counts.get(f"{name}:{state}", 0) for state in STATES[:3])
        if waiting:
            click.echo(f"warning: target {name} left the configuration with {waiting} deliveries waiting", err=True)
