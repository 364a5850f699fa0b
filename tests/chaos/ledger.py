"""Ledger: what was sent and answered, against what is at the target. Pure: it finds every broken promise, by id."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from tests.chaos.story import Fact


@dataclass(frozen=True, slots=True)
class Sent:
    """A fact in one request. `answered`: with success, so it must never be lost. Times are one clock's, in s."""

    fact: Fact
    began_s: float
    ended_s: float
    answered: bool


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request at the target, as its own ledger has it. `answered_ms`: when a whole answer left, if one did."""

    seq: int
    at_ms: int
    answered_ms: int | None
    stored: bool
    idempotency_key: str
    visitor: int
    mark: str
    phone: str


@dataclass
class Ledger:
    """One campaign's, of one target."""

    sent: list[Sent] = field(default_factory=list)
    arrived: list[Arrived] = field(default_factory=list)  # in order of seq
    excused: set[int] = field(default_factory=set)  # visitors of whom something was dead and sent again: no order

    def broken(self) -> list[str]:
        """Every promise that was not kept; empty where all were."""
        return [*self._lost(), *self._doubled(), *self._invented(), *self._disordered(), *self._overlapping()]

    def _lost(self) -> Iterator[str]:
        said = {(row.mark, row.phone) for row in self.arrived if row.stored}
        marks = {mark for mark, _ in said}
        for fact in {sent.fact for sent in self.sent if sent.answered}:
            # A later revision says all that an earlier one said, and may have taken its place.
            if (fact.mark, fact.phone) not in said and (fact.phone or fact.mark not in marks):
                yield f"lost: {fact} was answered with success and is not at the target"

    def _doubled(self) -> Iterator[str]:
        first: dict[object, Arrived] = {}
        for row in self.arrived:
            if not row.stored:
                continue
            for one in (row.idempotency_key, (row.mark, row.phone)):
                if one in first:
                    yield f"doubled: {one} is at the target as number {first[one].seq} and as {row.seq}"
                first.setdefault(one, row)

    def _invented(self) -> Iterator[str]:
        sent = {(row.fact.mark, row.fact.phone) for row in self.sent if not row.fact.forged}
        for row in self.arrived:
            if (row.mark, row.phone) not in sent:
                yield f"invented: number {row.seq} ({row.mark}) was never sent, or was forged"

    def _disordered(self) -> Iterator[str]:
        """What was answered before the next was sent comes before it."""
        stored = _by_visitor((row.visitor, row) for row in self.arrived if row.stored)
        for visitor, sent in _by_visitor((row.fact.visitor, row) for row in self.sent if not row.fact.forged).items():
            if visitor not in self.excused:
                yield from _order_of(sent, stored.get(visitor, []))

    def _overlapping(self) -> Iterator[str]:
        """One person's deliveries go one at a time: the next begins when the one before has its answer."""
        for rows in _by_visitor((row.visitor, row) for row in self.arrived).values():
            for before, after in pairwise(rows):
                if before.answered_ms is not None and after.at_ms < before.answered_ms:
                    yield f"overlapping: number {after.seq} came while {before.seq} of the same person was under way"


def _order_of(sent: list[Sent], stored: list[Arrived]) -> Iterator[str]:
    """What is out of order of one visitor's."""
    answered_s: dict[Fact, float] = {}
    began_s: dict[Fact, float] = {}  # answered or not: what was not may have been stored
    for row in sent:
        began_s.setdefault(row.fact, row.began_s)
        if row.answered:
            answered_s.setdefault(row.fact, row.ended_s)
    for fact, until_s in answered_s.items():
        # A revision that took the place of what it overtook stands for it.
        mine = [row.seq for row in stored if row.mark == fact.mark and fact.phone in ("", row.phone)]
        for later in (other for other, at_s in began_s.items() if at_s > until_s):
            theirs = [row.seq for row in stored if (row.mark, row.phone) == (later.mark, later.phone)]
            if mine and theirs and theirs[0] < mine[0]:
                yield f"disordered: {later} came as number {theirs[0]}, before {fact} as {mine[0]}"


T = TypeVar("T")


def _by_visitor(pairs: Iterable[tuple[int, T]]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = {}
    for visitor, row in pairs:
        found.setdefault(visitor, []).append(row)
    return found
