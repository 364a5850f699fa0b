"""The schema that the migrations make is the one that the tables describe."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, Table, text

from bridge.model.record import Link
from bridge.store import schema
from bridge.store.database import Database
from bridge.store.links import written_by
from bridge.store.tables import metadata


def test_the_migrations_make_just_what_the_tables_describe(database: Database) -> None:
    with database.read() as connection:
        assert [] == compare_metadata(MigrationContext.configure(connection), metadata)


def test_a_database_that_is_up_to_date_is_left_alone(database: Database) -> None:
    salt = schema.salt(database)

    schema.migrate(database)

    assert (schema.HEAD, salt) == (schema.version(database), schema.salt(database))


def test_a_database_of_the_version_before_is_brought_up_to_date_with_all_that_is_in_it(database: Database) -> None:
    link = {"target": "crm", "account": "", "record_key": "k", "object": "Lead", "crm_id": "7", "url": ""}
    with database.write() as connection:  # as the first version left it
        connection.execute(text("ALTER TABLE links DROP COLUMN not_taken"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        older = Table("links", MetaData(), autoload_with=connection)
        connection.execute(older.insert().values(link | {"delivery_id": 1, "written_at": 1}))

    schema.migrate(database)

    with database.read() as connection:
        assert [] == compare_metadata(MigrationContext.configure(connection), metadata)
        assert [Link("Lead", "k", "7")] == written_by(connection, 1)
