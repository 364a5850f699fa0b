"""Plugged: strangers' classes, made with their settings: a target's connector, a source's plugin."""

from typing import Any

from bridge import plugins
from bridge.connector import Connector
from bridge.errors import BridgeError
from bridge.model.rules import SourceRule, TargetRule
from bridge.source import Source


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
