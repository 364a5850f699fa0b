"""Typing mistakes and bad surroundings at the command line: one line of advice, an exit code, never a traceback."""

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.errors import BridgeError, StoreError
from bridge.wiring.databases import open_database
from bridge.wiring.environment import port as port_of
from tests.processes import Bridge, configuration, http_target


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    found = Bridge(tmp_path, configuration({"crm": http_target("https://crm.example.com/leads")}))
    yield found
    found.stop()


def shell(bridge: Bridge, line: str) -> subprocess.CompletedProcess[str]:
    """A line of shell in which `bridge` is this one."""
    script = f'bridge() {{ "{sys.executable}" -m bridge "$@"; }}\n{line}'
    command = ["bash", "-c", script]
    return subprocess.run(
        command, env=bridge.environment, cwd=bridge.folder, capture_output=True, text=True, timeout=60
    )


# PORT


@pytest.mark.parametrize("value", ["abc", "1e3", "99999", "65536", "-1", "80 80", "8_0", "٨٠"])
def test_a_port_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(BridgeError, match="PORT") as caught:
        port_of({"PORT": value})

    assert "0 to 65535" in str(caught.value)


@pytest.mark.parametrize(("value", "port"), [("", 8000), ("0", 0), ("80", 80), (" 8080\n", 8080), ("65535", 65535)])
def test_a_port_is_read(value: str, port: int) -> None:
    assert port == port_of({"PORT": value})


@pytest.mark.parametrize("command", [("send", "test"), ("web",)])
def test_a_port_that_is_none_is_one_line_of_advice(bridge: Bridge, command: tuple[str, ...]) -> None:
    bridge.call("migrate")
    bridge.environment["PORT"] = "abc"

    done = bridge.call(*command)

    assert 1 == done.returncode
    assert "Traceback" not in done.stderr
    assert "bridge: PORT is 'abc'" in done.stderr.splitlines()[-1]


# sandbox


def test_a_ledger_that_cannot_be_opened_is_one_line_of_advice(bridge: Bridge) -> None:
    done = bridge.call("sandbox", "inbox", "--ledger", str(bridge.folder / "nowhere" / "x"))

    assert 1 == done.returncode
    assert "nowhere/x" in done.stderr
    assert 1 == len(done.stderr.splitlines())


def test_a_ledger_that_is_another_file_is_one_line_of_advice(bridge: Bridge) -> None:
    done = bridge.call("sandbox", "inbox", "--ledger", str(bridge.folder / "config.yaml"))

    assert 1 == done.returncode
    assert 1 == len(done.stderr.splitlines())


def test_an_inboxs_port_that_is_taken_is_one_line_of_advice(bridge: Bridge) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = bridge.call("sandbox", "inbox", "--port", str(taken.getsockname()[1]))

    assert 1 == done.returncode
    assert "in use" in done.stderr
    assert 1 == len(done.stderr.splitlines())


@pytest.mark.parametrize("command", ["web", "serve"])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "nonsense.invalid"], "'nonsense.invalid' is no address: 0.0.0.0 is all of this machine's"),
        (["--host", ""], "'' is no address"),
        (["--host", "192.0.2.1"], "cannot listen on http://192.0.2.1:8000: Cannot assign requested address: "),
        (["--host", "2001:db8::1"], "cannot listen on http://[2001:db8::1]:8000"),
        (["--port", "http"], "'http' is not a valid integer"),
    ],
)
def test_a_place_where_nobody_may_listen_is_said_at_once(
    bridge: Bridge, command: str, arguments: list[str], said: str
) -> None:
    bridge.environment["PORT"] = "8000"

    done = bridge.call(command, *arguments)

    assert done.returncode in (1, 2)
    assert said in " ".join(done.stderr.split())


