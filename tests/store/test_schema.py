"""The schema that the migrations make is the one that the tables describe."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, Table, inspect, text

from bridge.errors import SchemaError, StoreError
from bridge.model.record import Link
from bridge.store import schema
from bridge.store.database import Database
from bridge.store.links import written_by
from bridge.store.tables import metadata


def test_the_migrations_make_just_what_the_tables_describe(database: Database) -> None:
    with database.read() as connection:
        assert [] == compare_metadata(MigrationContext.configure(connection), metadata)


def test_each_migration_brings_about_a_version_that_is_known() -> None:
    names = sorted(path.name for path in (schema.MIGRATIONS / "versions").glob("*.py"))

    assert list(schema.REVISIONS) == [name.split("_")[0] for name in names]


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


@pytest.mark.parametrize("what", [schema.migrate, schema.check])
def test_a_database_of_a_later_version_is_refused_with_what_to_do_and_left_alone(
    database_url: str, what: Callable[[Database], None]
) -> None:
    database = Database(database_url)
    schema.migrate(database)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))

    with pytest.raises(StoreError, match="at version 0999") as raised:
        what(database)

    assert not isinstance(raised.value, SchemaError)  # no patience: no migration will come
    assert "a later version of the bridge" in raised.value.advice
    assert "0999" == schema.version(database)
    database.close()


def test_a_database_of_another_program_gets_no_tables(database_url: str) -> None:
    database = Database(database_url)
    with database.write() as connection:
        connection.execute(text("CREATE TABLE events (name text)"))
        connection.execute(text("INSERT INTO events VALUES ('theirs')"))

    with pytest.raises(StoreError, match="tables of another program: events"):
        schema.migrate(database)

    with database.read() as connection:
        assert ["events"] == inspect(connection).get_table_names()
    database.close()


@pytest.mark.parametrize(
    ("table", "is_shared"), [("_litestream_seq", {"sqlite", "postgresql"}), ("invoices", {"postgresql"})]
)
def test_other_tables_are_no_trouble_on_a_server_and_in_a_file_only_those_of_a_tool_that_copies_it(
    database_url: str, table: str, is_shared: set[str]
) -> None:
    database = Database(database_url)
    with database.write() as connection:
        connection.execute(text(f"CREATE TABLE {table} (id integer)"))

    if database.url.get_backend_name() in is_shared:
        schema.migrate(database)
        assert schema.HEAD == schema.version(database)
    else:
        with pytest.raises(StoreError, match=f"tables of another program: {table}"):
            schema.migrate(database)
    database.close()
