"""The schema's version: made and moved by Alembic, looked at without it (Alembic costs 0.4 s to import)."""

import secrets
from pathlib import Path

from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from bridge.errors import SchemaError, StoreError
from bridge.store.database import Database
from bridge.store.tables import meta, metadata

REVISIONS = ("0001", "0002")  # each brought about by the migration of its name
HEAD = REVISIONS[-1]
VERSIONS = "alembic_version"  # Alembic's table
_VERSION = text(f"SELECT version_num FROM {VERSIONS}")  # noqa: S608
MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x6272_6964  # "brid": one migration at a time, whoever starts it


def migrate(database: Database) -> None:
    """Brings the schema to this version, in one transaction; does nothing where it already is. Raises StoreError where
    a later version or another program has made what is there.
    """
    database.make_file()  # first: who looks at SQLite's version would make one that everybody may read
    found = version(database)
    _must_be_known(found)
    if found == HEAD:
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.write(unhurried=True) as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        _must_be_ours(database, connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def version(database: Database) -> str:
    """The revision that the database is at; empty where there is no schema yet."""
    try:
        with database.read() as connection:
            return str(connection.execute(_VERSION).scalar() or "")
    except StoreError as error:
        if _is_missing_table(error):
            return ""
        raise


def check(database: Database) -> None:
    """Raises SchemaError where the schema is still to be brought to this version, StoreError where it cannot be."""
    found = version(database)
    _must_be_known(found)
    if found != HEAD:
        what = f"is at version {found}" if found else "has no tables yet"
        raise SchemaError(f"the database {what}, this program needs {HEAD}: run `bridge migrate`")


def _must_be_known(found: str) -> None:
    if found and found not in REVISIONS:
        raise StoreError(
            f"the database is at version {found}, which this program does not know: it knows {', '.join(REVISIONS)}",
            advice="a later version of the bridge has made it: install that one again. Or it is another program's: let "
            "DATABASE_URL name one of the bridge's own",
        )


def _must_be_ours(database: Database, connection: Connection) -> None:
    """SQLite's file must hold no other tables (a tool that copies it may: `_litestream_seq`); a server, which many
    share, none with our names.
    """
    there = inspect(connection).get_table_names()
    if VERSIONS in there:
        return
    others = [name for name in there if (not name.startswith("_") if database.is_sqlite else name in metadata.tables)]
    if others:
        raise StoreError(
            f"the database has tables of another program: {', '.join(sorted(others)[:5])} ({database.name})",
            advice="let DATABASE_URL name a database of the bridge's own; nothing was changed in this one",
        )


def salt(database: Database) -> bytes:
    """The key of all hashes, made once by the first migration."""
    with database.read() as connection:
        return bytes(connection.execute(select(meta.c.value).where(meta.c.name == "salt")).scalar_one())


def new_salt() -> bytes:
    return secrets.token_bytes(32)


def _is_missing_table(error: StoreError) -> bool:
    cause = error.__cause__
    driver = cause.__cause__ if isinstance(cause, SQLAlchemyError) and cause.__cause__ else cause
    return getattr(driver, "sqlstate", None) == "42P01" or "no such table" in str(driver)  # a server may speak German
