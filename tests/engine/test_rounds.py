"""Rounds: transactions whose answer is lost, results that come twice, operators and other workers in between."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from bridge.connector import Delivered, Hold, Retry, Usable
from bridge.engine.operate import Operator
from bridge.engine.pending import Pending
from bridge.engine.presence import Presence
from bridge.engine.room import Load, Probed
from bridge.engine.rounds import Rounds
from bridge.engine.settle import ANOTHER_ACCOUNT
from bridge.errors import BridgeError
from bridge.model.delivery import Claim, Result
from bridge.model.record import Link
from bridge.model.rules import Policy, TargetRule
from bridge.store import schema, workers
from bridge.store.codec import Codec
from bridge.store.database import Database, Unavailable
from bridge.store.tables import deliveries, links, targets
from tests.engine.workers import Machine
from tests.postgres import held
from tests.store.rows import Store, lead, only, wait_for_blocked

RULE = TargetRule("crm", "scripted", policy=Policy(concurrency=1))
HUNGRY = {"crm": Load(held=0, call_s=0.0, hungry=True)}


class Worker:
    """A worker's transactions, without its threads."""

    def __init__(self, database: Database, machine: Machine | None = None) -> None:
        self.clock = (machine or Machine()).clock()
        self.database = database
        self.presence = Presence(self.clock)
        self.rounds = Rounds(database, {"crm": RULE}, codec=Codec(), clock=self.clock)
        self.rounds.enlist(self.presence)

    def claim(self) -> list[Claim]:
        return self.rounds.run([], HUNGRY).claims.get("crm", [])

    def result(self, claim: Claim, outcome: Any) -> Result:
        return Result(claim, outcome, self.clock.now_ms(), 5)

    def probed(self, answer: Usable | Hold) -> None:
        self.rounds.run([], {}, probed=[("crm", answer)])

    def operator(self) -> Operator:
        return Operator(self.database, [RULE], codec=Codec(), clock=self.clock, who="me", shard=1)

    def target(self) -> Any:
        with self.database.read() as connection:
            return connection.execute(select(targets)).one()

    def rest_is_over(self) -> None:
        with self.database.write() as connection:
            connection.execute(update(targets).values(held_until=0))

    def living(self) -> list[int]:
        with self.database.read() as connection:
            return [worker.id for worker in workers.living(connection)]


@pytest.fixture
def make() -> Iterator[Callable[[Database], Worker]]:
    made: list[Worker] = []

    def one(database: Database) -> Worker:
        made.append(Worker(database))
        return made[-1]

    yield one
    for worker in made:
        worker.presence.close()


@pytest.fixture
def worker(database: Database, make: Callable[[Database], Worker]) -> Worker:
    return make(database)


@pytest.fixture
def store(database: Database, worker: Worker) -> Store:
    found = Store(database)
    found.now_ms = worker.clock.now_ms() - 1000
    return found


def test_claims_whose_commit_got_no_answer_are_returned_when_the_worker_leaves(store: Store, worker: Worker) -> None:
    store.receive(lead(1))
    worker.claim()  # and nobody heard of it

    worker.rounds.leave([])

    assert [("queued", True)] == [(row.state, row.uncertain) for row in store.rows()]
    assert {} == store.miscounted()


def test_claims_of_a_worker_that_is_gone_are_returned_by_any_other(store: Store, worker: Worker) -> None:
    store.receive(lead(1), lead(2))
    with store.database.write() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == 1).values(state="claimed", worker=99, token="x"))

    assert 1 == worker.rounds.heal(held=set())

    assert ["queued", "queued"] == store.states()
    assert 0 == worker.rounds.heal(held=set())


def test_of_two_results_of_one_claim_the_delivered_counts_and_only_once(store: Store, worker: Worker) -> None:
    store.receive(lead(1), lead(1, second=1))
    claim = only(worker.claim())
    late = [worker.result(claim, Retry("no end", uncertain=True)), worker.result(claim, Delivered("7"))]

    worker.rounds.run(late, {})

    assert ["delivered", "queued"] == store.states()
    assert {} == store.miscounted()


def test_what_an_attempt_wrote_that_was_given_up_is_remembered_although_it_counts_no_more(
    store: Store, worker: Worker
) -> None:
    store.receive(lead(1))
    claim = only(worker.claim())
    given_up, wrote = Retry("no end", uncertain=True), (Link("contact", "p", "7"),)
    late = Result(claim, Retry("HTTP 500", uncertain=True), worker.clock.now_ms(), 5, wrote)

    worker.rounds.run([worker.result(claim, given_up), late], {})

    with store.database.read() as connection:
        assert ["7"] == list(connection.execute(select(links.c.crm_id)).scalars())


