"""Databases: which one the environment names, and whether it may be used here."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from bridge.core import hosting
from bridge.errors import BridgeError, SchemaError
from bridge.log import logger
from bridge.store.address import read_url
from bridge.store.database import Database
from bridge.store.disk import location_of
from bridge.store.engines import ROW_WAIT_S

DEFAULT_DATABASE = "bridge.db"


@dataclass(frozen=True)
class Use:
    """How a process uses the database. `connections`: how many it takes at most, of a server that may have only 20;
    `row_wait_s`: as of `Database`.
    """

    connections: int = 2  # of a worker, besides the one that listens; and of everybody else
    row_wait_s: float = ROW_WAIT_S


USUAL = Use()
WEB = Use(connections=3)  # two threads that look, and the chores
# Whoever waits for one person's row keeps everybody else waiting.
COMMITTER = Use(connections=1, row_wait_s=0.5)
WORKER = Use(row_wait_s=1.0)

log = logger("bridge")


def open_database(
    environment: Mapping[str, str] = os.environ, *, must_exist: bool = False, use: Use = USUAL
) -> Database:
    """The database that the environment names. `must_exist`: who only looks must not make an empty one."""
    text = environment.get("DATABASE_URL") or DEFAULT_DATABASE
    url = read_url(text, needs_tls=partial(hosting.needs_tls, environment))
    database = Database(url, pool_size=use.connections, row_wait_s=use.row_wait_s)
    if must_exist:
        require_database(database)
    return database


def require_kept(database: Database, environment: Mapping[str, str] = os.environ, *, alone: bool) -> None:
    """Raises BridgeError where the database's file would be lost with the machine. `alone`: no other process, unless
    this one starts it, is to share the file.
    """
    if not database.path:
        return
    location = location_of(database.path)
    try:
        refusal = hosting.refusal(environment, location, alone=alone)
    except ValueError as error:
        raise BridgeError(str(error)) from None
    if refusal:
        raise BridgeError(refusal)
    if hosting.may_be_lost(environment, location):
        log.warning("this database may be lost with the machine", path=location.path, file_system=location.kind)


def require_database(database: Database) -> None:
    """Raises SchemaError where there is no file yet: to connect to SQLite would make one."""
    if database.path and not os.path.exists(database.path):
        advice = "`bridge serve` or `bridge migrate` makes it; if there is one already, this is another folder"
        raise SchemaError(f"no database at {os.path.abspath(database.path)}: {advice}")
