"""One token for all who need it: fetched once, whatever asks at once; kept, and never shown."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from sqlalchemy import select, update

from bridge.connector import Delivered, Hold, Retry, Secret, Token
from bridge.engine import tokens as module
from bridge.engine.clock import Clock
from bridge.engine.shares import Shares
from bridge.engine.tokens import Tokens
from bridge.errors import CallEnded, CallFailed, NotBegun
from bridge.model.rules import TargetRule
from bridge.outbound import Door
from bridge.store import shared
from bridge.store import targets as rows
from bridge.store.codec import Codec
from bridge.store.database import Database
from bridge.store.tables import targets
from tests.processes import wait_until


@dataclass(frozen=True)
class Settings:
    client: str
    key: Secret


OURS = Settings("bridge", Secret("s3cret"))


class Login:
    """A CRM's login, which notes who came."""

    def __init__(self, *, valid_s: float = 3600.0) -> None:
        self.valid_s = valid_s
        self.came: list[str] = []
        self.open = threading.Event()
        self.open.set()

    def fetch(self, last: Token | None) -> Token:
        self.came.append(last.text.reveal() if last else "")
        self.open.wait(30)
        number = len(self.came)
        return Token(Secret(f"token {number}"), self.valid_s, {"refresh": Secret(f"refresh {number}")})


