"""Quarantine: what was signed and could not be read, for whoever reads it again. `look` shows it, `intake` fills it."""

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from bridge.store.codec import Codec
from bridge.store.database import Clash
from bridge.store.tables import quarantine

KEPT = "kept"
REPLAYED = "replayed"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One signed body, or element of one, that was no event when it came."""

    id: int
    source: str
    hash: str
    received_at: int  # ms
    signed_at: int  # seconds, the sender's clock
    path: str
    state: str
    raw: bytes | None  # None once it was let go


def find(connection: Connection, id_: int, *, codec: Codec) -> Quarantined | None:
    """The one of this id, if there is one. Raises ValueError for a body that this version cannot decode."""
    row = connection.execute(select(quarantine).where(quarantine.c.id == id_)).one_or_none()
    if row is None:
        return None
    raw = None if row.raw is None else codec.decode(row.raw)
    return Quarantined(row.id, row.source, row.hash, row.received_at, row.signed_at, row.path, row.state, raw)


def kept_ids(connection: Connection, *, after: int, limit: int) -> list[int]:
    """Ids of what was not yet read again and still has its body, oldest first."""
    query = select(quarantine.c.id).where(quarantine.c.state == KEPT, quarantine.c.raw.is_not(None))
    return list(
        connection.execute(query.where(quarantine.c.id > after).order_by(quarantine.c.id).limit(limit)).scalars()
    )


def end(connection: Connection, id_: int) -> None:
    """It was read. Raises Clash where somebody else read it first."""
    _change(connection, id_, state=REPLAYED)


def stay(connection: Connection, id_: int, *, path: str, reason: str) -> None:
    """It stays, for this reason. Raises Clash where somebody else read it meanwhile."""
    _change(connection, id_, path=path, reason=reason)


def _change(connection: Connection, id_: int, **values: str) -> None:
    change = update(quarantine).where(quarantine.c.id == id_, quarantine.c.state == KEPT)
    if connection.execute(change.values(values)).rowcount != 1:
        raise Clash(f"quarantine {id_} was changed meanwhile")
