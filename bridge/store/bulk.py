"""Bulk: the statements of the hot paths, receive and a worker's round, handed to the driver as they are. SQLAlchemy
costs 100 to 500 µs a statement and 30 µs a bound row, psycopg 50 µs a row of its own, and 2 µs for each value of an
array; there that would be most of the time.

SQLite gets one VALUES list, so that the interpreter lock is let go once a statement and not once a row: with 64 threads
waiting for it, coming back for each row was what took longest. Postgres gets an array for each column. The driver's
errors pass through; `database.write` names them.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import BigInteger, Boolean, Connection, Integer, LargeBinary, Table

FEW = 64
MOST_VARIABLES = 8192  # in a statement; SQLite allows 32,766

_Row = tuple[Any, ...]
_Word = Callable[[Any], str]  # writes one value of an array
_IN_JSON = "IN (SELECT value FROM json_each(?))"


def among(connection: Connection, statement: str, values: Iterable[Any], *first: Any) -> list[tuple[Any, ...]]:
    """The rows of a SELECT in which `{among}` stands for "is one of these values"; `?` before it for `first`."""
    return _among(connection, statement, values, first).fetchall()  # type: ignore[no-any-return]


def change_among(connection: Connection, statement: str, values: Iterable[Any], *first: Any) -> int:
    """The same of an UPDATE; gives how many rows it changed."""
    return int(_among(connection, statement, values, first).rowcount)


def rows(connection: Connection, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """The rows of a SELECT whose parameters are written `?`. SQLite gives 0 and 1 for a Boolean."""
    return _run(connection, _in_dialect(connection, statement), values).fetchall()  # type: ignore[no-any-return]


def locked(connection: Connection, statement: str, clause: str) -> str:
    """The SELECT with a locking clause, which SQLite neither knows nor needs: it has one writer."""
    return statement if connection.dialect.name == "sqlite" else f"{statement} {clause}"


def one(connection: Connection, statement: str) -> Any:
    """The single value of a SELECT without parameters."""
    return _run(connection, statement, ()).fetchone()[0]


def execute(connection: Connection, statement: str, *values: Any) -> int:
    """How many rows a statement changed whose parameters are written `?`."""
    return int(_run(connection, _in_dialect(connection, statement), values).rowcount)


def insert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *, also: str = "") -> None:
    """Inserts rows that all name the same columns. `also` is what follows, such as ON CONFLICT …"""
    if rows:
        columns = tuple(rows[0])
        insert_tuples(connection, table, columns, _tuples(rows, columns), also=also)


def insert_tuples(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[_Row], *, also: str = ""
) -> None:
    """Inserts rows that are the values of these columns."""
    if not rows:
        return
    into = f"INSERT INTO {table.name} ({', '.join(columns)})"
    if connection.dialect.name == "sqlite":
        for part in _parts(rows, len(columns)):
            _run(connection, f"{into} {_values(len(part), len(columns))} {also}", _flat(part))
    else:
        statement = f"{into} SELECT * FROM {_unnest(table, columns)} {also}"  # noqa: S608
        _run(connection, statement, _arrays(table, rows, columns))


def change(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *, also: str = "") -> None:
    """Updates rows by their `id`; all name the same columns. `also` is more of the SET clause, the same for all."""
    if not rows:
        return
    columns = (*(column for column in rows[0] if column != "id"), "id")
    values = _tuples(rows, columns)
    if connection.dialect.name == "sqlite":
        for part in _parts(values, len(columns)):
            new = f"({_values(len(part), len(columns))}) AS new"
            names = [f"column{number}" for number in range(1, len(columns) + 1)]  # SQLite's names for VALUES
            _run(connection, _update(table, columns, names, new, also), _flat(part))
    else:
        new = f"{_unnest(table, columns)} AS new ({', '.join(columns)})"
        _run(connection, _update(table, columns, columns, new, also), _arrays(table, values, columns))


def _among(connection: Connection, statement: str, values: Iterable[Any], first: tuple[Any, ...]) -> Any:
    text = _in_dialect(connection, statement)
    if connection.dialect.name == "sqlite":
        return _run(connection, text.format(among=_IN_JSON), (*first, json.dumps(list(values))))
    return _run(connection, text.format(among="= ANY(%s)"), (*first, _array(values, _quoted)))


def _in_dialect(connection: Connection, statement: str) -> str:
    return statement if connection.dialect.name == "sqlite" else statement.replace("?", "%s")


def _run(connection: Connection, statement: str, values: Sequence[Any]) -> Any:
    """A driver cursor that has executed the statement in the connection's transaction."""
    cursor = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        os.sched_yield()  # its work is done on this core: who brings a request or takes an answer, a moment, goes first
    cursor.execute(statement, values)
    return cursor


def _update(table: Table, columns: Sequence[str], names: Sequence[str], new: str, also: str) -> str:
    """The statement that takes each row's columns from `new`, where they have other names; the last is the id."""
    pairs = zip(columns[:-1], names[:-1], strict=True)
    sets = ", ".join([f"{column} = new.{name}" for column, name in pairs] + ([also] if also else []))
    return f"UPDATE {table.name} SET {sets} FROM {new} WHERE {table.name}.id = new.{names[-1]}"  # noqa: S608


def _tuples(rows: Sequence[dict[str, Any]], columns: tuple[str, ...]) -> list[_Row]:
    return [tuple([row[column] for column in columns]) for row in rows]


def _parts(rows: Sequence[_Row], columns: int) -> Iterator[Sequence[_Row]]:
    """The rows in lots: one where they are few, powers of two where they are many, so that there are few different
    statements and all of them are prepared once.
    """
    at = 0
    while at < len(rows):
        left = len(rows) - at
        size = left if left <= FEW else 1 << min(left.bit_length() - 1, (MOST_VARIABLES // columns).bit_length() - 1)
        yield rows[at : at + size]
        at += size


@lru_cache(maxsize=1024)
def _values(rows: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"VALUES {', '.join([row] * rows)}"


def _flat(rows: Sequence[_Row]) -> tuple[Any, ...]:
    return tuple(chain.from_iterable(rows))


def _unnest(table: Table, columns: tuple[str, ...]) -> str:
    return f"unnest({', '.join([f'%s::{type_}[]' for type_, _ in _types(table, columns)])})"


def _arrays(table: Table, rows: Sequence[_Row], columns: tuple[str, ...]) -> tuple[str, ...]:
    values = zip(*rows, strict=True)
    return tuple([_array(column, word) for column, (_, word) in zip(values, _types(table, columns), strict=True)])


def _array(values: Iterable[Any], word: _Word) -> str:
    """The values as Postgres writes an array down."""
    return "{" + ",".join(["NULL" if value is None else word(value) for value in values]) + "}"


def _quoted(value: str | int) -> str:
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _hex(value: bytes) -> str:
    return f'"\\\\x{value.hex()}"'


_TYPES: dict[type, tuple[str, _Word]] = {
    BigInteger: ("bigint", str),
    Integer: ("integer", str),
    LargeBinary: ("bytea", _hex),
    Boolean: ("boolean", str),
}


@lru_cache(maxsize=256)
def _types(table: Table, columns: tuple[str, ...]) -> list[tuple[str, _Word]]:
    """Postgres' type of each column, and what writes one of its values."""
    return [_TYPES.get(type(table.c[column].type), ("text", _quoted)) for column in columns]
