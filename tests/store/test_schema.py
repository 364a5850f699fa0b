"""The schema that the migrations make is the one that the tables describe."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bridge.store import schema
from bridge.store.database import Database
from bridge.store.tables import metadata


def test_the_migrations_make_just_what_the_tables_describe(database: Database) -> None:
    with database.read() as connection:
        assert [] == compare_metadata(MigrationContext.configure(connection), metadata)


def test_a_database_that_is_up_to_date_is_left_alone(database: Database) -> None:
    salt = schema.salt(database)

    schema.migrate(database)

    assert (schema.HEAD, salt) == (schema.version(database), schema.salt(database))
