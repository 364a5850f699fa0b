"""schema: the JSON Schema of the configuration, for editors."""

import json

import click

from bridge import plugins
from bridge.config.json_schema import json_schema


@click.command()
def schema() -> None:
    """Print the JSON Schema of the configuration, with the settings of every installed connector.

    An editor that knows it completes keys and shows mistakes: bridge schema > bridge.schema.json
    """
    connectors, _ = plugins.load_all(plugins.CONNECTORS)
    sources, _ = plugins.load_all(plugins.SOURCES)
    click.echo(json.dumps(json_schema(connectors=connectors, plugins=sources), indent=1, ensure_ascii=False))
