"""Setup: requests that came before their source had a signing key. They were answered 503; the last of them are kept
and verified when the key arrives, since a sender gives up long before an operator is done.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from bridge.store.codec import Codec
from bridge.store.tables import unverified

KEEP = 20  # a source: the first ten and the last ten, so that nobody can push out what is there
LARGEST_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Unverified:
    id: int
    received_at: int  # ms
    header: bytes
    body: bytes


def keep(connection: Connection, source: str, *, header: bytes, body: bytes, received_at: int, codec: Codec) -> None:
    """Keeps one request, and lets go of those between the source's first ten and last ten."""
    row = {"source": source, "received_at": received_at, "header": header, "body": codec.encode(body)}
    connection.execute(unverified.insert().values(row))
    mine = select(unverified.c.id).where(unverified.c.source == source).order_by(unverified.c.id)
    ids = connection.execute(mine).scalars().all()
    forget(connection, ids[KEEP // 2 : -KEEP // 2])


def kept(connection: Connection, source: str, *, codec: Codec) -> list[Unverified]:
    """What is kept of the source, oldest first."""
    query = select(*unverified.c["id", "received_at", "header", "body"]).where(unverified.c.source == source)
    rows = connection.execute(query.order_by(unverified.c.id))
    return [Unverified(row.id, row.received_at, row.header, codec.decode(row.body)) for row in rows]


def forget(connection: Connection, ids: Iterable[int]) -> None:
    connection.execute(delete(unverified).where(unverified.c.id.in_(list(ids))))
