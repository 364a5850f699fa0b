"""The schema's version: made and moved by Alembic, looked at without it (Alembic costs 0.4 s to import)."""

import secrets
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from bridge.errors import SchemaError, StoreError
from bridge.store.database import Database
from bridge.store.tables import meta

HEAD = "0002"
MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x6272_6964  # "brid": one migration at a time, whoever starts it


def migrate(database: Database) -> None:
    """Brings the schema to this version, in one transaction; does nothing where it already is."""
    database.make_file()  # first: who looks at SQLite's version would make one that everybody may read
    if version(database) == HEAD:
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.write(unhurried=True) as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def version(database: Database) -> str:
    """The revision that the database is at; empty where there is no schema yet."""
    try:
        with database.read() as connection:
            return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")
    except StoreError as error:
        if _is_missing_table(error):
            return ""
        raise


def check(database: Database) -> None:
    """Raises SchemaError unless the schema is this version's."""
    found = version(database)
    if found != HEAD:
        what = f"is at version {found}" if found else "has no tables yet"
        raise SchemaError(f"the database {what}, this program needs {HEAD}: run `bridge migrate`")


def salt(database: Database) -> bytes:
    """The key of all hashes, made once by the first migration."""
    with database.read() as connection:
        return bytes(connection.execute(select(meta.c.value).where(meta.c.name == "salt")).scalar_one())


def new_salt() -> bytes:
    return secrets.token_bytes(32)


def _is_missing_table(error: StoreError) -> bool:
    cause = error.__cause__
    words = str(cause.__cause__ if isinstance(cause, SQLAlchemyError) and cause.__cause__ else cause)
    return "no such table" in words or ("does not exist" in words and "alembic_version" in words)
