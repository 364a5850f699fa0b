"""Delivery: the duty to bring one event to one target, its states, and what a worker holds and hands back."""

from dataclasses import dataclass, field
from enum import StrEnum

from bridge.model.event import StoredEvent
from bridge.model.record import Link, Outcome, Skipped


class State(StrEnum):
    WAITING = "waiting"  # behind an earlier one of the same person
    QUEUED = "queued"  # at the head of its lane, due at due_at
    CLAIMED = "claimed"  # a worker has the right to it
    DELIVERED = "delivered"
    DEAD = "dead"
    DISCARDED = "discarded"


ENDED = (State.DELIVERED, State.DEAD, State.DISCARDED)  # no worker has more to do then
SUPERSEDED = "superseded by a later revision"  # why one was discarded


class TargetState(StrEnum):
    ACTIVE = "active"
    HELD = "held"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's right to one delivery; `token` guards every change it makes."""

    delivery_id: int
    token: str
    target: str
    person: str
    stored: StoredEvent
    attempts: int  # used up before this one
    uncertain: bool
    if_empty: bool
    copy: int  # 0, or the number of the `replay --as-new` that made it
    account: str = ""  # whose records it may write, where that is known
    holds: int = 0  # how often this delivery caused a hold
    held_before: int = 0  # when it first did, epoch ms; 0: never
    # what is already at the target, by (record key, object)
    links: dict[tuple[str, str], Link] = field(default_factory=dict)
    done: frozenset[tuple[str, str]] = frozenset()  # of these, what this very delivery wrote: its checkpoints


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one attempt; no outcome where nothing was tried."""

    claim: Claim
    outcome: Outcome | Skipped | None
    started_at: int  # epoch ms
    took_ms: int
    links: tuple[Link, ...] = ()  # records written in this attempt, also where the outcome is no Delivered
    batch: int = 0  # the call that many were in together; 0: it was by itself
    degraded: tuple[str, ...] = ()  # what had to be left out or shortened of what it wrote