def test_who_registers_again_without_knowing_that_it_was_leaves_no_phantom(worker: Worker) -> None:
    worker.rounds.enlist(worker.presence)
    worker.rounds.enlist(worker.presence)

    assert [worker.rounds.worker] == worker.living()


def test_what_the_database_does_not_take_at_the_moment_stays_pending(tmp_path: Path, make: Any) -> None:
    database = Database(f"{tmp_path}/bridge.db")
    schema.migrate(database)
    worker, store = make(database), Store(database)
    store.now_ms = worker.clock.now_ms() - 1000
    store.receive(lead(1))
    pending = Pending(worker.rounds, worker.clock)
    pending.add(worker.result(only(worker.claim()), Delivered("7")))
    with closing(sqlite3.connect(f"{tmp_path}/bridge.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(Unavailable):
            pending.settle({})

    assert 1 == len(pending.results)
    pending.settle({})
    assert (["delivered"], []) == (store.states(), pending.results)


def test_a_worker_that_is_struck_off_keeps_its_results_for_when_it_is_back(store: Store, worker: Worker) -> None:
    store.receive(lead(1))
    pending = Pending(worker.rounds, worker.clock)
    pending.add(worker.result(only(worker.claim()), Delivered("7")))
    with store.database.write() as connection:
        workers.remove(connection, worker.rounds.worker)

    done = pending.settle({})
    assert done
    assert done.evicted
    worker.rounds.enlist(worker.presence)
    pending.settle({})

    assert (["delivered"], []) == (store.states(), pending.results)


def test_one_result_that_cannot_be_stored_keeps_no_other_from_being_settled(
    shared_database: Database, make: Any
) -> None:
    worker, store = make(shared_database), Store(shared_database)
    store.now_ms = worker.clock.now_ms() - 1000
    store.receive(lead(1), lead(2))
    claims = store.claim(worker=worker.rounds.worker)
    pending = Pending(worker.rounds, worker.clock)
    pending.add(Result(claims[0], Delivered(), 2**70, 5))  # no database keeps such a time
    pending.add(worker.result(claims[1], Delivered()))

    assert pending.settle({}) is None

    assert ["queued", "delivered"] == store.states()
    assert [] == pending.results


# -- operators and probes


def test_a_pause_that_comes_while_a_probe_is_judged_stays(shared_database: Database, make: Any) -> None:
    worker = make(shared_database)
    with shared_database.write() as connection:
        connection.execute(update(targets).values(state="held", held_until=1))

    with ThreadPoolExecutor(2) as pool:
        with shared_database.write() as connection:  # both wait for the target's row, the operator first
            connection.execute(select(targets.c.name).with_for_update())
            pausing = pool.submit(worker.operator().pause, "crm", why="migration")
            wait_for_blocked(shared_database, 1)
            probing = pool.submit(worker.probed, Usable())
            wait_for_blocked(shared_database, 2)
        pausing.result()
        probing.result()

    assert "paused" == worker.target().state


def test_a_target_of_which_a_probe_could_not_be_written_gets_nothing_until_it_is(
    new_postgres: Callable[[], str], make: Any
) -> None:
    """The probe may have named another account."""
    with closing(Database(new_postgres(), row_wait_s=0.05)) as database:
        schema.migrate(database)
        worker, store = make(database), Store(database)
        store.now_ms = worker.clock.now_ms() - 1000
        worker.probed(Usable("org-A"))
        store.receive(lead(1))
        restarted = make(database)  # with other credentials
        pending = Pending(restarted.rounds, restarted.clock)
        pending.add(Probed("crm", Usable("org-B")))

        with held(database, "SELECT 1 FROM targets FOR UPDATE"):
            assert pending.settle(HUNGRY) is None
            assert {"crm"} == pending.unjudged
            done = restarted.rounds.run([], HUNGRY)
        assert {} == done.claims, "it knows its account although nothing was written"
        pending._again_s = 0.0
        pending.settle({})

        assert set() == pending.unjudged
        assert "another account: org-B" in Codec().text(worker.target().why)


def test_a_target_whose_row_somebody_holds_is_not_waited_for_and_probed_later(
    shared_database: Database, make: Any
) -> None:
    worker = make(shared_database)
    with shared_database.write() as connection:
        connection.execute(update(targets).values(state="held", held_until=1))

    with shared_database.write() as connection:
        connection.execute(select(targets.c.name).with_for_update())
        assert [] == worker.rounds.run([], HUNGRY).probes

    assert ["crm"] == worker.rounds.run([], HUNGRY).probes
    assert [] == worker.rounds.run([], HUNGRY).probes, "one at a time"


def test_a_probe_that_fails_leaves_a_pause_and_its_reason_alone(worker: Worker) -> None:
    worker.operator().pause("crm", why="migration")

    worker.probed(Hold("login refused"))

    assert ("paused", "migration") == (worker.target().state, Codec().text(worker.target().why))


def test_a_delivery_that_fails_after_a_pause_leaves_the_pause_and_its_reason_alone(
    store: Store, worker: Worker
) -> None:
    store.receive(lead(1))
    (claim,) = worker.claim()
    worker.operator().pause("crm", why="migration")

    worker.rounds.run([worker.result(claim, Hold("login refused", for_s=600))], {})

    target = worker.target()
    assert ("paused", "migration", 0) == (target.state, Codec().text(target.why), target.held_until)


def test_a_target_that_points_at_another_account_is_held_until_the_operator_says_that_it_is_meant(
    store: Store, worker: Worker
) -> None:
    worker.probed(Usable("org-A"))
    store.receive(lead(1, email="a@x.io"))
    row = {"target": "crm", "account": "org-A", "record_key": store.events()[0].key, "object": "event", "crm_id": "A-7",
           "url": "", "delivery_id": 0, "written_at": 1}  # fmt: skip
    with store.database.write() as connection:
        connection.execute(links.insert().values(row))

    worker.probed(Usable("org-B"))
    assert "another account: org-B" in Codec().text(worker.target().why)
    with pytest.raises(Exception, match="--new-account"):
        worker.operator().resume("crm")
    assert [] == worker.claim()
    worker.operator().resume("crm", new_account=True)
    assert [] == worker.claim()
    worker.probed(Usable("org-B"))

    assert ("active", "org-B") == (worker.target().state, worker.target().account)
    assert {} == only(worker.claim()).links


@pytest.mark.parametrize("paused", [False, True])
def test_a_target_that_came_back_to_its_account_is_resumed_like_any_other(worker: Worker, paused: bool) -> None:
    for account in ("org-A", "org-B", "org-A"):
        worker.rest_is_over()
        worker.probed(Usable(account))
    before = worker.target()
    assert ("active", ANOTHER_ACCOUNT) == (before.state, json.loads(before.health)["kind"])
    if paused:
        worker.operator().pause("crm", why="noon")

    worker.operator().resume("crm")

    assert ("active", "") == (worker.target().state, json.loads(worker.target().health)["kind"])


def test_a_worker_at_another_account_sends_nothing_although_one_at_the_right_one_opens_the_target(
    database: Database, store: Store, worker: Worker, make: Callable[[Database], Worker]
) -> None:
    worker.probed(Usable("org-A"))
    restarted = make(database)  # with the next credentials, and before the other one
    store.receive(lead(1))

    restarted.probed(Usable("org-B"))
    assert "held" == worker.target().state
    worker.rest_is_over()
    worker.probed(Usable("org-A"))

    assert "active" == worker.target().state
    assert [] == restarted.claim()
    assert restarted.rounds.next_due_ms({"crm": False}, {"crm"}) is None
    assert 1 == len(worker.claim())


def test_a_pause_does_not_let_a_target_go_on_at_another_account(worker: Worker) -> None:
    worker.probed(Usable("org-A"))
    worker.probed(Usable("org-B"))
    worker.operator().pause("crm", why="noon")

    with pytest.raises(BridgeError, match=r"pointed at another account when it was paused.*--new-account"):
        worker.operator().resume("crm")

    assert "paused" == worker.target().state


def test_a_probe_that_names_no_account_forgets_none(worker: Worker) -> None:
    worker.probed(Usable("org-A"))

    worker.probed(Usable())

    assert "org-A" == worker.target().account


def test_two_workers_never_both_send_the_canary(shared_database: Database, make: Any) -> None:
    pair = [make(shared_database), make(shared_database)]
    store = Store(shared_database)
    store.now_ms = pair[0].clock.now_ms() - 1000
    store.receive(*[lead(number) for number in range(10)])
    with shared_database.write() as connection:
        connection.execute(update(targets).values(health='{"ramp": 1}'))
    start = threading.Barrier(2)

    def work(worker: Worker) -> int:
        start.wait()
        return len(worker.claim())

    for _ in range(20):
        with ThreadPoolExecutor(2) as pool:
            assert 1 == sum(pool.map(work, pair))
        store.take_over(pair[0].rounds.worker)
        store.take_over(pair[1].rounds.worker)
        with shared_database.write() as connection:
            connection.execute(update(deliveries).values(due_at=0))
