"""The schema that the migrations make is the one that the tables describe."""

import os
import stat
from pathlib import Path

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


def test_a_new_sqlite_file_which_will_hold_names_and_addresses_is_for_nobody_elses_eyes(tmp_path: Path) -> None:
    before = os.umask(0o022)  # what most systems have
    try:
        database = Database(f"{tmp_path}/bridge.db")
        schema.migrate(database)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        database.close()
    finally:
        os.umask(before)

    assert "bridge.db" in modes
    assert {0o600} == set(modes.values()), modes