class Turn:
    """A lock that knows how many asked for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.asked = set[int]()

    def acquire(self, timeout: float) -> bool:
        self.asked.add(threading.get_ident())
        return self._lock.acquire(timeout=timeout)

    def release(self) -> None:
        self._lock.release()


class Time:
    def __init__(self) -> None:
        self.ahead_ms = 0

    def clock(self) -> Clock:
        return Clock(
            now_ms=lambda: time.time_ns() // 1_000_000 + self.ahead_ms, boot_s=time.monotonic, jitter=lambda: 0.0
        )


@pytest.fixture
def known(database: Database) -> Database:
    with database.write() as connection:
        rows.register(connection, [TargetRule("crm", "http")])
    return database


def process(database: Database, settings: object = OURS, at: Time | None = None) -> Tokens:
    """As another process would have it: it shares nothing but the database."""
    clock = (at or Time()).clock()
    return Tokens(database, "crm", settings, salt=b"salt", codec=Codec(), clock=clock)


def text(token: Token) -> str:
    return token.text.reveal()


def test_threads_and_processes_that_ask_at_once_fetch_it_once(known: Database) -> None:
    login = Login()
    login.open.clear()
    processes = [process(known) for _ in range(3)]
    with ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(one.get, login.fetch, instead_of=None, within_s=30) for one in processes for _ in range(4)]
        login.open.set()
        found = {text(one.result(timeout=60)) for one in asked}

    assert ({"token 1"}, [""]) == (found, login.came)


def test_one_that_was_refused_is_replaced_once_however_many_were_refused_with_it(known: Database) -> None:
    login = Login()
    processes = [process(known) for _ in range(3)]
    old = [one.get(login.fetch, instead_of=None, within_s=30) for one in processes]
    with ThreadPoolExecutor(12) as pool:
        asked = [
            pool.submit(one.get, login.fetch, instead_of=its, within_s=30)
            for one, its in zip(processes, old, strict=True)
            for _ in range(4)
        ]
        found = {text(one.result(timeout=60)) for one in asked}

    assert ({"token 2"}, ["", "token 1"]) == (found, login.came)


def test_what_came_with_it_is_there_for_the_next_fetch_also_in_another_process(known: Database) -> None:
    login, at = Login(valid_s=60), Time()
    process(known, at=at).get(login.fetch, instead_of=None, within_s=30)
    at.ahead_ms = 61_000
    seen: list[object] = []

    def refresh(last: Token | None) -> Token:
        seen.append(last.more["refresh"] if last else None)
        return login.fetch(last)

    assert "token 2" == text(process(known, at=at).get(refresh, instead_of=None, within_s=30))
    assert [Secret("refresh 1")] == seen


def test_with_other_credentials_it_is_not_used(known: Database) -> None:
    login = Login()
    process(known).get(login.fetch, instead_of=None, within_s=30)

    other = process(known, Settings("bridge", Secret("another"))).get(login.fetch, instead_of=None, within_s=30)

    assert ("token 2", ["", ""]) == (text(other), login.came)


def test_a_login_that_is_refused_ends_the_attempts_of_all_who_waited_for_it_and_is_tried_once(known: Database) -> None:
    began, go, tries = threading.Event(), threading.Event(), list[int]()

    def refused(last: Token | None) -> Hold:
        tries.append(1)
        began.set()
        go.wait(30)
        return Hold("the refresh token was revoked")

    one = process(known)
    one._turn = turn = Turn()  # type: ignore[assignment]
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(one.get, refused, instead_of=None, within_s=30)
        assert began.wait(30)
        others = [pool.submit(one.get, refused, instead_of=None, within_s=30) for _ in range(4)]
        wait_until(lambda: len(turn.asked) == 5)
        go.set()
        ended = [asked.exception(timeout=60) for asked in (first, *others)]

    assert ["the refresh token was revoked"] * 5 == [str(found) for found in ended]
    assert all(isinstance(found, CallEnded) for found in ended)
    assert [1] == tries
    login = Login()
    assert "token 1" == text(one.get(login.fetch, instead_of=None, within_s=30))  # the next one may try again


def test_a_fetch_that_fails_leaves_the_way_free(known: Database) -> None:
    def fails(last: Token | None) -> Retry:
        raise CallFailed("dns: name not found")

    one = process(known)
    with pytest.raises(CallFailed):
        one.get(fails, instead_of=None, within_s=30)

    assert "token 1" == text(process(known).get(Login().fetch, instead_of=None, within_s=1))


def fetching(database: Database, *, for_s: float) -> None:
    """Somebody has the right to fetch for so long, and is not heard of again."""
    with database.write() as connection:
        now = shared.shelf(connection, "crm", boot_s=time.monotonic).now
        shared.begin_fetching(connection, "crm", by="a dead one", until=now + round(for_s * 1000))


def test_whoever_dies_while_fetching_keeps_the_others_waiting_for_a_minute_and_no_longer(known: Database) -> None:
    fetching(known, for_s=module.FETCHING_S)
    with pytest.raises(NotBegun):
        process(known).get(Login().fetch, instead_of=None, within_s=0.3)

    fetching(known, for_s=-0.001)

    assert "token 1" == text(process(known).get(Login().fetch, instead_of=None, within_s=30))


@pytest.mark.parametrize("ahead_s", [-3600, -61, 61, 3600])
def test_processes_whose_clocks_do_not_agree_fetch_it_once(known: Database, ahead_s: int) -> None:
    login, at = Login(), Time()
    login.open.clear()
    at.ahead_ms = ahead_s * 1000
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(process(known).get, login.fetch, instead_of=None, within_s=30)
        wait_until(lambda: login.came)
        with pytest.raises(NotBegun):
            process(known, at=at).get(login.fetch, instead_of=None, within_s=0.3)
        login.open.set()
        assert "token 1" == text(first.result(timeout=60))

    assert [""] == login.came


def test_one_that_came_too_late_does_not_replace_what_another_fetched_meanwhile(known: Database) -> None:
    slow, quick = Login(), Login()

    def late(last: Token | None) -> Token:
        with known.write() as connection:  # we are taken for dead, and somebody else is quicker
            connection.execute(update(targets).values(token_by=None, token_by_until=0))
        process(known).get(quick.fetch, instead_of=None, within_s=30)
        return Token(Secret("late"), 3600.0)

    assert "late" == text(process(known).get(late, instead_of=None, within_s=30))
    assert "token 1" == text(process(known).get(slow.fetch, instead_of=None, within_s=30))


def test_what_is_stored_went_through_the_codec_and_nothing_of_it_is_shown(known: Database) -> None:
    token = process(known).get(Login().fetch, instead_of=None, within_s=30)

    with known.read() as connection:
        stored = connection.execute(select(targets.c.token)).scalar_one()
    assert "token 1" == Codec().decode_json(stored)["text"]
    assert "token 1" not in repr(token) + str(token)
    assert "refresh 1" not in repr(token)


def test_a_row_that_cannot_be_read_is_as_good_as_none(known: Database) -> None:
    with known.write() as connection:
        connection.execute(update(targets).values(token=b"\x07 of a later version"))

    assert "token 1" == text(process(known).get(Login().fetch, instead_of=None, within_s=30))


def test_a_fetch_ends_before_anybody_takes_the_fetcher_for_dead(known: Database) -> None:
    """Its refresh token may be good for one use: nobody else may use it while it is under way."""
    door = Door(timeout_s=600, shared=Shares("crm", None, process(known), clock=Time().clock()))
    call = door.call()
    had: list[float] = []

    def fetch(last: Token | None) -> Token:
        had.append(call.deadline_s)
        return Login().fetch(last)

    call.token(fetch)

    assert had[0] < module.FETCHING_S - 10
    assert call.deadline_s > 590


@pytest.mark.parametrize("valid_s", [float("inf"), 1e300, float("nan"), -5.0])
def test_whatever_is_said_of_how_long_a_token_is_good_it_is_kept(known: Database, valid_s: float) -> None:
    login = Login(valid_s=valid_s)

    assert "token 1" == text(process(known).get(login.fetch, instead_of=None, within_s=30))
    seen: list[Token | None] = []
    with pytest.raises(CallEnded):
        process(known).get(
            lambda last: seen.append(last) or Hold("no"), instead_of=Token(Secret("token 1"), 0), within_s=30
        )

    assert ["refresh 1"] == [last.more["refresh"].reveal() for last in seen if last]


def test_a_token_that_the_database_did_not_take_is_written_down_with_its_next_use(known: Database) -> None:
    login = Login()
    one = process(known)

    def fetch(last: Token | None) -> Token:
        one._database = Database("sqlite:////nowhere/at/all.db")
        return login.fetch(last)

    one.get(fetch, instead_of=None, within_s=30)
    one._database = known
    one.get(fetch, instead_of=None, within_s=30)

    assert "token 1" == text(process(known).get(login.fetch, instead_of=None, within_s=30))
    assert [""] == login.came


def test_whoever_waits_for_a_token_when_the_worker_stops_waits_no_longer(known: Database) -> None:
    fetching(known, for_s=module.FETCHING_S)
    one = process(known)
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(one.get, Login().fetch, instead_of=None, within_s=3600) for _ in range(3)]
        Shares("crm", None, one, clock=Time().clock()).stop()
        ended = [one.exception(timeout=30) for one in asked]

    assert ["the worker stops"] * 3 == [str(found) for found in ended]


@pytest.mark.parametrize("found", [None, "token", Delivered()])
def test_a_fetch_that_gives_something_else_is_the_connectors_fault(known: Database, found: object) -> None:
    with pytest.raises(TypeError, match="a fetch gives a Token"):
        process(known).get(lambda last: found, instead_of=None, within_s=30)  # type: ignore[arg-type, return-value]

    assert "token 1" == text(process(known).get(Login().fetch, instead_of=None, within_s=1))
