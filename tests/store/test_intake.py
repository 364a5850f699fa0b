"""What comes in is stored once: duplicates, revisions and persons, one by one and from several processes at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from sqlalchemy import event

from bridge.errors import StoreError
from bridge.model.record import Delivered, Reject, Retry
from bridge.model.rules import Route, TargetRule
from bridge.store import bulk
from bridge.store.arrival import Arrival
from bridge.store.counters import Tally
from bridge.store.database import Clash, Database
from bridge.store.retention import purge_metadata
from tests.store.rows import CODEC, Store, lead, only


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


def test_the_same_event_again_is_a_duplicate_in_one_transaction_and_in_a_later_one(store: Store) -> None:
    store.receive(lead(1, email="a@x.io"), lead(1, email="A@X.IO"))
    store.receive(lead("1", email=" a@x.io "))

    assert {"stored": 1, "duplicate": 2} == store.received()
    assert ["queued"] == store.states()


def test_a_revision_that_adds_a_phone_carries_everything_that_is_known(store: Store) -> None:
    store.receive(lead(1, email="a@x.io", first="Ann", last="Lee"))
    store.receive(lead(1, phone="+12125550147"))

    first, second = store.rows()
    assert (1, "discarded", "superseded by a later revision") == (first.revision, first.state, CODEC.text(first.reason))
    assert (2, "queued") == (second.revision, second.state)
    assert ["a@x.io", "+12125550147", "Ann"] == [store.said(second, name) for name in ("email", "phone", "first_name")]


@pytest.mark.parametrize("said", [{"email": "a@x.io"}, {"phone": "(212) 555-0147"}, {}])
def test_an_event_that_says_less_is_a_duplicate(store: Store, said: dict[str, str]) -> None:
    store.receive(lead(1, email="a@x.io", phone="+12125550147"))
    store.receive(lead(1, **said), signed_at=101)

    assert {"stored": 1, "duplicate": 1} == store.received()


def test_the_first_content_again_after_a_revision_is_a_duplicate(store: Store) -> None:
    store.receive(lead(1, content="first"))
    store.receive(lead(1, content="second"), signed_at=101)
    store.receive(lead(1, content="first"), signed_at=102)

    assert {"stored": 1, "revision": 1, "duplicate": 1} == store.received()


def test_a_revision_signed_before_the_newest_known_is_kept_and_not_delivered(store: Store) -> None:
    store.receive(lead(1, content="new"), signed_at=100)
    store.receive(lead(1, content="old"), signed_at=99)

    assert [(1, False, 1), (2, True, 0)] == [(row.revision, row.stale, row.routed) for row in store.events()]
    assert ["queued"] == store.states()


def test_what_was_only_ever_kept_as_stale_fills_gaps_when_it_comes_newly_signed(store: Store) -> None:
    store.receive(lead(1, content="new"), signed_at=100)
    store.receive(lead(1, content="old", phone="+12125550147"), signed_at=99)
    store.receive(lead(1, content="old", phone="+12125550147"), signed_at=200)

    assert [False, True, False] == [row.stale for row in store.events()]
    assert ("new", "+12125550147") == tuple(store.said(store.rows()[-1], name) for name in ("content", "phone"))


def test_what_was_said_before_the_newest_never_replaces_it_however_often_it_is_signed(store: Store) -> None:
    store.receive(lead(1, content="new"), signed_at=200)
    store.receive(lead(1, content="old"), signed_at=100)
    store.receive(lead(1, content="old"), signed_at=300)
    store.receive(lead(1, content="new"), signed_at=400)

    assert [False, True] == [row.stale for row in store.events()]
    assert {"stored": 1, "stale": 1, "duplicate": 2} == store.received()


def test_of_two_that_came_too_late_the_later_signed_fills_the_gap(store: Store) -> None:
    store.receive(lead(1, phone="+12125550147"), signed_at=300)
    store.receive(lead(1, content="first"), signed_at=100)
    store.receive(lead(1, content="second"), signed_at=200)
    store.receive(lead(1, content="first"), signed_at=400)
    store.receive(lead(1, content="second"), signed_at=401)

    assert ("second", "+12125550147") == tuple(store.said(store.rows()[-1], name) for name in ("content", "phone"))
    assert {"stored": 1, "stale": 2, "revision": 1, "duplicate": 1} == store.received()


@pytest.mark.parametrize(
    ("email", "phone", "first"),
    [("none", "0000000000", ""), ("a***@x.io", "***-0147", "\u200b"), ("n/a", "xxx", " \u200b")],
)
def test_what_tells_nothing_replaces_nothing(store: Store, email: str, phone: str, first: str) -> None:
    store.receive(lead(1, email="a@x.io", phone="+12125550147", first="Ann"))
    store.receive(lead(1, email=email, phone=phone, first=first))
    store.receive(lead(1, email=email, phone=phone, first=first, content="call me"))

    assert {"stored": 1, "duplicate": 1, "revision": 1} == store.received()
    said = [store.said(store.rows()[-1], name) for name in ("email", "phone", "first_name", "content")]
    assert ["a@x.io", "+12125550147", "Ann", "call me"] == said


@pytest.mark.parametrize(
    ("known", "then", "expected"),
    [
        ({"first": "Ann", "last": "Lee"}, {"last": "Ann"}, ("Ann", "Lee")),
        ({"first": "Ann", "last": "Lee"}, {"first": "Ann Lee Jr"}, ("Ann Lee Jr", "")),
        ({"first": "Ann Lee"}, {"last": "Lee"}, ("Ann Lee", "")),
        ({"last": "Ann"}, {"first": "Ann Lee"}, ("Ann Lee", "")),
        ({"first": "Ann", "last": "Lee"}, {"first": "Bea"}, ("Bea", "Lee")),
        ({"last": "Lee"}, {"first": "Ann"}, ("Ann", "Lee")),
    ],
)
def test_a_name_in_other_parts_is_neither_doubled_nor_lost(
    store: Store, known: dict[str, str], then: dict[str, str], expected: tuple[str, str]
) -> None:
    store.receive(lead(1, **known))
    store.receive(lead(1, **then))
    store.receive(lead(1, content="call me", **then))

    said = CODEC.decode_json(store.rows()[-1].fields)
    assert expected == (said.get("first_name", ""), said.get("last_name", ""))


def test_of_two_revisions_in_one_transaction_only_the_last_is_sent(store: Store) -> None:
    store.receive(lead(1, email="a@x.io"))
    store.receive(lead(1, phone="+12125550147"), lead(1, content="call me"))

    assert [(1, "discarded"), (3, "queued")] == [(row.revision, row.state) for row in store.rows()]
    assert "+12125550147" == store.said(store.rows()[-1], "phone")


def test_a_revision_knows_that_what_it_overtakes_may_have_been_written(store: Store) -> None:
    store.receive(lead(1, email="a@x.io"))
    store.settle(only(store.claim()), Retry("timeout", uncertain=True))
    store.receive(lead(1, phone="+12125550147"))

    assert [True, True] == [row.uncertain for row in store.rows()]


def test_the_last_of_two_revisions_in_one_transaction_knows_it_too(store: Store) -> None:
    store.receive(lead(1, email="a@x.io"))
    store.settle(only(store.claim()), Retry("timeout", uncertain=True))
    store.receive(lead(1, phone="+12125550147"), lead(1, content="call me"))

    assert store.rows()[-1].uncertain


def test_a_revision_knows_it_of_what_was_in_flight_when_it_came(store: Store) -> None:
    store.receive(lead(1, email="a@x.io"))
    claim = only(store.claim())
    store.receive(lead(1, phone="+12125550147"))
    assert ["claimed", "waiting"] == store.states()

    store.settle(claim, Retry("timeout", uncertain=True))

    assert ["discarded", "queued"] == store.states()
    assert store.rows()[-1].uncertain


def test_a_revision_knows_it_of_what_was_given_up(store: Store) -> None:
    store.receive(lead(1, email="a@x.io"))
    for _ in range(12):
        store.settle(only(store.claim()), Retry("timeout", uncertain=True))
        store.now_ms += 2 * 86_400_000
    assert [("dead", True)] == [(row.state, row.uncertain) for row in store.rows()]

    store.receive(lead(1, phone="+12125550147"))

    assert store.rows()[-1].uncertain


def test_a_revision_of_what_is_in_flight_waits_for_its_end_and_is_sent(store: Store) -> None:
    store.receive(lead(1, email="a@x.io"))
    claim = only(store.claim())
    store.receive(lead(1, phone="+12125550147"))

    store.settle(claim, Delivered("7"))

    assert ["delivered", "queued"] == store.states()


OVERTAKEN = {  # what became of the first revision: its state then, whether it is told, and the second one's
    "queued": ("discarded", False, "queued", False),
    "claimed": ("claimed", True, "waiting", True),
    "dead": ("dead", False, "queued", False),
    "delivered": ("delivered", False, "queued", False),
}


@pytest.mark.parametrize("before", OVERTAKEN)
def test_many_revisions_in_one_transaction_each_overtake_their_own_and_nothing_else(
    database: Database, before: str
) -> None:
    store, crm = Store(database, "crm", "sheet"), Store(database, "crm")
    store.receive(*[lead(number + 1) for number in range(51)])
    outcome = {"dead": Reject("no"), "delivered": Delivered()}.get(before)
    for claim in crm.claim(50) if before != "queued" else []:
        if outcome:
            crm.settle(claim, outcome)
    elsewhere = crm.rows("sheet")

    crm.receive(*[lead(number + 1, content="call me") for number in range(50)], signed_at=101)

    first, bystander, second = crm.rows()[:50], crm.rows()[50], crm.rows()[51:]
    assert [OVERTAKEN[before]] * 50 == [
        (old.state, old.superseded, new.state, new.uncertain) for old, new in zip(first, second, strict=True)
    ]
    in_its_place = before in ("queued", "claimed")
    assert [row.id for row in (first if in_its_place else second)] == [row.position for row in second]
    assert ("queued", False) == (bystander.state, bystander.superseded)
    assert elsewhere == crm.rows("sheet")
    assert ([], {}) == (crm.broken_lanes(), crm.miscounted())


def test_many_revisions_in_one_transaction_are_not_written_one_by_one(store: Store) -> None:
    store.receive(*[lead(number + 1) for number in range(100)])
    arrival = store.arrival(*[lead(number + 1, content="call me") for number in range(100)], signed_at=101)
    statements: list[str] = []

    with store.database.write() as connection:
        event.listen(connection, "before_cursor_execute", lambda *found: statements.append(found[2]))
        store.intake.write(connection, [arrival], now_ms=store.now_ms, tally=Tally())

    assert 10 > len(statements)
    assert ["discarded", "queued"] == [store.states()[0], store.states()[-1]]


def test_what_a_failed_transaction_filled_in_is_not_taken_for_news(store: Store) -> None:
    """Clash asks the same arrival again: meanwhile another process may have stored what it must not undo."""
    store.receive(lead(1, phone="+12125550100"))
    arrival = store.arrival(lead(1, content="call me"), signed_at=102)
    with suppress(Clash), store.database.write() as connection:
        store.intake.write(connection, [arrival], now_ms=store.now_ms, tally=Tally())
        raise Clash("somebody else was first")
    store.receive(lead(1, phone="+12125550199"), signed_at=101)

    store.write([arrival])

    last = store.rows()[-1]
    assert ("call me", "+12125550199") == (store.said(last, "content"), store.said(last, "phone"))


def test_what_cannot_be_read_is_kept_once_and_harms_no_neighbour(store: Store) -> None:
    store.receive("no object", lead(1), "no object")
    store.receive("no object")

    assert {"quarantined": 1, "stored": 1, "duplicate": 2} == store.received()


def test_each_target_gets_what_it_wants_and_an_event_that_none_wants_is_unrouted(database: Database) -> None:
    leads = TargetRule("leads", "http", route=Route(kinds=frozenset({"lead"})))
    other = TargetRule("other", "http", route=Route(sources=frozenset({"elsewhere"})))
    store = Store(database, leads, other)

    store.receive(lead(1), lead(2, kind="Appointment"))

    assert [1, 0] == [row.routed for row in store.events()]
    assert (["queued"], []) == (store.states("leads"), store.states("other"))


PEOPLE = {
    "a session that leaves its email later": ([{}, {"email": "a@x.io"}], "AA"),
    "a phone that was seen with an email": (
        [{"phone": "+12125550147", "email": "a@x.io"}, {"phone": "212-555-0147"}],
        "AA",
    ),
    "a second email in one session": ([{"email": "a@x.io"}, {"email": "b@x.io"}], "AB"),
    "a phone learnt from a session that has an email, with another email": (
        [{"email": "a@x.io"}, {"phone": "+12125550147"}, {"session": "9", "email": "b@x.io", "phone": "+12125550147"}],
        "AAB",
    ),
    "a phone whose session got an email, with another email": (
        [{"phone": "+12125550147"}, {"email": "a@x.io"}, {"session": "9", "email": "b@x.io", "phone": "+12125550147"}],
        "AAB",
    ),
}


@pytest.mark.parametrize("grouped", [False, True], ids=["one by one", "in one transaction"])
@pytest.mark.parametrize("name", PEOPLE)
def test_a_person_is_known_by_email_then_phone_then_session(store: Store, name: str, grouped: bool) -> None:
    said, expected = PEOPLE[name]
    bodies = [lead(**{"session": 1} | words, second=second) for second, words in enumerate(said)]

    for part in [bodies] if grouped else [[body] for body in bodies]:
        store.receive(*part)

    persons = [row.person for row in store.events()]
    assert expected == "".join("AB"[list(dict.fromkeys(persons)).index(person)] for person in persons)


def test_ids_are_not_given_twice_so_a_new_delivery_has_no_foreign_checkpoints(store: Store) -> None:
    store.receive(lead(1, email="a@x.io"))
    store.settle(only(store.claim()), Delivered())
    with store.database.write() as connection:
        purge_metadata(connection, before_ms=store.now_ms + 1, tally=Tally())

    store.receive(lead(2, email="a@x.io"))

    assert 1 < store.rows()[-1].id


def test_several_processes_that_store_the_same_store_each_once_and_keep_one_head_a_lane(database: Database) -> None:
    """As engine/committer: a Clash asks again. Each process has the same requests, in groups and orders of its own."""
    store = Store(database, "crm", "copy")
    bodies = [lead(n % 7 + 1, second=n % 5, email=f"a{n % 3}@x.io", content=f"{n}") for n in range(60)]
    start, failures = threading.Barrier(4), []

    def write(arrivals: list[Arrival]) -> None:
        for _ in range(20):
            try:
                store.write(arrivals)
                return
            except Clash:
                continue
            except StoreError as error:  # a deadlock: nobody is harmed but a sender that is told to come back
                failures.append(error)
        failures.append(StoreError("a Clash that never ends"))

    def process(number: int) -> None:
        mine = Random(number).sample(bodies, len(bodies))
        start.wait()
        for at in range(0, len(mine), 6):
            write([store.arrival(body) for body in mine[at : at + 6]])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(process, range(4)))

    assert ([], {}, [], []) == (failures, store.miscounted(), store.broken_lanes(), store.unserved())
    assert 35 == len({row.key for row in store.events()})
    told = [(row.key, row.revision) for row in store.events()]
    assert len(told) == len(set(told))


def test_each_column_of_an_event_and_its_delivery_holds_what_it_is_for(store: Store) -> None:
    arrival = store.arrival(lead(1, email="a@x.io", content="prices?"), signed_at=102)
    (said,) = arrival.candidates
    arrival.candidates[:] = [said._replace(received_at=store.now_ms - 3, chatbot_id="bot", created_at=store.now_ms - 4)]

    store.write([arrival])

    (event_row,) = store.events()
    person = said.aliases[0][0]
    assert event_row._asdict() == {
        "id": 1, "source": "smarterbot", "key": said.key, "revision": 1, "kind": "lead", "chatbot_id": "bot",
        "person": person, "received_at": store.now_ms - 3, "signed_at": 102, "created_at": store.now_ms - 4,
        "routed": 1, "stale": False, "fields": said.fields, "raw": said.raw, "digests": None, "trace": None,
    }  # fmt: skip
    (row,) = store.rows()
    opened = (row.event_id, row.target, row.copy, row.state, row.person, row.position, row.due_at, row.uncertain)
    assert (1, "crm", 0, "queued", person, row.id, store.now_ms, False) == opened


def test_every_process_takes_the_entries_of_an_index_in_one_order(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else two of them would wait for each other in a ring."""
    taken: dict[str, list[tuple[object, ...]]] = {}
    insert = bulk.insert_tuples

    def noted(connection: Any, table: Any, columns: tuple[str, ...], rows: Any, **more: Any) -> None:
        order = {"events": ("key", "revision"), "deliveries": ("person", "target"), "aliases": ("alias",)}
        places = [columns.index(name) for name in order.get(table.name, ())]
        taken[table.name] = [tuple(row[place] for place in places) for row in rows]
        insert(connection, table, columns, rows, **more)

    monkeypatch.setattr(bulk, "insert_tuples", noted)
    store.receive(*[lead(session, email=f"{session}@x.io") for session in range(1, 21)])

    for table, count in {"events": 20, "deliveries": 20, "aliases": 40}.items():
        assert (count, sorted(taken[table])) == (len(taken[table]), taken[table])
