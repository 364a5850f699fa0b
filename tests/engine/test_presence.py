"""Presence: a lock that could be taken proves death at once. One that is held, or was cleaned away, or cannot be opened
says nothing: then a beat that stands still for a minute is death, if others beat meanwhile.
"""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.engine.clock import Clock
from bridge.engine.presence import DEAD_AFTER_S, MOST_AT_ONCE_S, Presence
from bridge.errors import BridgeError
from bridge.store import workers
from bridge.store.database import Database
from bridge.store.workers import Worker
from tests.engine.workers import Machine, Running, Scripted
from tests.processes import wait_until

ANOTHER = """
import sys, time
from bridge.engine.clock import Clock
from bridge.engine.presence import Presence
presence = Presence(Clock(lambda: 0, lambda: 0.0, lambda: 0.0))
print(presence.host, presence.lock, sep="\\n", flush=True)
sys.stdin.read()
"""


class Time:
    """An observer's own time and beat, which move when a test moves them."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.beat = 0

    def pass_by(self, seconds: float) -> None:
        """From one beat of the observer's to its next."""
        self.now_s += seconds
        self.beat += 1

    def clock(self) -> Clock:
        return Clock(now_ms=lambda: 0, boot_s=lambda: self.now_s, jitter=lambda: 0.0)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the lock files of this test's workers are."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path / f"bridge-workers-{os.getuid()}"


@pytest.fixture
def me(time: Time, folder: Path) -> Iterator[Presence]:
    found = Presence(time.clock())
    yield found
    found.close()


@pytest.fixture
def other(time: Time, folder: Path) -> Iterator[Presence]:
    found = Presence(time.clock())
    yield found
    found.close()


def worker(presence: Presence, *, beat: int = 1) -> Worker:
    return Worker(id=2, host=presence.host, lock=presence.lock, pid=1, beat=beat, beat_at=0)


def is_dead(time: Time, me: Presence, other: Worker) -> bool:
    return me.dead([Worker(id=1, host=me.host, lock=me.lock, pid=1, beat=time.beat, beat_at=0), other], but=1) == [
        other
    ]


def died(time: Time, me: Presence, other: Worker, *, within_s: float) -> bool:
    """Whether the other died in the eyes of an observer who looked all the time, as usual."""
    until_s = time.now_s + within_s
    found = is_dead(time, me, other)
    while not found and time.now_s < until_s:
        time.pass_by(5.0)
        found = is_dead(time, me, other)
    return found


def test_a_folder_that_takes_no_lock_file_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", f"{tmp_path}/gone")

    with pytest.raises(BridgeError, match=r"gone/bridge-workers-\d+ takes none: No such file .* TMPDIR"):
        Presence(Time().clock())


def test_a_worker_that_holds_its_lock_and_does_not_beat_for_a_minute_hangs(
    time: Time, me: Presence, other: Presence, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not died(time, me, worker(other), within_s=DEAD_AFTER_S - 5)
    assert "hangs" not in capsys.readouterr().err

    assert died(time, me, worker(other), within_s=5)
    assert is_dead(time, me, worker(other))

    assert 1 == capsys.readouterr().err.count("a worker hangs")


def test_a_worker_that_beats_lives(time: Time, me: Presence, other: Presence) -> None:
    for beat in range(10):
        assert not died(time, me, worker(other, beat=beat), within_s=DEAD_AFTER_S - 5)


def test_a_machine_that_slept_for_an_hour_takes_nobody_for_dead(time: Time, me: Presence, other: Presence) -> None:
    assert not is_dead(time, me, worker(other))

    time.pass_by(3600)

    assert not died(time, me, worker(other), within_s=DEAD_AFTER_S - MOST_AT_ONCE_S - 5)


def test_who_cannot_beat_itself_takes_nobody_for_dead(time: Time, me: Presence, other: Presence) -> None:
    """The database is away, or can be read and not written: others cannot beat either."""
    for _ in range(200):
        assert not is_dead(time, me, worker(other))
        time.now_s += 1

    time.pass_by(1)

    assert not died(time, me, worker(other), within_s=DEAD_AFTER_S - MOST_AT_ONCE_S - 5)


def test_a_worker_whose_process_was_killed_is_dead_at_once_and_forgotten(
    time: Time, me: Presence, folder: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", ANOTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    host, lock = (process.stdout.readline().strip() for _ in range(2))
    killed = Worker(id=2, host=host, lock=lock, pid=process.pid, beat=1, beat_at=0)
    assert not is_dead(time, me, killed)

    process.kill()
    process.communicate()

    assert is_dead(time, me, killed)
    me.forget(killed)
    assert not (folder / lock).exists()


def test_a_worker_whose_file_was_cleaned_away_is_dead_only_when_it_has_not_beaten_for_a_minute(
    time: Time, me: Presence, other: Presence, folder: Path
) -> None:
    (folder / other.lock).unlink()

    assert not died(time, me, worker(other, beat=1), within_s=DEAD_AFTER_S - 5)
    assert not died(time, me, worker(other, beat=2), within_s=DEAD_AFTER_S - 5)
    assert died(time, me, worker(other, beat=2), within_s=5)


def test_a_process_without_free_handles_takes_nobody_for_dead(
    time: Time, me: Presence, other: Presence, folder: Path
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        dead = is_dead(time, me, worker(other))
        me.forget(worker(other))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert not dead
    assert (folder / other.lock).exists()


def test_a_worker_makes_its_file_again_and_is_known_to_live(
    time: Time, me: Presence, other: Presence, folder: Path
) -> None:
    known = worker(other)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()

    other.renew()

    assert not is_dead(time, me, known)
    assert [other.lock] == [path.name for path in folder.iterdir()]


def test_a_worker_keeps_its_file_young(other: Presence, folder: Path) -> None:
    os.utime(folder / other.lock, (1, 1))

    other.renew()

    assert (folder / other.lock).stat().st_mtime > 1


def test_a_worker_that_cannot_make_its_file_again_goes_on_and_makes_it_later(other: Presence, folder: Path) -> None:
    (folder / other.lock).unlink()
    folder.rmdir()
    folder.touch()  # no folder can be made here

    other.renew()
    other.renew()
    folder.unlink()
    other.renew()

    assert (folder / other.lock).exists()


def test_the_living_are_not_forgotten(me: Presence, other: Presence, folder: Path) -> None:
    me.forget(worker(other))

    assert (folder / other.lock).exists()


def test_a_worker_on_another_host_lives_by_its_beat(time: Time, me: Presence, other: Presence) -> None:
    elsewhere = replace(worker(other), host="elsewhere")

    assert not died(time, me, elsewhere, within_s=DEAD_AFTER_S - 5)
    assert died(time, me, elsewhere, within_s=5)


@pytest.fixture
def running(database: Database, folder: Path) -> Iterator[Running]:
    found = Running(database, Scripted(), Machine())
    wait_until(lambda: found.rounds.worker)
    yield found
    found.stop()


def test_a_running_worker_makes_its_file_again_with_its_next_beat(running: Running, folder: Path) -> None:
    file, number = folder / running.presence.lock, running.rounds.worker
    file.unlink()

    running.receive(1)

    assert wait_until(file.exists)
    assert number == running.rounds.worker


def test_a_worker_that_was_taken_for_dead_has_its_file_when_it_starts_over(
    running: Running, database: Database, folder: Path
) -> None:
    file, number = folder / running.presence.lock, running.rounds.worker
    file.unlink()
    with database.write() as connection:
        workers.remove(connection, number)

    running.receive(1)

    wait_until(lambda: running.rounds.worker != number)
    assert file.exists()
