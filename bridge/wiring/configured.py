"""Configured: the environment and the file, as rules and warnings. Opens no database and no connection."""

import os
from collections.abc import Mapping

from bridge import plugins
from bridge.config.load import Loaded, load
from bridge.log import logger
from bridge.plugins.filters import load_filters

DEFAULT_CONFIG = "config.yaml"

log = logger("bridge")


def configured(environment: Mapping[str, str] = os.environ) -> Loaded:
    """What the environment and the file that it names say; raises ConfigError with every problem."""
    connectors, sources = plugins.Installed(plugins.CONNECTORS), plugins.Installed(plugins.SOURCES)
    filters, unusable = load_filters()
    for problem in unusable.values():
        log.error("plugin cannot be used", problem=problem)
    return load(
        environment.get("BRIDGE_CONFIG") or DEFAULT_CONFIG,
        environment=environment,
        connectors=connectors,
        plugins=sources,
        broken={"connector": connectors.broken, "plugin": sources.broken},
        filters=filters,
    )
