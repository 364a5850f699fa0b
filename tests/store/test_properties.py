"""Whatever comes in whatever order, grouping and spelling, and however it is delivered meanwhile: nothing is lost,
nothing is stored twice, and no lane is ever stuck.
"""

from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.model.delivery import Claim
from bridge.model.record import Delivered, Hold, Outcome, Reject, Retry
from bridge.store.database import Database
from tests.store.rows import ENDED, Store, lead

property_test = settings(
    max_examples=25,
    derandomize=True,
    # One database for all examples, since making one takes longer than an example: each forgets everything first.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass(frozen=True)
class Fact:
    """What one sending says, and when it was signed; its spelling is drawn each time that it is sent."""

    key: tuple[int, str, int]  # session (0: none), kind, second
    said: tuple[tuple[str, str], ...]
    signed_at: int

    def body(self, random: Random) -> dict[str, Any]:
        session, kind, second = self.key
        said = {name: random.choice(SPELLINGS[name])(text) for name, text in self.said if text}
        value = lead(session or "", kind=random.choice([kind, kind.upper()]), second=second, **said)
        if session:
            value["SessionID"] = random.choice([session, str(session), float(session)])
            value["CreateTime"] = random.choice([value["CreateTime"], value["CreateTime"].replace("Z", ".987654Z")])
        return dict(random.sample(list(value.items()), len(value)))

    def without(self, names: set[str]) -> "Fact":
        return replace(self, said=tuple((name, text) for name, text in self.said if name not in names))

    @property
    def identity(self) -> object:
        """What its key is made of: where there is no session, the content stands in."""
        return self.key if self.key[0] else (self.key, self.said)


SPELLINGS = {
    "email": [str, str.upper, lambda text: f" {text} "],
    "phone": [str, lambda text: f"+1 ({text[2:5]}) {text[5:8]}-{text[8:]}"],
    "first": [str, str.upper, lambda text: f" {text}"],
    "content": [str, lambda text: text.replace(" ", "  ")],
}

facts = st.builds(
    Fact,
    key=st.tuples(st.integers(0, 2), st.sampled_from(["Lead", "Appointment"]), st.integers(0, 1)),
    said=st.tuples(
        st.tuples(st.just("email"), st.sampled_from(["", "a@x.io", "b@x.io"])),
        st.tuples(st.just("phone"), st.sampled_from(["", "+12125550147", "+12125550148"])),
        st.tuples(st.just("first"), st.sampled_from(["", "Ann"])),
        st.tuples(st.just("content"), st.sampled_from(["", "call me", "later please"])),
    ),
    signed_at=st.integers(100, 103),
)

OUTCOMES: list[Outcome | None] = [
    None,
    Delivered("7"),
    Retry("HTTP 503"),
    Retry("timeout", uncertain=True),
    Retry("HTTP 429", after_s=3600),
    Reject("no email"),
    Hold("login refused"),
]


@dataclass
class World:
    """A receiver and its workers, whose every step is drawn."""

    store: Store
    random: Random
    in_hand: list[Claim] = field(default_factory=list)
    sent: list[Fact] = field(default_factory=list)

    def receive(self, facts: list[Fact]) -> None:
        """Stores them in one transaction, as several requests: each has one signature."""
        self.sent += facts
        requests: dict[tuple[int, int], list[dict[str, Any]]] = {}
        for fact in facts:
            request = (fact.signed_at, self.random.randrange(2))
            requests.setdefault(request, []).append(fact.body(self.random))
        self.store.write(
            [self.store.arrival(*bodies, signed_at=signed_at) for (signed_at, _), bodies in requests.items()]
        )

    def receive_in_groups(self, facts: list[Fact]) -> None:
        rest = self.random.sample(facts, len(facts))
        while rest:
            size = self.random.randint(1, 5)
            self.receive(rest[:size])
            rest = rest[size:]

    def work(self) -> None:
        """Claims some, settles some of what is in hand; now and then a worker dies, and its results come late."""
        self.store.now_ms += self.random.choice([1, 10_000, 3_600_000])
        self.in_hand += self.store.claim(self.random.randint(1, 3), target=self.random.choice(self.store.targets))
        if self.random.random() < 0.1:
            self.store.take_over(worker=1)
        for claim in self.random.sample(self.in_hand, self.random.randint(0, len(self.in_hand))):
            self.in_hand.remove(claim)
            self.store.settle(claim, self.random.choice(OUTCOMES))

    def drain(self) -> None:
        """Everything gets through that is still to be sent."""
        self.store.take_over(worker=1)
        for _ in range(100):
            self.store.now_ms += 2 * 86_400_000
            found = [claim for target in self.store.targets for claim in self.store.claim(target=target)]
            for claim in found:
                self.store.settle(claim, Delivered())
            if not found:
                return
        raise AssertionError("deliveries without end")

    def faults(self) -> list[Any]:
        """What must never be seen between two transactions."""
        known = [(row.key, row.revision) for row in self.store.events()]
        numbers = {key: sorted(number for one, number in known if one == key) for key, _ in known}
        gaps = [key for key, found in numbers.items() if found != list(range(1, len(found) + 1))]
        faults = [self.store.broken_lanes(), self.store.miscounted(), self.store.unserved(), gaps]
        return [fault for fault in faults if fault]


def new_world(database: Database, seed: int) -> World:
    store = Store(database, "crm", "copy")
    store.forget_everything()
    return World(store, Random(seed))


@property_test
@given(groups=st.lists(st.lists(facts, min_size=1, max_size=5), min_size=1, max_size=8), seed=st.integers(0, 10**6))
def test_whatever_comes_while_it_is_delivered_every_key_is_stored_and_sent_and_no_lane_gets_stuck(
    database: Database, groups: list[list[Fact]], seed: int
) -> None:
    world = new_world(database, seed)

    for group in groups:
        world.receive(group)
        assert [] == world.faults()
        world.work()
        assert [] == world.faults()
    world.drain()

    assert [] == world.faults()
    assert set(ENDED) >= {state for target in world.store.targets for state in world.store.states(target)}
    newest = {row.key: row.revision for row in world.store.events() if not row.stale}
    for target in world.store.targets:
        ends = {(row.key, row.revision): row.state for row in world.store.rows(target)}
        assert {"delivered", "dead"} >= {ends[key_and_revision] for key_and_revision in newest.items()}


@property_test
@given(
    sent=st.lists(facts, min_size=1, max_size=12), less=st.sets(st.sampled_from(list(SPELLINGS))), seed=st.integers()
)
def test_what_says_nothing_new_is_never_stored_again(
    database: Database, sent: list[Fact], less: set[str], seed: int
) -> None:
    world = new_world(database, seed)
    world.receive_in_groups(sent)
    stored = [(row.key, row.revision, row.fields) for row in world.store.events()]
    before = world.store.received().get("duplicate", 0)

    world.receive_in_groups(sent)
    world.work()
    again = [fact.without(less) for fact in sent if fact.key[0]]  # without a session, less said is another event
    world.receive_in_groups(again)

    assert stored == [(row.key, row.revision, row.fields) for row in world.store.events()]
    assert len(sent) + len(again) == world.store.received()["duplicate"] - before
    assert [] == world.faults()


@property_test
@given(sent=st.lists(facts, min_size=1, max_size=12), seeds=st.tuples(st.integers(), st.integers()))
def test_the_same_events_have_the_same_keys_in_any_order_and_grouping(
    database: Database, sent: list[Fact], seeds: tuple[int, int]
) -> None:
    found = []
    for seed in seeds:
        world = new_world(database, seed)
        world.receive_in_groups(sent)
        assert [] == world.faults()
        found.append({row.key for row in world.store.events()})

    assert found[0] == found[1]
    assert len({fact.identity for fact in sent}) == len(found[0])


@pytest.mark.parametrize("late_first", [False, True])
def test_a_revision_keeps_its_place_before_what_comes_in_the_same_transaction(
    database: Database, late_first: bool
) -> None:
    """Requests that come at once share a transaction: whichever is the first in it, the lead is sent before."""
    store = Store(database)
    store.receive(lead(1, email="a@x.io"))
    both = [lead(1, phone="+12125550147"), lead(1, kind="Appointment")]

    store.receive(*(reversed(both) if late_first else both))

    assert [("lead", 2)] == [(claim.stored.event.kind.value, claim.stored.revision) for claim in store.claim()]
