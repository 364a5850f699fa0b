"""What all calls to one target share beside its rate and its token: waiting for it, and warning of it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from bridge.engine import shares as module
from bridge.engine.clock import Clock
from bridge.engine.shares import Shares
from bridge.engine.tokens import Tokens
from bridge.errors import NotBegun
from bridge.store.codec import Codec
from bridge.store.database import Database


class Hours:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def clock(self) -> Clock:
        return Clock(now_ms=lambda: round(self.now_s * 1000), boot_s=lambda: self.now_s, jitter=lambda: 0.0)


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
def shares(database: Database, hours: Hours) -> Shares:
    tokens = Tokens(database, "crm", None, salt=b"", codec=Codec(), clock=hours.clock())
    return Shares("crm", None, tokens, clock=hours.clock())


def test_whoever_waits_for_a_target_is_not_kept_beyond_his_time(shares: Shares) -> None:
    shares.wait(0.01, within_s=60)

    with pytest.raises(NotBegun, match="waited for the target to have room"):
        shares.wait(3600, within_s=0.01)


def test_whoever_waits_when_the_worker_stops_waits_no_longer(shares: Shares) -> None:
    begun = threading.Event()

    def wait() -> None:
        begun.set()
        shares.wait(3600, within_s=3600)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait)
        begun.wait(10)
        shares.stop()

        assert "the worker stops" == str(waiting.exception(timeout=30))


def test_a_warning_is_told_once_an_hour_however_often_it_comes(
    shares: Shares, hours: Hours, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(
        module.log, "warning", lambda _event, **facts: told.append(f"{facts['target']}: {facts['said']}")
    )

    for text in ("80 % of the quota", "80 % of the quota", "95 % of the quota"):
        shares.warn(text)
    hours.now_s += module.AGAIN_S
    shares.warn("80 % of the quota")

    assert ["crm: 80 % of the quota", "crm: 95 % of the quota", "crm: 80 % of the quota"] == told
