"""Unverified: requests that came before their source had a signing key. They were answered 503; the last of them are
kept and verified when the key arrives, since a sender gives up long before an operator is done.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, select

from bridge.model.signed import Request
from bridge.store import tables
from bridge.store.codec import Codec

_TABLE = tables.unverified

KEEP = 20  # a source: the first ten and the last ten, so that nobody can push out what is there
LARGEST_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Unverified:
    id: int
    received_at: int  # ms
    request: Request


def keep(connection: Connection, source: str, request: Request, *, received_at: int, codec: Codec) -> None:
    """Keeps one request, and lets go of those between the source's first ten and last ten."""
    headers = {name: value.decode("latin-1") for name, value in request.headers.items()}
    around = codec.encode_json({"headers": headers, "method": request.method, "query": request.query})
    row = {"source": source, "received_at": received_at, "request": around, "body": codec.encode(request.body)}
    connection.execute(_TABLE.insert().values(row))
    mine = select(_TABLE.c.id).where(_TABLE.c.source == source).order_by(_TABLE.c.id)
    ids = connection.execute(mine).scalars().all()
    forget(connection, ids[KEEP // 2 : -KEEP // 2])


def all_of(connection: Connection, source: str, *, codec: Codec) -> list[Unverified]:
    """What is kept of the source, oldest first."""
    query = select(*_TABLE.c["id", "received_at", "request", "body"]).where(_TABLE.c.source == source)
    rows = connection.execute(query.order_by(_TABLE.c.id))
    return [Unverified(row.id, row.received_at, _request(row, codec)) for row in rows]


def forget(connection: Connection, ids: Iterable[int]) -> None:
    connection.execute(delete(_TABLE).where(_TABLE.c.id.in_(list(ids))))


def _request(row: Any, codec: Codec) -> Request:
    around = codec.decode_json(row.request)
    headers = {name: value.encode("latin-1") for name, value in around["headers"].items()}
    return Request(codec.decode(row.body), headers, around["method"], around["query"])
