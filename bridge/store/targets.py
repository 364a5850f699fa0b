"""Targets: the state of each configured CRM account, shared by all workers: active, held or paused, and its health."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from bridge.core.holds import Health, coming_back
from bridge.errors import BridgeError
from bridge.model.delivery import TargetState
from bridge.model.record import LONGEST_WISH_S
from bridge.model.rules import TargetRule
from bridge.store import bulk
from bridge.store.claims import FAR_MS
from bridge.store.codec import Codec
from bridge.store.tables import targets

LONGEST_MS = round(LONGEST_WISH_S * 1000)  # that a target rests before it is looked at, or is being looked at


@dataclass(frozen=True, slots=True)
class Target:
    """A target as the database knows it. Times in ms."""

    name: str
    connector: str
    configured: bool
    state: TargetState
    account: str
    why: str
    health: Health
    held_until: int
    held_since: int
    probing_until: int
    delivered_at: int


def register(connection: Connection, rules: Iterable[TargetRule]) -> None:
    """Makes the table name exactly the configured targets; one that left keeps its row and its deliveries."""
    known = {row.name: row for row in connection.execute(select(*targets.c["name", "connector", "configured"]))}
    wanted = {rule.name: rule.connector for rule in rules}
    for name, connector in sorted(wanted.items()):
        if name not in known:
            _insert(connection, name, connector)
        elif known[name].connector != connector or not known[name].configured:
            change = update(targets).where(targets.c.name == name)
            connection.execute(change.values(connector=connector, configured=True))
    gone = sorted(name for name, row in known.items() if row.configured and name not in wanted)
    if gone:
        connection.execute(update(targets).where(targets.c.name.in_(gone)).values(configured=False))


def make_known(connection: Connection, rule: TargetRule) -> None:
    """Makes a row for the target where there is none."""
    _insert(connection, rule.name, rule.connector)


def _insert(connection: Connection, name: str, connector: str) -> None:
    row = {"name": name, "connector": connector, "configured": True, "state": TargetState.ACTIVE.value}
    bulk.insert(connection, targets, [row], also="ON CONFLICT DO NOTHING")  # another process was first: as good


_ALL = (
    "SELECT name, connector, configured, state, account, why, health, held_until, held_since, probing_until, "
    "delivered_at FROM targets ORDER BY name"
)


def all_targets(connection: Connection, *, codec: Codec, lock: bool = False) -> dict[str, Target]:
    """Every target by name; `lock`: nobody else changes them until the transaction ends."""
    query = bulk.locked(connection, _ALL, "FOR UPDATE") if lock else _ALL
    found = {}
    for name, connector, configured, state, account, why, health, *times in bulk.rows(connection, query):
        known = (bool(configured), TargetState(state), account, codec.text(why), _health(health))
        found[name] = Target(name, connector, *known, *times)
    return found


def named(known: dict[str, Target], name: str) -> Target:
    """The target of this name; raises BridgeError with those there are."""
    if name not in known:
        raise BridgeError(f"no target {name!r}: there are {', '.join(sorted(known)) or 'none'}")
    return known[name]


def save_health(connection: Connection, target: Target, health: Health) -> None:
    """Unless another worker, which had it locked, has held or opened it since it was read."""
    as_read = and_(targets.c.name == target.name, targets.c.state == target.state.value)
    connection.execute(update(targets).where(as_read).values(health=_json(health)))


def save_delivered(connection: Connection, name: str, at_ms: int) -> None:
    connection.execute(update(targets).where(targets.c.name == name).values(delivered_at=at_ms))


def set_account(connection: Connection, name: str, account: str) -> None:
    connection.execute(update(targets).where(targets.c.name == name).values(account=account))


def hold(
    connection: Connection, target: Target, health: Health, *, why: str, until_ms: int, now_ms: int, codec: Codec
) -> bool:
    """Rests a target that is not paused until `until_ms`, or as long as it rests already; gives whether it is news."""
    began = target.state == TargetState.ACTIVE
    connection.execute(
        update(targets)
        .where(targets.c.name == target.name)
        .values(
            state=TargetState.HELD.value,
            why=codec.encode(why),
            held_until=max(until_ms, target.held_until) if not began else until_ms,
            held_since=now_ms if began else target.held_since,
            probing_until=0,
            health=_json(health),
        )
    )
    return began


def take_probe(connection: Connection, name: str, *, now_ms: int, until_ms: int) -> bool:
    """Whether this worker is the one to look if the held target is back; others leave it alone until `until_ms`. Not
    where somebody holds its row: other targets do not wait for that.
    """
    mine = (
        select(targets.c.name)
        .where(
            targets.c.name == name,
            targets.c.state == TargetState.HELD.value,
            targets.c.held_until <= now_ms,
            targets.c.probing_until <= now_ms,
        )
        .with_for_update(skip_locked=True)
    )
    if connection.execute(mine).one_or_none() is None:
        return False
    connection.execute(update(targets).where(targets.c.name == name).values(probing_until=until_ms))
    return True


def open_again(connection: Connection, target: Target) -> bool:
    """The rest is over: the target is active, one call at once, until a delivery gets through. False where somebody
    paused it meanwhile.
    """
    values = {
        "state": TargetState.ACTIVE.value,
        "why": None,
        "held_until": 0,
        "held_since": 0,
        "probing_until": 0,
        "health": _json(coming_back(target.health)),
    }
    held = and_(targets.c.name == target.name, targets.c.state == TargetState.HELD.value)
    return connection.execute(update(targets).where(held).values(values)).rowcount == 1


def are_far(connection: Connection, *, now_ms: int) -> bool:
    """Whether a target rests since a time that is still to come, or for longer than any: the clock was set back."""
    return connection.execute(select(targets.c.name).where(_far(now_ms)).limit(1)).scalar() is not None


def pull_in(connection: Connection, *, now_ms: int) -> int:
    """Ends such rests now; gives how many."""
    change = update(targets).where(_far(now_ms)).values(held_since=now_ms, held_until=now_ms, probing_until=now_ms)
    return connection.execute(change).rowcount


def _far(now_ms: int) -> ColumnElement[bool]:
    ahead, longest = now_ms + FAR_MS, now_ms + LONGEST_MS + FAR_MS
    far = or_(targets.c.held_since > ahead, targets.c.held_until > longest, targets.c.probing_until > longest)
    return and_(targets.c.state == TargetState.HELD.value, far)


def set_state(connection: Connection, name: str, state: TargetState, *, why: str, codec: Codec) -> None:
    """The operator's word: paused, or active with a clean health."""
    values = {"state": state.value, "why": codec.encode(why) if why else None, "held_until": 0, "probing_until": 0}
    if state == TargetState.ACTIVE:
        values |= {"health": _json(Health()), "held_since": 0}
    connection.execute(update(targets).where(targets.c.name == name).values(values))


def take_other_account(connection: Connection, name: str, *, codec: Codec) -> None:
    """The operator's word: whatever account the target points at now is meant. It is asked before anything is sent."""
    values = {"state": TargetState.HELD.value, "account": "", "why": codec.encode("asked for its account"),
              "held_until": 0, "probing_until": 0, "health": _json(Health())}  # fmt: skip
    connection.execute(update(targets).where(targets.c.name == name).values(values))


@lru_cache(maxsize=64)
def _health(text: str) -> Health:
    value = json.loads(text)
    return Health(**(value | {"retries": tuple(value.get("retries", ()))}))


def _json(health: Health) -> str:
    return json.dumps(asdict(health))
