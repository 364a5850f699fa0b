"""A configuration file with one http target, and what is wrong with it."""

import json
from pathlib import Path
from typing import Any

from bridge.config.load import load
from bridge.errors import ConfigError, Problem
from connectors.http import Http

SECRET = "hunter2"
HEAD = 'version: 1\nsources: {main: {signing_keys: ["a long signing key"]}}\ntargets:\n  t:\n    connector: http\n'


def problems(folder: Path, **settings: Any) -> list[Problem]:
    """What is wrong with the settings, each of which stands on a line of its own, from the 7th on. JSON is YAML."""
    lines = [f"      {name}: {json.dumps(value)}\n" for name, value in ({"url": "https://h/"} | settings).items()]
    path = folder / "config.yaml"
    path.write_text(HEAD + "    settings:\n" + "".join(lines), encoding="utf-8")
    try:
        load(
            path,
            environment={"EMPTY": "", "FILE": f"{SECRET}\n", "BYTES": f"{SECRET}\udcff"},
            connectors={"http": Http},
        )
    except ConfigError as error:
        return error.problems
    return []
