"""migrate: the database's schema, brought to this version."""

import click

from bridge.store import schema
from bridge.wiring.databases import open_database, require_kept


@click.command()
def migrate() -> None:
    """Bring the database to this version's schema. Safe to repeat, and to run from several places at once."""
    database = open_database()
    require_kept(database, alone=True)
    before = schema.version(database)
    schema.migrate(database)
    now = schema.version(database)
    database.close()
    click.echo(f"{database.name}: {'already at' if before == now else 'brought to'} version {now}")
