"""What a receiver makes of our own clock: it may be set back, and nothing that comes is less new for that."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from bridge.engine.clock import Clock
from bridge.engine.committer import Committer
from bridge.engine.kept import Kept
from bridge.engine.receive import Receiver
from bridge.engine.rejections import Rejections
from bridge.model.rules import Rules, SourceRule
from bridge.model.scheme import Scheme
from bridge.model.signed import Request, Verified
from bridge.store import unverified
from bridge.store.database import Database
from tests.store.rows import CODEC, Store, lead

HOUR_MS = 3_600_000
KEY = b"a key of the sender's own"
SOURCE = SourceRule("smarterbot", scheme=Scheme(proof="token", header="x-token"), signing_keys=(KEY,))


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


class Plugin:
    """One that fails over a word, in words of its own."""

    def verify(self, request: Request) -> Verified:
        if b"hunter2" in request.body:
            raise ValueError("hunter2")
        return Verified(at=100, told=False)


@contextmanager
def receiving(store: Store, source: SourceRule = SOURCE) -> Iterator[Receiver]:
    """A receiver of this one source, whose requests bring no time, with the store's clock."""
    clock = Clock(now_ms=lambda: store.now_ms, boot_s=lambda: 0.0, jitter=lambda: 0.0)
    committer, kept = Committer(store.database, store.intake, clock=clock, shard=1), Kept(CODEC)
    committer.start()
    yield Receiver(
        Rules(sources={source.name: source}, targets={}), plugins={source.name: Plugin()}, database=store.database,
        committer=committer, rejections=Rejections(clock), kept=kept, salt=store.salt, codec=CODEC, clock=clock,
    )  # fmt: skip
    committer.stop()
    kept.flush(store.database)


def post(receiver: Receiver, content: str) -> int:
    body = json.dumps(lead(1, content=content)).encode()
    return receiver.receive(SOURCE.name, Request(body, {"x-token": KEY}), address="192.0.2.1").status


def test_where_the_sender_says_no_time_what_comes_later_is_newer_though_our_clock_was_set_back(store: Store) -> None:
    with receiving(store) as receiver:
        assert 200 == post(receiver, "first")
        store.now_ms -= HOUR_MS
        assert 200 == post(receiver, "second")
        assert 200 == post(receiver, "third")

    assert ["first", "second", "third"] == [store.said(row, "content") for row in store.rows()]
    assert "queued" == store.states()[-1]


def test_what_was_kept_until_its_key_came_is_as_old_as_it_is(store: Store) -> None:
    with receiving(store, replace(SOURCE, signing_keys=())) as receiver:
        assert 503 == post(receiver, "old")
    store.now_ms += HOUR_MS

    with receiving(store) as receiver:
        assert 200 == post(receiver, "new")
        assert 1 == receiver.verify_kept()

    assert [("new", False), ("old", True)] == [(store.said(row, "content"), row.stale) for row in store.events()]


def test_a_kept_request_that_makes_a_plugin_fail_costs_no_other_and_stays_kept(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    with receiving(store, replace(SOURCE, signing_keys=())) as receiver:
        for content in ("hunter2", "fine"):
            assert 503 == post(receiver, content)

    with receiving(store, replace(SOURCE, signing_keys=(), plugin="acme")) as receiver:
        assert 1 == receiver.verify_kept()

    assert ["fine"] == [store.said(row, "content") for row in store.events()]
    with store.database.read() as connection:
        (left,) = unverified.all_of(connection, SOURCE.name, codec=CODEC)
    assert b"hunter2" in left.request.body
    said = capsys.readouterr().err
    assert "kept request failed, it stays" in said
    assert re.search(r"source=smarterbot fault='the plugin failed: ValueError at \S+test_receive\.py:\d+'", said)
    assert "hunter2" not in said
    assert "do not fit the key" not in said
