"""Links: the CRM ids that were remembered, by target, account and record key."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, text

from bridge.model.delivery import Claim
from bridge.model.record import Link
from bridge.store import bulk
from bridge.store.tables import links


class _Row(NamedTuple):
    object: str
    record_key: str
    crm_id: str
    url: str
    delivery_id: int
    not_taken: str | None

    @property
    def link(self) -> Link:
        names = tuple(json.loads(self.not_taken)) if self.not_taken else ()
        return Link(self.object, self.record_key, self.crm_id, self.url, names)


_OF_KEYS = (
    f"SELECT {', '.join(_Row._fields)} FROM links "  # noqa: S608
    "WHERE target = ? AND account = ? AND record_key {among}"
)

_COLUMNS = "record_key, object, crm_id, url, delivery_id, written_at, not_taken"
_REPLACES = (
    "ON CONFLICT (target, account, record_key, object) DO UPDATE SET crm_id = excluded.crm_id, url = excluded.url, "
    "delivery_id = excluded.delivery_id, written_at = excluded.written_at, not_taken = excluded.not_taken"
)
_REMEMBER = text(
    f"INSERT INTO links (target, account, {_COLUMNS}) "  # noqa: S608
    "VALUES (:target, :account, :record_key, :object, :crm_id, :url, :delivery_id, :written_at, :not_taken) "
    f"{_REPLACES}"
)
_ADOPT = text(
    f"INSERT INTO links (target, account, {_COLUMNS}) SELECT target, :account, {_COLUMNS} "  # noqa: S608
    f"FROM links WHERE target = :target AND account = '' {_REPLACES}"
)
_LET_GO = text("DELETE FROM links WHERE target = :target AND account = ''")


def remember(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Writes links; one that is there already is replaced by what the CRM said last."""
    if rows:
        connection.execute(_REMEMBER, sorted(rows, key=lambda row: (row["target"], row["record_key"], row["object"])))


def adopt(connection: Connection, target: str, account: str) -> None:
    """Nobody could say whose account it was when they were written: what a target linked then belongs to this one."""
    connection.execute(_ADOPT, {"target": target, "account": account})
    connection.execute(_LET_GO, {"target": target})


def attach(
    connection: Connection, claims: list[Claim], *, account: str, keys: Callable[[Claim], set[str]]
) -> list[Claim]:
    """The claims (of one target) for this account, with the links of their records there (by `keys`: those of a claim),
    and what each wrote.
    """
    claims = [replace(claim, account=account) for claim in claims] if account else claims
    wanted = [keys(claim) for claim in claims]
    found = bulk.among(connection, _OF_KEYS, set().union(*wanted), claims[0].target, account)
    if not found:
        return claims
    by_key: dict[str, list[_Row]] = {}
    for row in map(_Row._make, found):
        by_key.setdefault(row.record_key, []).append(row)
    return [
        _with_links(claim, [row for key in its for row in by_key.get(key, ())])
        for claim, its in zip(claims, wanted, strict=True)
    ]


def _with_links(claim: Claim, mine: Sequence[_Row]) -> Claim:
    if not mine:
        return claim
    found = {(row.record_key, row.object): row.link for row in mine}
    done = frozenset((row.record_key, row.object) for row in mine if row.delivery_id == claim.delivery_id)
    return replace(claim, links=found, done=done)


def written_by(connection: Connection, delivery_id: int) -> list[Link]:
    """The links that a delivery wrote: its checkpoints, and what the operator is shown."""
    query = select(*links.c["object", "record_key", "crm_id", "url"]).where(links.c.delivery_id == delivery_id)
    return [Link(*row) for row in connection.execute(query)]
