"""Ways: out to the targets: each connector with its door, and the rate and the token that all workers share."""

from bridge.connector import Connector
from bridge.engine.attempt import Caller
from bridge.engine.rate import Limit
from bridge.engine.shares import Shares
from bridge.engine.tokens import Tokens
from bridge.errors import NotBegun, StoreError
from bridge.model.record import Hold, Usable
from bridge.model.rules import Rate, TargetRule
from bridge.outbound import Alone, Door, Shared
from bridge.store import schema, targets
from bridge.store.one_at_a_time import OneAtATime
from bridge.wiring.databases import require_database
from bridge.wiring.opened import Bridge
from bridge.wiring.plugged import connector_of


class Ways:
    """One process's ways to the targets of a bridge."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._one_at_a_time = OneAtATime(bridge.database)

    def caller(self, target: str) -> Caller:
        """The target's connector and its way out, for who delivers; raises BridgeError where it cannot be made."""
        rule = self._bridge.rules.targets[target]
        connector = connector_of(rule)
        return self._caller(rule, connector, self._shares(rule, connector))

    def looker(self, target: str) -> Caller:
        """The same for who only looks: with rate and token if a database is there that has them."""
        rule, database = self._bridge.rules.targets[target], self._bridge.database
        try:
            require_database(database)
            schema.check(database)
            with database.write() as connection:
                targets.make_known(connection, rule)
            return self.caller(target)
        except StoreError:
            return self._caller(rule, connector_of(rule), Alone())

    def probe(self, target: str) -> Usable | Hold:
        """Whether the target lets us in, asked now."""
        try:
            return self.looker(target).probe()
        except NotBegun as ended:
            return Hold(f"probe: {ended.reason}")

    def _shares(self, rule: TargetRule, connector: Connector) -> Shares:
        """The target's rate and token, as all its workers have them."""
        bridge, timeout_s, database = self._bridge, rule.policy.timeout_s, self._one_at_a_time
        rate = rule.policy.rate or _usual_rate(connector)
        limit = Limit(database, rule.name, rate, clock=bridge.clock, timeout_s=timeout_s) if rate else None
        tokens = Tokens(database, rule.name, rule.settings, salt=bridge.salt, codec=bridge.codec, clock=bridge.clock)
        return Shares(rule.name, limit, tokens, clock=bridge.clock)

    def _caller(self, rule: TargetRule, connector: Connector, shared: Shared) -> Caller:
        clock = self._bridge.clock
        door = Door(
            connect_s=rule.policy.connect_s,
            timeout_s=rule.policy.timeout_s,
            allow_private_addresses=bool(getattr(rule.settings, "allow_private_addresses", False)),
            shared=shared,
            clock=clock.boot_s,  # also counts while the machine sleeps, as the watchdog does
            now_s=lambda: clock.now_ms() / 1000,
        )
        return Caller(rule, connector, door, clock)


def _usual_rate(connector: Connector) -> Rate | None:
    """The rate that the connector keeps where the operator says none."""
    declared = getattr(connector, "default_rate", None)
    return Rate(*declared) if declared else None
