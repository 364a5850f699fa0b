"""schema: the JSON Schema of the configuration, for editors."""

import json

import click

from bridge import plugins
from bridge.config.json_schema import json_schema


@click.command()
@click.option("--indent", type=click.IntRange(0, 8), default=1, show_default=True, help="Spaces for each level.")
def schema(indent: int) -> None:
    """Print the JSON Schema of the configuration, with the settings of every installed connector.

    An editor that knows it completes keys and shows mistakes: bridge schema > bridge.schema.json
    """
    connectors, unusable = plugins.load_all(plugins.CONNECTORS)
    sources, unusable_too = plugins.load_all(plugins.SOURCES)
    for problem in (unusable | unusable_too).values():
        click.echo(f"left out: {problem}", err=True)
    click.echo(json.dumps(json_schema(connectors=connectors, plugins=sources), indent=indent, ensure_ascii=False))
