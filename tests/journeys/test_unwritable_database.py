"""A database that takes nothing, as a full disk or a read-only file: told to whoever asks, over when it is mended."""

import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import requests

from bridge.sandbox.inbox import Inbox
from tests.processes import Bridge, configuration, http_target, lead, wait_until

# Even root may then only write to files whose mode says so.
WITHOUT_PRIVILEGE = """
import ctypes, os, sys
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1  # prctl(2), capabilities(7)
if os.getuid() == 0 and ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0):
    sys.exit("cannot drop the right to write everywhere")
os.execv(sys.executable, [sys.executable, "-m", "bridge", *sys.argv[1:]])
"""


class Unprivileged(Bridge):
    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [self.python, "-c", WITHOUT_PRIVILEGE, *arguments]
        with self.log_path.open("ab") as log:
            process = subprocess.Popen(command, env=self.environment, cwd=self.folder, stdout=log, stderr=log)
        self.processes.append(process)
        return process


@contextmanager
def full_disk(process: int, database: Path) -> Iterator[None]:
    """The process cannot make the database's files any longer."""
    assert process, "0 would be this one"
    size = Path(f"{database}-wal").stat().st_size
    resource.prlimit(process, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(process, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@pytest.mark.skipif(sys.platform != "linux", reason="no limit can be set for another process")
def test_a_web_process_that_can_store_nothing_is_not_ready_and_is_again_without_a_request(tmp_path: Path) -> None:
    bridge = Bridge(tmp_path, configuration({}))
    assert 0 == bridge.run("migrate").returncode
    try:
        web = bridge.start("web", "--host", "127.0.0.1")
        bridge.wait_ready()
        assert 200 == bridge.post(lead(1)).status_code
        committer = _child(web.pid, "bridge.cli.committer")

        with full_disk(committer, tmp_path / "bridge.db"):
            assert 503 == bridge.post(lead(2)).status_code
            wait_until(lambda: _ready(bridge).status_code == 503)
            assert "cannot be written" == _ready(bridge).json()["database"]
            assert 200 == requests.get(f"{bridge.url}/healthz", timeout=10).status_code

        wait_until(lambda: _ready(bridge).ok)
        assert 200 == bridge.post(lead(2)).status_code
        assert 1 == bridge.log().count("cannot store anything")
        assert "is a quota or a limit of size reached" in bridge.log()
        assert "stores again" in bridge.log()
    finally:
        bridge.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="no limit can be set for another process")
def test_a_worker_that_can_write_nothing_says_so_twice_and_delivers_when_it_can(tmp_path: Path, inbox: Inbox) -> None:
    bridge = Bridge(tmp_path, configuration({"inbox": http_target(inbox.url)}))
    try:
        serve = bridge.serve()
        worker = wait_until(lambda: _child(serve.pid, "worker"))
        wait_until(lambda: bridge.rows("targets", "list"))  # the worker has begun
        assert 200 == bridge.post(lead(1)).status_code
        assert inbox.wait_for(lambda: inbox.counts().stored == 1, 30)

        with full_disk(worker, tmp_path / "bridge.db"):
            assert 200 == bridge.post(lead(2)).status_code
            wait_until(lambda: '"failures": 3' in bridge.log())

        assert inbox.wait_for(lambda: inbox.counts().stored == 2, 30)
        wait_until(lambda: "database answers again" in bridge.log())
        assert 2 == bridge.log().count("database does not answer")
        assert worker == _child(serve.pid, "worker"), "it is the same process"
    finally:
        bridge.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="root may write everywhere")
def test_serve_says_once_that_its_file_is_read_only_and_goes_on_when_it_is_not(tmp_path: Path, inbox: Inbox) -> None:
    bridge = Unprivileged(tmp_path, configuration({"inbox": http_target(inbox.url)}))
    assert 0 == bridge.call("migrate").returncode
    _change(tmp_path, 0o444)
    try:
        bridge.start("serve", "--host", "127.0.0.1")
        wait_until(lambda: bridge.log().count("waiting for the database") == 2)  # once for each process
        assert "attempt to write a readonly database" in bridge.log()
        assert "may not write to" in bridge.log()

        _change(tmp_path, 0o600)

        bridge.wait_ready()
        assert 200 == bridge.post(lead(1)).status_code
        assert inbox.wait_for(lambda: inbox.counts().stored == 1, 30)
        assert 2 == bridge.log().count("waiting for the database")
        assert "starting it again" not in bridge.log()
        assert "Traceback" not in bridge.log()
    finally:
        bridge.stop()


def test_a_database_that_is_moved_while_it_is_open_gets_nothing_more_until_it_is_back(
    tmp_path: Path, inbox: Inbox
) -> None:
    bridge = Bridge(tmp_path, configuration({"inbox": http_target(inbox.url)}))
    aside = tmp_path / "aside"
    aside.mkdir()
    try:
        bridge.serve()
        assert 200 == bridge.post(lead(1)).status_code
        assert inbox.wait_for(lambda: inbox.counts().stored == 1, 30)
        names = [file.name for file in tmp_path.glob("bridge.db*")]

        for name in names:
            (tmp_path / name).rename(aside / name)
        assert 503 == bridge.post(lead(2)).status_code
        wait_until(lambda: _ready(bridge).status_code == 503)
        assert "deleted, moved or replaced" in bridge.log()
        for name in names:
            (aside / name).rename(tmp_path / name)

        wait_until(lambda: _ready(bridge).ok)
        assert 200 == bridge.post(lead(2)).status_code
        assert inbox.wait_for(lambda: inbox.counts().stored == 2, 30)
    finally:
        bridge.stop()


@pytest.mark.parametrize("index", ["sqlite_autoindex_events_1", "uq_deliveries_lane"])
def test_a_web_process_whose_database_is_malformed_in_one_place_only_is_not_ready_if_it_can_store_no_lead(
    tmp_path: Path, inbox: Inbox, index: str
) -> None:
    bridge = Bridge(tmp_path, configuration({"inbox": http_target(inbox.url)}))
    assert 0 == bridge.run("migrate").returncode
    with sqlite3.connect(tmp_path / "bridge.db") as connection:
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [index])
        ((size,),) = connection.execute("PRAGMA page_size")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with (tmp_path / "bridge.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    try:
        bridge.start("web", "--host", "127.0.0.1")
        bridge.wait_ready()  # nobody knows as yet

        assert 503 == bridge.post(lead(1)).status_code

        wait_until(lambda: _ready(bridge).status_code == 503)
        assert "cannot be written" == _ready(bridge).json()["database"]
        assert 503 == bridge.post(lead(2)).status_code
        assert 503 == _ready(bridge).status_code
        assert 1 == bridge.log().count("cannot store anything")
        assert "database disk image is malformed" in bridge.log()
        assert "is no sound database" in bridge.log()
    finally:
        bridge.stop()


def _child(process: int, word: str) -> int:
    """The process's child that has this word in its command; 0: none has."""
    return next((child.pid for child in psutil.Process(process).children() if word in child.cmdline()), 0)


def _ready(bridge: Bridge) -> requests.Response:
    return requests.get(f"{bridge.url}/readyz", timeout=10)


def _change(folder: Path, mode: int) -> None:
    for file in folder.glob("bridge.db*"):
        if not file.name.endswith(".lock"):
            os.chmod(file, mode)
