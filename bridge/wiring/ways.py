"""Ways: what leads to strangers: a target's connector with its way out, a source's plugin."""

from typing import Any

from bridge import plugins
from bridge.connector import Connector
from bridge.engine.attempt import Caller
from bridge.engine.clock import Clock
from bridge.errors import BridgeError
from bridge.model.rules import SourceRule, TargetRule
from bridge.outbound import Door, Shared
from bridge.source import Source


def caller_of(rule: TargetRule, shared: Shared, *, clock: Clock) -> Caller:
    """The target's connector, and its way out; raises BridgeError."""
    return Caller(rule, connector_of(rule), _door(rule, clock, shared), clock)


def connector_of(rule: TargetRule) -> Connector:
    """The target's connector, made with its settings; raises BridgeError where its own code fails."""
    found: Connector = _made(
        plugins.load(rule.connector), rule.settings, f"target {rule.name}: connector {rule.connector!r}"
    )
    return found


def plugin_of(rule: SourceRule) -> Source:
    """The source's plugin, made with its settings; raises BridgeError where its own code fails."""
    kind = plugins.load(rule.plugin, plugins.SOURCES)
    found: Source = _made(kind, rule.settings, f"source {rule.name}: plugin {rule.plugin!r}")
    return found


def _made(kind: type, settings: object, who: str) -> Any:
    try:
        return kind(settings)
    except plugins.FAULTS as fault:
        raised = f"{type(fault).__name__} {plugins.place_of(fault)}".strip()  # its text may quote a setting
        raise BridgeError(f"{who} fails as it is made: {raised}") from None


def _door(rule: TargetRule, clock: Clock, shared: Shared) -> Door:
    return Door(
        connect_s=rule.policy.connect_s,
        timeout_s=rule.policy.timeout_s,
        allow_private_addresses=bool(getattr(rule.settings, "allow_private_addresses", False)),
        shared=shared,
        clock=clock.boot_s,  # also counts while the machine sleeps, as the watchdog does
        now_s=lambda: clock.now_ms() / 1000,
    )
