"""Plugged: strangers' classes, made with their settings: a target's connector, a source's plugin."""

from collections.abc import Iterable
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


def plugins_of(rules: Iterable[SourceRule]) -> dict[str, Source]:
    """The plugins of those of the sources that have one, by the sources' names; raises as `connector_of`."""
    return {rule.name: _plugin_of(rule) for rule in rules if rule.plugin}


def _plugin_of(rule: SourceRule) -> Source:
    kind = plugins.load(rule.plugin, plugins.SOURCES)
    found: Source = _made(kind, rule.settings, f"source {rule.name}: plugin {rule.plugin!r}")
    return found


def _made(kind: type, settings: object, who: str) -> Any:
    try:
        return kind(settings)
    except plugins.FAULTS as fault:
        raised = f"{type(fault).__name__} {plugins.place_of(fault)}".strip()  # its text may quote a setting
        raise BridgeError(f"{who} fails as it is made: {raised}") from None
