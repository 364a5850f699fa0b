"""Who an event is about, where two processes learn something of the same alias at once."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from bridge.store.database import Database
from bridge.store.tables import aliases
from tests.store.rows import Store, insist, lead, wait_for_blocked


@pytest.fixture
def shared(shared_database: Database) -> Store:
    """A store on Postgres: there several processes write at once."""
    return Store(shared_database)


def receive_at_once(store: Store, *bodies: dict[str, Any]) -> None:
    """Stores them in transactions that all look whom the aliases stand for before one of them writes it down."""
    with ThreadPoolExecutor(len(bodies)) as pool:
        with store.database.write() as connection:
            connection.execute(select(aliases).with_for_update())
            coming = [pool.submit(insist, partial(store.receive, body)) for body in bodies]
            wait_for_blocked(store.database, len(bodies))
        for one in coming:
            one.result()


def test_two_who_leave_their_emails_in_one_session_at_once_stay_two_persons(shared: Store) -> None:
    shared.receive(lead("shared"))

    receive_at_once(shared, *(lead("shared", second=n, email=f"{n}@x.io") for n in (1, 2)))

    assert 2 == len({row.person for row in shared.events()})
    assert ([], {}) == (shared.broken_lanes(), shared.miscounted())


def test_a_phone_that_comes_with_an_email_at_once_does_not_make_its_person_unknown(shared: Store) -> None:
    shared.receive(lead("shared"))

    receive_at_once(shared, lead("shared", second=1, email="a@x.io"), lead("shared", second=2, phone="+12125550147"))
    shared.receive(lead("shared", second=3, email="b@x.io"))

    first, *_, last = shared.events()
    assert first.person != last.person
