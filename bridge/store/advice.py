"""Advice: what an operator can do where the database refuses, by the kind of refusal. Only looks, and only then."""

import errno
import os
import sqlite3
from typing import Any

from sqlalchemy.engine import URL
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bridge.store.disk import free_bytes, is_read_only
from bridge.store.holders import holders

_KINDS = {
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_CANTOPEN: "closed",
    sqlite3.SQLITE_PERM: "closed",
    sqlite3.SQLITE_READONLY: "read-only",
    sqlite3.SQLITE_CORRUPT: "broken",
    sqlite3.SQLITE_NOTADB: "broken",
    sqlite3.SQLITE_IOERR: "faulty",
}
LEAST_BYTES = 64 << 10  # what a connection to SQLite needs for itself, and something to spare
MOVED = (
    "nothing more is answered with success or sent. Moved: move the file, its -wal and its -shm back, and it goes on. "
    "Replaced: start the bridge again. Deleted: what is open is lost when the bridge stops; before, save it from "
    "/proc/PID/fd"
)
_MAKE_ROOM = "make room there, or enlarge the disk; what was answered with success is kept"
_ERRNOS = {errno.ENOSPC: "full", errno.EDQUOT: "full", errno.EROFS: "read-only", errno.EIO: "faulty"}
_POSTGRES = {
    "25006": "it takes no writes, as a standby does: let DATABASE_URL name the primary",
    "53100": "the disk of its server is full: make room there",
    "55P03": "another transaction holds what this one needs: pg_stat_activity shows which",
    "57014": "it took too long: pg_stat_activity shows what it waits for, or what keeps the server busy",
}


def advice_for(error: BaseException, url: URL) -> str:
    """What to do about the driver's or the system's error; empty where there is nothing to say."""
    if isinstance(error, PoolTimeout):
        return "this process has all its connections in use: one is free again when what it does now is done"
    if url.get_backend_name() != "sqlite":
        known = _POSTGRES.get(getattr(error, "sqlstate", None) or "")
        return (
            known or "DATABASE_URL says where it is: does it run there, can this machine reach it, is the login right?"
        )
    path = os.path.abspath(url.database or "")
    match _kind(error):
        case "locked":
            return _of_a_lock(path)
        case "full":
            return full(path)
        case "closed":
            return _of_a_place(path)
        case "read-only":
            return (
                _of_a_read_only_disk(path) or f"{_me()} may not write to {path}, to its folder, or to what is beside it"
            )
        case "broken":
            return (
                f"{path} is no sound database, nothing is written over it: stop the bridge, move the file, its -wal "
                "and its -shm aside, and put a backup there; `sqlite3 FILE .recover` may save what the backup lacks"
            )
        case "faulty":
            return (
                _of_a_full_disk(path)
                or f"the disk of {path} failed: is a quota or a limit of size reached, what does `dmesg` say?"
            )
    return ""


def silent(url: URL) -> str:
    """What to do about a database that says nothing at all."""
    if url.get_backend_name() != "sqlite":
        return (
            "its server is stopped or overloaded, the network swallows what is sent, or another transaction holds what "
            "is wanted: does `psql` get an answer there, what does pg_stat_activity show?"
        )
    path = os.path.abspath(url.database or "")
    return f"the disk of {path} takes long, or another process is writing there: `fuser -v` shows which has it open"


def full(path: str) -> str:
    """What to do about a disk without room for this file."""
    return f"{os.path.abspath(path)} has no room: {_MAKE_ROOM}"


def _kind(error: Any) -> str:
    if isinstance(error, TimeoutError):  # another writer has the turn
        return "locked"
    if isinstance(error, OSError):
        return _ERRNOS.get(error.errno or 0, "closed")
    return _KINDS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, "")  # the low byte of an extended code


def _of_a_lock(path: str) -> str:
    found = holders(path)
    if not found:
        return (
            f"another program keeps {path} locked, such as a sqlite3 shell with an open transaction or a backup: "
            "it must commit or end (`fuser -v` or `lsof` with the file's name shows who has it open)"
        )
    return f"{' and '.join(found)} {'keeps' if len(found) == 1 else 'keep'} {path} locked: it must commit or end"


def _of_a_place(path: str) -> str:
    folder = os.path.dirname(path)
    if folder and not os.path.isdir(folder):
        return f"there is no folder {folder}: make it, or let DATABASE_URL say where the database is"
    if os.path.isdir(path):
        return f"{path} is a folder: DATABASE_URL must name a file"
    return (
        _of_a_full_disk(path)
        or _of_a_read_only_disk(path)
        or f"{_me()} must be allowed to write to {folder}, to {path} and to what is beside it"
    )


def _of_a_full_disk(path: str) -> str:
    free = free_bytes(path)
    return f"the disk of {path} is full: {_MAKE_ROOM}" if free is not None and free < LEAST_BYTES else ""


def _of_a_read_only_disk(path: str) -> str:
    return f"the disk of {path} is mounted for reading only: mount it for writing" if is_read_only(path) else ""


def _me() -> str:
    return f"this user (uid {os.geteuid()})"