def test_a_machine_without_ipv6_is_said_too(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    def without(family: int, *_: object) -> socket.socket:
        assert family == socket.AF_INET6
        raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")

    monkeypatch.setattr("bridge.cli.listening.socket.socket", without)

    done = bridge.call("web", "--host", "::1", "--port", "8000")

    assert 1 == done.returncode
    assert "cannot listen on http://[::1]:8000: Address family not supported by protocol" in done.stderr


def test_a_name_of_this_machine_is_a_place_to_listen(bridge: Bridge) -> None:
    bridge.start("serve", "--host", "localhost")

    bridge.wait_ready()


# where the output goes


@pytest.mark.parametrize(
    "line",
    [
        "bridge targets list >&-",
        "bridge targets list >/dev/full",
        "bridge --help >/dev/full",
        "bridge check >/dev/full",
        "bridge targets list --json | true; exit ${PIPESTATUS[0]}",
    ],
)
def test_an_output_that_takes_nothing_ends_the_command_without_a_traceback(bridge: Bridge, line: str) -> None:
    bridge.call("migrate")
    bridge.call("targets", "pause", "crm")

    done = shell(bridge, line)

    assert 1 == done.returncode or ("| true" in line and 0 == done.returncode)  # the pipe may take it before it ends
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert len(done.stderr.splitlines()) <= 1


def test_a_table_into_a_broken_pipe_ends_quietly(bridge: Bridge) -> None:
    bridge.call("migrate")

    done = shell(bridge, "(sleep 1.5; bridge events list --help) | true; exit ${PIPESTATUS[0]}")

    assert (1, "") == (done.returncode, done.stderr)


def test_commands_run_without_any_standard_stream(bridge: Bridge) -> None:
    done = shell(bridge, "bridge replay --dead <&- 2>&-; bridge check >&- 2>&- <&-; true")

    assert 0 == done.returncode
    first_bytes = Path(bridge.folder / "config.yaml").read_bytes()[:1]
    assert b"{" == first_bytes


# send


@pytest.mark.parametrize("url", ["localhost:1", "nonsense", "127.0.0.1:8000", "//x", "ftp://x", "http://[::1", ""])
def test_send_says_what_an_address_looks_like(bridge: Bridge, url: str) -> None:
    done = bridge.call("send", "lead", "--url", url)

    assert 2 == done.returncode
    assert "http://" in done.stderr
    assert "Traceback" not in done.stderr


def test_send_guesses_the_address_that_was_meant(bridge: Bridge) -> None:
    assert "did you mean http://localhost:1?" in bridge.call("send", "lead", "--url", "localhost:1").stderr


@pytest.mark.parametrize("url", ["http://user:hunter2@127.0.0.1:1", "user:hunter2@127.0.0.1:1", "ftp://u:hunter2@h/"])
def test_send_does_not_print_a_password(bridge: Bridge, url: str) -> None:
    done = bridge.call("send", "lead", "--url", url)

    assert done.returncode in (2, 4)
    assert "hunter2" not in done.stdout + done.stderr


# commands


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (("lst",), "serve, web, worker"),
        (("events", "lst"), "'list'"),
        (("targets", "xyz"), "list, pause, resume"),
        (("sandbox", "xyz"), "inbox"),
    ],
)
def test_a_command_that_there_is_not_is_told_with_those_there_are(
    bridge: Bridge, arguments: tuple[str, ...], advice: str
) -> None:
    done = bridge.call(*arguments)

    assert 2 == done.returncode
    assert advice in done.stderr


# the database


def test_check_in_a_new_folder_makes_no_database_and_says_how_to(bridge: Bridge) -> None:
    done = bridge.call("check")

    assert 0 == done.returncode
    assert "no database at" in done.stderr
    assert "bridge migrate" in done.stderr
    assert [] == list(bridge.folder.glob("bridge.db*"))


def test_a_database_that_must_exist_is_not_made(tmp_path: Path) -> None:
    environment = {"DATABASE_URL": f"sqlite:///{tmp_path}/none.db"}

    with pytest.raises(StoreError, match=r"no database at .*none\.db: `bridge serve` or `bridge migrate` makes it"):
        open_database(environment, must_exist=True)

    assert [] == os.listdir(tmp_path)


def test_check_tells_once_that_there_is_no_key(bridge: Bridge) -> None:
    del bridge.environment["TEST_SIGNING_KEY"]
    bridge.call("migrate")

    done = bridge.call("check")

    assert 0 == done.returncode
    assert 1 == done.stderr.count("warning")
    assert "TEST_SIGNING_KEY" in done.stderr


def test_check_says_what_is_wrong_with_a_database_that_is_there_and_cannot_be_used(bridge: Bridge) -> None:
    (bridge.folder / "notes.txt").write_text("no database\n" * 99)
    bridge.environment["DATABASE_URL"] = "notes.txt"

    done = bridge.call("check")

    assert 4 == done.returncode
    assert "the configuration is good" in done.stdout
    assert "is no sound database" in done.stderr
