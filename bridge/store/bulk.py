"""Bulk: many rows in one statement, handed to the driver as tuples. SQLAlchemy's own way of binding costs 30 µs a row,
several times what the database does; on the two hot paths (receive, settle) that is most of the time.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table


def insert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Inserts rows that all name the same columns."""
    if not rows:
        return
    columns = list(rows[0])
    marks = ", ".join([_mark(connection)] * len(columns))
    statement = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608  names of our own
    connection.exec_driver_sql(statement, _tuples(rows, columns))


def change(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *, also: str = "") -> None:
    """Updates rows by their `id`; all name the same columns. `also` is more of the SET clause, the same for all."""
    if not rows:
        return
    columns = [column for column in rows[0] if column != "id"]
    mark = _mark(connection)
    sets = ", ".join([f"{column} = {mark}" for column in columns] + ([also] if also else []))
    statement = f"UPDATE {table.name} SET {sets} WHERE id = {mark}"  # noqa: S608  names of our own
    connection.exec_driver_sql(statement, _tuples(rows, [*columns, "id"]))


def _mark(connection: Connection) -> str:
    return "?" if connection.dialect.paramstyle == "qmark" else "%s"


def _tuples(rows: Iterable[dict[str, Any]], columns: Sequence[str]) -> list[tuple[Any, ...]]:
    return [tuple([row[column] for column in columns]) for row in rows]
