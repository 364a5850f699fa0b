"""Bulk: many rows in one statement, handed to the driver as they are. SQLAlchemy's own way of binding costs 30 µs a
row, and a row at a time costs psycopg 50 µs; on the two hot paths (receive, settle) that is most of the time.

SQLite gets tuples, Postgres an array for each column.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Boolean, Connection, Integer, LargeBinary, Table

_ARRAYS = {BigInteger: "bigint[]", Integer: "integer[]", LargeBinary: "bytea[]", Boolean: "boolean[]"}


def insert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Inserts rows that all name the same columns."""
    if not rows:
        return
    columns = list(rows[0])
    into = f"INSERT INTO {table.name} ({', '.join(columns)})"
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"{into} VALUES ({', '.join('?' * len(columns))})", _tuples(rows, columns))
    else:
        connection.exec_driver_sql(f"{into} SELECT * FROM {_unnest(table, columns)}", _arrays(rows, columns))  # noqa: S608


def change(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *, also: str = "") -> None:
    """Updates rows by their `id`; all name the same columns. `also` is more of the SET clause, the same for all."""
    if not rows:
        return
    columns = [column for column in rows[0] if column != "id"]
    if connection.dialect.name == "sqlite":
        sets = ", ".join([f"{column} = ?" for column in columns] + ([also] if also else []))
        connection.exec_driver_sql(
            f"UPDATE {table.name} SET {sets} WHERE id = ?",  # noqa: S608  names of our own
            _tuples(rows, [*columns, "id"]),
        )
        return
    every = [*columns, "id"]
    sets = ", ".join([f"{column} = new.{column}" for column in columns] + ([also] if also else []))
    connection.exec_driver_sql(
        f"UPDATE {table.name} SET {sets} FROM {_unnest(table, every)} AS new ({', '.join(every)}) "  # noqa: S608
        f"WHERE {table.name}.id = new.id",
        _arrays(rows, every),
    )


def _unnest(table: Table, columns: Sequence[str]) -> str:
    types = (_ARRAYS.get(type(table.c[column].type), "text[]") for column in columns)
    return f"unnest({', '.join(f'%s::{type_}' for type_ in types)})"


def _tuples(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> list[tuple[Any, ...]]:
    return [tuple([row[column] for column in columns]) for row in rows]


def _arrays(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> tuple[list[Any], ...]:
    return tuple([[row[column] for row in rows] for column in columns])
